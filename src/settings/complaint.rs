//! What is wrong with the settings, a line each.

use std::fmt;

use super::layer::Layer;

/// One thing that is wrong: where it was said, of which key, and why it cannot be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    layer: Layer,
    key: Option<String>,
    what: String,
}

impl Complaint {
    pub(crate) fn of_key(layer: Layer, key: &str, what: impl fmt::Display) -> Self {
        Self { layer, key: Some(key.to_owned()), what: what.to_string() }
    }

    pub(crate) fn of_layer(layer: Layer, what: impl fmt::Display) -> Self {
        Self { layer, key: None, what: what.to_string() }
    }

    /// The dotted key, or `None` when a whole file is at fault.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match &self.key {
            Some(key) => format!("{}: {key}: {}", self.layer, self.what),
            None => format!("{}: {}", self.layer, self.what),
        };
        formatter.write_str(&one_line(&line))
    }
}

/// Everything that is wrong with the settings, sorted by layer and key. `Display` writes one line for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaints(Vec<Complaint>);

impl Complaints {
    pub(crate) fn new(mut complaints: Vec<Complaint>) -> Self {
        complaints.sort();
        complaints.dedup();
        Self(complaints)
    }

    /// Whether there is nothing to complain of.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each complaint, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Complaint> {
        self.0.iter()
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.iter().map(Complaint::to_string).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Complaints {}

/// `text` with every line break and control character made a blank, so that one finding stays one line.
pub(crate) fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
