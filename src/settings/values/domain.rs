//! The host in the links of mails: `"app.example.com"`.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::InvalidValue;

/// A host name or an address, with a port where it is not the protocol's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// Both, as they were written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.contains('/') {
            let why = "must be a host alone, as in \"app.example.com\" or \"localhost:3000\"";
            return Err(InvalidValue::new(format!("{text:?} {why}")));
        }
        match split_port(text) {
            Some((host, port)) if is_host(host) && port.is_none_or(is_port) => Ok(Self(text.to_owned())),
            _ => {
                Err(InvalidValue::new(format!("{text:?} is no host; write \"app.example.com\" or \"localhost:3000\"")))
            }
        }
    }
}

/// The host with its brackets, and the port where there is one.
pub(super) fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    let end = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at_checked(end)?;
    if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) }
}

/// A name of ASCII labels, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    host.len() <= 253 && host.split('.').all(|label| !label.is_empty() && label.bytes().all(allowed))
}

/// A number from 1 to 65535 as one writes it.
pub(super) fn is_port(port: &str) -> bool {
    !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Domain;

    #[test]
    fn a_host_may_have_a_port() {
        for given in ["app.example.com", "localhost:3000", "127.0.0.1", "[::1]:3000", "[::1]", "xn--bcher-kva.example"]
        {
            assert_eq!(given.parse::<Domain>().unwrap().as_str(), given);
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let cases = [
            ("https://app.example.com", "a host alone"),
            ("app.example.com/", "a host alone"),
            ("", "is no host"),
            (":3000", "is no host"),
            ("a..b", "is no host"),
            ("app.example.com:", "is no host"),
            ("app.example.com:0", "is no host"),
            ("app.example.com:65536", "is no host"),
            ("me@app.example.com", "is no host"),
            ("b\u{fc}cher.example", "is no host"),
            ("::1", "is no host"),
            ("[::1", "is no host"),
            ("[::1]3000", "is no host"),
            ("a b", "is no host"),
        ];
        for (given, why) in cases {
            let error = given.parse::<Domain>().unwrap_err().to_string();
            assert!(error.contains(why), "{given:?}: {error}");
        }
    }
}
