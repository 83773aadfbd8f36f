//! `[email]`

use std::path::PathBuf;

use super::limits::{if_set, not_blank};
use super::node::section;
use super::values::{InvalidValue, words};
use crate::secret::Secret;

words! {
    /// How mail leaves.
    pub enum EmailTransport {
        /// Written to the log's stream.
        Console = "console",
        /// Handed to a mail server.
        Smtp = "smtp",
        /// One file a message.
        File = "file",
        /// Not at all.
        None = "none",
    }
}

section! {
    /// How mail leaves. Django's `EMAIL_*`.
    pub struct Email {
        /// Default: console. Django's `EMAIL_BACKEND`.
        pub transport: EmailTransport,
        /// Where the transport `file` puts its messages. Default: none. Django's `EMAIL_FILE_PATH`.
        pub directory: Option<PathBuf>,
        /// The mail server of the transport `smtp`, with user and password: `smtp://` or `smtps://`. Default: none.
        /// Django's `EMAIL_HOST`, `EMAIL_PORT`, `EMAIL_HOST_USER`, `EMAIL_HOST_PASSWORD`, `EMAIL_USE_TLS`.
        pub smtp_url: Option<Secret> => if_set(smtp),
        /// The sender. Default: `webmaster@localhost`. Django's `DEFAULT_FROM_EMAIL`.
        pub from: String => not_blank,
    }
}

fn smtp(url: &Secret) -> Result<(), InvalidValue> {
    match url.expose().starts_with("smtp://") || url.expose().starts_with("smtps://") {
        true => Ok(()),
        false => Err(InvalidValue::new("must begin with smtp:// or smtps://, as in smtp://USER:PASSWORD@HOST:587")),
    }
}
