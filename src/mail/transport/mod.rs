//! How a mail leaves: Django's e-mail backends.

mod console;
mod file;
mod smtp;

use std::path::PathBuf;
use std::time::Duration;

use super::SendError;
use super::message::{Envelope, Message};
use crate::settings::{Email, EmailTransport};

/// How long a transport takes that waits for nobody.
const MOMENT: Duration = Duration::from_secs(60);

/// Why a transport cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// When a setting is missing that the transport needs.
    #[error("email.transport: \"{0}\" needs {1} as well")]
    Incomplete(EmailTransport, &'static str),
    /// When the folder for mails cannot be made or written to.
    #[error("email.directory: {} cannot be used: {source}", path.display())]
    Directory {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// When TLS cannot be set up.
    #[error("email.smtp_url: TLS cannot be set up: {0}")]
    Tls(String),
}

/// One way for mail to leave.
pub(super) enum Transport {
    Console,
    File(file::Folder),
    Smtp(Box<smtp::MailServer>),
    None,
}

impl Transport {
    pub(super) fn open(settings: &Email) -> Result<Self, TransportError> {
        let transport = settings.transport;
        Ok(match transport {
            EmailTransport::Console => Self::Console,
            EmailTransport::File => {
                let folder = settings.directory.as_deref();
                let folder = folder.ok_or(TransportError::Incomplete(transport, "email.directory"))?;
                Self::File(file::Folder::open(folder)?)
            }
            EmailTransport::Smtp => {
                let url = settings.smtp_url.as_ref();
                let url = url.ok_or(TransportError::Incomplete(transport, "email.smtp_url"))?;
                Self::Smtp(Box::new(smtp::MailServer::new(url, settings.timeout)?))
            }
            EmailTransport::None => Self::None,
        })
    }

    pub(super) fn send(&self, envelope: &Envelope<'_>, message: &Message) -> Result<(), SendError> {
        match self {
            Self::Console => console::write(&mut std::io::stderr().lock(), envelope, message),
            Self::File(folder) => folder.write(envelope.id, &envelope.seal(message)?),
            Self::Smtp(server) => server.send(&envelope.seal(message)?),
            Self::None => Ok(()),
        }
    }

    /// Longer than sending one mail can take.
    pub(super) fn longest_send(&self) -> Duration {
        match self {
            Self::Smtp(server) => server.longest_send(),
            _ => MOMENT,
        }
    }
}
