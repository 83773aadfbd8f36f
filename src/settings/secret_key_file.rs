//! The secret key of a deployment that names none: made once and kept beside its SQLite database.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{DatabaseUrl, Settings};
use crate::secret::Secret;

/// How many characters a made key has: enough for every HMAC, where Django's `startproject` makes 50.
const LENGTH: usize = 64;

/// What a key is made of: 64 characters, so that six random bits choose one evenly.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Why there is no secret key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretKeyError {
    /// When the database is a server: its other nodes could not know the key.
    #[error("secret_key must be set when the database is PostgreSQL")]
    Required,
    /// When the file cannot be read or made.
    #[error("cannot keep the secret key in {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Settings {
    /// The `secret_key` of the settings, or else the one kept in a file beside the SQLite database, which is made now
    /// (mode 0600) if it is not there and set from then on.
    ///
    /// # Errors
    /// When the database is PostgreSQL and no key is set, or the file cannot be read or made.
    pub fn ensure_secret_key(&mut self) -> Result<Secret, SecretKeyError> {
        if let Some(key) = &self.secret_key {
            return Ok(key.clone());
        }
        let path = self.secret_key_file().ok_or(SecretKeyError::Required)?;
        let key = read_or_make(&path).map_err(|source| SecretKeyError::File { path, source })?;
        self.secret_key = Some(key.clone());
        Ok(key)
    }

    /// Where the secret key is kept that no setting names: `None` when one is named, or the database is a server.
    pub(crate) fn secret_key_file(&self) -> Option<PathBuf> {
        match (&self.secret_key, &self.database.url) {
            (None, DatabaseUrl::Sqlite(database)) => Some(beside(database)),
            _ => None,
        }
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".secret_key");
    PathBuf::from(name)
}

fn read_or_make(path: &Path) -> io::Result<Secret> {
    match make(path) {
        // Another process may have been first, and its key is then everybody's.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path),
        result => result,
    }
}

fn read(path: &Path) -> io::Result<Secret> {
    let text = fs::read_to_string(path)?;
    let key = text.trim_end_matches(['\r', '\n']);
    match key.len() {
        0..LENGTH => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it is cut short; remove it to have a new one made"))
        }
        _ => Ok(Secret::new(key)),
    }
}

/// Writes beside the place and links it there whole, so that nobody ever reads half a key.
fn make(path: &Path) -> io::Result<Secret> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let key = new_key()?;
    let draft = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let linked =
        writeln!(file, "{}", key.expose()).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    linked.map(|()| key)
}

fn new_key() -> io::Result<Secret> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 63)).copied().map(char::from);
    Ok(Secret::new(bytes.iter().filter_map(letter).collect::<String>()))
}
