//! The parsed body: fields by name, and their values by kind.

use std::fmt;

/// A parsed body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// A form or a JSON object.
    Fields(Fields),
    /// Any other JSON value, by the name of its Python type: `bool`, `int`, `float`, `str` or `list`.
    NotAMapping(&'static str),
    /// JSON's `null`.
    Null,
}

impl Data {
    /// The fields that a serializer can validate.
    ///
    /// # Errors
    /// The serializer's one entry of `non_field_errors`, when there are none.
    pub(crate) fn into_fields(self) -> Result<Fields, String> {
        match self {
            Self::Fields(fields) => Ok(fields),
            Self::NotAMapping(kind) => Err(format!("Invalid data. Expected a dictionary, but got {kind}.")),
            Self::Null => Err("No data provided".to_owned()),
        }
    }
}

/// The fields of a body in the order they came. `Debug` shows their names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// The last value of the field called `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether there are several fields called `name`.
    pub(crate) fn has_several(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).count() > 1
    }

    pub(super) fn push(&mut self, name: String, value: Value) {
        self.0.push((name, value));
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// JSON's `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A JSON array.
    List,
    /// A JSON object.
    Object,
    /// A part of a multipart form that has a file name: this one.
    File(String),
    /// A JSON number, as Python's `str` writes it.
    Number(String),
    /// A JSON string or a form's text.
    Text(Text),
}

/// Text that may hold what Rust's strings cannot: half of a surrogate pair. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text {
    text: String,
    lone_surrogate: Option<u16>,
}

impl Text {
    /// The text, with U+FFFD for each lone surrogate.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The first half of a surrogate pair that has no other half.
    pub(crate) fn lone_surrogate(&self) -> Option<u16> {
        self.lone_surrogate
    }

    /// Text from UTF-16 units.
    pub(super) fn from_units(units: impl IntoIterator<Item = u16>) -> Self {
        let mut text = Self::from(String::new());
        for unit in char::decode_utf16(units) {
            if let Err(error) = &unit {
                text.lone_surrogate.get_or_insert(error.unpaired_surrogate());
            }
            text.text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        text
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, lone_surrogate: None }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Text, Value};

    #[test]
    fn the_last_value_of_a_name_wins() {
        let mut fields = Fields::default();
        fields.push("a".to_owned(), Value::Null);
        fields.push("a".to_owned(), Value::Bool);

        assert_eq!(fields.get("a"), Some(&Value::Bool));
        assert_eq!(fields.get("b"), None);
    }

    #[test]
    fn what_a_field_says_does_not_print_itself() {
        let mut fields = Fields::default();
        fields.push("password".to_owned(), Value::Text(Text::from("hunter2")));

        assert_eq!(format!("{fields:?}"), r#"{"password"}"#);
        assert_eq!(format!("{:?}", fields.get("password")), "Some(Text(***))");
    }
}
