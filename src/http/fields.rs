//! The text fields of a request, validated together as a serializer does.

use super::body::field::char_field;
use super::body::{Data, Fields};
use crate::error::FieldErrors;

/// A serializer at work: takes one field after the other and collects what is wrong with each.
pub(super) struct Serializer {
    fields: Fields,
    errors: FieldErrors,
}

impl Serializer {
    /// Begins with `request.data`.
    ///
    /// # Errors
    /// When it is no set of fields at all.
    pub(super) fn new(data: Data) -> Result<Self, FieldErrors> {
        let fields = data.into_fields().map_err(FieldErrors::non_field)?;
        Ok(Self { fields, errors: FieldErrors::default() })
    }

    /// A required text without the blanks around it: `CharField()`.
    pub(super) fn trimmed(&mut self, name: &'static str) -> String {
        self.text(name, true)
    }

    /// A required text as it was sent: `CharField(trim_whitespace=False)`.
    pub(super) fn untrimmed(&mut self, name: &'static str) -> String {
        self.text(name, false)
    }

    /// Ends the validation.
    ///
    /// # Errors
    /// What is wrong with the fields that were taken, in the order in which they were.
    pub(super) fn finish(self) -> Result<(), FieldErrors> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }

    fn text(&mut self, name: &'static str, trim: bool) -> String {
        char_field(self.fields.get(name), trim).unwrap_or_else(|messages| {
            self.errors.push(name, messages);
            String::new()
        })
    }
}
