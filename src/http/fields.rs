//! The text fields of a request, validated together as a serializer does.

use super::Hallpass;
use super::body::field::char_field;
use super::body::{Data, Fields, Value};
use crate::error::FieldErrors;
use crate::python;
use crate::settings::LoginField;

const BLANK: &str = "This field may not be blank.";
const NO_STRING: &str = "Not a valid string.";
const NO_EMAIL: &str = "Enter a valid email address.";

/// Whether a field has to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It has to, and may not be blank.
    Required,
    /// It may be left out or be blank.
    Optional,
}

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
            Err(messages) if blank && messages == [BLANK] => Some(String::new()),
            Err(messages) => {
                self.errors.push(name, messages);
                Some(String::new())
            }
        }
    }

    /// The two parts of a link, which have to be there, as they were sent: djoser looks past its serializer for them.
    pub(super) fn link(&mut self) -> (String, String) {
        self.trimmed("uid");
        self.trimmed("token");
        (self.raw_text("uid"), self.raw_text("token"))
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

    /// A required name, with what `rules` have against it.
    pub(super) fn validated(&mut self, name: &'static str, rules: impl Fn(&str) -> Vec<String>) -> String {
        let (text, mut unwritable) = match self.readable(name) {
            Ok(read) => read,
            Err(messages) => return self.wrong(name, messages),
        };
        let mut errors = rules(&text);
        unwritable.retain(|message| !errors.contains(message));
        errors.extend(unwritable);
        self.complain(name, errors);
        text
    }

    /// An address, with what `rules` have against it: `EmailField`.
    pub(super) fn email(
        &mut self,
        name: &'static str,
        presence: Presence,
        rules: impl Fn(&str) -> Vec<String>,
    ) -> String {
        let (text, mut unwritable) = match self.readable(name) {
            Ok(read) => read,
            Err(messages) if presence == Presence::Optional && !self.has(name) => return self.none_of(messages),
            Err(messages) if presence == Presence::Optional && messages == [BLANK] => return self.none_of(messages),
            Err(messages) if messages == [NO_STRING] => return self.wrong(name, vec![NO_EMAIL.to_owned()]),
            Err(messages) => return self.wrong(name, messages),
        };
        let mut errors = rules(&text);
        unwritable.retain(|message| !errors.contains(message));
        // That it is no address at all is said last.
        let at = errors.iter().position(|error| error == NO_EMAIL).unwrap_or(errors.len());
        errors.splice(at..at, unwritable);
        self.complain(name, errors);
        text
    }

    /// The text of a field, and whether characters in it cannot be stored; `Err` when it is no text that could be looked at.
    fn readable(&self, name: &str) -> Result<(String, Vec<String>), Vec<String>> {
        match (char_field(self.fields.get(name), true), self.fields.get(name)) {
            (Ok(text), _) => Ok((text, Vec::new())),
            (Err(messages), Some(Value::Text(text)))
                if messages.iter().all(|message| message.contains("characters are")) =>
            {
                Ok((python::strip(text.as_str()).to_owned(), messages))
            }
            (Err(messages), _) => Err(messages),
        }
    }

    fn wrong(&mut self, name: &'static str, messages: Vec<String>) -> String {
        self.complain(name, messages);
        String::new()
    }

    fn none_of(&self, _: Vec<String>) -> String {
        String::new()
    }

    /// Says one more thing that is wrong with a field, behind what is said of its letters and before the rest:
    /// `UniqueValidator`, where a model's serializer has it.
    pub(super) fn insert_second(&mut self, name: &'static str, message: Option<String>) {
        let Some(message) = message else { return };
        match self.errors.of_field(name) {
            Some(messages) => {
                let after_letters =
                    usize::from(messages.first().is_some_and(|first| first.starts_with("Enter a valid")));
                messages.insert(after_letters, message);
            }
            None => self.errors.push(name, vec![message]),
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
