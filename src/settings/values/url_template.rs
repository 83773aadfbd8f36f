//! The page that a link in a mail leads to: `"activate/{uid}/{token}"`.

use std::fmt;
use std::str::FromStr;

use super::InvalidValue;

/// What follows the host in a link, with places for the user's id and the token. djoser takes it through Python's
/// `str.format`, which knows more; these two are what its documentation promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTemplate(String);

impl UrlTemplate {
    /// The text, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text with its places filled.
    pub fn fill(&self, uid: &str, token: &str) -> String {
        self.0.replace("{uid}", uid).replace("{token}", token)
    }
}

impl FromStr for UrlTemplate {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = |why: &str| Err(InvalidValue::new(format!("{text:?} {why}")));
        if !text.contains("{uid}") || !text.contains("{token}") {
            return wrong("must have {uid} and {token} in it, as in \"activate/{uid}/{token}\"");
        }
        if text.replace("{uid}", "").replace("{token}", "").contains(['{', '}']) {
            return wrong("has braces that are neither {uid} nor {token}");
        }
        if text.starts_with('/') {
            return wrong("must not begin with \"/\", which is there already");
        }
        if text.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':')) {
            return wrong("must be only what follows the host, which is accounts.email_frontend_domain");
        }
        // The link stands in the text of a mail and in an attribute of its HTML.
        let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '^' | '`' | '|');
        match text.chars().all(allowed) {
            true => Ok(Self(text.to_owned())),
            false => wrong("has a character that a link cannot have"),
        }
    }
}

impl fmt::Display for UrlTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::UrlTemplate;

    #[test]
    fn the_places_of_a_page_are_filled() {
        let cases = [
            ("activate/{uid}/{token}", "activate/MQ/t-1"),
            ("#/activate/{uid}/{token}?lang=en", "#/activate/MQ/t-1?lang=en"),
            ("?token={token}&uid={uid}&again={uid}", "?token=t-1&uid=MQ&again=MQ"),
            ("a?next=http://b:1&u={uid}&t={token}", "a?next=http://b:1&u=MQ&t=t-1"),
        ];
        for (given, filled) in cases {
            assert_eq!(given.parse::<UrlTemplate>().unwrap().fill("MQ", "t-1"), filled, "{given:?}");
        }
    }

    #[test]
    fn another_page_is_told_what_to_write() {
        let cases = [
            ("", "must have {uid} and {token}"),
            ("activate/{uid}", "must have {uid} and {token}"),
            ("activate/{uid}/{token}/{site}", "has braces"),
            ("activate/{{uid}}/{token}", "has braces"),
            ("/activate/{uid}/{token}", "must not begin with \"/\""),
            ("https://a.example/{uid}/{token}", "only what follows the host"),
            ("javascript:{uid}{token}", "only what follows the host"),
            ("a b/{uid}/{token}", "has a character"),
            ("a\"/{uid}/{token}", "has a character"),
            ("ä/{uid}/{token}", "has a character"),
        ];
        for (given, why) in cases {
            let error = given.parse::<UrlTemplate>().unwrap_err().to_string();
            assert!(error.contains(why), "{given:?}: {error}");
        }
    }
}
