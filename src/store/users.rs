//! `auth_user`: Django's users.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::connection::on_each;
use super::schema::{auth_user, hallpass_user_state};
use super::stored_time::StoredTime;
use super::{DbConnection, StoreError};
use crate::clock::Timestamp;
use crate::secret::Secret;

/// A user as the rest of the program knows one: who they are and what they may do, never how they prove it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = auth_user)]
#[non_exhaustive]
pub struct User {
    /// The primary key.
    pub id: i32,
    /// The name they log in with; up to 150 characters.
    pub username: String,
    /// Whether they may log in, and use what they were given while they could.
    pub is_active: bool,
    /// Whether they count as an administrator: DRF's `IsAdminUser`.
    pub is_staff: bool,
    /// Whether Django grants them every permission.
    pub is_superuser: bool,
}

/// A user with the hash of their password.
#[derive(Queryable, Selectable)]
#[diesel(table_name = auth_user)]
pub struct Login {
    /// Whose login it is.
    #[diesel(embed)]
    pub user: User,
    password: String,
}

impl Login {
    /// The password as Django encodes it, `algorithm$…`, or `!…` when none can be right.
    pub fn encoded_password(&self) -> Secret {
        Secret::new(&*self.password)
    }
}

/// A user to be created; what is not said here is empty, as in Django's `create_user`.
pub struct NewUser<'a> {
    /// The name to log in with.
    pub username: &'a str,
    /// The address, or empty.
    pub email: &'a str,
    /// The encoded password.
    pub encoded_password: &'a str,
    /// See [`User::is_active`].
    pub is_active: bool,
    /// See [`User::is_staff`].
    pub is_staff: bool,
    /// See [`User::is_superuser`].
    pub is_superuser: bool,
}

/// What tells a user from all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The primary key.
    Id(i32),
    /// The name they log in with, exactly.
    Username(String),
}

/// The user with this key.
pub fn find(connection: &mut DbConnection<'_>, key: &Key) -> Result<Option<User>, StoreError> {
    match key {
        Key::Id(id) => {
            let user = auth_user::table.find(id);
            Ok(on_each!(connection, |c| user.select(User::as_select()).get_result(c).optional())?)
        }
        Key::Username(username) => find_by_username(connection, username),
    }
}

/// A user, and what that means for a token of theirs: one that they have, or one that they are to get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenUser {
    /// Whose token it is.
    pub user: User,
    /// Until when their tokens are refused: those issued by then are dead.
    pub tokens_refused_until: Option<Timestamp>,
}

impl TokenUser {
    /// Whether a token that was issued at this second, or does not say when, is refused.
    pub fn refuses_token_of(&self, issued_at: Option<i64>) -> bool {
        is_refused(issued_at, self.tokens_refused_until)
    }
}

/// Whether a token that was issued at this second, or does not say when, is refused where those issued by `until` are.
pub(super) fn is_refused(issued_at: Option<i64>, until: Option<Timestamp>) -> bool {
    until.is_some_and(|until| issued_at.is_none_or(|at| at <= until.as_seconds()))
}

/// The user with this key, for a token that names them.
pub(super) fn find_token_user(connection: &mut DbConnection<'_>, key: &Key) -> Result<Option<TokenUser>, StoreError> {
    let users = auth_user::table.left_join(hallpass_user_state::table);
    let until = hallpass_user_state::tokens_refused_until.nullable();
    let row: Option<(User, Option<StoredTime>)> = match key {
        Key::Id(id) => {
            let user = users.filter(auth_user::id.eq(id));
            on_each!(connection, |c| user.select((User::as_select(), until)).get_result(c).optional())?
        }
        Key::Username(name) if name.contains('\0') => None,
        Key::Username(name) => {
            let user = users.filter(auth_user::username.eq(name));
            on_each!(connection, |c| user.select((User::as_select(), until)).get_result(c).optional())?
        }
    };
    Ok(row.map(|(user, until)| TokenUser { user, tokens_refused_until: until.map(Timestamp::from) }))
}

/// The user with this key, with the hash of their password.
pub fn find_login_by(connection: &mut DbConnection<'_>, key: &Key) -> Result<Option<Login>, StoreError> {
    match key {
        Key::Id(id) => {
            let user = auth_user::table.find(id);
            Ok(on_each!(connection, |c| user.select(Login::as_select()).get_result(c).optional())?)
        }
        Key::Username(username) => find_login(connection, username),
    }
}

/// A login that is about to be proved, with [`TokenUser::tokens_refused_until`] of the same moment.
pub struct Candidate {
    /// Whose login it would be.
    pub login: Login,
    /// Until when their tokens are refused.
    pub tokens_refused_until: Option<Timestamp>,
}

/// The user with this key, as somebody who wants to log in. One query: a password and what was ended after it was changed
/// must not be read together.
pub fn find_candidate(connection: &mut DbConnection<'_>, key: &Key) -> Result<Option<Candidate>, StoreError> {
    let users = auth_user::table.left_join(hallpass_user_state::table);
    let until = hallpass_user_state::tokens_refused_until.nullable();
    let row: Option<(Login, Option<StoredTime>)> = match key {
        Key::Id(id) => {
            let user = users.filter(auth_user::id.eq(id));
            on_each!(connection, |c| user.select((Login::as_select(), until)).get_result(c).optional())?
        }
        Key::Username(name) if name.contains('\0') => None,
        Key::Username(name) => {
            let user = users.filter(auth_user::username.eq(name));
            on_each!(connection, |c| user.select((Login::as_select(), until)).get_result(c).optional())?
        }
    };
    Ok(row.map(|(login, until)| Candidate { login, tokens_refused_until: until.map(Timestamp::from) }))
}

/// The user whose name is exactly this, with the hash of their password.
pub fn find_login(connection: &mut DbConnection<'_>, username: &str) -> Result<Option<Login>, StoreError> {
    if username.contains('\0') {
        // PostgreSQL has no such text, so nobody can be called that.
        return Ok(None);
    }
    let user = auth_user::table.filter(auth_user::username.eq(username));
    Ok(on_each!(connection, |c| user.select(Login::as_select()).get_result(c).optional())?)
}

/// The user whose name is exactly this.
pub fn find_by_username(connection: &mut DbConnection<'_>, username: &str) -> Result<Option<User>, StoreError> {
    Ok(find_login(connection, username)?.map(|login| login.user))
}

/// The names of those of these users who are there. At most some thousands at a time.
pub fn find_usernames(
    connection: &mut DbConnection<'_>,
    ids: &BTreeSet<i32>,
) -> Result<Vec<(i32, String)>, StoreError> {
    let users = auth_user::table.filter(auth_user::id.eq_any(ids)).select((auth_user::id, auth_user::username));
    Ok(on_each!(connection, |c| users.load(c))?)
}

/// Adds a user and gives their id.
///
/// # Errors
/// [`StoreError::Exists`] when somebody has that name.
pub fn create(connection: &mut DbConnection<'_>, user: &NewUser<'_>, now: Timestamp) -> Result<i32, StoreError> {
    let row = (
        auth_user::username.eq(user.username),
        auth_user::email.eq(user.email),
        auth_user::password.eq(user.encoded_password),
        auth_user::is_active.eq(user.is_active),
        auth_user::is_staff.eq(user.is_staff),
        auth_user::is_superuser.eq(user.is_superuser),
        auth_user::first_name.eq(""),
        auth_user::last_name.eq(""),
        auth_user::date_joined.eq(StoredTime(now)),
    );
    let insert = diesel::insert_into(auth_user::table).values(row).returning(auth_user::id);
    Ok(on_each!(connection, |c| insert.get_result(c))?)
}

/// Sets the encoded password, whatever it was.
pub fn set_password(connection: &mut DbConnection<'_>, id: i32, encoded: &str) -> Result<(), StoreError> {
    let update = diesel::update(auth_user::table.find(id)).set(auth_user::password.eq(encoded));
    on_each!(connection, |c| update.execute(c))?;
    Ok(())
}

/// Replaces the encoded password `old` by `new`, and says whether it still was `old`: a password that somebody changed
/// in the meantime is never overwritten by the better hash of an earlier one.
pub fn replace_password(
    connection: &mut DbConnection<'_>,
    id: i32,
    old: &Secret,
    new: &Secret,
) -> Result<bool, StoreError> {
    let unchanged = auth_user::table.find(id).filter(auth_user::password.eq(old.expose()));
    let update = diesel::update(unchanged).set(auth_user::password.eq(new.expose()));
    Ok(on_each!(connection, |c| update.execute(c))? == 1)
}

/// Notes that the user has just logged in.
pub fn set_last_login(connection: &mut DbConnection<'_>, id: i32, now: Timestamp) -> Result<(), StoreError> {
    let update = diesel::update(auth_user::table.find(id)).set(auth_user::last_login.eq(StoredTime(now)));
    on_each!(connection, |c| update.execute(c))?;
    Ok(())
}
