//! Mail handed to a mail server.
//!
//! A connection for each mail, and one step after the other, so that it is known which step failed: a server that refuses
//! us will take us later, a server that refuses the recipient will not.

use std::error::Error as _;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use super::TransportError;
use crate::mail::SendError;
use crate::secret::Secret;
use crate::settings::{SmtpTls, SmtpUrl, one_line};

/// More answers than one mail waits for, the addresses of the host included.
const ANSWERS: u32 = 20;

/// The most of a server's words that are kept.
const LONGEST_ANSWER: usize = 200;

/// A mail server and how to talk to it.
pub(in crate::mail) struct MailServer {
    url: SmtpUrl,
    tls: Option<TlsParameters>,
    name: ClientId,
    timeout: Duration,
}

impl MailServer {
    pub(super) fn new(url: &SmtpUrl, timeout: Duration) -> Result<Self, TransportError> {
        let tls = match url.tls {
            SmtpTls::None => None,
            SmtpTls::StartTls | SmtpTls::Implicit => {
                let tls = TlsParameters::new(url.host.clone());
                Some(tls.map_err(|error| TransportError::Tls(cause(&error)))?)
            }
        };
        Ok(Self { url: url.clone(), tls, name: ClientId::default(), timeout })
    }

    pub(super) fn longest_send(&self) -> Duration {
        self.timeout.saturating_mul(ANSWERS)
    }

    pub(super) fn send(&self, message: &lettre::Message) -> Result<(), SendError> {
        let envelope = message.envelope();
        let (Some(from), Some(to)) = (envelope.from(), envelope.to().first()) else {
            return Err(SendError::Refused("it has no sender or no recipient".to_owned()));
        };
        let mut connection = self.connect().map_err(|error| SendError::Failed(self.describe(&error)))?;
        let sent = self.hand_over(&mut connection, from, to, &message.formatted());
        if !matches!(sent, Err(SendError::Failed(_))) {
            // What was answered stands, however the conversation ends.
            let _ = connection.quit();
        }
        sent
    }

    fn connect(&self) -> Result<SmtpConnection, Error> {
        let SmtpUrl { host, port, tls, login } = &self.url;
        let from_start = self.tls.as_ref().filter(|_| *tls == SmtpTls::Implicit);
        let place = (host.as_str(), *port);
        let mut connection = SmtpConnection::connect(place, Some(self.timeout), &self.name, from_start, None)?;
        if let (SmtpTls::StartTls, Some(parameters)) = (tls, &self.tls) {
            connection.starttls(parameters, &self.name)?;
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)?;
        }
        Ok(connection)
    }

    fn hand_over(
        &self,
        connection: &mut SmtpConnection,
        from: &Address,
        to: &Address,
        bytes: &[u8],
    ) -> Result<(), SendError> {
        let options = options(connection, from, to, bytes)?;
        let failed = |error: Error| SendError::Failed(self.describe(&error));
        let refused = |error: Error| match error.is_permanent() {
            true => SendError::Refused(self.describe(&error)),
            false => failed(error),
        };
        // A refusal here is of us or of email.from, which whoever runs this service can change.
        connection.command(Mail::new(Some(from.clone()), options)).map_err(failed)?;
        connection.command(Rcpt::new(to.clone(), Vec::new())).map_err(refused)?;
        connection.command(Data).map_err(refused)?;
        connection.message(bytes).map_err(refused)?;
        Ok(())
    }

    /// An error in one line, without the password: some servers repeat what they do not understand.
    fn describe(&self, error: &Error) -> String {
        let text: String = one_line(&cause(error)).chars().take(LONGEST_ANSWER).collect();
        let secrets = self.url.login.as_ref().map(|(user, password)| spellings(user, password)).unwrap_or_default();
        match (secrets.iter().any(|secret| text.contains(secret)), error.status()) {
            (false, _) => text,
            (true, Some(code)) => format!("the server answered {code}"),
            (true, None) => "the server answered with the password in it".to_owned(),
        }
    }
}

/// What the mail needs of the server beyond the oldest rules. A server without it never takes this mail.
fn options(
    connection: &SmtpConnection,
    from: &Address,
    to: &Address,
    bytes: &[u8],
) -> Result<Vec<MailParameter>, SendError> {
    let needs = |extension, words: &str| match connection.server_info().supports_feature(extension) {
        true => Ok(()),
        false => Err(SendError::Refused(format!("the server does not take {words}"))),
    };
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let mut options = Vec::new();
    if !is_ascii(from) || !is_ascii(to) {
        needs(Extension::SmtpUtfEight, "addresses that are not ASCII")?;
        options.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() {
        needs(Extension::EightBitMime, "mail that is not ASCII")?;
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

/// The password as the server saw it.
fn spellings(user: &str, password: &Secret) -> Vec<String> {
    use base64::Engine as _;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let password = password.expose();
    vec![password.to_owned(), base64(password), base64(&format!("\0{user}\0{password}"))]
}

/// An error with what caused it.
fn cause(error: &Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
