//! `hallpass_throttle`: when somebody asked, for the rates. REST framework's `SimpleRateThrottle`, whose cache is a table.

use std::time::Duration;

use diesel::prelude::*;

use super::connection::on_each;
use super::counters::CounterKey;
use super::schema::hallpass_throttle as throttle;
use super::stored_time::StoredTime;
use super::{DbConnection, StoreError};
use crate::clock::Timestamp;
use crate::settings::Rate;

/// How long somebody has to wait whose requests have used the rate up; `None` when there is room for one more. Takes no
/// lock: what is used up stays so for as long as it says.
pub fn used_up(
    connection: &mut DbConnection<'_>,
    key: &CounterKey,
    rate: Rate,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let query = throttle::table.find(&key.0).select(throttle::recent);
    let recent: Option<String> = on_each!(connection, |c| query.get_result(c).optional())?;
    Ok(wait(&within(&recent.unwrap_or_default(), rate.period, now), rate, now))
}

/// Counts a request, or gives how long to wait when the rate is used up. A request that has to wait is not counted.
pub fn take(
    transaction: &mut DbConnection<'_>,
    key: &CounterKey,
    rate: Rate,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let mut recent = within(&find_for_update(transaction, key, now)?, rate.period, now);
    if let Some(wait) = wait(&recent, rate, now) {
        return Ok(Some(wait));
    }
    recent.push(now.as_micros());
    let recent: Vec<String> = recent.iter().map(i64::to_string).collect();
    let counted =
        (throttle::recent.eq(recent.join(",")), throttle::expires_at.eq(StoredTime(now.saturating_add(rate.period))));
    on_each!(transaction, |c| {
        diesel::insert_into(throttle::table)
            .values((throttle::digest.eq(&key.0), counted.clone()))
            .on_conflict(throttle::digest)
            .do_update()
            .set(counted)
            .execute(c)
    })?;
    Ok(None)
}

/// Forgets up to `limit` rows that no rate looks at any more, and gives how many there were.
pub fn delete_expired(transaction: &mut DbConnection<'_>, now: Timestamp, limit: i64) -> Result<usize, StoreError> {
    let is_expired = throttle::expires_at.le(StoredTime(now));
    let query = throttle::table.filter(is_expired).order(throttle::expires_at).limit(limit).select(throttle::digest);
    let digests: Vec<String> = on_each!(transaction, |c| query.load(c))?;
    // Asked again: a row may have been used since, and is waited for.
    let rows = throttle::table.filter(throttle::digest.eq_any(digests).and(is_expired));
    Ok(on_each!(transaction, |c| diesel::delete(rows).execute(c))?)
}

/// The row's text, which nobody else changes until the transaction ends.
fn find_for_update(transaction: &mut DbConnection<'_>, key: &CounterKey, now: Timestamp) -> Result<String, StoreError> {
    let query = throttle::table.find(&key.0).select(throttle::recent);
    let recent: Option<String> = match transaction {
        // The transaction is the only one that writes.
        DbConnection::Sqlite(c) => query.get_result(&mut **c).optional()?,
        DbConnection::Postgres(c) => {
            let empty =
                (throttle::digest.eq(&key.0), throttle::recent.eq(""), throttle::expires_at.eq(StoredTime(now)));
            // A row that is not there cannot be locked.
            diesel::insert_into(throttle::table).values(empty).on_conflict_do_nothing().execute(&mut **c)?;
            query.for_update().get_result(&mut **c).optional()?
        }
    };
    Ok(recent.unwrap_or_default())
}

/// The moments in `text`, in microseconds and oldest first, that are less than `span` from `now`. On either side: a clock
/// that was set back must not keep somebody waiting for as long as it was ahead.
fn within(text: &str, span: Duration, now: Timestamp) -> Vec<i64> {
    let is_within = |at: &i64| u128::from(at.abs_diff(now.as_micros())) < span.as_micros();
    text.split(',').filter_map(|at| at.parse().ok()).filter(is_within).collect()
}

/// How long until one more fits in.
fn wait(recent: &[i64], rate: Rate, now: Timestamp) -> Option<Duration> {
    let limit = usize::try_from(rate.requests).unwrap_or(usize::MAX);
    // The oldest, except where the rate has been lowered since.
    let in_the_way = recent.get(recent.len().checked_sub(limit)?)?;
    let age = Duration::from_micros(u64::try_from(now.as_micros().saturating_sub(*in_the_way)).unwrap_or(0));
    Some(rate.period.saturating_sub(age))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{wait, within};
    use crate::clock::Timestamp;
    use crate::settings::Rate;

    const RATE: Rate = Rate { requests: 2, period: Duration::from_secs(60) };

    fn at(seconds: i64) -> i64 {
        Timestamp::from_seconds(seconds).as_micros()
    }

    #[test]
    fn the_wait_ends_when_the_oldest_request_is_a_period_ago() {
        let now = Timestamp::from_seconds(1_030);

        assert_eq!(wait(&[at(1_000)], RATE, now), None);
        assert_eq!(wait(&[at(1_000), at(1_020)], RATE, now), Some(Duration::from_secs(30)));
        assert_eq!(wait(&[at(990), at(1_000), at(1_020)], RATE, now), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_request_is_forgotten_exactly_a_period_later() {
        let text = format!("{},{}", at(1_000), at(1_001));

        assert_eq!(within(&text, RATE.period, Timestamp::from_seconds(1_060)), [at(1_001)]);
        assert_eq!(within(&text, RATE.period, Timestamp::from_seconds(900)), Vec::<i64>::new());
        assert_eq!(within("", RATE.period, Timestamp::from_seconds(900)), Vec::<i64>::new());
    }
}
