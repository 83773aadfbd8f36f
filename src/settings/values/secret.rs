//! Secrets: in place, or in a file of their own. No message here quotes one.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::Value;

use super::InvalidValue;
use crate::secret::Secret;
use crate::settings::node::Setting;
use crate::settings::raw::Raw;

/// No secret is longer; what is longer is the wrong file.
const LONGEST: u64 = 64 * 1024;

impl Setting for Secret {
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue> {
        parse(raw, directory).map(|(secret, _)| secret)
    }

    fn show(&self) -> Value {
        Value::String("***".to_owned())
    }
}

/// The secret, and the file it was read from.
pub(super) fn parse(raw: &Raw, directory: &Path) -> Result<(Secret, Option<PathBuf>), InvalidValue> {
    let text = raw.any_text()?;
    let (secret, file) = match text.strip_prefix("file:") {
        Some(path) => (read(path, &directory.join(path))?, Some(directory.join(path))),
        None => (Secret::new(text), None),
    };
    match secret.expose().trim().is_empty() {
        true => Err(InvalidValue::new("is empty")),
        false => Ok((secret, file)),
    }
}

/// A file's text without the newline at its end, which editors add and no one means.
fn read(name: &str, path: &Path) -> Result<Secret, InvalidValue> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    // Owned by a secret from here on, so that it is wiped whatever happens.
    let secret = Secret::new(text);
    match read {
        Err(error) => Err(InvalidValue::new(format!("the file {name:?} cannot be read: {error}"))),
        Ok(length) if length as u64 > LONGEST => Err(InvalidValue::new(format!("the file {name:?} is too long"))),
        Ok(_) => Ok(Secret::new(without_newline(secret.expose()))),
    }
}

fn without_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}
