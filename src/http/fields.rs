//! The text fields of a request, validated together as a serializer does.

use super::Hallpass;
use super::body::field::char_field;
use super::body::{Data, Fields, Value};
use crate::error::FieldErrors;
use crate::settings::LoginField;

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

    /// A text that may be left out, but not be null; blank only if `blank` allows it: `CharField(required=False)`.
    pub(super) fn optional(&mut self, name: &'static str, blank: bool) -> Option<String> {
        self.fields.get(name)?;
        match char_field(self.fields.get(name), true) {
            Ok(text) => Some(text),
            Err(messages) if blank && messages == ["This field may not be blank."] => Some(String::new()),
            Err(messages) => {
                self.errors.push(name, messages);
                Some(String::new())
            }
        }
    }

    /// What one logs in with: the name, or with `accounts.login_field = "email"` the address or the name.
    pub(super) fn login_name(&mut self, hallpass: &Hallpass) -> String {
        let by_email = hallpass.settings().accounts.login_field == LoginField::Email;
        match by_email && (self.has("email") || !self.has("username")) {
            true => self.trimmed("email"),
            false => self.trimmed("username"),
        }
    }

    /// A text that no rule of the serializer is applied to; empty when it is none.
    pub(super) fn raw_text(&self, name: &str) -> String {
        match self.fields.get(name) {
            Some(Value::Text(text)) => text.as_str().to_owned(),
            _ => String::new(),
        }
    }

    /// Whether the body has this field at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some()
    }

    /// Says what else is wrong with a field, in the place where it is taken; nothing when it was wrong already.
    pub(super) fn complain(&mut self, name: &'static str, messages: Vec<String>) {
        if !messages.is_empty() && !self.has_complained_of(name) {
            self.errors.push(name, messages);
        }
    }

    /// Whether something is wrong with this field.
    pub(super) fn has_complained_of(&self, name: &str) -> bool {
        self.errors.has(name)
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
