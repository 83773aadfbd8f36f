//! What is wrong with the keys, a line each.

use std::fmt;

/// One thing that is wrong with a key: of which setting, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblem {
    /// The dotted key of the setting.
    pub key: &'static str,
    /// What is wrong with it. Nothing secret is quoted.
    pub what: String,
}

impl KeyProblem {
    pub(super) fn new(key: &'static str, what: impl Into<String>) -> Self {
        Self { key, what: what.into() }
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.key, self.what)
    }
}

/// Everything that is wrong with the keys. `Display` writes one line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblems(pub Vec<KeyProblem>);

impl fmt::Display for KeyProblems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(KeyProblem::to_string).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for KeyProblems {}
