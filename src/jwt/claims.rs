//! What a token says: its claims, and which of them must hold.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::TokenError;

/// The last second of the year 9999: no date that Django or Python can hold lies beyond it.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// The claims of a token, known and unknown, in the order in which they were written.
///
/// A name that stands twice is an error: RFC 7519 section 4 lets a reader refuse such a token, and two readers that
/// choose differently can be played against each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims(Vec<(String, Value)>);

impl Claims {
    /// The claim of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The claim of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A moment (RFC 7519's NumericDate), cut to whole seconds as SimpleJWT cuts it. `Ok(None)` when it is not there.
    pub(super) fn seconds(&self, name: &str) -> Result<Option<i64>, TokenError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| seconds.abs() <= LAST_SECOND).ok_or(TokenError::Invalid)?;
        Ok(Some(seconds.trunc() as i64))
    }

    /// Refuses a claim that is there and is no text.
    pub(super) fn require_text_if_present(&self, name: &str) -> Result<(), TokenError> {
        match self.get(name) {
            Some(value) if !value.is_string() => Err(TokenError::Invalid),
            _ => Ok(()),
        }
    }
}

impl FromIterator<(String, Value)> for Claims {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(claims: T) -> Self {
        Self(claims.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = Claims;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object without repeated names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
                let mut claims = Claims::default();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if claims.get(&name).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                    claims.0.push((name, value));
                }
                Ok(claims)
            }
        }

        deserializer.deserialize_map(Unique)
    }
}
