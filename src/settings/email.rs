//! `[email]`

use std::path::PathBuf;
use std::time::Duration;

use super::limits::{at_least, not_zero, within};
use super::node::section;
use super::values::{Mailbox, SmtpUrl, words};

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
        pub smtp_url: Option<SmtpUrl>,
        /// How long the mail server may take for one answer. Default: 10 s. Django's `EMAIL_TIMEOUT`.
        pub timeout: Duration => not_zero,
        /// The sender. Default: `webmaster@localhost`. Django's `DEFAULT_FROM_EMAIL`.
        pub from: Mailbox,
        /// A folder with templates to use in place of those compiled in. Default: none. Django's `TEMPLATES`.
        pub templates: Option<PathBuf>,
        /// For how long a mail that cannot be sent is tried again. Default: 1 day.
        pub retry_for: Duration => at_least(Duration::from_secs(1)),
        /// How many mails of one kind that anybody may ask for go to one address in a minute. Default: 1.
        pub limit_per_minute: u32 => within(1..=1000),
        /// The same in an hour. Default: 5.
        pub limit_per_hour: u32 => within(1..=1000),
    }
}
