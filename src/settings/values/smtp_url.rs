//! Where mail is handed over: `"smtp://USER:PASSWORD@mail.example.com:587"`, `"smtps://…"`.

use std::net::IpAddr;
use std::path::Path;

use toml::Value;

use super::InvalidValue;
use crate::secret::Secret;
use crate::settings::node::Setting;
use crate::settings::raw::Raw;

/// A mail server, and how to log in there. `Debug` masks the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpUrl {
    /// Its name or address; its certificate must be for this.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What protects the way there.
    pub tls: SmtpTls,
    /// The user name and the password.
    pub login: Option<(String, Secret)>,
}

/// What protects the way to a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Nothing.
    None,
    /// TLS, asked for with STARTTLS; a server that does not offer it gets no mail.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

impl Setting for SmtpUrl {
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue> {
        let text = Secret::parse(raw, directory)?;
        parse(text.expose().trim())
    }

    fn show(&self) -> Value {
        Value::String("***".to_owned())
    }
}

/// The text is never quoted: it may hold a password.
fn parse(text: &str) -> Result<SmtpUrl, InvalidValue> {
    let example = || InvalidValue::new("must be an address as in smtp://USER:PASSWORD@HOST:587 or smtps://HOST:465");
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| InvalidValue::new("must begin with smtp:// or smtps://, as in smtp://USER:PASSWORD@HOST:587"))?;
    let (place, option) = rest.split_once('?').map_or((rest, None), |(place, option)| (place, Some(option)));
    let place = place.strip_suffix('/').unwrap_or(place);
    let (login, place) = place.rsplit_once('@').map_or((None, place), |(login, place)| (Some(login), place));
    let (host, port) = host_and_port(place).ok_or_else(example)?;
    let login = login.map(|login| user_and_password(login).ok_or_else(encode)).transpose()?;
    let is_near = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let tls = match (scheme, option) {
        ("smtps", None) => SmtpTls::Implicit,
        ("smtp", Some("tls=required")) => SmtpTls::StartTls,
        ("smtp", Some("tls=none")) => SmtpTls::None,
        ("smtp", None) if is_near => SmtpTls::None,
        ("smtp", None) => SmtpTls::StartTls,
        ("smtp" | "smtps", Some(_)) => {
            return Err(InvalidValue::new("takes no other option than ?tls=required or ?tls=none, with smtp://"));
        }
        _ => return Err(InvalidValue::new("must begin with smtp:// or smtps://")),
    };
    if tls == SmtpTls::None && login.is_some() && !is_near {
        return Err(InvalidValue::new("would send the password unprotected: leave ?tls=none out"));
    }
    let usual = match tls {
        SmtpTls::None => 25,
        SmtpTls::StartTls => 587,
        SmtpTls::Implicit => 465,
    };
    Ok(SmtpUrl { host, port: port.unwrap_or(usual), tls, login })
}

fn encode() -> InvalidValue {
    InvalidValue::new("needs USER:PASSWORD before the @; in either write %25 for %, %2F for /, %3A for :, %40 for @")
}

fn host_and_port(place: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']')?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let is_address = place.starts_with('[') && host.parse::<std::net::Ipv6Addr>().is_ok();
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_name = !place.starts_with('[') && !host.is_empty() && host.chars().all(in_name);
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    (is_address || is_name).then(|| (host.to_owned(), port))
}

fn user_and_password(login: &str) -> Option<(String, Secret)> {
    let (user, password) = login.split_once(':')?;
    let is_plain = |text: &str| !text.contains(['/', ':', '@', '#', ' ']);
    if user.is_empty() || !is_plain(user) || !is_plain(password) {
        return None;
    }
    Some((decoded(user)?, Secret::new(decoded(password)?)))
}

/// With `%XX` read as a byte. `None` when it cannot be read.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{SmtpTls, parse};

    #[test]
    fn an_address_says_how_the_way_is_protected() {
        let cases = [
            ("smtp://mx.example.com", "mx.example.com", 587, SmtpTls::StartTls),
            ("smtp://mx.example.com:2525?tls=required", "mx.example.com", 2525, SmtpTls::StartTls),
            ("smtp://mx.example.com/?tls=none", "mx.example.com", 25, SmtpTls::None),
            ("smtps://mx.example.com", "mx.example.com", 465, SmtpTls::Implicit),
            ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, SmtpTls::None),
            ("smtp://localhost", "localhost", 25, SmtpTls::None),
            ("smtp://localhost?tls=required", "localhost", 587, SmtpTls::StartTls),
            ("smtps://[::1]:99", "::1", 99, SmtpTls::Implicit),
        ];
        for (given, host, port, tls) in cases {
            let url = parse(given).unwrap();
            assert_eq!((url.host.as_str(), url.port, url.tls, url.login), (host, port, tls, None), "{given}");
        }
    }

    #[test]
    fn a_password_may_have_any_character_once_it_is_encoded() {
        let url = parse("smtp://me%40example.com:p%3Aa%2Fs%25s%C3%A9@mx.example.com").unwrap();

        let (user, password) = url.login.clone().unwrap();
        assert_eq!((user.as_str(), password.expose()), ("me@example.com", "p:a/s%sé"));
        assert!(!format!("{url:?}").contains("p:a"));
    }

    #[test]
    fn what_is_no_address_of_a_mail_server_is_refused_without_quoting_it() {
        let cases = [
            ("mx.example.com", "must begin with"),
            ("http://mx", "must begin with"),
            ("smtp://", "must be an address"),
            ("smtp://me:CANARY@", "must be an address"),
            ("smtp://mx:0", "must be an address"),
            ("smtp://mx:CANARY", "must be an address"),
            ("smtp://mx:70000", "must be an address"),
            ("smtp://[::1", "must be an address"),
            ("smtp://me@mx", "needs USER:PASSWORD"),
            ("smtp://me:CAN@ARY@mx", "needs USER:PASSWORD"),
            ("smtp://me:CAN%ARY@mx", "needs USER:PASSWORD"),
            ("smtp://me:%FF@mx", "needs USER:PASSWORD"),
            ("smtp://me:CANARY@mx?tls=maybe", "takes no other option"),
            ("smtps://mx?tls=none", "takes no other option"),
            ("smtp://me:CANARY@mx?tls=none", "unprotected"),
        ];
        for (given, why) in cases {
            let error = parse(given).unwrap_err().to_string();
            assert!(error.contains(why), "{given}: {error}");
            assert!(!error.contains("CAN"), "{error}");
        }
    }
}
