//! `hallpass_sealed_token`: the keys of tokens of which Django's table has a digest only, encrypted.
//!
//! Whoever changes a token changes its row in Django's table first and so holds that until the transaction ends: what is
//! here always belongs to it. A row that is left over, because Django or an administrator deleted a token, opens nothing.

use diesel::prelude::*;

use super::connection::on_each;
use super::schema::{authtoken_token, hallpass_sealed_token as sealed};
use super::stored_time::StoredTime;
use super::token_vault::{Opened, TokenVault};
use super::{DbConnection, StoreError};
use crate::clock::Timestamp;

/// A token as both tables have it.
#[derive(Queryable)]
pub(super) struct KeptToken {
    pub(super) user_id: i32,
    /// What Django's table has for its key.
    pub(super) stored: String,
    created: StoredTime,
    /// Its key, encrypted.
    sealed: Option<String>,
}

impl KeptToken {
    /// When it was made.
    pub(super) fn created(&self) -> Timestamp {
        self.created.into()
    }
}

/// What became of a token that was to be in the vault's form.
pub(super) enum Settled {
    /// It is: its key, and whether anything had to be written.
    Kept(String, Written),
    /// Its key is not to be had any more.
    Lost,
    /// Somebody changed the token at the same time.
    Overtaken,
}

/// What was written for a token.
pub(super) enum Written {
    /// It was as it was to be.
    Nothing,
    /// Its key was encrypted with an earlier secret key.
    Seal,
    /// It was in the other form.
    Form,
}

/// The user's token.
pub(super) fn find(connection: &mut DbConnection<'_>, user_id: i32) -> Result<Option<KeptToken>, StoreError> {
    let query = tokens().filter(authtoken_token::user_id.eq(user_id)).select(columns());
    Ok(on_each!(connection, |c| query.get_result(c).optional())?)
}

/// The tokens of the next `limit` users after `after`, by id.
pub(super) fn list(connection: &mut DbConnection<'_>, after: i32, limit: i64) -> Result<Vec<KeptToken>, StoreError> {
    let query = tokens()
        .filter(authtoken_token::user_id.gt(after))
        .order(authtoken_token::user_id)
        .limit(limit)
        .select(columns());
    Ok(on_each!(connection, |c| query.load(c))?)
}

/// Brings a token to the vault's form, if it still is as it was read.
pub(super) fn settle(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    token: &KeptToken,
) -> Result<Settled, StoreError> {
    let KeptToken { user_id, stored, sealed, .. } = token;
    let Some(Opened { key, is_current }) = vault.open(*user_id, stored, sealed.as_deref()) else {
        return Ok(Settled::Lost);
    };
    let form = vault.form(&key);
    if form != stored.as_str() {
        if !rename(transaction, token, &form)? {
            return Ok(Settled::Overtaken);
        }
        keep(transaction, vault, *user_id, &key)?;
        return Ok(Settled::Kept(key, Written::Form));
    }
    if is_current {
        return Ok(Settled::Kept(key, Written::Nothing));
    }
    seal_anew(transaction, vault, token, &key)?;
    Ok(Settled::Kept(key, Written::Seal))
}

/// Keeps the key of a token that was just written in the vault's form, or nothing where that says so.
pub(super) fn keep(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    user_id: i32,
    key: &str,
) -> Result<(), StoreError> {
    if !vault.seals() {
        on_each!(transaction, |c| diesel::delete(sealed::table.find(user_id)).execute(c))?;
        return Ok(());
    }
    let text = vault.seal(user_id, key)?;
    let text = sealed::sealed.eq(text.as_str());
    on_each!(transaction, |c| {
        diesel::insert_into(sealed::table)
            .values((sealed::user_id.eq(user_id), text))
            .on_conflict(sealed::user_id)
            .do_update()
            .set(text)
            .execute(c)
    })?;
    Ok(())
}

/// Forgets the key of a user who has no token.
pub(super) fn delete_without_token(transaction: &mut DbConnection<'_>, user_id: i32) -> Result<(), StoreError> {
    // Somebody may have got a new token since the old one was deleted, and its key is to stay.
    let token = authtoken_token::table.filter(authtoken_token::user_id.eq(user_id));
    let row = sealed::table.filter(sealed::user_id.eq(user_id).and(diesel::dsl::not(diesel::dsl::exists(token))));
    on_each!(transaction, |c| diesel::delete(row).execute(c))?;
    Ok(())
}

/// Whether the token was still there under its old name.
fn rename(transaction: &mut DbConnection<'_>, token: &KeptToken, form: &str) -> Result<bool, StoreError> {
    let row = authtoken_token::table.find(&token.stored).filter(authtoken_token::user_id.eq(token.user_id));
    let update = diesel::update(row).set(authtoken_token::key.eq(form));
    Ok(on_each!(transaction, |c| update.execute(c))? == 1)
}

/// Unless somebody was faster.
fn seal_anew(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    token: &KeptToken,
    key: &str,
) -> Result<(), StoreError> {
    let text = vault.seal(token.user_id, key)?;
    let row = sealed::table.filter(sealed::user_id.eq(token.user_id).and(sealed::sealed.nullable().eq(&token.sealed)));
    let update = diesel::update(row).set(sealed::sealed.eq(text.as_str()));
    on_each!(transaction, |c| update.execute(c))?;
    Ok(())
}

#[diesel::dsl::auto_type]
fn tokens() -> _ {
    authtoken_token::table.left_join(sealed::table.on(sealed::user_id.eq(authtoken_token::user_id)))
}

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (authtoken_token::user_id, authtoken_token::key, authtoken_token::created, sealed::sealed.nullable())
}
