//! What is said of one method of a view.

use serde_json::Value;

use crate::settings::Settings;

/// Who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Anyone; credentials are not looked at.
    Anyone,
    /// Anyone; credentials that are there have to be good.
    AnyoneChecked,
    /// Whoever is known.
    Known,
    /// A client of `oauth.clients`, or staff.
    Service,
}

/// One method of a view, as it is documented.
pub(super) struct Doc {
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) who: Who,
    /// The fields of the body: a name, whether it has to be sent, an example.
    pub(super) fields: Vec<(&'static str, bool, &'static str)>,
    /// What it answers when it is done.
    pub(super) answers: Vec<Answer>,
    /// What else it may be refused with than every view may.
    pub(super) refusals: Vec<u16>,
}

/// An answer with an example, which also tells its shape.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    pub(super) example: Option<Value>,
    /// Which of the example's fields may be missing.
    pub(super) optional: &'static [&'static str],
}

impl Doc {
    pub(super) fn of(tag: &'static str, summary: &'static str, who: Who) -> Self {
        Self { tag, summary, who, fields: Vec::new(), answers: Vec::new(), refusals: Vec::new() }
    }

    /// A field of the body that has to be sent.
    pub(super) fn takes(mut self, name: &'static str, example: &'static str) -> Self {
        self.fields.push((name, true, example));
        self
    }

    /// One that may be left out.
    pub(super) fn may_take(mut self, name: &'static str, example: &'static str) -> Self {
        self.fields.push((name, false, example));
        self
    }

    /// One that has to be sent where the settings say so.
    pub(super) fn takes_if(self, is_wanted: bool, name: &'static str, example: &'static str) -> Self {
        if is_wanted { self.takes(name, example) } else { self }
    }

    pub(super) fn gives(mut self, about: &'static str, example: Value) -> Self {
        self.answers.push(Answer { status: 200, about, example: Some(example), optional: &[] });
        self
    }

    /// The fields of the answer before that may be missing.
    pub(super) fn optional(mut self, names: &'static [&'static str]) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.optional = names;
        }
        self
    }

    /// The status of the answer before, where it is not 200.
    pub(super) fn with_status(mut self, status: u16) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.status = status;
        }
        self
    }

    /// An answer without a body.
    pub(super) fn done(mut self, status: u16, about: &'static str) -> Self {
        self.answers.push(Answer { status, about, example: None, optional: &[] });
        self
    }

    pub(super) fn refused(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }
}

/// What one logs in with, and an example of it.
pub(super) fn login_field(settings: &Settings) -> (&'static str, &'static str) {
    match settings.accounts.login_field {
        crate::settings::LoginField::Username => ("username", "alice"),
        crate::settings::LoginField::Email => ("email", "alice@example.com"),
    }
}
