//! `[oauth]`

use std::path::Path;

use toml::{Table, Value};

use super::entries::{only, required};
use super::node::{Setting, section};
use super::raw::Raw;
use super::values::InvalidValue;
use crate::secret::Secret;

/// What a client may be given.
const NAMES: [&str; 2] = ["id", "secret"];

/// The longest id: the audit has a row for it.
const LONGEST_ID: usize = 50;

/// The shortest secret, in bytes. It is compared and never hashed, so that chance has to keep it, and not slowness.
const SHORTEST_SECRET: usize = 32;

section! {
    /// Other services that ask about tokens and end them.
    pub struct Oauth {
        /// Who they are. Default: none, which leaves it to staff.
        pub clients: Vec<OauthClient> => different,
    }
}

/// A service that may ask: `client_id` and `client_secret` of RFC 6749 section 2.3.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthClient {
    /// Its name.
    pub id: String,
    /// What it proves that with; 32 bytes at least.
    pub secret: Secret,
}

impl Setting for OauthClient {
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue> {
        let entries = raw.table()?;
        let id: String = required(entries, "id", directory)?;
        let read = || {
            is_sayable(&id)?;
            only(entries, &NAMES)?;
            let secret: Secret = required(entries, "secret", directory)?;
            match secret.expose().len() < SHORTEST_SECRET {
                true => {
                    Err(InvalidValue::new("secret is shorter than 32 bytes; make one with `openssl rand -base64 48`"))
                }
                false => Ok(secret),
            }
        };
        let secret = read().map_err(|error| InvalidValue::new(format!("the client {id:?}: {error}")))?;
        Ok(Self { id, secret })
    }

    fn show(&self) -> Value {
        let id = ("id".to_owned(), Value::String(self.id.clone()));
        Value::Table(Table::from_iter([id, ("secret".to_owned(), self.secret.show())]))
    }
}

fn different(clients: &[OauthClient]) -> Result<(), InvalidValue> {
    let is_twice = |(place, client): &(usize, &OauthClient)| clients.iter().take(*place).any(|one| one.id == client.id);
    let twice = clients.iter().enumerate().find(is_twice);
    twice.map_or(Ok(()), |(_, client)| Err(InvalidValue::new(format!("names {:?} twice", client.id))))
}

/// RFC 6749 appendix A.1 allows what is visible and blanks; a colon would end it in a header.
fn is_sayable(id: &str) -> Result<(), InvalidValue> {
    let is_fine = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    match id {
        "" => Err(InvalidValue::new("id is empty")),
        id if id.len() > LONGEST_ID => Err(InvalidValue::new("id is longer than 50 characters")),
        id if !id.bytes().all(is_fine) => {
            Err(InvalidValue::new("id has a blank, a colon, or a letter that is not ASCII"))
        }
        _ => Ok(()),
    }
}
