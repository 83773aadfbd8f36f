//! Where a set of public keys is fetched: `"https://id.example.com/.well-known/jwks.json"`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::InvalidValue;

/// An https address, or an http one of this very machine: what comes over an open network could be anybody's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwkUrl(String);

impl JwkUrl {
    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JwkUrl {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if !is_plain || authority.is_empty() || authority.contains('@') {
            return Err(InvalidValue::new(
                "is no address of a key set; write it as in https://id.example.com/jwks.json, without a user in it",
            ));
        }
        match scheme.to_ascii_lowercase().as_str() {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_loopback(authority) => Ok(Self(text.to_owned())),
            "http" => Err(InvalidValue::new("must be https; http is for 127.0.0.1, [::1] and localhost only")),
            _ => Err(InvalidValue::new("must begin with https://")),
        }
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Display for JwkUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::JwkUrl;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        let good = [
            "https://id.example.com/jwks.json",
            "HTTPS://a",
            "http://127.0.0.1:8/x",
            "http://[::1]:8/",
            "http://LOCALHOST",
        ];
        for given in good {
            assert_eq!(given.parse::<JwkUrl>().unwrap().as_str(), given);
        }
    }

    #[test]
    fn another_address_is_told_what_to_write() {
        let cases = [
            ("http://id.example.com/jwks.json", "must be https"),
            ("http://127.0.0.1.example.com/", "must be https"),
            ("http://localhost.example.com/", "must be https"),
            ("file:///etc/passwd", "is no address"),
            ("ftp://id.example.com/", "must begin with https://"),
            ("https://", "is no address"),
            ("https://me:pw@id.example.com/", "is no address"),
            ("https://id.example.com/a b", "is no address"),
            ("id.example.com", "is no address"),
        ];
        for (given, why) in cases {
            let error = given.parse::<JwkUrl>().unwrap_err().to_string();
            assert!(error.contains(why), "{given:?}: {error}");
        }
    }
}
