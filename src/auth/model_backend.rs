//! Who a name and a password belong to: `django.contrib.auth.backends.ModelBackend`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::ApiError;
use crate::passwords::gate::HashingPool;
use crate::passwords::{Hasher, Verdict};
use crate::secret::Secret;
use crate::store::Store;
use crate::store::users::{self, Login, User};

/// Checks passwords against `auth_user`, and keeps their hashes up to date.
///
/// An unknown name, a user without a usable password and a wrong password all cost one hash at today's cost, so that
/// the time tells nothing. No connection to the database is held while a password is hashed.
#[derive(Clone)]
pub struct ModelBackend {
    store: Store,
    hasher: Hasher,
    pool: Arc<HashingPool>,
    upgrades: Upgrades,
}

impl ModelBackend {
    /// Looks users up in `store` and hashes with `hasher`, on the threads of `pool`.
    pub fn new(store: Store, hasher: Hasher, pool: Arc<HashingPool>) -> Self {
        Self { store, hasher, pool, upgrades: Upgrades::default() }
    }

    /// The active user with this name and password, or `None`.
    ///
    /// A right password whose hash is of another algorithm or cost than the preferred one is hashed anew and stored,
    /// unless the password was changed in the meantime. Django does so for inactive users too.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] when the database gives no answer or too many passwords wait to be hashed.
    pub async fn authenticate(&self, username: &str, password: &Secret) -> Result<Option<User>, ApiError> {
        let name = username.to_owned();
        let login = self.store.run(move |connection| users::find_login(connection, &name)).await?;
        match self.verify(login, password).await? {
            None => Ok(None),
            Some((login, outdated)) => {
                if outdated {
                    self.upgrade(&login, password).await;
                }
                Ok(Some(login.user).filter(|user| user.is_active))
            }
        }
    }

    /// The login if its password is right, and whether its hash is out of date.
    async fn verify(&self, login: Option<Login>, password: &Secret) -> Result<Option<(Login, bool)>, ApiError> {
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
        Ok(self.pool.run(job).await?)
    }

    /// Stores a better hash. When that fails, the password is right all the same and the next login tries again.
    async fn upgrade(&self, login: &Login, password: &Secret) {
        let Some(_upgrade) = self.upgrades.begin(login.user.id) else { return };
        if let Err(error) = self.store_better_hash(login, password).await {
            log::warn!("the password hash of user {} stays as it is: {error}", login.user.id);
        }
    }

    async fn store_better_hash(&self, login: &Login, password: &Secret) -> Result<(), ApiError> {
        let (hasher, password) = (self.hasher.clone(), password.clone());
        let hashed = self.pool.run(move || hasher.hash(password.expose())).await?;
        let new = Secret::new(hashed.map_err(|error| ApiError::Internal(error.to_string()))?);
        let (id, old) = (login.user.id, login.encoded_password());
        self.store.run(move |connection| users::replace_password(connection, id, &old, &new)).await?;
        Ok(())
    }
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
