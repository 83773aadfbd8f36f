//! A value as a layer spells it, before the key's type has read it.

use std::collections::BTreeMap;

use config::{Value, ValueKind};

use super::values::InvalidValue;

/// What a layer says for one key.
#[derive(Clone)]
pub(crate) enum Raw {
    /// Text in quotes.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// Values in brackets.
    List(Vec<Raw>),
    /// Values under names, which stand in lists only.
    Table(BTreeMap<String, Raw>),
    /// An environment variable: text that the key's type may read as a number, a boolean or a list.
    Environment(String),
    /// What no setting takes, in words.
    Other(&'static str),
}

impl Raw {
    /// The text, or a complaint that it is something else. A control character has no place in a setting.
    pub(crate) fn text(&self) -> Result<&str, InvalidValue> {
        let text = self.any_text()?;
        match text.contains(char::is_control) {
            true => Err(InvalidValue::new("has a control character in it")),
            false => Ok(text),
        }
    }

    /// The text, whatever characters it has: a secret may be a key file of several lines.
    pub(crate) fn any_text(&self) -> Result<&str, InvalidValue> {
        match self {
            Self::Text(text) | Self::Environment(text) => Ok(text),
            other => Err(other.instead_of("text in quotes")),
        }
    }

    /// The number, or a complaint that it is something else.
    pub(crate) fn integer(&self) -> Result<i64, InvalidValue> {
        match self {
            Self::Integer(number) => Ok(*number),
            Self::Environment(text) => {
                text.parse().map_err(|_| InvalidValue::new(format!("wants a whole number, and {text:?} is none")))
            }
            other => Err(other.instead_of("a whole number")),
        }
    }

    /// The boolean, or a complaint that it is something else.
    pub(crate) fn boolean(&self) -> Result<bool, InvalidValue> {
        match self {
            Self::Boolean(value) => Ok(*value),
            Self::Environment(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Self::Environment(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Self::Environment(text) => Err(InvalidValue::new(format!("wants true or false, not {text:?}"))),
            other => Err(other.instead_of("true or false")),
        }
    }

    /// The items; in the environment they are separated by commas.
    pub(crate) fn list(&self) -> Result<Vec<Raw>, InvalidValue> {
        match self {
            Self::List(items) => Ok(items.clone()),
            Self::Environment(text) if text.trim().is_empty() => Ok(Vec::new()),
            Self::Environment(text) => {
                Ok(text.split(',').map(|item| Self::Environment(item.trim().to_owned())).collect())
            }
            other => Err(other.instead_of("a list in brackets")),
        }
    }

    /// The values under names. No text of a variable can hold them.
    pub(crate) fn table(&self) -> Result<&BTreeMap<String, Raw>, InvalidValue> {
        match self {
            Self::Table(entries) => Ok(entries),
            Self::Environment(_) => Err(InvalidValue::new("wants tables, which only a file can hold")),
            other => Err(other.instead_of("a table")),
        }
    }

    /// Names only the type of the value, since it may be a secret in the wrong place.
    fn instead_of(&self, wanted: &str) -> InvalidValue {
        let given = match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Environment(_) => "an environment variable",
            Self::Other(words) => words,
        };
        InvalidValue::new(format!("wants {wanted}, not {given}"))
    }
}

impl From<Value> for Raw {
    fn from(value: Value) -> Self {
        match value.kind {
            ValueKind::String(text) => Self::Text(text),
            ValueKind::I64(number) => Self::Integer(number),
            ValueKind::Boolean(value) => Self::Boolean(value),
            ValueKind::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            ValueKind::Table(entries) => {
                Self::Table(entries.into_iter().map(|(name, value)| (name, Self::from(value))).collect())
            }
            ValueKind::Float(_) => Self::Other("a number with a fraction"),
            _ => Self::Other("what it was given"),
        }
    }
}
