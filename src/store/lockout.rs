//! `hallpass_lockout`: how often in a row an account's password was wrong, and the attempts that are under way.
//!
//! What follows from that is decided elsewhere; here it is read and written so that each attempt counts once.

use diesel::prelude::*;

use super::connection::on_each;
use super::counters::CounterKey;
use super::schema::hallpass_lockout as lockout;
use super::stored_time::StoredTime;
use super::{DbConnection, StoreError};
use crate::clock::Timestamp;

/// What is known of an account's attempts. An account of which nothing is known has no row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Wrong passwords since the last right one.
    pub failures: u32,
    /// When the last of them was.
    pub failed_at: Option<Timestamp>,
    /// Those that have begun and whose outcome is not known yet.
    pub under_way: Vec<UnderWay>,
}

/// An attempt that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// What tells it from the others: hexadecimal digits.
    pub id: String,
    /// When it began.
    pub began: Timestamp,
}

/// The attempts of an account, which nobody else changes until the transaction ends.
pub fn find_for_update(
    transaction: &mut DbConnection<'_>,
    key: &CounterKey,
    now: Timestamp,
) -> Result<Attempts, StoreError> {
    let query = lockout::table.find(&key.0).select(COLUMNS);
    let row: Option<Row> = match transaction {
        // The transaction is the only one that writes.
        DbConnection::Sqlite(c) => query.get_result(&mut **c).optional()?,
        DbConnection::Postgres(c) => {
            // A row that is not there cannot be locked.
            let empty = (lockout::digest.eq(&key.0), columns(&Attempts::default(), now));
            diesel::insert_into(lockout::table).values(empty).on_conflict_do_nothing().execute(&mut **c)?;
            query.for_update().get_result(&mut **c).optional()?
        }
    };
    Ok(row.filter(|row| now < Timestamp::from(row.expires_at)).map(Row::into_attempts).unwrap_or_default())
}

/// Writes what is known of an account's attempts, to be forgotten at `expires_at`.
pub fn save(
    transaction: &mut DbConnection<'_>,
    key: &CounterKey,
    attempts: &Attempts,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    if *attempts == Attempts::default() {
        on_each!(transaction, |c| diesel::delete(lockout::table.find(&key.0)).execute(c))?;
        return Ok(());
    }
    let columns = columns(attempts, expires_at);
    on_each!(transaction, |c| {
        diesel::insert_into(lockout::table)
            .values((lockout::digest.eq(&key.0), columns.clone()))
            .on_conflict(lockout::digest)
            .do_update()
            .set(columns)
            .execute(c)
    })?;
    Ok(())
}

/// Forgets an account's wrong passwords. Attempts under way still count when they fail.
pub fn forgive(connection: &mut DbConnection<'_>, key: &CounterKey) -> Result<(), StoreError> {
    let forgiven = (lockout::failures.eq(0), lockout::failed_at.eq(None::<StoredTime>));
    let update = diesel::update(lockout::table.find(&key.0)).set(forgiven);
    on_each!(connection, |c| update.execute(c))?;
    Ok(())
}

/// Forgets up to `limit` accounts whose last attempt is long ago, and gives how many there were.
pub fn delete_expired(transaction: &mut DbConnection<'_>, now: Timestamp, limit: i64) -> Result<usize, StoreError> {
    let is_expired = lockout::expires_at.le(StoredTime(now));
    let query = lockout::table.filter(is_expired).order(lockout::expires_at).limit(limit).select(lockout::digest);
    let digests: Vec<String> = on_each!(transaction, |c| query.load(c))?;
    // Asked again: a row may have been used since, and is waited for.
    let rows = lockout::table.filter(lockout::digest.eq_any(digests).and(is_expired));
    Ok(on_each!(transaction, |c| diesel::delete(rows).execute(c))?)
}

type Columns = (lockout::failures, lockout::failed_at, lockout::under_way, lockout::expires_at);

/// In the order of [`Row`]'s fields.
const COLUMNS: Columns = (lockout::failures, lockout::failed_at, lockout::under_way, lockout::expires_at);

#[derive(Clone, Insertable, AsChangeset)]
#[diesel(table_name = lockout, treat_none_as_null = true)]
struct Written {
    failures: i32,
    failed_at: Option<StoredTime>,
    under_way: String,
    expires_at: StoredTime,
}

fn columns(attempts: &Attempts, expires_at: Timestamp) -> Written {
    let under_way = attempts.under_way.iter().map(|one| format!("{}:{}", one.id, one.began.as_micros()));
    Written {
        failures: i32::try_from(attempts.failures).unwrap_or(i32::MAX),
        failed_at: attempts.failed_at.map(StoredTime),
        under_way: under_way.collect::<Vec<_>>().join(","),
        expires_at: StoredTime(expires_at),
    }
}

#[derive(Queryable)]
struct Row {
    failures: i32,
    failed_at: Option<StoredTime>,
    under_way: String,
    expires_at: StoredTime,
}

impl Row {
    fn into_attempts(self) -> Attempts {
        let under_way = self.under_way.split(',').filter_map(|one| {
            let (id, began) = one.split_once(':')?;
            Some(UnderWay { id: id.to_owned(), began: Timestamp::from_micros(began.parse().ok()?) })
        });
        Attempts {
            failures: u32::try_from(self.failures).unwrap_or(0),
            failed_at: self.failed_at.map(Timestamp::from),
            under_way: under_way.collect(),
        }
    }
}
