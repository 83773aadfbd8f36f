//! A mail with its words, and the bytes that it becomes.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::SendError;
use crate::clock::Timestamp;

/// What a mail says. `Debug` shows the subject only: the rest may have a link in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Who writes to whom, and when.
pub(super) struct Envelope<'a> {
    pub(super) from: &'a Mailbox,
    pub(super) to: Mailbox,
    pub(super) id: &'a str,
    pub(super) date: Timestamp,
}

/// Why a text is no address that mail can go to.
pub(super) struct AddressError(pub(super) String);

/// The address as mail servers have it: its domain in ASCII, as Django writes it. One address and nothing else.
pub(super) fn mailbox(name: Option<&str>, address: &str) -> Result<Mailbox, AddressError> {
    let (local, domain) = address.rsplit_once('@').ok_or_else(|| AddressError("is no address".to_owned()))?;
    // One in ASCII is left as it is, capitals included.
    let domain = match domain.is_ascii() {
        true => domain.to_owned(),
        false => idna::domain_to_ascii(domain).map_err(|_| AddressError("has no domain".to_owned()))?,
    };
    let address = Address::new(local, domain).map_err(|error| AddressError(error.to_string()))?;
    Ok(Mailbox::new(name.map(str::to_owned), address))
}

impl Envelope<'_> {
    /// The whole mail, in text and in HTML.
    pub(super) fn seal(&self, message: &Message) -> Result<lettre::Message, SendError> {
        let since = Duration::from_micros(u64::try_from(self.date.as_micros()).unwrap_or_default());
        // RFC 3834: whoever is on holiday need not tell us.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let (text, html) = (lines(&message.text), lines(&message.html));
        lettre::Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(message.subject.clone())
            .date(UNIX_EPOCH + since)
            .message_id(Some(self.message_id()))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(text, html))
            .map_err(|error| SendError::Refused(error.to_string()))
    }

    pub(super) fn message_id(&self) -> String {
        format!("<{}@{}>", self.id, self.from.email.domain())
    }
}

/// With the line ends of mail, and one at the end.
fn lines(text: &str) -> String {
    text.lines().flat_map(|line| [line, "\r\n"]).collect()
}
