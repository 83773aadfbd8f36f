//! Mails between the database and the mail server: written with the change that they tell of, sent later.
//!
//! Neither `mail` nor `store` knows of the other; this is where they meet.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::FrontEnd;
use crate::clock::{Clock, Timestamp};
use crate::mail::{
    Addressee, Delivery, Letter, Link, MailError, MailKind, Mailer, Next, SendError, Sender, Signal, Site,
};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::store::outbox::{self, Limits, Mail, NewMail};
use crate::store::{DbConnection, Store, StoreError};

/// How long to wait after each failure; the last one again and again.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(60 * 60),
];

/// How often to look for mails that nobody told of: those of another server that died.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The least time between two looks when nothing is told.
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);

/// The mails of this service. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Post(Arc<Office>);

struct Office {
    store: Store,
    clock: Clock,
    mailer: Mailer,
    limits: Limits,
    retry_for: Duration,
    signal: Signal,
    sent: AtomicU64,
    failed: AtomicU64,
}

/// What a row keeps of a letter.
#[derive(Serialize, Deserialize)]
struct Context {
    user: Addressee,
    link: Option<Link>,
}

impl Post {
    /// Reads the templates and makes the transport ready. Nothing is sent before [`Post::start`].
    ///
    /// # Errors
    /// When a template is broken, or the transport cannot be used.
    pub fn open(settings: &Settings, store: Store, clock: Clock) -> Result<Self, MailError> {
        let FrontEnd { protocol, domain, site_name } = FrontEnd::of(settings);
        let settings = &settings.email;
        let mailer = Mailer::open(settings, Site { protocol: protocol.to_owned(), domain, site_name })?;
        let limit = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let limits = Limits { per_minute: limit(settings.limit_per_minute), per_hour: limit(settings.limit_per_hour) };
        let (retry_for, signal) = (settings.retry_for, Signal::default());
        let (sent, failed) = Default::default();
        Ok(Self(Arc::new(Office { store, clock, mailer, limits, retry_for, signal, sent, failed })))
    }

    /// Writes down a mail to the address that `letter.user` has, in the transaction of the change that it tells of. The
    /// mails with a link are limited; one too many is written down and never sent. Gives whether this one is within the limits.
    ///
    /// After the transaction, [`Post::wake`] has it sent at once.
    ///
    /// # Errors
    /// When it cannot be written; the transaction is then to be given up.
    pub fn enqueue(&self, transaction: &mut DbConnection<'_>, letter: &Letter) -> Result<bool, StoreError> {
        let email = &letter.user.email;
        self.write(transaction, letter, Some(email).filter(|email| !email.is_empty()), email)
    }

    /// Does what [`Post::enqueue`] does, in the same time, for an address that nobody has or that may not get this mail.
    /// Nothing is sent.
    ///
    /// # Errors
    /// As [`Post::enqueue`].
    pub fn enqueue_nothing(
        &self,
        transaction: &mut DbConnection<'_>,
        kind: MailKind,
        asked_for: &str,
    ) -> Result<bool, StoreError> {
        let letter = Letter { kind, user: Addressee::default(), link: kind.has_link().then(Link::default) };
        self.write(transaction, &letter, None, asked_for)
    }

    /// Has the sender look for mails now and not only when it next would.
    pub fn wake(&self) {
        self.0.signal.give();
    }

    /// Starts the thread that sends, which ends when what is given back is dropped or stopped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(&self) -> io::Result<Sender> {
        let post = self.clone();
        Sender::start(&self.0.signal, move || post.next())
    }

    /// Sends all that is due, on this thread, and gives how many mails that were, with those that were thrown away and
    /// those that failed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn send_due(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        while self.send_one()? {
            count += 1;
        }
        Ok(count)
    }

    fn write(
        &self,
        transaction: &mut DbConnection<'_>,
        letter: &Letter,
        recipient: Option<&String>,
        asked_for: &str,
    ) -> Result<bool, StoreError> {
        let context = Context { user: letter.user.clone(), link: letter.link.clone() };
        // Texts under fixed names always can be.
        let context = serde_json::to_string(&context).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mail = NewMail {
            kind: letter.kind.as_str(),
            recipient: recipient.map(String::as_str),
            asked_for,
            context: &Secret::new(context),
        };
        // What one only gets for what one did oneself must not be lost to somebody's asking.
        let limits = Some(self.0.limits).filter(|_| letter.kind.has_link());
        outbox::enqueue(transaction, &mail, limits, self.0.clock.now())
    }

    /// How many mails this process has sent, and how often it tried to and failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.0.sent.load(Ordering::Relaxed), self.0.failed.load(Ordering::Relaxed))
    }

    /// One step of the sender.
    fn next(&self) -> Next {
        match self.send_one() {
            Ok(true) => Next::Again,
            Ok(false) => Next::In(self.until_next().unwrap_or(LONGEST_SLEEP)),
            Err(error) => {
                log::warn!("mail waits for the database: {error}");
                Next::In(LONGEST_SLEEP)
            }
        }
    }

    fn until_next(&self) -> Result<Duration, StoreError> {
        let now = self.0.clock.now();
        let due = self.0.store.write_blocking(move |transaction| {
            outbox::delete_expired_counts(transaction, now)?;
            outbox::next_due(transaction)
        })?;
        let until = |due: Timestamp| u64::try_from(due.as_micros().saturating_sub(now.as_micros())).unwrap_or(0);
        let pause = due.map_or(LONGEST_SLEEP, |due| Duration::from_micros(until(due)));
        Ok(pause.clamp(SHORTEST_SLEEP, LONGEST_SLEEP))
    }

    /// Sends the mail that has been due for longest. Gives whether there was one.
    fn send_one(&self) -> Result<bool, StoreError> {
        let Office { store, clock, mailer, .. } = &*self.0;
        let (now, lease) = (clock.now(), mailer.longest_send());
        let claimed = store.write_blocking(move |transaction| outbox::claim(transaction, now, lease))?;
        let Some(mail) = claimed else { return Ok(false) };
        // The connection is given back while the mail server is waited for.
        let sent = self.deliver(&mail);
        let counter = if sent.is_ok() { &self.0.sent } else { &self.0.failed };
        counter.fetch_add(u64::from(mail.recipient.is_some()), Ordering::Relaxed);
        let outcome = self.outcome(&mail, sent);
        store.write_blocking(move |transaction| match outcome {
            Outcome::Over => outbox::remove(transaction, &mail),
            Outcome::Later { error, retry_at } => outbox::put_back(transaction, &mail, &error, retry_at),
        })?;
        Ok(true)
    }

    fn deliver(&self, mail: &Mail) -> Result<(), SendError> {
        let Some(to) = &mail.recipient else { return Ok(()) };
        let letter = read(mail)?;
        let delivery = Delivery { id: &id(mail), date: mail.created_at, to, letter: &letter };
        self.0.mailer.send(&delivery)?;
        log::info!("sent {} mail {}", mail.kind, mail.id);
        Ok(())
    }

    /// What becomes of a mail after an attempt to send it.
    fn outcome(&self, mail: &Mail, sent: Result<(), SendError>) -> Outcome {
        let Mail { id, kind, attempts, .. } = mail;
        let error = match sent {
            Ok(()) => return Outcome::Over,
            Err(SendError::Failed(error)) => error,
            Err(SendError::Refused(error)) => {
                log::error!("{kind} mail {id} is given up: it was refused: {error}");
                return Outcome::Over;
            }
        };
        let retry_at = self.0.clock.now().saturating_add(pause_after(*attempts));
        if retry_at > mail.created_at.saturating_add(self.0.retry_for) {
            log::error!("{kind} mail {id} is given up after {attempts} attempts: {error}");
            return Outcome::Over;
        }
        log::warn!("{kind} mail {id} waits until {} after attempt {attempts}: {error}", retry_at.to_rfc3339());
        Outcome::Later { error, retry_at }
    }
}

/// What becomes of a mail.
enum Outcome {
    /// It has left, or never will.
    Over,
    /// It is tried again.
    Later { error: String, retry_at: Timestamp },
}

fn pause_after(attempts: i32) -> Duration {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or_default();
    PAUSES.get(place).or(PAUSES.last()).copied().unwrap_or(LONGEST_SLEEP)
}

/// What the row keeps. A mail that a newer version wrote is left for that version.
fn read(mail: &Mail) -> Result<Letter, SendError> {
    let kind = MailKind::from_name(&mail.kind)
        .ok_or_else(|| SendError::Failed(format!("this version knows no {:?} mail", mail.kind)))?;
    let Context { user, link } = serde_json::from_str(mail.context.expose())
        .map_err(|_| SendError::Failed("this version cannot read it".to_owned()))?;
    Ok(Letter { kind, user, link })
}

/// The same for every attempt, and tells nobody how many mails there were.
fn id(mail: &Mail) -> String {
    let digest = Sha256::digest(format!("{}\0{}\0{}", mail.id, mail.created_at.as_micros(), mail.context.expose()));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
