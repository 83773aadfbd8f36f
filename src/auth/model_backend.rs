//! Who a name and a password belong to: `django.contrib.auth.backends.ModelBackend`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;

use super::attempt::Purpose;
use super::client::Client;
use super::guard::Guard;
use super::lockout::End;
use crate::error::ApiError;
use crate::passwords::gate::{HashingPool, Load, Refused};
use crate::passwords::{Hasher, Verdict};
use crate::secret::Secret;
use crate::store::audit::{Event, Reason, Trail};
use crate::store::counters::Account;
use crate::store::users::{self, Candidate, Login, TokenUser, User};
use crate::store::{DbConnection, Store, StoreError, accounts};

/// Checks passwords against `auth_user`, and keeps their hashes up to date.
///
/// An unknown name, a user without a usable password and a wrong password all cost one hash at today's cost, so that
/// the time tells nothing. No connection to the database is held while a password is hashed.
///
/// It is the only one that compares passwords, and each comparison is charged to its [`Guard`] first: all routes and all
/// schemes that take a password share the limits.
#[derive(Clone)]
pub struct ModelBackend {
    store: Store,
    hasher: Hasher,
    pool: Arc<HashingPool>,
    guard: Guard,
    upgrades: Upgrades,
    by_email: bool,
}

impl ModelBackend {
    /// Looks users up in `store` and hashes with `hasher`, on the threads of `pool`, as often as `guard` lets it.
    pub fn new(store: Store, hasher: Hasher, pool: Arc<HashingPool>, guard: Guard) -> Self {
        Self { store, hasher, pool, guard, upgrades: Upgrades::default(), by_email: false }
    }

    /// Who sent `request`, to be charged for the passwords in it.
    pub fn client(&self, request: &HttpRequest) -> Client {
        self.guard.client(request)
    }

    /// Takes an address in place of a name as well (`accounts.login_field = "email"`). One that several users have is
    /// nobody's: they log in by their names.
    pub fn by_email_too(mut self, by_email: bool) -> Self {
        self.by_email = by_email;
        self
    }

    /// How busy the threads are that hash.
    pub(crate) fn hashing_load(&self) -> Load {
        self.pool.load()
    }

    /// Counts a wrong secret of another kind as a password that was tried.
    ///
    /// # Errors
    /// [`ApiError::Throttled`] when `client` did so too often; 503 when the database gives no answer.
    pub(crate) async fn count_guess(&self, client: &Client) -> Result<(), ApiError> {
        self.guard.count(client).await
    }

    /// What the audit says of `client` now.
    pub(crate) fn trail(&self, client: &Client) -> Trail {
        self.guard.trail(client)
    }

    /// The active user with this name and password, or `None`. Either has its row in the audit as a login.
    ///
    /// A right password whose hash is of another algorithm or cost than the preferred one is hashed anew and stored,
    /// unless the password was changed in the meantime. Django does so for inactive users too.
    ///
    /// # Errors
    /// [`ApiError::Throttled`] when the client or the account has to wait; [`ApiError::Unavailable`] when the database gives
    /// no answer or too many passwords wait to be hashed.
    pub async fn authenticate(
        &self,
        client: &Client,
        username: &str,
        password: &Secret,
    ) -> Result<Option<TokenUser>, ApiError> {
        let purpose = Purpose { event: Event::Login, notes_success: true };
        self.named(Tried { client, name: username, password, purpose }).await
    }

    /// The same for somebody who is to be given a token: the transaction that does has the row of the login. It asks
    /// `user_state::admit` first, since the password may be another by then.
    ///
    /// # Errors
    /// As [`ModelBackend::authenticate`].
    pub(crate) async fn authenticate_for_token(
        &self,
        client: &Client,
        username: &str,
        password: &Secret,
    ) -> Result<Option<TokenUser>, ApiError> {
        let purpose = Purpose { event: Event::Login, notes_success: false };
        self.named(Tried { client, name: username, password, purpose }).await
    }

    async fn named(&self, tried: Tried<'_>) -> Result<Option<TokenUser>, ApiError> {
        let (name, by_email) = (tried.name.to_owned(), self.by_email);
        let mut found = self.store.run(move |connection| candidates(connection, &name, by_email)).await?;
        let second = if found.len() > 1 { found.pop() } else { None };
        let user = match self.proven(found.pop(), tried).await? {
            // Somebody's name is somebody else's address: whose password it is, they are.
            None if second.is_some() => self.proven(second, tried).await?,
            user => user,
        };
        Ok(user.filter(|found| found.user.is_active))
    }

    /// Whether this is the password of the user with this id. If not, the audit has a row that `event` was refused.
    ///
    /// # Errors
    /// As [`ModelBackend::authenticate`].
    pub async fn check_password(
        &self,
        client: &Client,
        event: Event,
        user_id: i32,
        password: &Secret,
    ) -> Result<bool, ApiError> {
        let key = users::Key::Id(user_id);
        let login = self.store.run(move |connection| users::find_login_by(connection, &key)).await?;
        // Of a user who is gone there is no name either.
        let purpose = Purpose { event, notes_success: false };
        Ok(self.verified(login, Tried { client, name: "", password, purpose }).await?.is_some())
    }

    /// A new password as it is stored. It costs the client what a login costs.
    ///
    /// # Errors
    /// [`ApiError::Throttled`] when the client has to wait; [`ApiError::Unavailable`] when too many passwords wait to be
    /// hashed.
    pub async fn hash(&self, client: &Client, password: &Secret) -> Result<Secret, ApiError> {
        self.guard.count(client).await?;
        self.encoded(password).await
    }

    async fn encoded(&self, password: &Secret) -> Result<Secret, ApiError> {
        let (hasher, password) = (self.hasher.clone(), password.clone());
        let hashed = self.pool.run(move || hasher.hash(password.expose())).await?;
        hashed.map(Secret::new).map_err(|error| ApiError::Internal(error.to_string()))
    }

    async fn proven(&self, candidate: Option<Candidate>, tried: Tried<'_>) -> Result<Option<TokenUser>, ApiError> {
        let (login, tokens_refused_until) =
            candidate.map_or((None, None), |candidate| (Some(candidate.login), candidate.tokens_refused_until));
        let user = self.verified(login, tried).await?;
        Ok(user.map(|user| TokenUser { user, tokens_refused_until }))
    }

    /// The user of `login` if the password is theirs; its hash is then brought up to date.
    async fn verified(&self, login: Option<Login>, tried: Tried<'_>) -> Result<Option<User>, ApiError> {
        match self.charged(login, tried).await? {
            None => Ok(None),
            Some((login, outdated)) => {
                if outdated {
                    self.upgrade(&login, tried.password).await;
                }
                Ok(Some(login.user))
            }
        }
    }

    /// The login if its password is right, and whether its hash is out of date. Whether it is, counts.
    async fn charged(&self, login: Option<Login>, tried: Tried<'_>) -> Result<Option<(Login, bool)>, ApiError> {
        let account = login.as_ref().map_or(Account::Nobody(tried.name), |login| Account::User(login.user.id));
        let charge = self.guard.charge(tried.client, account, tried.purpose).await?;
        let is_somebody = login.is_some();
        let verified = self.verify(login, tried.password).await;
        let end = match &verified {
            Ok(Some((login, _))) if login.user.is_active => End::Right,
            // Nobody may find out that the password of an inactive user is right, by its effect neither.
            Ok(Some(_)) => End::Wrong(Reason::Inactive),
            Ok(None) if is_somebody => End::Wrong(Reason::WrongPassword),
            Ok(None) => End::Wrong(Reason::NoSuchUser),
            Err(Refused::Busy { .. }) => End::Untried,
            Err(_) => End::Wrong(Reason::Abandoned),
        };
        charge.end(end).await?;
        Ok(verified?)
    }

    async fn verify(&self, login: Option<Login>, password: &Secret) -> Result<Option<(Login, bool)>, Refused> {
        let (hasher, password) = (self.hasher.clone(), password.clone());
        let job = move || match login {
            None => {
                hasher.waste(password.expose());
                None
            }
            Some(login) => match hasher.verify(password.expose(), login.encoded_password().expose()) {
                Verdict::Wrong => None,
                Verdict::Right { outdated } => Some((login, outdated)),
            },
        };
        self.pool.run(job).await
    }

    /// Stores a better hash. When that fails, the password is right all the same and the next login tries again.
    async fn upgrade(&self, login: &Login, password: &Secret) {
        let Some(_upgrade) = self.upgrades.begin(login.user.id) else { return };
        if let Err(error) = self.store_better_hash(login, password).await {
            log::warn!("the password hash of user {} stays as it is: {error}", login.user.id);
        }
    }

    async fn store_better_hash(&self, login: &Login, password: &Secret) -> Result<(), ApiError> {
        let new = self.encoded(password).await?;
        let (id, old) = (login.user.id, login.encoded_password());
        self.store.write(move |transaction| users::replace_password(transaction, id, &old, &new)).await?;
        Ok(())
    }
}

/// A password, by whom it was sent, for which name and for what.
#[derive(Clone, Copy)]
struct Tried<'a> {
    client: &'a Client,
    name: &'a str,
    password: &'a Secret,
    purpose: Purpose,
}

/// Who may be meant: the user with this name, and the only one with this address.
fn candidates(connection: &mut DbConnection<'_>, name: &str, by_email: bool) -> Result<Vec<Candidate>, StoreError> {
    let by_name = users::find_candidate(connection, &users::Key::Username(name.to_owned()))?;
    let mut found: Vec<Candidate> = by_name.into_iter().collect();
    if by_email
        && let [account] = accounts::find_by_email(connection, name)?.as_slice()
        && found.iter().all(|candidate| candidate.login.user.id != account.id)
    {
        found.extend(users::find_candidate(connection, &users::Key::Id(account.id))?);
    }
    Ok(found)
}

/// The users whose hashes are being upgraded by this process: a storm of logins of one user needs one new hash, not one
/// a login.
#[derive(Clone, Default)]
struct Upgrades(Arc<Mutex<HashSet<i32>>>);

impl Upgrades {
    /// `None` when somebody is at it already.
    fn begin(&self, user_id: i32) -> Option<Upgrade> {
        self.lock().insert(user_id).then(|| Upgrade { upgrades: self.clone(), user_id })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<i32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An upgrade that has begun; it ends when this is dropped, finished or not.
struct Upgrade {
    upgrades: Upgrades,
    user_id: i32,
}

impl Drop for Upgrade {
    fn drop(&mut self) {
        self.upgrades.lock().remove(&self.user_id);
    }
}
