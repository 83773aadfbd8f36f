//! `token_blacklist_*`: the refresh tokens that were given out, and which of them are refused.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamp as SqlTimestamp};

use super::connection::on_each;
use super::stored_time::StoredTime;
use super::{DbConnection, StoreError, migrate};
use crate::clock::Timestamp;

const SQLITE: &str = "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
     SELECT id, ?2 FROM token_blacklist_outstandingtoken WHERE user_id = ?1 ON CONFLICT DO NOTHING";

const POSTGRES: &str = "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
     SELECT id, $2 FROM token_blacklist_outstandingtoken WHERE user_id = $1 ON CONFLICT DO NOTHING";

/// Refuses every refresh token that was given to this user, in one statement. Where a Django project keeps no such
/// tables there is nothing to refuse.
pub fn revoke_all_of_user(connection: &mut DbConnection<'_>, user_id: i32, now: Timestamp) -> Result<(), StoreError> {
    if !migrate::has_table(connection, "token_blacklist_blacklistedtoken")? {
        return Ok(());
    }
    let sql = match connection {
        DbConnection::Sqlite(_) => SQLITE,
        DbConnection::Postgres(_) => POSTGRES,
    };
    let insert = diesel::sql_query(sql).bind::<Integer, _>(user_id).bind::<SqlTimestamp, _>(StoredTime(now));
    on_each!(connection, |c| insert.execute(c))?;
    Ok(())
}
