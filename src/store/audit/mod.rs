//! `hallpass_audit`: who did what, when, from where and how it ended; a row in the transaction of what it tells of, so that
//! neither is there without the other.
//!
//! No secret is in it and nothing that a stranger typed: a name that nobody has is a keyed digest, an opaque token is the
//! beginning of a digest, and a signed one is its `jti`.

mod event;

use diesel::prelude::*;

pub use self::event::{Event, Outcome, Reason};
use super::connection::on_each;
use super::counters::CounterKey;
use super::schema::hallpass_audit as audit;
use super::stored_time::StoredTime;
use super::{DbConnection, StoreError, token_vault};
use crate::clock::Timestamp;

/// What stands in the place of an address when it was no request.
const COMMAND: &str = "command";

/// The longest text of a token's `jti`, as in Django's tables.
const LONGEST_TOKEN: usize = 255;

/// From where and when something is done: what every row of it has in common. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trail {
    is_kept: bool,
    client: String,
    request_id: Option<String>,
    at: Timestamp,
}

/// What is told of one thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    event: Event,
    outcome: Outcome,
    reason: Option<Reason>,
    user_id: Option<i32>,
    actor_id: Option<i32>,
    account: Option<String>,
    token: Option<String>,
}

impl Trail {
    /// Of a request from `client`, an address. Nothing is written unless `is_kept`: `audit.enabled`.
    pub fn of_request(is_kept: bool, client: &str, request_id: Option<&str>, at: Timestamp) -> Self {
        Self { is_kept, client: client.to_owned(), request_id: request_id.map(ToOwned::to_owned), at }
    }

    /// Of a command.
    pub fn of_command(is_kept: bool, at: Timestamp) -> Self {
        Self { is_kept, client: COMMAND.to_owned(), request_id: None, at }
    }

    /// Whether rows are written at all.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// When it is done.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    /// The address of a request, or `command`.
    pub(super) fn client(&self) -> &str {
        &self.client
    }

    /// The request's id, if it is one and has one.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Writes the row: one statement. It belongs into the transaction that does what the row tells.
    ///
    /// # Errors
    /// When it cannot be written; the transaction is then to be given up. It is never an error that says something of what
    /// the transaction is about, such as [`StoreError::Exists`].
    pub fn record(&self, transaction: &mut DbConnection<'_>, entry: &Entry) -> Result<(), StoreError> {
        if !self.is_kept {
            return Ok(());
        }
        let row = (
            audit::at.eq(StoredTime(self.at())),
            audit::event.eq(entry.event.as_str()),
            audit::outcome.eq(entry.outcome.as_str()),
            audit::reason.eq(entry.reason.map(Reason::as_str)),
            audit::user_id.eq(entry.user_id),
            audit::actor_id.eq(entry.actor_id),
            audit::account.eq(entry.account.as_deref()),
            audit::client.eq(self.client()),
            audit::request_id.eq(self.request_id()),
            audit::token.eq(entry.token.as_deref()),
        );
        let written = on_each!(transaction, |c| diesel::insert_into(audit::table).values(row).execute(c));
        written.map(drop).map_err(|error| match StoreError::from(error) {
            StoreError::Exists(why) | StoreError::Gone(why) => {
                StoreError::Unavailable(format!("the audit takes no row: {why}"))
            }
            error => error,
        })
    }
}

impl Entry {
    /// Something that was done.
    pub fn of(event: Event) -> Self {
        let (outcome, reason) = (Outcome::Success, None);
        Self { event, outcome, reason, user_id: None, actor_id: None, account: None, token: None }
    }

    /// The same under another name.
    #[must_use]
    pub fn called(self, event: Event) -> Self {
        Self { event, ..self }
    }

    /// It was refused, for this reason.
    #[must_use]
    pub fn refused(self, reason: Reason) -> Self {
        Self { outcome: Outcome::Failure, reason: Some(reason), ..self }
    }

    /// It was done, and this is what was odd about it.
    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Whose account it is about, where that is known, and who did it unless somebody else did.
    #[must_use]
    pub fn user(self, id: impl Into<Option<i32>>) -> Self {
        Self { user_id: id.into(), ..self }
    }

    /// Who did it, where that is somebody else than whom it is about.
    #[must_use]
    pub fn by(self, actor_id: i32) -> Self {
        Self { actor_id: Some(actor_id).filter(|id| Some(*id) != self.user_id), ..self }
    }

    /// Which other service did it.
    #[must_use]
    pub fn by_client(self, id: &str) -> Self {
        Self { account: Some(format!("client:{id}")), ..self }
    }

    /// The name that nobody has, or has no longer, as the guesses at it are counted.
    #[must_use]
    pub fn named(self, key: &CounterKey) -> Self {
        Self { account: Some(key.0.clone()), ..self }
    }

    /// Which signed token it is about.
    #[must_use]
    pub fn jti(self, jti: &str) -> Self {
        // PostgreSQL takes no NUL, and only as many characters as the column has.
        let token = jti.chars().filter(|c| *c != '\0').take(LONGEST_TOKEN).collect();
        Self { token: Some(token), ..self }
    }

    /// Which opaque token it is about, by its key or by what the table has for it: the first eight hexadecimal digits of the
    /// SHA-256 of its key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        Self { token: Some(token_vault::fingerprint(key)), ..self }
    }
}

/// A row as it is read.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit)]
#[non_exhaustive]
pub struct Row {
    /// What later rows have more of.
    pub id: i64,
    at: StoredTime,
    /// An [`Event`].
    pub event: String,
    /// An [`Outcome`].
    pub outcome: String,
    /// A [`Reason`].
    pub reason: Option<String>,
    /// Whose account it is about.
    pub user_id: Option<i32>,
    /// Who did it, if it was somebody else.
    pub actor_id: Option<i32>,
    /// The digest of a name that nobody had, or that was given up by this; `client:` and the id of another service that did it.
    pub account: Option<String>,
    /// The address of a request, or `command`.
    pub client: String,
    /// The request's id, as in the log.
    pub request_id: Option<String>,
    /// The `jti`, or the beginning of the digest of an opaque token.
    pub token: Option<String>,
}

impl Row {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        self.at.into()
    }

    /// Whether it is about the name that is counted under `key` where nobody has it.
    pub fn is_of(&self, key: &CounterKey) -> bool {
        self.account.as_ref() == Some(&key.0)
    }
}

/// Up to `limit` rows before the one with the id `before`, the newest first.
pub fn page_before(connection: &mut DbConnection<'_>, before: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
    let query = audit::table.filter(audit::id.lt(before)).order(audit::id.desc()).limit(limit);
    Ok(on_each!(connection, |c| query.select(Row::as_select()).load(c))?)
}

/// Deletes those of the next `limit` rows after the id `after` that are from before `before`. Gives how many there were and
/// the last of their ids; `None` when none was as old. They are walked in order because the time has no index.
pub fn delete_before(
    transaction: &mut DbConnection<'_>,
    before: Timestamp,
    after: i64,
    limit: i64,
) -> Result<Option<(usize, i64)>, StoreError> {
    let query = audit::table.filter(audit::id.gt(after)).order(audit::id).limit(limit).select((audit::id, audit::at));
    let rows: Vec<(i64, StoredTime)> = on_each!(transaction, |c| query.load(c))?;
    let Some(last) = rows.last().map(|(id, _)| *id) else { return Ok(None) };
    // Servers whose clocks differ do not write in the order of time.
    let old: Vec<i64> = rows.into_iter().filter(|(_, at)| at.0 < before).map(|(id, _)| id).collect();
    if old.is_empty() {
        return Ok(None);
    }
    let rows = audit::table.filter(audit::id.eq_any(old));
    let deleted = on_each!(transaction, |c| diesel::delete(rows).execute(c))?;
    Ok(Some((deleted, last)))
}
