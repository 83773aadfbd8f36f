//! The database: Django's own tables, on SQLite or PostgreSQL, and the only place that speaks SQL.
//!
//! Rows come out of here as small structs with the columns that were asked for. What they mean to a caller is decided
//! above; how they are found, locked and written is decided here.

pub mod accounts;
pub mod audit;
pub mod blacklist;
pub mod census;
mod connection;
pub mod counters;
mod durability;
pub mod families;
mod file_identity;
pub mod groups;
mod kept;
mod known;
pub mod lockout;
pub mod migrate;
pub mod outbox;
mod pipeline;
mod pool;
mod postgres_pool;
mod readers;
pub mod remains;
mod schema;
mod sealed_tokens;
mod stale;
mod stored_time;
pub mod throttle;
mod together;
pub mod token_conversion;
mod token_vault;
pub mod tokens;
pub mod user_state;
pub mod users;
mod wal_index;
mod writer;

use std::time::{Duration, Instant};

pub use connection::{DbConnection, Lent};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::settings::{ByteSize, Cache, Database, DatabaseUrl, TokenStorage};
use pipeline::Pipelines;
use pool::{Patience, Pool};
use readers::Readers;
use stale::Stale;
pub use token_vault::TokenVault;
use writer::Writer;

/// How long a request waits for the database in all. What it does besides leaves time to be answered within two seconds.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_300);

/// The way to the rows. Cheap to clone: clones share one pool of connections.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    /// Only with SQLite.
    readers: Option<Readers>,
    /// Only with SQLite.
    writer: Option<Writer>,
    /// Only with PostgreSQL.
    pipelines: Option<Pipelines>,
    /// Only with PostgreSQL, and where rows may be stale.
    stale: Option<Stale>,
    url: DatabaseUrl,
}

/// Why the database gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
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
        Self::open_remembering(settings, &Cache { memory: ByteSize::NONE, max_staleness: Duration::ZERO })
    }

    /// Like [`Store::open`], and remembers rows of the hot lookups as `cache` says.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_remembering(settings: &Database, cache: &Cache) -> Result<Self, StoreError> {
        let memory = cache.memory.bytes();
        let store = Self {
            pool: Pool::open(&settings.url, settings.max_connections, settings.connection_timeout)?,
            readers: None,
            writer: None,
            pipelines: None,
            stale: None,
            url: settings.url.clone(),
        };
        Ok(match &settings.url {
            DatabaseUrl::Sqlite(path) => Self {
                readers: Some(Readers::of(path, memory)),
                writer: Some(Writer::of(path, settings.max_writes_per_commit)),
                ..store
            },
            DatabaseUrl::Postgres(url) => Self {
                pipelines: Pipelines::to(url.expose()),
                stale: Stale::within(memory, cache.max_staleness),
                ..store
            },
        })
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

    /// How many connections the pool has, and how many of them nobody uses.
    pub fn connections(&self) -> (usize, usize) {
        self.pool.connections()
    }

    /// How many lookups of this process found their row remembered, and how many had to read it.
    pub fn lookups(&self) -> (u64, u64) {
        self.readers.as_ref().map_or_else(Default::default, Readers::lookups)
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

    /// Runs `work` in a transaction that may write: when this gives its result, the changes are on the disk, and otherwise
    /// there are none. On SQLite, writes that wait at the same time share a commit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the database cannot take the work in time; else what `work` gives.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        match &self.writer {
            Some(writer) => writer.write(work).await,
            None => {
                let written = self.run(move |connection| connection.write(work)).await;
                self.forget();
                written
            }
        }
    }

    /// Whether writes take turns, so that what is read in a turn holds until it ends, and costs less there than before it.
    pub fn writes_in_turns(&self) -> bool {
        self.writer.is_some()
    }

    /// [`Store::write`] for a thread that may block: for commands and for threads of the program's own, never for a request.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        match &self.writer {
            Some(writer) => writer.write_blocking(work),
            None => {
                let written = self.run_blocking(move |connection| connection.write(work));
                self.forget();
                written
            }
        }
    }

    fn forget(&self) {
        if let Some(stale) = &self.stale {
            stale.forget();
        }
    }

    /// Whether the database answers and has the tables of this version.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when migrations are pending; else why the database did not answer.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.run(migrate::require_current).await
    }

    /// Who holds the token `key`, where keys are kept as `storage` says: the hot lookup, asked at every request of a token's
    /// holder. `with_age` says whether [`Holder::created`](tokens::Holder::created) is wanted.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn find_token_holder(
        &self,
        key: &str,
        storage: TokenStorage,
        with_age: bool,
    ) -> Result<Option<tokens::Holder>, StoreError> {
        if !tokens::may_be_a_key(key) {
            return Ok(None);
        }
        let stored = token_vault::form(key, storage);
        if let Some(holder) = self.find_holder(&stored, None, with_age).await? {
            return Ok(Some(holder));
        }
        // It may not have been converted yet. A look at the one form after the other could come too early for the one and
        // too late for the other.
        self.find_holder(&stored, Some(&token_vault::form(key, storage.other())), with_age).await
    }

    /// Who holds the token that stands in the table as `stored`, or as `or`.
    async fn find_holder(
        &self,
        stored: &str,
        or: Option<&str>,
        with_age: bool,
    ) -> Result<Option<tokens::Holder>, StoreError> {
        if let Some(readers) = &self.readers {
            let read = readers.try_read(
                |known, now| known.holder(stored, with_age, now).map(Some),
                |connection| tokens::find_holder(connection, stored, or, with_age),
                |known, holder, since| known.note_holder(stored, holder.as_ref(), since),
            );
            if let Some(holder) = read {
                return Ok(holder);
            }
        }
        let now = self.stale.as_ref().map(|stale| (stale, stale.now()));
        if let Some((stale, now)) = now
            && let Some(holder) = stale.recall(|known| known.holder(stored, with_age, now))
        {
            return Ok(Some(holder));
        }
        let asked = match &self.pipelines {
            Some(pipelines) => pipelines.find_holder(stored, or).await?,
            None => None,
        };
        let holder = match asked {
            Some(holder) => holder,
            None => {
                let (stored, or) = (stored.to_owned(), or.map(ToOwned::to_owned));
                self.run(move |connection| tokens::find_holder(connection, &stored, or.as_deref(), with_age)).await?
            }
        };
        if let Some((stale, now)) = now {
            stale.note(|known| known.note_holder(stored, holder.as_ref(), now));
        }
        Ok(holder)
    }

    /// The user whom a token names: the other hot lookup, asked at every request with a JWT.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn find_token_user(&self, key: &users::Key) -> Result<Option<users::TokenUser>, StoreError> {
        if let Some(readers) = &self.readers {
            let read = readers.try_read(
                |known, now| known.user(key, now).map(Some),
                |connection| users::find_token_user(connection, key),
                |known, user, since| known.note_user(key, user.as_ref(), since),
            );
            if let Some(user) = read {
                return Ok(user);
            }
        }
        let now = self.stale.as_ref().map(|stale| (stale, stale.now()));
        if let Some((stale, now)) = now
            && let Some(user) = stale.recall(|known| known.user(key, now))
        {
            return Ok(Some(user));
        }
        let asked = match &self.pipelines {
            Some(pipelines) => pipelines.find_token_user(key).await?,
            None => None,
        };
        let user = match asked {
            Some(user) => user,
            None => {
                let key = key.clone();
                self.run(move |connection| users::find_token_user(connection, &key)).await?
            }
        };
        if let Some((stale, now)) = now {
            stale.note(|known| known.note_user(key, user.as_ref(), now));
        }
        Ok(user)
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
