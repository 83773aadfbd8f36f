//! How many rows there are of what grows, for whoever watches over it. It is asked often, so that no table is counted through.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::connection::on_each;
use super::schema::hallpass_outbox as outbox;
use super::{DbConnection, StoreError};

/// What there is of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Mails that are still to be sent.
    pub mails_waiting: i64,
    /// About how many refresh and sliding tokens are kept.
    pub outstanding: i64,
    /// About how many of them are refused.
    pub blacklisted: i64,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// PostgreSQL keeps an estimate, which is that of the last VACUUM or ANALYZE; none yet is zero.
const ESTIMATE: &str = "SELECT greatest(reltuples, 0)::bigint AS rows FROM pg_class WHERE oid = to_regclass($1)";

/// Counts what waits and estimates the rest: on SQLite from the first and the last id, between which the flush of expired tokens leaves
/// gaps.
///
/// # Errors
/// When the tables cannot be read.
pub fn take(connection: &mut DbConnection<'_>) -> Result<Census, StoreError> {
    let mails_waiting = on_each!(connection, |c| outbox::table.select(count_star()).get_result(c))?;
    let outstanding = estimate(connection, "token_blacklist_outstandingtoken")?;
    let blacklisted = estimate(connection, "token_blacklist_blacklistedtoken")?;
    Ok(Census { mails_waiting, outstanding, blacklisted })
}

fn estimate(connection: &mut DbConnection<'_>, table: &'static str) -> Result<i64, StoreError> {
    let rows: Option<Rows> = match connection {
        DbConnection::Sqlite(c) => {
            let span = format!("SELECT coalesce(max(id) - min(id) + 1, 0) AS rows FROM {table}");
            diesel::sql_query(span).get_result(&mut **c).optional()?
        }
        DbConnection::Postgres(c) => {
            diesel::sql_query(ESTIMATE).bind::<Text, _>(table).get_result(&mut **c).optional()?
        }
    };
    Ok(rows.map_or(0, |rows| rows.rows))
}
