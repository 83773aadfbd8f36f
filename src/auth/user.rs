//! Who a caller is, as far as the scheme that recognised them knows.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::store::users;

/// A caller: REST framework's `request.user`, from a row or from the claims of a token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct User {
    /// What tells them from all others.
    pub id: UserId,
    /// The name they log in with; empty when a token does not say.
    pub username: String,
    /// Whether they are active; taken for granted when only a token speaks for them.
    pub is_active: bool,
    /// Whether they count as an administrator: REST framework's `IsAdminUser`.
    pub is_staff: bool,
    /// Whether Django grants them every permission.
    pub is_superuser: bool,
}

/// A user's primary key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum UserId {
    /// Of a row of `auth_user`.
    Row(i32),
    /// As a token has it that was not looked up: SimpleJWT writes a text, and others may write anything.
    Claim(Value),
}

impl UserId {
    /// The primary key of the row, if there was one looked up.
    pub fn row(&self) -> Option<i32> {
        match self {
            Self::Row(id) => Some(*id),
            Self::Claim(_) => None,
        }
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(id) => id.fmt(formatter),
            Self::Claim(Value::String(text)) => formatter.write_str(text),
            Self::Claim(claim) => claim.fmt(formatter),
        }
    }
}

impl From<users::User> for User {
    fn from(user: users::User) -> Self {
        Self {
            id: UserId::Row(user.id),
            username: user.username,
            is_active: user.is_active,
            is_staff: user.is_staff,
            is_superuser: user.is_superuser,
        }
    }
}
