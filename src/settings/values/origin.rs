//! A site whose pages may read the answers: `"https://app.example"`.

use std::fmt;
use std::str::FromStr;

use super::InvalidValue;
use super::domain::{is_host, is_port, split_port};

/// An origin exactly as browsers send it, so that comparing the texts is enough; or `*` for any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Every site.
    Any,
    /// The site of this origin.
    Exact(String),
}

impl FromStr for Origin {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = |why: &str| Err(InvalidValue::new(format!("{text:?} {why}")));
        if text == "*" {
            return Ok(Self::Any);
        }
        let Some((scheme, authority)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            return wrong("is no origin; write it as in \"https://app.example\"");
        };
        if authority.contains(['/', '?', '#']) {
            return wrong("must end with the host or its port, without a \"/\"");
        }
        if text.contains(|c: char| c.is_ascii_uppercase()) {
            return wrong("must be in lower case, as browsers send it");
        }
        match split_port(authority) {
            Some((_, Some(port))) if [("http", "80"), ("https", "443")].contains(&(scheme, port)) => {
                wrong("must not name the port that the scheme has anyway, as browsers leave it out")
            }
            Some((host, port)) if is_host(host) && port.is_none_or(is_port) => Ok(Self::Exact(text.to_owned())),
            _ => wrong("is no origin; write it as in \"https://app.example\""),
        }
    }
}

/// `https`, and what apps have instead, as in `capacitor://localhost`.
fn is_scheme(scheme: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(allowed)
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("*"),
            Self::Exact(origin) => formatter.write_str(origin),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Origin;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for given in ["https://app.example", "http://localhost:3000", "http://[::1]:8080", "capacitor://localhost"] {
            assert_eq!(given.parse(), Ok(Origin::Exact(given.to_owned())));
        }
        assert_eq!("*".parse(), Ok(Origin::Any));
    }

    #[test]
    fn another_origin_is_told_what_to_write() {
        let cases = [
            ("", "is no origin"),
            ("null", "is no origin"),
            ("app.example", "is no origin"),
            ("https://", "is no origin"),
            ("https://*.example", "is no origin"),
            ("https://me@app.example", "is no origin"),
            ("https://app.example:0", "is no origin"),
            ("https://app.example/", "without a \"/\""),
            ("https://app.example/page", "without a \"/\""),
            ("https://App.example", "in lower case"),
            ("https://app.example:443", "must not name the port"),
            ("http://app.example:80", "must not name the port"),
        ];
        for (given, why) in cases {
            let error = given.parse::<Origin>().unwrap_err().to_string();
            assert!(error.contains(why), "{given:?}: {error}");
        }
    }
}
