//! Of whom a token speaks: what the schemes for signed tokens want to know of its claims.

use serde_json::Value;
use smol_str::SmolStr;

use super::user::{User, UserId};
use crate::jwt::Claims;
use crate::recent::Heap;
use crate::settings;

/// The claims that count, in little space.
#[derive(Clone)]
pub(super) struct Subject {
    id: Option<Id>,
    /// When the token was made, in seconds; `NO_TIME` when it does not say.
    issued_at: i64,
    /// What a token that no row stands behind may say, and few do.
    more: Option<Box<More>>,
}

/// No token was made then.
const NO_TIME: i64 = i64::MIN;

#[derive(Clone, Default, PartialEq)]
struct More {
    username: String,
    is_staff: bool,
    is_superuser: bool,
}

/// Nearly always a text or a number, which take less than a value of any kind.
#[derive(Clone)]
enum Id {
    Text(SmolStr),
    Number(i64),
    Other(Box<Value>),
}

impl Subject {
    pub(super) fn of(claims: &Claims, settings: &settings::Jwt) -> Self {
        let is = |name| claims.get(name).is_some_and(is_true);
        let more = More {
            username: claims.text("username").unwrap_or_default().to_owned(),
            is_staff: is("is_staff"),
            is_superuser: is("is_superuser"),
        };
        Self {
            id: claims.get(&settings.user_id_claim).map(Id::from),
            issued_at: claims.seconds("iat").ok().flatten().unwrap_or(NO_TIME),
            more: (more != More::default()).then(|| Box::new(more)),
        }
    }

    /// When the token was made, in seconds, as far as it says.
    pub(super) fn issued_at(&self) -> Option<i64> {
        Some(self.issued_at).filter(|seconds| *seconds != NO_TIME)
    }

    /// The claim that names the user.
    pub(super) fn id(&self) -> Option<Value> {
        self.id.as_ref().map(|id| match id {
            Id::Text(text) => Value::from(text.as_str()),
            Id::Number(number) => Value::from(*number),
            Id::Other(value) => Value::clone(value),
        })
    }

    /// `TokenUser`: what the claims say of the user `id`. That they are active is taken for granted.
    pub(super) fn user(&self, id: Value) -> User {
        let More { username, is_staff, is_superuser } = self.more.as_deref().cloned().unwrap_or_default();
        User { id: UserId::Claim(id), username, is_active: true, is_staff, is_superuser }
    }
}

impl Heap for Subject {
    fn heap(&self) -> usize {
        let id = match &self.id {
            Some(Id::Text(text)) if text.is_heap_allocated() => text.len(),
            // A guess: such a claim names nobody.
            Some(Id::Other(_)) => 1024,
            _ => 0,
        };
        id + self.more.as_ref().map_or(0, |more| size_of::<More>() + more.username.len())
    }
}

impl From<&Value> for Id {
    fn from(value: &Value) -> Self {
        match (value, value.as_i64()) {
            (Value::String(text), _) => Self::Text(SmolStr::new(text)),
            (_, Some(number)) => Self::Number(number),
            _ => Self::Other(Box::new(value.clone())),
        }
    }
}

/// What Python takes for true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
    }
}
