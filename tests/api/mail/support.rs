//! A post office on a database of the test's own, and what is written with it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Once;

use hallpass::accounts::Post;
use hallpass::clock::{Clock, Timestamp};
use hallpass::mail::{Letter, MailError, MailKind, Site};
use hallpass::settings::Settings;
use hallpass::store::{Store, StoreError};

use super::server::MailServer;
use crate::support::database::TestDatabase;

pub const TOKEN: &str = "d8ary8-2b351e72dcfc3eb8638d9f558ccb4cf4";

/// A node of the service, as far as mail goes.
pub struct Office {
    pub post: Post,
    pub store: Store,
    pub clock: Clock,
}

impl Office {
    /// One that hands its mail to this server.
    pub fn with_server(database: &TestDatabase, server: &MailServer) -> Self {
        Self::new(database, &smtp(server.address, ""))
    }

    pub fn new(database: &TestDatabase, settings: &str) -> Self {
        Self::at(database, settings, Clock::manual(Timestamp::from_seconds(1_800_000_000)))
    }

    pub fn at(database: &TestDatabase, settings: &str, clock: Clock) -> Self {
        Self::open(database, settings, clock).expect("a post office")
    }

    pub fn open(database: &TestDatabase, settings: &str, clock: Clock) -> Result<Self, MailError> {
        let fixed =
            "accounts.email_frontend_domain = \"app.example.com\"\naccounts.email_frontend_protocol = \"https\"\n";
        let name =
            if settings.contains("site_name") { "" } else { "accounts.email_frontend_site_name = \"Example\"\n" };
        let settings = format!("{}\n{fixed}{name}{settings}", database.settings());
        let settings = Settings::from_toml(&settings).expect("settings");
        let store = Store::open(&settings.database).expect("a database that opens");
        let post = Post::open(&settings, store.clone(), clock.clone())?;
        Ok(Self { post, store, clock })
    }

    /// Writes a letter down in a transaction of its own.
    pub fn enqueue(&self, letter: &Letter) {
        self.in_transaction(|post, transaction| post.enqueue(transaction, letter).map(drop)).expect("a transaction");
    }

    pub fn enqueue_nothing(&self, kind: MailKind, asked_for: &str) {
        self.in_transaction(|post, transaction| post.enqueue_nothing(transaction, kind, asked_for).map(drop))
            .expect("it");
    }

    pub fn in_transaction(
        &self,
        work: impl FnOnce(&Post, &mut hallpass::store::DbConnection<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.store.run_blocking(|connection| connection.write(|transaction| work(&self.post, transaction)))
    }

    /// Sends what is due, and gives how many mails were looked at.
    pub fn send_due(&self) -> usize {
        self.post.send_due().expect("a database that answers")
    }
}

/// The settings for a mail server at this address.
pub fn smtp(address: SocketAddr, more: &str) -> String {
    format!(
        "email.transport = \"smtp\"\nemail.smtp_url = \"smtp://{address}\"\nemail.from = \"us@example.org\"\n{more}"
    )
}

pub fn site(name: &str) -> Site {
    Site { protocol: "https".to_owned(), domain: "app.example.com".to_owned(), site_name: name.to_owned() }
}

/// A mail to the user that `djoser.json` was recorded for.
pub fn letter(kind: MailKind) -> Letter {
    to("zoe@example.com", kind)
}

pub fn to(email: &str, kind: MailKind) -> Letter {
    let page = match kind {
        MailKind::Activation => "activate",
        MailKind::PasswordReset => "password/reset/confirm",
        _ => "username/reset/confirm",
    };
    let letter = Letter::new(kind, "zoë.b+c@d", email);
    match kind.has_link() {
        true => letter.with_link("NDI".to_owned(), TOKEN.to_owned(), format!("{page}/NDI/{TOKEN}")),
        false => letter,
    }
}

/// What is in the outbox: recipient and number of attempts, the oldest first.
pub fn waiting(database: &TestDatabase) -> Vec<String> {
    database.texts("SELECT COALESCE(recipient, 'nobody') || ' ' || attempts FROM hallpass_outbox ORDER BY id")
}

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What `work` logs on this thread.
pub fn logged(work: impl FnOnce()) -> Vec<String> {
    struct Keeper;

    impl log::Log for Keeper {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            // A thread may log while its locals are being taken down.
            let _ = LINES.try_with(|lines| lines.borrow_mut().push(record.args().to_string()));
        }

        fn flush(&self) {}
    }

    static START: Once = Once::new();
    START.call_once(|| {
        log::set_boxed_logger(Box::new(Keeper)).expect("no other logger");
        log::set_max_level(log::LevelFilter::Trace);
    });
    LINES.take();
    work();
    LINES.take()
}
