//! `authtoken_token`: one opaque token a user, as `rest_framework.authtoken` keeps them.

use std::time::Duration;

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::connection::on_each;
use super::schema::{auth_user, authtoken_token};
use super::sealed_tokens::{self, KeptToken, Settled};
use super::stored_time::StoredTime;
use super::token_vault::{self, TokenVault, is_digest};
use super::users::User;
use super::{DbConnection, StoreError};
use crate::clock::Timestamp;
use crate::settings::TokenStorage;

/// The longest text worth asking the database about; the column holds 40 characters, but SQLite does not enforce it.
const LONGEST_KEY: usize = 255;

/// How often an insert is tried again when the row it collided with was deleted before it could be read.
const ATTEMPTS: u32 = 5;

/// The user of a token, and since when they have had it.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Whose token it is.
    pub user: User,
    /// When it was made, if that was asked for.
    pub created: Option<Timestamp>,
}

/// How old a token may grow, as `token.lifetime` has it; never, by default.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime(pub Option<Duration>);

impl Lifetime {
    /// Whether a token made at `created` is too old at `now`.
    pub fn is_over(self, created: Timestamp, now: Timestamp) -> bool {
        self.0.is_some_and(|lifetime| created.saturating_add(lifetime) <= now)
    }

    /// Whether tokens grow old at all.
    pub fn is_limited(self) -> bool {
        self.0.is_some()
    }
}

/// A new key: 40 hexadecimal digits of 20 random bytes, as `Token.generate_key` makes them.
///
/// # Errors
/// [`StoreError::Unavailable`] when the system has no randomness to give.
pub fn new_key() -> Result<String, StoreError> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Unavailable(format!("no random bytes: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether any row could have this key; saves a query, and keeps out what PostgreSQL cannot even compare. A digest out of
/// the table is nobody's key, however keys are kept.
pub(super) fn may_be_a_key(key: &str) -> bool {
    key.len() <= LONGEST_KEY && !key.contains('\0') && !is_digest(key)
}

/// Who holds the token that stands in the table as `stored`, or as `or`. The whole of it is compared, case included. When it
/// was made is read only `with_age`: a date is the most that there is to read in such a row.
pub(super) fn find_holder(
    connection: &mut DbConnection<'_>,
    stored: &str,
    or: Option<&str>,
    with_age: bool,
) -> Result<Option<Holder>, StoreError> {
    if let Some(or) = or {
        return find_holder_of_either(connection, stored, or);
    }
    // No `first()`: its bound LIMIT would have SQLite plan the query anew each time, and a key is unique.
    let query = authtoken_token::table.inner_join(auth_user::table).filter(authtoken_token::key.eq(stored));
    if !with_age {
        let user: Option<User> = on_each!(connection, |c| query.select(User::as_select()).get_result(c).optional())?;
        return Ok(user.map(|user| Holder { user, created: None }));
    }
    let row: Option<(User, StoredTime)> = on_each!(connection, |c| {
        query.select((User::as_select(), authtoken_token::created)).get_result(c).optional()
    })?;
    Ok(row.map(|(user, created)| Holder { user, created: Some(created.into()) }))
}

/// With one statement, which sees the table as it is at one moment.
fn find_holder_of_either(
    connection: &mut DbConnection<'_>,
    one: &str,
    other: &str,
) -> Result<Option<Holder>, StoreError> {
    let query = authtoken_token::table
        .inner_join(auth_user::table)
        .filter(authtoken_token::key.eq(one).or(authtoken_token::key.eq(other)));
    let row: Option<(User, StoredTime)> = on_each!(connection, |c| {
        query.select((User::as_select(), authtoken_token::created)).get_result(c).optional()
    })?;
    Ok(row.map(|(user, created)| Holder { user, created: Some(created.into()) }))
}

/// The user's token: the one they have, or else `new_key`, stored now as `vault` keeps keys. One that has outlived `lifetime`
/// is replaced, and so is one whose key no secret key decrypts.
///
/// Whoever asks at the same time gets the same key.
///
/// # Errors
/// [`StoreError::Gone`] when there is no such user any more.
pub fn get_or_create(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    user_id: i32,
    new_key: &str,
    now: Timestamp,
    lifetime: Lifetime,
) -> Result<String, StoreError> {
    for _ in 0..ATTEMPTS {
        match sealed_tokens::find(transaction, user_id)? {
            Some(token) if lifetime.is_over(token.created(), now) => delete(transaction, &token)?,
            Some(token) => match sealed_tokens::settle(transaction, vault, &token)? {
                Settled::Kept(key, _) => return Ok(key),
                Settled::Lost => {
                    log::warn!("the token of user {user_id} is replaced, since no secret key decrypts it");
                    delete(transaction, &token)?;
                }
                Settled::Overtaken => {}
            },
            None if insert(transaction, vault, user_id, new_key, now)? => return Ok(new_key.to_owned()),
            None => {}
        }
    }
    Err(StoreError::Busy("the token of this user is being changed over and over".to_owned()))
}

/// Gives the user `new_key` in place of whatever token they had; the old one is dead when this returns.
///
/// # Errors
/// [`StoreError::Gone`] when there is no such user any more.
pub fn replace(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    user_id: i32,
    new_key: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    // One statement: no moment in which the user has two tokens or none, and two resets at once cannot collide.
    let stored = vault.form(new_key);
    let row = new_row(user_id, &stored, now);
    on_each!(transaction, |c| {
        diesel::insert_into(authtoken_token::table)
            .values(row)
            .on_conflict(authtoken_token::user_id)
            .do_update()
            .set((
                authtoken_token::key.eq(excluded(authtoken_token::key)),
                authtoken_token::created.eq(excluded(authtoken_token::created)),
            ))
            .execute(c)
    })?;
    sealed_tokens::keep(transaction, vault, user_id, new_key)
}

/// Whether the user has a token.
pub(super) fn has_one(connection: &mut DbConnection<'_>, user_id: i32) -> Result<bool, StoreError> {
    let rows = authtoken_token::table.filter(authtoken_token::user_id.eq(user_id));
    Ok(on_each!(connection, |c| diesel::select(diesel::dsl::exists(rows)).get_result(c))?)
}

/// Takes the user's token away, and gives what the table had for its key if they had one.
pub fn delete_of_user(transaction: &mut DbConnection<'_>, user_id: i32) -> Result<Option<String>, StoreError> {
    let rows = authtoken_token::table.filter(authtoken_token::user_id.eq(user_id));
    let delete = diesel::delete(rows).returning(authtoken_token::key);
    let stored = on_each!(transaction, |c| delete.get_result(c).optional())?;
    sealed_tokens::delete_without_token(transaction, user_id)?;
    Ok(stored)
}

/// Takes this token away from the user who holds it; `false` when they do not, or not any more.
pub fn revoke(transaction: &mut DbConnection<'_>, key: &str, user_id: i32) -> Result<bool, StoreError> {
    if !may_be_a_key(key) {
        return Ok(false);
    }
    let forms = [TokenStorage::Plain, TokenStorage::Hashed].map(|storage| token_vault::form(key, storage));
    let rows = authtoken_token::table.filter(
        authtoken_token::user_id.eq(user_id).and(authtoken_token::key.eq_any(forms.each_ref().map(|form| &**form))),
    );
    let deleted = on_each!(transaction, |c| diesel::delete(rows).execute(c))?;
    sealed_tokens::delete_without_token(transaction, user_id)?;
    Ok(deleted > 0)
}

/// How many users have no token.
pub fn count_users_without(connection: &mut DbConnection<'_>) -> Result<i64, StoreError> {
    let query = auth_user::table.left_join(authtoken_token::table).filter(authtoken_token::key.nullable().is_null());
    Ok(on_each!(connection, |c| query.count().get_result(c))?)
}

/// The next `limit` users without a token, by id, after `after`.
pub fn users_without(
    connection: &mut DbConnection<'_>,
    after: i32,
    limit: i64,
) -> Result<Vec<(i32, String)>, StoreError> {
    let query = auth_user::table
        .left_join(authtoken_token::table)
        .filter(authtoken_token::key.nullable().is_null().and(auth_user::id.gt(after)))
        .order(auth_user::id)
        .limit(limit)
        .select((auth_user::id, auth_user::username));
    Ok(on_each!(connection, |c| query.load(c))?)
}

/// Whether the row went in; `false` when the user got a token in the meantime.
fn insert(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    user_id: i32,
    key: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let stored = vault.form(key);
    let row = new_row(user_id, &stored, now);
    let inserted = on_each!(transaction, |c| {
        diesel::insert_into(authtoken_token::table)
            .values(row)
            .on_conflict(authtoken_token::user_id)
            .do_nothing()
            .execute(c)
    })?;
    if inserted == 1 {
        sealed_tokens::keep(transaction, vault, user_id, key)?;
    }
    Ok(inserted == 1)
}

/// Deletes a token, unless it is another one by now.
pub(super) fn delete(transaction: &mut DbConnection<'_>, token: &KeptToken) -> Result<(), StoreError> {
    let row = authtoken_token::table.find(&token.stored).filter(authtoken_token::user_id.eq(token.user_id));
    on_each!(transaction, |c| diesel::delete(row).execute(c))?;
    sealed_tokens::delete_without_token(transaction, token.user_id)
}

#[derive(Insertable)]
#[diesel(table_name = authtoken_token)]
struct NewToken<'a> {
    key: &'a str,
    created: StoredTime,
    user_id: i32,
}

fn new_row(user_id: i32, stored: &str, now: Timestamp) -> NewToken<'_> {
    NewToken { key: stored, created: now.into(), user_id }
}
