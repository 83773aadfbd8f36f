//! Where to listen: `"127.0.0.1:8000"`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::InvalidValue;

/// A host and a port, as `std::net::ToSocketAddrs` takes them; port 0 lets the system choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    text: String,
    host: String,
    port: u16,
}

impl Bind {
    /// Both, as they were written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name or address alone, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port alone.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Bind {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { text: text.to_owned(), host: address.ip().to_string(), port: address.port() });
        }
        let wrong = |why: &str| InvalidValue::new(format!("{text:?} {why}"));
        let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("has no port; write \"127.0.0.1:8000\""))?;
        let port = port.parse().map_err(|_| wrong("does not end in a port from 0 to 65535"))?;
        if host.is_empty() {
            return Err(wrong("has no host; write \"0.0.0.0:8000\" to listen on every address"));
        }
        if host.contains(':') {
            return Err(wrong("is no address; an IPv6 address goes in brackets, as in \"[::1]:8000\""));
        }
        match is_name(host) {
            true => Ok(Self { text: text.to_owned(), host: host.to_owned(), port }),
            false => Err(wrong("begins with neither an address nor a host name")),
        }
    }
}

/// Letters, digits, dots, hyphens; and not an address gone wrong, which is digits only.
fn is_name(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    host.chars().all(allowed) && host.chars().any(|c| c.is_ascii_alphabetic())
}

impl fmt::Display for Bind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Bind;

    #[test]
    fn a_host_and_a_port_are_read() {
        let cases = [
            ("127.0.0.1:8000", "127.0.0.1", 8000),
            ("[::1]:0", "::1", 0),
            ("localhost:65535", "localhost", 65535),
            ("web-1.example.org:80", "web-1.example.org", 80),
        ];
        for (given, host, port) in cases {
            let bind: Bind = given.parse().unwrap();
            assert_eq!((bind.host(), bind.port(), bind.as_str()), (host, port, given));
        }
    }

    #[test]
    fn what_nothing_can_listen_on_is_refused() {
        let cases = [
            ("localhost", "has no port"),
            (":8000", "has no host"),
            ("::1:8000", "goes in brackets"),
            ("127.0.0.1:65536", "does not end in a port"),
            ("127.0.0.256:80", "neither an address nor a host name"),
            ("http://localhost:80", "goes in brackets"),
            ("a b:80", "neither an address nor a host name"),
        ];
        for (given, why) in cases {
            let error = given.parse::<Bind>().unwrap_err().to_string();
            assert!(error.contains(why), "{given:?}: {error}");
        }
    }
}
