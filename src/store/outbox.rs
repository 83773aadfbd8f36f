//! `hallpass_outbox` and `hallpass_mail_count`: the mails that are to be sent, and how many were asked for.
//!
//! A mail is written in the transaction of the change that it tells of, so that there is never one without the other. Who
//! sends it is decided elsewhere; here a mail is handed to one sender at a time, however many servers there are.

use std::fmt::Write;
use std::time::Duration;

use diesel::dsl::min;
use diesel::prelude::*;
use diesel::upsert::excluded;
use sha2::{Digest, Sha256};

use super::connection::on_each;
use super::schema::{hallpass_mail_count as mail_count, hallpass_outbox as outbox};
use super::stored_time::StoredTime;
use super::{DbConnection, StoreError};
use crate::clock::Timestamp;
use crate::secret::Secret;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// The width of the column for errors, in characters.
const LONGEST_ERROR: usize = 250;

/// A mail to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    /// Which of the mails it is.
    pub kind: &'a str,
    /// Where it goes. `None` is a mail to nobody: it costs as much, and is thrown away instead of being sent.
    pub recipient: Option<&'a str>,
    /// The address that was asked about, which the limits count, whether or not anybody has it.
    pub asked_for: &'a str,
    /// What the mail says, as JSON.
    pub context: &'a Secret,
}

/// How many mails of one kind an address gets; those above are written down as mails to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In any minute.
    pub per_minute: usize,
    /// In any hour.
    pub per_hour: usize,
}

/// A mail that was claimed, and is for the claimer to send.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its row.
    pub id: i64,
    /// Which of the mails it is.
    pub kind: String,
    /// Where it goes, or `None` when it is to be thrown away.
    pub recipient: Option<String>,
    /// What it says, as JSON.
    pub context: Secret,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often it was claimed, this time included.
    pub attempts: i32,
}

/// Writes a mail down, in a transaction of the caller's. Whether it has a recipient, and whether it is within `limits`,
/// changes nothing in what is done; only what is in the row differs.
pub fn enqueue(
    transaction: &mut DbConnection<'_>,
    mail: &NewMail<'_>,
    limits: Option<Limits>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let is_within = match limits {
        Some(limits) => count(transaction, mail, limits, now)?,
        None => true,
    };
    let row = (
        outbox::kind.eq(mail.kind),
        outbox::recipient.eq(mail.recipient.filter(|_| is_within)),
        outbox::context.eq(mail.context.expose()),
        outbox::created_at.eq(StoredTime(now)),
        outbox::due_at.eq(StoredTime(now)),
        outbox::attempts.eq(0),
    );
    on_each!(transaction, |c| diesel::insert_into(outbox::table).values(row).execute(c))?;
    Ok(is_within)
}

/// Takes the mail that has been due for longest and that nobody holds; for `lease` nobody else gets it. `None` when there
/// is none.
pub fn claim(transaction: &mut DbConnection<'_>, now: Timestamp, lease: Duration) -> Result<Option<Mail>, StoreError> {
    let is_free = outbox::claimed_until.is_null().or(outbox::claimed_until.le(StoredTime(now)));
    let query = outbox::table
        .filter(outbox::due_at.le(StoredTime(now)).and(is_free))
        .order((outbox::due_at, outbox::id))
        .limit(1)
        .select(COLUMNS);
    let row: Option<Row> = match transaction {
        DbConnection::Sqlite(c) => query.get_result(&mut **c).optional()?,
        // What another sender is just taking is passed over, not waited for.
        DbConnection::Postgres(c) => query.for_update().skip_locked().get_result(&mut **c).optional()?,
    };
    let Some(row) = row else { return Ok(None) };
    let attempts = row.attempts.saturating_add(1);
    let claimed = (outbox::attempts.eq(attempts), outbox::claimed_until.eq(StoredTime(now.saturating_add(lease))));
    let update = diesel::update(outbox::table.find(row.id)).set(claimed);
    on_each!(transaction, |c| update.execute(c))?;
    Ok(Some(row.into_mail(attempts)))
}

/// When the next mail can be claimed: when it is due, or when whoever holds it has had the time for it and may be gone.
pub fn next_due(connection: &mut DbConnection<'_>) -> Result<Option<Timestamp>, StoreError> {
    let free = outbox::table.filter(outbox::claimed_until.is_null()).select(min(outbox::due_at));
    let held = outbox::table.select(min(outbox::claimed_until));
    let free: Option<StoredTime> = on_each!(connection, |c| free.get_result(c))?;
    let held: Option<StoredTime> = on_each!(connection, |c| held.get_result(c))?;
    Ok([free, held].into_iter().flatten().map(Timestamp::from).min())
}

/// Removes a mail that has left, or never will. One that another sender has claimed since stays.
pub fn remove(connection: &mut DbConnection<'_>, mail: &Mail) -> Result<(), StoreError> {
    let row = outbox::table.filter(outbox::id.eq(mail.id).and(outbox::attempts.eq(mail.attempts)));
    on_each!(connection, |c| diesel::delete(row).execute(c))?;
    Ok(())
}

/// Puts a mail back that could not be sent, to be tried again at `retry_at`. One that another sender has claimed since
/// stays as it is.
pub fn put_back(
    connection: &mut DbConnection<'_>,
    mail: &Mail,
    error: &str,
    retry_at: Timestamp,
) -> Result<(), StoreError> {
    let error: String = error.chars().filter(|c| *c != '\0').take(LONGEST_ERROR).collect();
    let row = outbox::table.filter(outbox::id.eq(mail.id).and(outbox::attempts.eq(mail.attempts)));
    let update = diesel::update(row).set((
        outbox::due_at.eq(StoredTime(retry_at)),
        outbox::claimed_until.eq(None::<StoredTime>),
        outbox::last_error.eq(error),
    ));
    on_each!(connection, |c| update.execute(c))?;
    Ok(())
}

/// Forgets what no limit looks at any more.
pub fn delete_expired_counts(connection: &mut DbConnection<'_>, now: Timestamp) -> Result<(), StoreError> {
    let expired = mail_count::table.filter(mail_count::expires_at.le(StoredTime(now)));
    on_each!(connection, |c| diesel::delete(expired).execute(c))?;
    Ok(())
}

/// Counts a mail that is asked for, and gives whether the limits let it through. Those that they do not are not counted,
/// so that asking more often does not make the wait longer.
fn count(
    transaction: &mut DbConnection<'_>,
    mail: &NewMail<'_>,
    limits: Limits,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let digest = digest(mail.kind, mail.asked_for);
    let row = (
        mail_count::digest.eq(&digest),
        mail_count::recent.eq(""),
        mail_count::expires_at.eq(StoredTime(now.saturating_add(HOUR))),
    );
    // Also locks the row: whoever asks for the same address at the same time waits, and then sees this one.
    let recent: String = on_each!(transaction, |c| {
        diesel::insert_into(mail_count::table)
            .values(row)
            .on_conflict(mail_count::digest)
            .do_update()
            .set(mail_count::expires_at.eq(excluded(mail_count::expires_at)))
            .returning(mail_count::recent)
            .get_result(c)
    })?;
    let mut recent = within(&recent, HOUR, now);
    let last_minute = recent.iter().filter(|at| is_within(**at, MINUTE, now)).count();
    let is_allowed = last_minute < limits.per_minute && recent.len() < limits.per_hour;
    if is_allowed {
        recent.push(now.as_micros());
    }
    let recent: Vec<String> = recent.iter().map(i64::to_string).collect();
    let update = diesel::update(mail_count::table.find(digest)).set(mail_count::recent.eq(recent.join(",")));
    on_each!(transaction, |c| update.execute(c))?;
    Ok(is_allowed)
}

/// The moments in `text`, in microseconds, that are less than `span` from `now`.
fn within(text: &str, span: Duration, now: Timestamp) -> Vec<i64> {
    text.split(',').filter_map(|at| at.parse().ok()).filter(|at| is_within(*at, span, now)).collect()
}

/// On either side: a clock that was set back must not close an address for as long as it was ahead.
fn is_within(at: i64, span: Duration, now: Timestamp) -> bool {
    u128::from(at.abs_diff(now.as_micros())) < span.as_micros()
}

/// What is kept in place of an address. Case makes no difference: most servers deliver to the same box.
fn digest(kind: &str, address: &str) -> String {
    let digest = Sha256::digest(format!("{kind}\0{}", address.to_lowercase()));
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

type Columns = (outbox::id, outbox::kind, outbox::recipient, outbox::context, outbox::created_at, outbox::attempts);

/// In the order of [`Row`]'s fields.
const COLUMNS: Columns =
    (outbox::id, outbox::kind, outbox::recipient, outbox::context, outbox::created_at, outbox::attempts);

#[derive(Queryable)]
struct Row {
    id: i64,
    kind: String,
    recipient: Option<String>,
    context: String,
    created_at: StoredTime,
    attempts: i32,
}

impl Row {
    fn into_mail(self, attempts: i32) -> Mail {
        let Self { id, kind, recipient, context, created_at, .. } = self;
        Mail { id, kind, recipient, context: Secret::new(context), created_at: created_at.into(), attempts }
    }
}
