//! One more path for a route: `"/api/auth-token = /api-token-auth/"`.

use std::fmt;
use std::str::FromStr;

use super::{InvalidValue, RoutePath};

/// What is asked for at `from` is answered as at `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The further path.
    pub from: RoutePath,
    /// The path of the route.
    pub to: RoutePath,
}

impl FromStr for Alias {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let why = || InvalidValue::new(format!("{text:?} is no alias; write \"/from/ = /to/\""));
        let (from, to) = text.split_once('=').ok_or_else(why)?;
        let alias = Self { from: from.trim().parse()?, to: to.trim().parse()? };
        match alias.from.without_slash() == alias.to.without_slash() {
            true => Err(InvalidValue::new(format!("{text:?} leads to itself"))),
            false => Ok(alias),
        }
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} = {}", self.from, self.to)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Alias;

    #[test]
    fn an_alias_leads_somewhere_else() {
        assert_eq!("/a=/b/".parse::<Alias>().unwrap().to_string(), "/a = /b/");
        for given in ["", "/a", "/a =", "a = /b", "/a = /a/", "/a = /b = /c"] {
            assert!(given.parse::<Alias>().is_err(), "{given:?}");
        }
    }
}
