//! Mail: what it says, and how it leaves.
//!
//! [`Mailer`] is the way in: it renders a [`Letter`] and hands it to the transport of the settings. Nothing here knows of
//! the database; which mails are waiting, and what becomes of those that could not be sent, is `accounts`' business.

mod kind;
mod letter;
mod message;
mod sender;
mod templates;
mod transport;

use std::time::Duration;

pub use self::kind::MailKind;
pub use self::letter::{Addressee, Letter, Link, Site};
pub use self::message::Message;
use self::message::{AddressError, Envelope};
pub use self::sender::{Next, Sender, Signal};
pub use self::templates::{TemplateError, Templates};
use self::transport::Transport;
pub use self::transport::TransportError;
use crate::clock::Timestamp;
use crate::settings;

/// Renders mails and sends them.
pub struct Mailer {
    site: Site,
    from: lettre::message::Mailbox,
    templates: Templates,
    transport: Transport,
}

/// One mail on its way.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// What tells it from every other mail of this service, so that a repetition is recognised. Becomes the Message-ID.
    pub id: &'a str,
    /// When it was written.
    pub date: Timestamp,
    /// The one address that it goes to.
    pub to: &'a str,
    /// What it says.
    pub letter: &'a Letter,
}

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// When a template is missing, broken or of no use.
    #[error("email.templates: {0}")]
    Templates(#[from] TemplateError),
    /// When the sender is no address that a mail server would take.
    #[error("email.from: {0}")]
    From(String),
    /// When the transport cannot be used.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// Why one mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// When it never will be: the address is none, or the mail server refused it for good.
    #[error("refused: {0}")]
    Refused(String),
    /// When it may be later.
    #[error("{0}")]
    Failed(String),
}

impl Mailer {
    /// Reads the templates and tries each, and makes the transport ready. No connection is made yet.
    ///
    /// # Errors
    /// When a template is broken, or the transport cannot be used.
    pub fn open(settings: &settings::Email, site: Site) -> Result<Self, MailError> {
        let templates = Templates::load(settings.templates.as_deref())?;
        let from = message::mailbox(settings.from.name(), settings.from.address())
            .map_err(|AddressError(why)| MailError::From(why))?;
        Ok(Self { site, from, templates, transport: Transport::open(settings)? })
    }

    /// What a mail says.
    ///
    /// # Errors
    /// When a template cannot be rendered for it.
    pub fn render(&self, letter: &Letter) -> Result<Message, TemplateError> {
        self.templates.render(&self.site, letter)
    }

    /// Renders a mail and sends it, on this thread.
    ///
    /// # Errors
    /// [`SendError::Refused`] when trying again is of no use.
    pub fn send(&self, delivery: &Delivery<'_>) -> Result<(), SendError> {
        let to = message::mailbox(None, delivery.to).map_err(|AddressError(why)| SendError::Refused(why))?;
        let message = self.render(delivery.letter).map_err(|error| SendError::Failed(error.to_string()))?;
        let envelope = Envelope { from: &self.from, to, id: delivery.id, date: delivery.date };
        self.transport.send(&envelope, &message)
    }

    /// Longer than sending one mail can take.
    pub fn longest_send(&self) -> Duration {
        self.transport.longest_send()
    }
}
