//! Where the rows are: `"sqlite://hallpass.sqlite3"`, `"postgres://…"`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::InvalidValue;
use crate::secret::Secret;

/// A database by its URL. `Debug` and `Display` mask the password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; a relative one is in the working directory.
    Sqlite(PathBuf),
    /// A connection URL as libpq takes it, whole.
    Postgres(Secret),
}

impl FromStr for DatabaseUrl {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
            if wants_tls(rest) {
                return Err(InvalidValue::new(
                    "asks for TLS, which this build does not speak with PostgreSQL; go through a tunnel on this machine, or \
                     trust the network with sslmode=disable",
                ));
            }
            return match is_clear(rest) {
                true => Ok(Self::Postgres(Secret::new(text))),
                false => Err(InvalidValue::new(
                    "is no URL; in a password write %25 for %, %2F for /, %3A for :, %3F for ?, %40 for @",
                )),
            };
        }
        if text.starts_with("sqlite:") && text.contains(":memory:") {
            return Err(InvalidValue::new(
                "a database in memory is a different one for each connection; write a file, as in sqlite://try.sqlite3",
            ));
        }
        match text.strip_prefix("sqlite://") {
            Some("") => Err(InvalidValue::new("names no file; write it as in sqlite://hallpass.sqlite3")),
            Some(path) if path.contains('?') => Err(InvalidValue::new("takes no options after the file's name")),
            Some(path) => Ok(Self::Sqlite(PathBuf::from(path))),
            // The text is not quoted: it may hold a password.
            None => Err(InvalidValue::new(
                "is no database that is known here; write sqlite://FILE or postgres://USER:PASSWORD@HOST:5432/DATABASE",
            )),
        }
    }
}

impl DatabaseUrl {
    /// Whether it leads to another machine, and does not say by `sslmode=disable` that this is meant.
    pub(crate) fn is_unprotected(&self) -> bool {
        let Self::Postgres(url) = self else { return false };
        let (_, rest) = url.expose().split_once("://").unwrap_or_default();
        let is_meant = options(rest).any(|(name, value)| name == "sslmode" && value == "disable");
        !is_meant && !hosts(rest).all(is_here)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite://{}", path.display()),
            Self::Postgres(url) => formatter.write_str(&masked(url.expose())),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

/// libpq refuses these by itself, at the first connection and in words about how it was compiled.
fn wants_tls(rest: &str) -> bool {
    options(rest).any(|(name, value)| {
        (name == "sslmode" && matches!(value, "require" | "verify-ca" | "verify-full"))
            || (name == "requiressl" && value == "1")
            || (name == "sslnegotiation" && value == "direct")
    })
}

/// What comes behind the question mark.
fn options(rest: &str) -> impl Iterator<Item = (&str, &str)> {
    let (_, options) = rest.split_once('?').unwrap_or_default();
    options.split('&').filter_map(|option| option.split_once('='))
}

/// The hosts by name, by address and in the options. Without any, it is a socket.
fn hosts(rest: &str) -> impl Iterator<Item = &str> {
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    let named = options(rest).filter(|(name, _)| matches!(*name, "host" | "hostaddr")).map(|(_, hosts)| hosts);
    std::iter::once(authority).chain(named).flat_map(|hosts| hosts.split(','))
}

/// Whether it is a socket or this machine.
fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        // An address in the options has no brackets and no port.
        None if host.matches(':').count() > 1 => host,
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_socket = name.is_empty() || name.starts_with(['/', '@']) || name.to_ascii_lowercase().starts_with("%2f");
    is_socket || name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Whether libpq would read it as it was meant. Where it would not, its messages quote what they stumble over, which is
/// then a part of the password.
fn is_clear(rest: &str) -> bool {
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split('/').next().unwrap_or_default();
    let hosts = authority.split_once('@').map_or(authority, |(_, hosts)| hosts);
    let is_encoded = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    hosts.split(',').all(is_host)
        && (options.is_empty() || options.split('&').all(|option| option.contains('=')))
        && rest.split('%').skip(1).all(is_encoded)
}

/// A name, or an address in brackets, and perhaps a port.
fn is_host(host: &str) -> bool {
    let port = match host.strip_prefix('[') {
        Some(address) => address.split_once(']').map(|(_, port)| port.strip_prefix(':').unwrap_or(port)),
        None => Some(host.split_once(':').map_or("", |(_, port)| port)),
    };
    !host.contains('@') && port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Masks from the user's colon to the last `@`, too much rather than too little: a password may hold `@`, `/` and `?`.
fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let rest = match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split(':').next().unwrap_or_default();
            let mask = if login.contains(':') { ":***" } else { "" };
            format!("{user}{mask}@{}", without_password_option(place))
        }
        None => without_password_option(rest),
    };
    format!("{scheme}://{rest}")
}

/// libpq also takes `?password=…`.
fn without_password_option(place: &str) -> String {
    let Some((place, options)) = place.split_once('?') else { return place.to_owned() };
    let mask = |option: &str| match option.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=***"),
        _ => option.to_owned(),
    };
    format!("{place}?{}", options.split('&').map(mask).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;

    use super::{DatabaseUrl, masked};

    #[test]
    fn a_sqlite_file_is_relative_or_absolute() {
        let cases = [("sqlite://a/b.sqlite3", "a/b.sqlite3"), ("sqlite:///var/lib/b", "/var/lib/b")];
        for (given, path) in cases {
            assert_eq!(given.parse(), Ok(DatabaseUrl::Sqlite(PathBuf::from(path))));
        }
    }

    #[test]
    fn the_password_of_a_url_is_masked() {
        let cases = [
            ("postgres://me:pw@db:5432/x", "postgres://me:***@db:5432/x"),
            ("postgresql://me@db/x", "postgresql://me@db/x"),
            (
                "postgres://db/x?user=me&password=pw&sslmode=prefer",
                "postgres://db/x?user=me&password=***&sslmode=prefer",
            ),
            ("postgres://me:pw@db/x?sslpassword=pw", "postgres://me:***@db/x?sslpassword=***"),
            ("postgres:///x", "postgres:///x"),
        ];
        for (given, shown) in cases {
            let url: DatabaseUrl = given.parse().unwrap();
            assert_eq!((url.to_string(), format!("{url:?}")), (shown.to_owned(), format!("DatabaseUrl({shown})")));
        }
    }

    #[test]
    fn a_url_that_libpq_would_misread_is_refused_and_masked_all_the_same() {
        let clear = [
            "postgres:///x",
            "postgres://db",
            "postgres://me@/x?host=/run/postgresql",
            "postgresql://me:p%40w@[::1]:5432/x",
            "postgres://me:pw@a:1,b:2,[::2]/x?user=a@b",
            "postgres://%2Frun%2Fpostgresql/x",
        ];
        let unclear = [
            "postgres://me:p@w@db/x",
            "postgres://me:p/w@db/x",
            "postgres://me:p?w@db/x",
            "postgres://me:p%w@db/x",
            "postgres://me:p@db/x?w",
            "postgres://me:pw@[::1/x",
            "postgres://me:pw@db:543a/x",
        ];

        assert!(clear.iter().all(|url| url.parse::<DatabaseUrl>().is_ok()));
        for url in unclear {
            assert!(url.parse::<DatabaseUrl>().is_err(), "{url}");
        }
        assert_eq!(masked("postgres://me:p@w/p?w:@db/x"), "postgres://me:***@db/x");
    }

    #[test]
    fn tls_that_is_asked_for_is_refused_and_not_left_out() {
        for option in ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full", "a=b&requiressl=1"] {
            let error = format!("postgres://me:pw@127.0.0.1/x?{option}").parse::<DatabaseUrl>().unwrap_err();
            assert!(error.to_string().starts_with("asks for TLS"), "{option}: {error}");
        }
    }

    #[test]
    fn a_server_elsewhere_is_unprotected_unless_that_is_meant() {
        let here = [
            "postgres:///x",
            "postgres://me:pw@localhost:5432/x",
            "postgres://me:pw@127.0.0.1/x?sslmode=prefer",
            "postgres://[::1]:5432/x",
            "postgres://me@/x?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/x",
            "postgres://me:pw@db.example/x?sslmode=disable",
        ];
        let elsewhere = [
            "postgres://me:pw@db.example/x",
            "postgres://me:pw@db.example/x?sslmode=prefer",
            "postgres://10.0.0.1:5432/x",
            "postgres://localhost,db.example/x",
            "postgres:///x?host=db.example",
            "postgres:///x?hostaddr=2001:db8::1",
            "postgres://localhost.example/x",
        ];
        for (urls, expected) in [(here, false), (elsewhere, true)] {
            for url in urls {
                assert_eq!(url.parse::<DatabaseUrl>().unwrap().is_unprotected(), expected, "{url}");
            }
        }
    }

    #[test]
    fn another_url_is_told_what_to_write() {
        let cases = [
            ("sqlite::memory:", "a database in memory"),
            ("sqlite://:memory:", "a database in memory"),
            ("sqlite://", "names no file"),
            ("sqlite://a?mode=rwc", "takes no options"),
            ("sqlite:a", "write sqlite://FILE"),
            ("hallpass.sqlite3", "write sqlite://FILE"),
            ("mysql://db/x", "write sqlite://FILE"),
            ("", "write sqlite://FILE"),
        ];
        for (given, why) in cases {
            let error = given.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains(why), "{given:?}: {error}");
        }
    }
}
