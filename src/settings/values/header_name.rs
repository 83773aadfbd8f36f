//! The name of a request header.

use std::fmt;
use std::str::FromStr;

use super::InvalidValue;

/// A header's name as it is sent, `X-Access-Token`; Django's form of it, `HTTP_X_ACCESS_TOKEN`, is translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderName(String);

impl HeaderName {
    /// The name as it is sent. Its case means nothing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let name = text.strip_prefix("HTTP_").map_or_else(|| text.to_owned(), as_sent);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        match !name.is_empty() && name.bytes().all(allowed) {
            true => Ok(Self(name)),
            false => Err(InvalidValue::new(format!("{text:?} is no header name; write it as in \"Authorization\""))),
        }
    }
}

/// `X_ACCESS_TOKEN` to `X-Access-Token`.
fn as_sent(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    };
    name.split('_').map(word).collect::<Vec<_>>().join("-")
}

impl fmt::Display for HeaderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::HeaderName;

    #[test]
    fn djangos_name_of_a_header_is_translated() {
        let cases = [
            ("Authorization", "Authorization"),
            ("HTTP_AUTHORIZATION", "Authorization"),
            ("HTTP_X_ACCESS_TOKEN", "X-Access-Token"),
            ("x-access-token", "x-access-token"),
        ];
        for (given, name) in cases {
            assert_eq!(given.parse::<HeaderName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for given in ["", "HTTP_", "X Token", "X-Token:", "X-T\u{e9}"] {
            assert!(given.parse::<HeaderName>().is_err(), "{given:?}");
        }
    }
}
