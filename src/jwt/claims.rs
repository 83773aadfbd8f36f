//! What a token says.

use std::fmt;
use std::sync::OnceLock;

use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::compact::decode;
use super::error::TokenError;
use super::json;

/// The last second of the year 9999: no date that Django or Python can hold lies beyond it.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// The claims of a token, known and unknown, in the order in which they were written.
///
/// An integer that needs more than 64 bits is kept as a float, and would be written as one.
///
/// Those of a token that was verified a moment ago are read when somebody first asks for one.
#[derive(Clone, Default)]
pub struct Claims {
    members: OnceLock<Map<String, Value>>,
    /// The payload as it stands in the token, which is known to be sound.
    encoded: Option<Box<[u8]>>,
}

impl Claims {
    /// Reads a payload or a header.
    pub(super) fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        json::object(text).map(Self::from)
    }

    /// The claims of a token that was read before.
    pub(super) fn of_verified(token: &[u8]) -> Self {
        let mut dots = memchr::memchr_iter(b'.', token);
        let payload = dots.next().zip(dots.next()).and_then(|(first, second)| token.get(first + 1..second));
        Self { members: OnceLock::new(), encoded: payload.map(Box::from) }
    }

    fn members(&self) -> &Map<String, Value> {
        self.members.get_or_init(|| {
            let payload = self.encoded.as_deref().and_then(|encoded| decode(encoded).ok());
            payload.and_then(|payload| json::object(&payload).ok()).unwrap_or_default()
        })
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Map<String, Value>) -> T) -> T {
        // Reads them if nobody has.
        self.members();
        let mut members = self.members.take().unwrap_or_default();
        let result = change(&mut members);
        *self = Self::from(members);
        result
    }

    /// Writes them as Python's `json.dumps` does.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        json::dumps(self)
    }

    /// The claim of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members().get(name)
    }

    /// The claim of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A moment (RFC 7519's NumericDate) in seconds since 1970, cut to whole ones as SimpleJWT cuts it. `Ok(None)` when
    /// it is not there.
    ///
    /// # Errors
    /// When it is no number, or beyond the year 9999.
    pub fn seconds(&self, name: &str) -> Result<Option<i64>, TokenError> {
        Ok(self.moment(name)?.map(|seconds| seconds.trunc() as i64))
    }

    /// The same with its fraction.
    pub(super) fn moment(&self, name: &str) -> Result<Option<f64>, TokenError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_f64().filter(|seconds| seconds.abs() <= LAST_SECOND).map(Some).ok_or(TokenError::Time)
    }

    /// Each claim, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members().iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Sets a claim where it stands, or behind the others.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.change(|members| members.insert(name.into(), value.into()));
    }

    /// Takes a claim out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.change(|members| members.shift_remove(name))
    }
}

impl From<Map<String, Value>> for Claims {
    fn from(members: Map<String, Value>) -> Self {
        Self { members: OnceLock::from(members), encoded: None }
    }
}

impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.members() == other.members()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.members().fmt(formatter)
    }
}

impl FromIterator<(String, Value)> for Claims {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(claims: T) -> Self {
        Self::from(claims.into_iter().collect::<Map<String, Value>>())
    }
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Claims, TokenError};

    #[test]
    fn a_claim_is_set_where_it_stands_or_at_the_end() {
        let mut claims = Claims::from_iter([("a".to_owned(), json!(1)), ("b".to_owned(), json!(2))]);

        claims.set("a", 3);
        claims.set("c", "x");
        claims.set("d", json!(null));
        let removed = claims.remove("b");

        assert_eq!(removed, Some(json!(2)));
        assert_eq!(claims.to_json().unwrap_or_default(), br#"{"a":3,"c":"x","d":null}"#);
    }

    #[test]
    fn the_claims_of_a_verified_token_are_those_of_the_token() {
        // {"a":1,"b":"x"}
        let mut claims = Claims::of_verified(b"eyJ9.eyJhIjoxLCJiIjoieCJ9.c2ln");
        let read = Claims::from_iter([("a".to_owned(), json!(1)), ("b".to_owned(), json!("x"))]);
        assert_eq!(claims, read);
        assert_eq!(claims.get("a"), Some(&json!(1)));

        claims.set("c", 2);

        assert_eq!(claims.to_json().unwrap_or_default(), br#"{"a":1,"b":"x","c":2}"#);
    }

    #[test]
    fn a_moment_is_a_number_that_a_date_can_hold() {
        let good = [
            (json!(0), 0),
            (json!(-1), -1),
            (json!(10.9), 10),
            (json!(-0.5), 0),
            (json!(253_402_300_799_i64), 253_402_300_799),
        ];
        for (value, seconds) in good {
            let claims = Claims::from_iter([("exp".to_owned(), value)]);
            assert_eq!(claims.seconds("exp"), Ok(Some(seconds)));
        }
        for value in [json!("1"), json!(true), json!(null), json!([]), json!(253_402_300_800_i64), json!(u64::MAX)] {
            let claims = Claims::from_iter([("exp".to_owned(), value)]);
            assert_eq!(claims.seconds("exp"), Err(TokenError::Time));
        }
        assert_eq!(Claims::default().seconds("exp"), Ok(None));
    }
}
