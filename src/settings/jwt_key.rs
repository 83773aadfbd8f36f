//! One table of `[[jwt.keys]]`.

use std::path::Path;

use toml::{Table, Value};

use super::entries::{only, optional, required};
use super::jwt::Algorithm;
use super::limits::not_blank;
use super::node::Setting;
use super::raw::Raw;
use super::values::{InvalidValue, KeyText, words};

/// What a key may be given.
const NAMES: [&str; 6] = ["kid", "algorithm", "private_key", "public_key", "secret", "status"];

words! {
    /// What a key is for.
    pub enum KeyStatus {
        /// Signs new tokens and verifies; there is one of these.
        Active = "active",
        /// Verifies only: a key that is about to sign, or did until a while ago.
        Verify = "verify",
        /// Does nothing any more; what it signed is refused.
        Retired = "retired",
    }
}

/// A key under a name, which the tokens it signed repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtKey {
    /// Its name.
    pub kid: String,
    /// The only algorithm it is used with.
    pub algorithm: Algorithm,
    /// The private key in PEM. Default: none.
    pub private_key: Option<KeyText>,
    /// The public key in PEM. Default: the one that belongs to `private_key`.
    pub public_key: Option<KeyText>,
    /// The shared secret of HS256, HS384 and HS512. Default: none.
    pub secret: Option<KeyText>,
    /// What it is for. Default: active.
    pub status: KeyStatus,
}

impl Setting for JwtKey {
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue> {
        let entries = raw.table()?;
        let kid = match entries.get("kid") {
            Some(raw) => String::parse(raw, directory).map_err(|error| InvalidValue::new(format!("kid {error}")))?,
            None => return Err(InvalidValue::new("kid is missing")),
        };
        let read = || {
            not_blank(&kid).map_err(|error| InvalidValue::new(format!("kid {error}")))?;
            only(entries, &NAMES)?;
            Ok(Self {
                kid: kid.clone(),
                algorithm: required(entries, "algorithm", directory)?,
                private_key: optional(entries, "private_key", directory)?,
                public_key: optional(entries, "public_key", directory)?,
                secret: optional(entries, "secret", directory)?,
                status: optional(entries, "status", directory)?.unwrap_or(KeyStatus::Active),
            })
        };
        read().map_err(|error: InvalidValue| InvalidValue::new(format!("the key {kid:?}: {error}")))
    }

    fn show(&self) -> Value {
        let keys = [("private_key", &self.private_key), ("public_key", &self.public_key), ("secret", &self.secret)];
        let keys = keys.into_iter().filter_map(|(name, key)| Some((name.to_owned(), key.as_ref()?.show())));
        let mut table = Table::from_iter(keys);
        table.insert("kid".to_owned(), self.kid.show());
        table.insert("algorithm".to_owned(), self.algorithm.show());
        table.insert("status".to_owned(), self.status.show());
        Value::Table(table)
    }
}
