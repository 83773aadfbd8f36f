//! The word before the credentials in `Authorization`.

use std::fmt;
use std::str::FromStr;

use super::InvalidValue;

/// One word of visible ASCII without a comma. Whether its case matters is the scheme's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyword(String);

impl Keyword {
    /// The word, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Keyword {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        match is_word {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidValue::new(format!("{text:?} is not one word without blanks and commas"))),
        }
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Keyword;

    #[test]
    fn a_keyword_is_one_word() {
        assert_eq!("Token".parse::<Keyword>().unwrap().as_str(), "Token");
        for given in ["", " ", "two words", "a,b", "Tok\u{e9}n", "a\tb"] {
            assert!(given.parse::<Keyword>().is_err(), "{given:?}");
        }
    }
}
