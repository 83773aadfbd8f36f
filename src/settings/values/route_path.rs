//! The path of a route, or what a family of routes begins with.

use std::fmt;
use std::str::FromStr;

use super::InvalidValue;

/// A path that begins with `/`, without parameters and escapes. Whether it ends in one makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePath(String);

impl RoutePath {
    /// The path, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without a slash at its end: `/` is the empty text, to which routes can be added.
    pub fn without_slash(&self) -> &str {
        self.0.strip_suffix('/').unwrap_or(&self.0)
    }
}

impl FromStr for RoutePath {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
        if !text.starts_with('/') {
            return Err(InvalidValue::new(format!("{text:?} does not begin with \"/\"")));
        }
        match text.chars().all(allowed) && !text.contains("//") {
            true => Ok(Self(text.to_owned())),
            false => {
                Err(InvalidValue::new(format!("{text:?} is no plain path of letters, digits and \"-\", \"_\", \".\"")))
            }
        }
    }
}

impl fmt::Display for RoutePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::RoutePath;

    #[test]
    fn a_path_begins_with_a_slash() {
        for (given, bare) in [("/", ""), ("/a", "/a"), ("/a/b-c_1.0/", "/a/b-c_1.0")] {
            let path: RoutePath = given.parse().unwrap();
            assert_eq!((path.as_str(), path.without_slash()), (given, bare));
        }
        for given in ["", "a/", "//", "/a//b", "/{id}/", "/a?b", "/a b", "/%41"] {
            assert!(given.parse::<RoutePath>().is_err(), "{given:?}");
        }
    }
}
