//! `auth_user` as its owner sees it: read and changed by way of the accounts' endpoints.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::connection::on_each;
use super::schema::{auth_user, token_blacklist_outstandingtoken as outstanding};
use super::stored_time::ReadableTime;
use super::{DbConnection, StoreError, migrate, tokens, user_state};
use crate::clock::Timestamp;
use crate::secret::Secret;

/// Tables that have rows of a user and are not Django's business to know of being deleted: they go with the user. The
/// last is the admin's, where a project has one.
const OWNED: [&str; 3] = ["auth_user_groups", "auth_user_user_permissions", "django_admin_log"];

/// How many accounts with one address are looked at, where some of them may not be meant.
const MOST_OF_ONE_ADDRESS: i64 = 100;

/// A user with everything that belongs to their account.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = auth_user)]
#[non_exhaustive]
pub struct Account {
    /// The primary key.
    pub id: i32,
    /// The name they log in with.
    pub username: String,
    /// The address, or empty.
    pub email: String,
    /// Their first name, or empty.
    pub first_name: String,
    /// Their last name, or empty.
    pub last_name: String,
    /// Whether they may log in.
    pub is_active: bool,
    /// Whether they count as an administrator.
    pub is_staff: bool,
    password: String,
    last_login: Option<ReadableTime>,
}

impl Account {
    /// The password as Django encodes it.
    pub fn encoded_password(&self) -> Secret {
        Secret::new(&*self.password)
    }

    /// When they last logged in, as far as Django would know.
    pub fn last_login(&self) -> Option<Timestamp> {
        self.last_login.and_then(|stored| stored.0)
    }

    /// Whether Django counts the password as one that could be right.
    pub fn has_usable_password(&self) -> bool {
        !self.password.starts_with('!')
    }
}

/// The account with this id.
pub fn find(connection: &mut DbConnection<'_>, id: i32) -> Result<Option<Account>, StoreError> {
    let user = auth_user::table.find(id);
    Ok(on_each!(connection, |c| user.select(Account::as_select()).get_result(c).optional())?)
}

/// Like [`find`], and keeps others from changing the account until the transaction ends.
pub fn find_for_update(transaction: &mut DbConnection<'_>, id: i32) -> Result<Option<Account>, StoreError> {
    let user = auth_user::table.find(id);
    Ok(match transaction {
        // The transaction is the only one that writes.
        DbConnection::Sqlite(c) => user.select(Account::as_select()).get_result(&mut **c).optional()?,
        DbConnection::Postgres(c) => user.select(Account::as_select()).for_update().get_result(&mut **c).optional()?,
    })
}

/// Every account, by id; or only the one with this id.
pub fn list(connection: &mut DbConnection<'_>, only: Option<i32>) -> Result<Vec<Account>, StoreError> {
    match only {
        Some(id) => Ok(find(connection, id)?.into_iter().collect()),
        None => {
            let users = auth_user::table.order(auth_user::id);
            Ok(on_each!(connection, |c| users.select(Account::as_select()).load(c))?)
        }
    }
}

/// The accounts with exactly this address, up to two of them: more than one is already one too many to choose from.
pub fn find_by_email(connection: &mut DbConnection<'_>, email: &str) -> Result<Vec<Account>, StoreError> {
    if email.is_empty() || email.contains('\0') {
        return Ok(Vec::new());
    }
    let users = auth_user::table.filter(auth_user::email.eq(email)).order(auth_user::id).limit(2);
    Ok(on_each!(connection, |c| users.select(Account::as_select()).load(c))?)
}

/// The accounts with exactly this address that are active, or those that are not. Who is not meant does not stand in the
/// way of who is: anybody may register with an address that is not theirs.
pub fn find_by_email_and_activity(
    connection: &mut DbConnection<'_>,
    email: &str,
    is_active: bool,
) -> Result<Vec<Account>, StoreError> {
    if email.is_empty() || email.contains('\0') {
        return Ok(Vec::new());
    }
    let users = auth_user::table
        .filter(auth_user::email.eq(email).and(auth_user::is_active.eq(is_active)))
        .order(auth_user::id)
        .limit(MOST_OF_ONE_ADDRESS);
    Ok(on_each!(connection, |c| users.select(Account::as_select()).load(c))?)
}

/// Takes an address for an account that is to be the only one with it; whoever does so at the same time waits until the
/// transaction ends. Django's table has no constraint that would decide between them.
///
/// # Errors
/// [`StoreError::Exists`] when somebody has it.
pub fn reserve_email(transaction: &mut DbConnection<'_>, email: &str) -> Result<(), StoreError> {
    if let DbConnection::Postgres(c) = transaction {
        let lock = diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))");
        lock.bind::<Text, _>(email).execute(&mut **c)?;
    }
    match find_by_email(transaction, email)?.is_empty() {
        true => Ok(()),
        false => Err(StoreError::Exists("a user with this address".to_owned())),
    }
}

/// Whether a user who is not active may become it by a link: when they were told to wait for one or, of users whom this
/// service did not make, when they have never logged in. Whoever was made inactive after that was banned.
pub fn awaits_activation(connection: &mut DbConnection<'_>, account: &Account) -> Result<bool, StoreError> {
    if account.is_active {
        return Ok(false);
    }
    if let Some(awaits) = user_state::awaits_activation(connection, account.id)? {
        return Ok(awaits);
    }
    Ok(account.last_login.is_none()
        && !tokens::has_one(connection, account.id)?
        && !has_refresh_token(connection, account.id)?)
}

fn has_refresh_token(connection: &mut DbConnection<'_>, id: i32) -> Result<bool, StoreError> {
    let rows = outstanding::table.filter(outstanding::user_id.eq(id));
    Ok(on_each!(connection, |c| diesel::select(diesel::dsl::exists(rows)).get_result(c))?)
}

/// Makes an account active.
pub fn activate(transaction: &mut DbConnection<'_>, id: i32, now: Timestamp) -> Result<(), StoreError> {
    let update = diesel::update(auth_user::table.find(id)).set(auth_user::is_active.eq(true));
    on_each!(transaction, |c| update.execute(c))?;
    user_state::set_activated(transaction, id, now)
}

/// Changes the address, and makes the account wait for its confirmation if it is to.
pub fn set_email(transaction: &mut DbConnection<'_>, id: i32, email: &str, waits: bool) -> Result<(), StoreError> {
    let user = auth_user::table.find(id);
    let email = auth_user::email.eq(email);
    on_each!(transaction, |c| match waits {
        true => diesel::update(user).set((email, auth_user::is_active.eq(false))).execute(c),
        false => diesel::update(user).set(email).execute(c),
    })?;
    if waits { user_state::set_awaiting(transaction, id) } else { Ok(()) }
}

/// Changes the name to log in with.
///
/// # Errors
/// [`StoreError::Exists`] when somebody has it.
pub fn set_username(transaction: &mut DbConnection<'_>, id: i32, username: &str) -> Result<(), StoreError> {
    let update = diesel::update(auth_user::table.find(id)).set(auth_user::username.eq(username));
    on_each!(transaction, |c| update.execute(c))?;
    Ok(())
}

/// Deletes a user and what belongs to them, and gives who it was. As in Django, refresh tokens stay, without a user.
///
/// # Errors
/// [`StoreError::Gone`] when other tables still refer to the user.
pub fn delete(transaction: &mut DbConnection<'_>, id: i32) -> Result<Option<Account>, StoreError> {
    // Whoever logs in at the same time waits, and then finds nobody.
    let Some(account) = find_for_update(transaction, id)? else { return Ok(None) };
    tokens::delete_of_user(transaction, id)?;
    for table in OWNED {
        if migrate::has_table(transaction, table)? {
            transaction.batch(&format!("DELETE FROM {table} WHERE user_id = {id}"))?;
        }
    }
    let kept = diesel::update(outstanding::table.filter(outstanding::user_id.eq(id)));
    on_each!(transaction, |c| kept.set(outstanding::user_id.eq(None::<i32>)).execute(c))?;
    user_state::delete(transaction, id)?;
    on_each!(transaction, |c| diesel::delete(auth_user::table.find(id)).execute(c))?;
    Ok(Some(account))
}
