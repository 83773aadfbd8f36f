//! Where a value came from, for whoever has to find the line that says so.

use std::fmt;
use std::path::PathBuf;

use super::complaint::one_line;

/// Where a value came from. Later layers are greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// `config/default.toml`, compiled in.
    Default,
    /// The file of this place in the order of files.
    File(usize, PathBuf),
    /// Text handed over by the program.
    Text,
    /// The environment variable of this name.
    Environment(String),
}

impl Layer {
    /// As `show-settings` names it.
    pub(crate) fn short(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::Environment(name) => name.clone(),
            Self::File(..) | Self::Text => one_line(&self.to_string()),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("config/default.toml"),
            Self::File(_, path) => write!(formatter, "{}", path.display()),
            Self::Text => formatter.write_str("the text given"),
            Self::Environment(name) => write!(formatter, "environment variable {name}"),
        }
    }
}
