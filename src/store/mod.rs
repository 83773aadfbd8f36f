//! The database: Django's own tables, on SQLite or PostgreSQL, and the only place that speaks SQL.
//!
//! Rows come out of here as small structs with the columns that were asked for. What they mean to a caller is decided
//! above; how they are found, locked and written is decided here.

pub mod accounts;
pub mod blacklist;
mod connection;
mod durability;
pub mod families;
mod file_identity;
pub mod migrate;
pub mod outbox;
mod pool;
mod readers;
mod schema;
mod stored_time;
pub mod tokens;
pub mod user_state;
pub mod users;

use std::time::{Duration, Instant};

pub use connection::{DbConnection, Lent};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::settings::{Database, DatabaseUrl};
use pool::{Patience, Pool};
use readers::Readers;

/// How long a request waits for the database in all. What it does besides leaves time to be answered within two seconds.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_300);

/// The way to the rows. Cheap to clone: clones share one pool of connections.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    /// Only with SQLite.
    readers: Option<Readers>,
    url: DatabaseUrl,
}

/// Why the database gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// When no connection came free in time, or the rows stayed locked for too long.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// When the database cannot be reached, opened or written.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// When a row that was to be unique is there already.
    #[error("the row exists already: {0}")]
    Exists(String),
    /// When a row that was to be referred to is gone.
    #[error("a row that this one refers to is gone: {0}")]
    Gone(String),
    /// When the tables are not the ones this version works on.
    #[error("{0}")]
    Schema(String),
    /// When the work was given up because its thread panicked or the program is stopping.
    #[error("the work on the database was interrupted")]
    Interrupted,
}

impl Store {
    /// Opens the database that the settings name. On SQLite the file is created when it is not there; on PostgreSQL
    /// nothing is asked of the server yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the SQLite file cannot be opened or created.
    pub fn open(settings: &Database) -> Result<Self, StoreError> {
        let pool = Pool::open(&settings.url, settings.max_connections, settings.connection_timeout)?;
        let readers = match &settings.url {
            DatabaseUrl::Sqlite(path) => Some(Readers::of(path)),
            DatabaseUrl::Postgres(_) => None,
        };
        Ok(Self { pool, readers, url: settings.url.clone() })
    }

    /// Like [`Store::open`], but an SQLite file that is not there is an error and is not created.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the SQLite file is missing or cannot be opened.
    pub fn open_existing(settings: &Database) -> Result<Self, StoreError> {
        if let DatabaseUrl::Sqlite(path) = &settings.url
            && !path.exists()
        {
            let path = path.display();
            return Err(StoreError::Unavailable(format!(
                "{path} does not exist; `hallpass migrate` makes it, and so does starting the service"
            )));
        }
        Self::open(settings)
    }

    /// Where the database is; its password is masked when shown.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Runs `work` on a pooled connection, on a thread that may block.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no connection or no answer comes in time: two seconds are never over then. Whether `work` was
    /// done is not known then; it is not begun any more. Else what `work` gives.
    pub async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let deadline = Instant::now() + ANSWER_WITHIN;
        let pool = self.pool.clone();
        let running = tokio::task::spawn_blocking(move || pool.with_connection(Patience::Until(deadline), work));
        match tokio::time::timeout_at(deadline.into(), running).await {
            Ok(done) => done.map_err(|_| StoreError::Interrupted)?,
            Err(_) => Err(StoreError::Busy("it did not answer in time".to_owned())),
        }
    }

    /// Runs `work` on a pooled connection, on this thread: for commands, never for a request.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no connection comes free within `database.connection_timeout`; else what `work` gives.
    pub fn run_blocking<T>(
        &self,
        work: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.pool.with_connection(Patience::Long, work)
    }

    /// Whether the database answers and has the tables of this version.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when migrations are pending; else why the database did not answer.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.run(migrate::require_current).await
    }

    /// Who holds the token `key`: the hot lookup, asked at every request of a token's holder.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn find_token_holder(&self, key: &str) -> Result<Option<tokens::Holder>, StoreError> {
        if !tokens::may_be_a_key(key) {
            return Ok(None);
        }
        let key = key.to_owned();
        self.look_up(move |connection| tokens::find_holder(connection, &key)).await
    }

    /// The user whom a token names: the other hot lookup, asked at every request with a JWT.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn find_token_user(&self, key: users::Key) -> Result<Option<users::TokenUser>, StoreError> {
        self.look_up(move |connection| users::find_token_user(connection, &key)).await
    }

    /// Reads on this thread where that takes next to no time, and else as [`Store::run`] does.
    async fn look_up<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        F: Fn(&mut DbConnection<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        match self.readers.as_ref().and_then(|readers| readers.try_read(&read)) {
            Some(value) => Ok(value),
            None => self.run(read).await,
        }
    }
}

impl StoreError {
    /// How long a caller should wait before asking again, when waiting may help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy(_) | Self::Unavailable(_) | Self::Schema(_) | Self::Interrupted => Some(Duration::from_secs(1)),
            Self::Exists(_) | Self::Gone(_) => None,
        }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return Self::Unavailable(error.to_string());
        };
        let message = information.message().to_owned();
        match kind {
            DatabaseErrorKind::UniqueViolation => {
                Self::Exists(information.constraint_name().map_or(message, ToOwned::to_owned))
            }
            DatabaseErrorKind::ForeignKeyViolation => Self::Gone(message),
            // SQLite's words, and those of PostgreSQL's statement_timeout, lock_timeout and deadlock detection.
            _ if ["locked", "timeout", "deadlock"].iter().any(|word| message.contains(word)) => Self::Busy(message),
            // SQLite's words and PostgreSQL's.
            _ if message.contains("no such table") || message.contains("does not exist") => {
                Self::Schema(format!("{message}; `hallpass migrate` makes what is missing"))
            }
            _ => Self::Unavailable(message),
        }
    }
}
