//! `hallpass_user_state`: what is known of a user that Django's table has no column for.

use diesel::prelude::*;

use super::connection::on_each;
use super::schema::{auth_user, hallpass_user_state as state};
use super::stored_time::StoredTime;
use super::users::TokenUser;
use super::{DbConnection, StoreError, accounts, blacklist, tokens};
use crate::clock::Timestamp;

/// Until when the user's signed tokens are refused: those issued by then are dead. `None` when none ever were.
pub fn tokens_refused_until(connection: &mut DbConnection<'_>, user_id: i32) -> Result<Option<Timestamp>, StoreError> {
    let query = state::table.find(user_id).select(state::tokens_refused_until);
    let until: Option<Option<StoredTime>> = on_each!(connection, |c| query.get_result(c).optional())?;
    Ok(until.flatten().map(Timestamp::from))
}

/// Whether a user whose password was right a moment ago may be given tokens for it: they are active, and nothing has ended
/// their tokens since. Keeps that so until the transaction ends, and notes that they were active once: whoever is made
/// inactive later was banned.
pub fn admit(transaction: &mut DbConnection<'_>, user: &TokenUser, now: Timestamp) -> Result<bool, StoreError> {
    let id = user.user.id;
    // Exclusively: what follows may write the row, and two who share it would wait for each other.
    let is_active = accounts::find_for_update(transaction, id)?.is_some_and(|account| account.is_active);
    if !is_active || !is_unchanged(transaction, user)? {
        return Ok(false);
    }
    let query = state::table.find(id).select(state::activated_at.is_not_null());
    let is_noted: Option<bool> = on_each!(transaction, |c| query.get_result(c).optional())?;
    if is_noted != Some(true) {
        set_activated(transaction, id, now)?;
    }
    Ok(true)
}

/// Whether nothing has ended the user's tokens since `user` was read. Keeps that so until the transaction ends.
pub fn is_unchanged(transaction: &mut DbConnection<'_>, user: &TokenUser) -> Result<bool, StoreError> {
    let standing = lock_shared(transaction, user.user.id)?;
    Ok(standing.and_then(|standing| standing.tokens_refused_until) == user.tokens_refused_until)
}

/// What decides whether a user may be given tokens.
pub(super) struct Standing {
    pub(super) is_active: bool,
    pub(super) tokens_refused_until: Option<Timestamp>,
}

/// How a user stands, which stays so until the transaction ends; `None` when there is no such user.
pub(super) fn lock_shared(transaction: &mut DbConnection<'_>, id: i32) -> Result<Option<Standing>, StoreError> {
    let user = auth_user::table.find(id);
    let (is_active, until) = match transaction {
        // The transaction is the only one that writes.
        DbConnection::Sqlite(c) => {
            let both =
                user.left_join(state::table).select((auth_user::is_active, state::tokens_refused_until.nullable()));
            let row: Option<(bool, Option<StoredTime>)> = both.get_result(&mut **c).optional()?;
            let Some((is_active, until)) = row else { return Ok(None) };
            (is_active, until.map(Timestamp::from))
        }
        DbConnection::Postgres(c) => {
            let locked = user.select(auth_user::is_active).for_share();
            let Some(is_active) = locked.get_result(&mut **c).optional()? else { return Ok(None) };
            (is_active, tokens_refused_until(transaction, id)?)
        }
    };
    Ok(Some(Standing { is_active, tokens_refused_until: until }))
}

/// Ends everything that the user has been given so far: their opaque token, their refresh and sliding tokens, and, at the
/// schemes that look the user up, their access tokens.
pub fn end_all_tokens(transaction: &mut DbConnection<'_>, user_id: i32, now: Timestamp) -> Result<(), StoreError> {
    tokens::delete_of_user(transaction, user_id)?;
    blacklist::revoke_all_of_user(transaction, user_id, now)?;
    let until = state::tokens_refused_until.eq(StoredTime(now));
    on_each!(transaction, |c| {
        diesel::insert_into(state::table)
            .values((state::user_id.eq(user_id), until))
            .on_conflict(state::user_id)
            .do_update()
            .set(until)
            .execute(c)
    })?;
    Ok(())
}

/// Notes that the account was made active, by its link or from the start.
pub fn set_activated(transaction: &mut DbConnection<'_>, user_id: i32, now: Timestamp) -> Result<(), StoreError> {
    let activated = (state::awaits_activation.eq(false), state::activated_at.eq(StoredTime(now)));
    on_each!(transaction, |c| {
        diesel::insert_into(state::table)
            .values((state::user_id.eq(user_id), activated))
            .on_conflict(state::user_id)
            .do_update()
            .set(activated)
            .execute(c)
    })?;
    Ok(())
}

/// Notes that the account waits for its link, whatever it was before.
pub fn set_awaiting(transaction: &mut DbConnection<'_>, user_id: i32) -> Result<(), StoreError> {
    let awaits = state::awaits_activation.eq(true);
    on_each!(transaction, |c| {
        diesel::insert_into(state::table)
            .values((state::user_id.eq(user_id), awaits))
            .on_conflict(state::user_id)
            .do_update()
            .set(awaits)
            .execute(c)
    })?;
    Ok(())
}

/// Whether the account waits for its link, as far as this table knows; `None` when it was never told.
pub(super) fn awaits_activation(connection: &mut DbConnection<'_>, user_id: i32) -> Result<Option<bool>, StoreError> {
    let query = state::table.find(user_id).select((state::awaits_activation, state::activated_at.is_not_null()));
    let known: Option<(bool, bool)> = on_each!(connection, |c| query.get_result(c).optional())?;
    Ok(known.and_then(|(awaits, was_active)| (awaits || was_active).then_some(awaits)))
}

/// Forgets a user who is being deleted.
pub(super) fn delete(transaction: &mut DbConnection<'_>, user_id: i32) -> Result<(), StoreError> {
    let row = state::table.find(user_id);
    on_each!(transaction, |c| diesel::delete(row).execute(c))?;
    Ok(())
}
