//! What a mail is about: djoser's context.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::MailKind;

/// A mail before it has words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Which one.
    pub kind: MailKind,
    /// Whose account it is about.
    pub user: Addressee,
    /// Where it leads, for the mails that have a link.
    pub link: Option<Link>,
}

impl Letter {
    /// A mail to this user, without a link.
    pub fn new(kind: MailKind, username: &str, email: &str) -> Self {
        Self { kind, user: Addressee { username: username.to_owned(), email: email.to_owned() }, link: None }
    }

    /// The same with a link.
    #[must_use]
    pub fn with_link(self, uid: String, token: String, url: String) -> Self {
        Self { link: Some(Link { uid, token, url }), ..self }
    }
}

/// The user that a mail is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// The user name.
    pub username: String,
    /// The address.
    pub email: String,
}

/// A page of the front end. `Debug` does not show it: whoever has it owns the account.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The user's key as links have it.
    pub uid: String,
    /// What proves that the link was mailed.
    pub token: String,
    /// The page, without protocol and host: `activate/{uid}/{token}`.
    pub url: String,
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Link(***)")
    }
}

/// What links begin with, and what the site is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `https`
    pub protocol: String,
    /// `app.example.com`
    pub domain: String,
    /// `Example`
    pub site_name: String,
}
