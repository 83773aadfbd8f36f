//! A key, in place or in a file of its own.

use std::path::{Path, PathBuf};

use toml::Value;

use super::InvalidValue;
use super::secret::parse;
use crate::secret::Secret;
use crate::settings::node::Setting;
use crate::settings::raw::Raw;

/// A secret or a key in PEM, as it was written or as its `file:` holds it. `Debug` masks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyText {
    text: Secret,
    file: Option<PathBuf>,
}

impl KeyText {
    /// A key that is in no file.
    pub fn new(text: Secret) -> Self {
        Self { text, file: None }
    }

    /// The key itself.
    pub fn secret(&self) -> &Secret {
        &self.text
    }

    /// The file it was read from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl Setting for KeyText {
    fn parse(raw: &Raw, directory: &Path) -> Result<Self, InvalidValue> {
        parse(raw, directory).map(|(text, file)| Self { text, file })
    }

    fn show(&self) -> Value {
        self.text.show()
    }
}
