//! `token_blacklist_*`: the refresh and sliding tokens that were given out, and which of them are refused.
//!
//! Rows are written exactly when SimpleJWT's blacklist application writes them, so that a Django process on the same
//! tables sees what it expects.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamp as SqlTimestamp};

use super::connection::on_each;
use super::schema::token_blacklist_blacklistedtoken as blacklisted;
use super::schema::token_blacklist_outstandingtoken as outstanding;
use super::stored_time::StoredTime;
use super::{DbConnection, StoreError, migrate};
use crate::clock::Timestamp;

/// A token that was given out: a row of `token_blacklist_outstandingtoken`.
#[derive(Clone, Debug)]
pub struct OutstandingToken {
    /// What tells it from all others; up to 255 characters.
    pub jti: String,
    /// The whole token, or nothing where it is not kept.
    pub token: String,
    /// Whose it is, while there is such a user.
    pub user_id: Option<i32>,
    /// When it was given out.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Notes that a token was given out.
///
/// # Errors
/// [`StoreError::Exists`] when there is a token with that jti; [`StoreError::Gone`] when the user is.
pub fn create_outstanding(connection: &mut DbConnection<'_>, token: &OutstandingToken) -> Result<(), StoreError> {
    on_each!(connection, |c| diesel::insert_into(outstanding::table).values(Row::of(token)).execute(c))?;
    Ok(())
}

/// Notes that a token was given out, unless that is noted already.
pub fn ensure_outstanding(connection: &mut DbConnection<'_>, token: &OutstandingToken) -> Result<(), StoreError> {
    on_each!(connection, |c| {
        diesel::insert_into(outstanding::table)
            .values(Row::of(token))
            .on_conflict(outstanding::jti)
            .do_nothing()
            .execute(c)
    })?;
    Ok(())
}

/// Whether the token with this jti is refused.
pub fn is_blacklisted(connection: &mut DbConnection<'_>, jti: &str) -> Result<bool, StoreError> {
    let rows = blacklisted::table.inner_join(outstanding::table).filter(outstanding::jti.eq(jti));
    Ok(on_each!(connection, |c| diesel::select(exists(rows)).get_result(c))?)
}

/// Refuses a token from now on; `false` when it was refused already.
pub fn blacklist(
    connection: &mut DbConnection<'_>,
    token: &OutstandingToken,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if refuse(connection, &token.jti, now)? {
        return Ok(true);
    }
    // One that was refused already, or was given out elsewhere.
    ensure_outstanding(connection, token)?;
    refuse(connection, &token.jti, now)
}

/// Whether the row went in: there is such a token, and it was not refused.
fn refuse(connection: &mut DbConnection<'_>, jti: &str, now: Timestamp) -> Result<bool, StoreError> {
    let now = StoredTime(now).into_sql::<SqlTimestamp>();
    let insert = outstanding::table
        .filter(outstanding::jti.eq(jti))
        .select((outstanding::id, now))
        .insert_into(blacklisted::table)
        .into_columns((blacklisted::token_id, blacklisted::blacklisted_at))
        .on_conflict(blacklisted::token_id)
        .do_nothing();
    Ok(on_each!(connection, |c| insert.execute(c))? == 1)
}

const REVOKE_OF_USER_SQLITE: &str = "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
     SELECT id, ?2 FROM token_blacklist_outstandingtoken WHERE user_id = ?1 ON CONFLICT DO NOTHING";

const REVOKE_OF_USER_POSTGRES: &str = "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
     SELECT id, $2 FROM token_blacklist_outstandingtoken WHERE user_id = $1 ON CONFLICT DO NOTHING";

/// Refuses every token that was given to this user, in one statement. Where a Django project keeps no such tables there
/// is nothing to refuse.
pub fn revoke_all_of_user(connection: &mut DbConnection<'_>, user_id: i32, now: Timestamp) -> Result<(), StoreError> {
    if !migrate::has_table(connection, "token_blacklist_blacklistedtoken")? {
        return Ok(());
    }
    let sql = match connection {
        DbConnection::Sqlite(_) => REVOKE_OF_USER_SQLITE,
        DbConnection::Postgres(_) => REVOKE_OF_USER_POSTGRES,
    };
    let insert = diesel::sql_query(sql).bind::<Integer, _>(user_id).bind::<SqlTimestamp, _>(StoredTime(now));
    on_each!(connection, |c| insert.execute(c))?;
    Ok(())
}

/// How many tokens have expired and are still kept.
pub fn count_expired(connection: &mut DbConnection<'_>, now: Timestamp) -> Result<i64, StoreError> {
    let query = outstanding::table.filter(outstanding::expires_at.le(StoredTime(now))).count();
    Ok(on_each!(connection, |c| query.get_result(c))?)
}

/// Forgets up to `limit` expired tokens whose id is greater than `after`, and that they were refused. Gives how many
/// there were and the greatest of their ids; `None` when there are no more.
///
/// The ids are walked in order because Django's table has no index on the time: a search for the next expired row would
/// read the whole table every time.
pub fn delete_expired(
    connection: &mut DbConnection<'_>,
    now: Timestamp,
    after: i64,
    limit: i64,
) -> Result<Option<(usize, i64)>, StoreError> {
    let query = outstanding::table
        .filter(outstanding::id.gt(after).and(outstanding::expires_at.le(StoredTime(now))))
        .order(outstanding::id)
        .limit(limit)
        .select(outstanding::id);
    let ids: Vec<i64> = on_each!(connection, |c| query.load(c))?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let refusals = blacklisted::table.filter(blacklisted::token_id.eq_any(&ids));
    on_each!(connection, |c| diesel::delete(refusals).execute(c))?;
    let tokens = outstanding::table.filter(outstanding::id.eq_any(&ids));
    on_each!(connection, |c| diesel::delete(tokens).execute(c))?;
    Ok(Some((ids.len(), last)))
}

#[derive(Insertable)]
#[diesel(table_name = outstanding)]
struct Row<'a> {
    token: &'a str,
    created_at: StoredTime,
    expires_at: StoredTime,
    user_id: Option<i32>,
    jti: &'a str,
}

impl<'a> Row<'a> {
    fn of(token: &'a OutstandingToken) -> Self {
        Self {
            token: &token.token,
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
            user_id: token.user_id,
            jti: &token.jti,
        }
    }
}
