//! The pool of connections, how each one is set up, and for how long it may keep a caller waiting.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, Error as ConnectionError};
use diesel::{Connection, SqliteConnection};
use r2d2::{CustomizeConnection, ManageConnection};

use super::file_identity::FileIdentity;
use super::postgres_pool::{Line, PostgresManager};
use super::{DbConnection, Lent, StoreError};
use crate::settings::{DatabaseUrl, one_line};

/// How long a request waits for a connection to PostgreSQL at most.
const SHORT_WAIT: Duration = Duration::from_millis(1000);

/// What is left of a request's time when it stops to wait for SQLite, and when a change is committed at the latest.
const RESERVE: Duration = Duration::from_millis(50);

/// How long a command waits for another writer.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// What every PostgreSQL connection is told first: an answered write is on the disk.
const POSTGRES_SETUP: &str =
    "SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '10s'; SET synchronous_commit = on";

/// No statement and no lock holds a request for longer than its caller waits.
const POSTGRES_REQUEST: &str = "SET statement_timeout = '1200ms'; SET lock_timeout = '600ms'";

const POSTGRES_COMMAND: &str = "SET statement_timeout = '5s'; SET lock_timeout = '3s'";

/// Who waits for the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// A client, who was promised an answer by then.
    Until(Instant),
    /// An administrator, or a thread of ours.
    Long,
}

impl Patience {
    /// The last moment at which something may be committed.
    fn deadline(self) -> Option<Instant> {
        match self {
            Self::Until(deadline) => deadline.checked_sub(RESERVE),
            Self::Long => None,
        }
    }

    /// How much longer one may wait for SQLite.
    fn rest(self) -> Duration {
        match self {
            Self::Until(deadline) => deadline.saturating_duration_since(Instant::now() + RESERVE),
            Self::Long => LONG_WAIT,
        }
    }
}

#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(r2d2::Pool<PostgresManager>),
}

impl Pool {
    pub(super) fn open(url: &DatabaseUrl, size: u32, wait: Duration) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                prepare_sqlite_file(path)?;
                Ok(Self::Sqlite(SqlitePool::open(path, size, wait)?))
            }
            DatabaseUrl::Postgres(url) => {
                let manager = PostgresManager::to(with_time_limits(url.expose()));
                Ok(Self::Postgres(build(manager, size, wait, true)))
            }
        }
    }

    /// How many connections there are, and how many of them nobody uses.
    pub(super) fn connections(&self) -> (usize, usize) {
        let state = match self {
            Self::Sqlite(pool) => pool.state(),
            Self::Postgres(pool) => pool.state(),
        };
        (state.connections as usize, state.idle_connections as usize)
    }

    pub(super) fn with_connection<T>(
        &self,
        patience: Patience,
        work: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(pool) => pool.with_connection(patience, work),
            Self::Postgres(pool) => {
                let mut line = get(pool, patience, SHORT_WAIT)?;
                if patience == Patience::Long {
                    line.batch_execute(POSTGRES_COMMAND)?;
                }
                let result = work(&mut DbConnection::Postgres(Lent::new(&mut **line, patience.deadline())));
                if patience == Patience::Long {
                    // It fails only on a connection that nobody will be given again.
                    let _ = line.batch_execute(POSTGRES_REQUEST);
                }
                if matches!(result, Err(StoreError::Unavailable(_))) {
                    line.doubt();
                }
                result
            }
        }
    }
}

/// Connections to the file that the path leads to: others as soon as it leads to another.
#[derive(Clone)]
pub(super) struct SqlitePool(Arc<SqliteFile>);

struct SqliteFile {
    path: PathBuf,
    size: u32,
    wait: Duration,
    open: Mutex<Open>,
}

#[derive(Clone)]
struct Open {
    file: FileIdentity,
    connections: r2d2::Pool<ConnectionManager<SqliteConnection>>,
}

impl SqlitePool {
    fn open(path: &Path, size: u32, wait: Duration) -> Result<Self, StoreError> {
        let open = Mutex::new(open(path, size, wait)?);
        Ok(Self(Arc::new(SqliteFile { path: path.to_owned(), size, wait, open })))
    }

    fn state(&self) -> r2d2::State {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).connections.state()
    }

    fn with_connection<T>(
        &self,
        patience: Patience,
        work: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let open = self.current()?;
        let mut connection = get(&open.connections, patience, patience.rest())?;
        let wait = patience.rest();
        connection.batch_execute(&format!("PRAGMA busy_timeout = {}", wait.as_millis()))?;
        let result = work(&mut DbConnection::Sqlite(Lent::new(&mut *connection, patience.deadline())));
        match result {
            Ok(_) if !open.file.is_at(&self.0.path) => {
                let path = self.0.path.display();
                Err(StoreError::Unavailable(format!("{path} leads to another file than a moment ago")))
            }
            // Whatever these connections remember of a file that cannot be read may be wrong once it can be.
            Err(StoreError::Unavailable(_)) => {
                drop(connection);
                self.reopen();
                result
            }
            result => result,
        }
    }

    fn current(&self) -> Result<Open, StoreError> {
        let SqliteFile { path, size, wait, .. } = &*self.0;
        let file = FileIdentity::of(path)?;
        let mut known = self.lock();
        if known.file != file {
            log::warn!("{} leads to another file than before, which is opened in its place", path.display());
            *known = open(path, *size, *wait)?;
        }
        Ok(known.clone())
    }

    fn reopen(&self) {
        let mut known = self.lock();
        known.connections = connections(&self.0.path, self.0.size, self.0.wait);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path, size: u32, wait: Duration) -> Result<Open, StoreError> {
    prepare_sqlite_file(path)?;
    Ok(Open { file: FileIdentity::of(path)?, connections: connections(path, size, wait) })
}

fn connections(path: &Path, size: u32, wait: Duration) -> r2d2::Pool<ConnectionManager<SqliteConnection>> {
    build(ConnectionManager::new(path.to_string_lossy()), size, wait, false)
}

/// A connection; an error when a request gets none for as long as `wait`, or when by then nobody waits for what it would do.
fn get<M: ManageConnection>(
    pool: &r2d2::Pool<M>,
    patience: Patience,
    wait: Duration,
) -> Result<r2d2::PooledConnection<M>, StoreError> {
    let connection = match patience {
        Patience::Until(_) => pool.get_timeout(wait.min(pool.connection_timeout())),
        Patience::Long => pool.get(),
    };
    let connection = connection.map_err(no_connection)?;
    match patience {
        Patience::Until(deadline) if Instant::now() >= deadline => {
            Err(StoreError::Busy("the caller has been answered before it was begun".to_owned()))
        }
        _ => Ok(connection),
    }
}

fn build<M>(manager: M, size: u32, wait: Duration, ask_first: bool) -> r2d2::Pool<M>
where
    M: ManageConnection<Error = ConnectionError>,
    M::Connection: Setup,
{
    r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .connection_timeout(wait)
        // A server may have gone away since; a file has not.
        .test_on_check_out(ask_first)
        .connection_customizer(Box::new(SetUp))
        .build_unchecked(manager)
}

/// The URL with limits on how long a server that does not answer is waited for, where it sets none itself.
fn with_time_limits(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "2"), ("tcp_user_timeout", "5000")] {
        if !url.contains(name) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}{name}={value}"));
        }
    }
    url
}

fn no_connection(error: r2d2::Error) -> StoreError {
    // libpq's words come on several lines.
    let why = one_line(&error.to_string());
    match why.strip_prefix("timed out waiting for connection: ") {
        Some(why) => StoreError::Unavailable(why.to_owned()),
        None => StoreError::Busy(why),
    }
}

/// Makes the file if need be, readable by its owner only, and lets readers and a writer work side by side (WAL).
fn prepare_sqlite_file(path: &Path) -> Result<(), StoreError> {
    let unavailable =
        |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("cannot open {}: {error}", path.display()));
    create_private_file(path).map_err(|error| unavailable(&error))?;
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| unavailable(&error))?;
    connection.set_up().map_err(|error| unavailable(&error))?;
    if let Err(error) = connection.batch_execute("PRAGMA journal_mode = WAL") {
        log::warn!("{} stays in its own journal mode: {error}", path.display());
    }
    Ok(())
}

/// A connection of its own to an SQLite database that is there, which waits for other writers as long as it is told to.
pub(super) fn open_sqlite(path: &Path, lock_timeout: Duration) -> Result<SqliteConnection, StoreError> {
    let unavailable = |error| StoreError::Unavailable(format!("cannot open {}: {error}", path.display()));
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(unavailable)?;
    connection.set_up()?;
    connection.batch_execute(&format!("PRAGMA busy_timeout = {}", lock_timeout.as_millis()))?;
    Ok(connection)
}

fn create_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// What a fresh connection is told before its first query.
trait Setup {
    fn set_up(&mut self) -> diesel::QueryResult<()>;
}

impl Setup for SqliteConnection {
    fn set_up(&mut self) -> diesel::QueryResult<()> {
        let busy_timeout = LONG_WAIT.as_millis();
        self.batch_execute(&format!(
            "PRAGMA busy_timeout = {busy_timeout}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; \
             PRAGMA trusted_schema = OFF"
        ))
    }
}

impl Setup for Line {
    fn set_up(&mut self) -> diesel::QueryResult<()> {
        self.batch_execute(POSTGRES_SETUP)?;
        self.batch_execute(POSTGRES_REQUEST)
    }
}

#[derive(Debug)]
struct SetUp;

impl<C: Setup> CustomizeConnection<C, ConnectionError> for SetUp {
    fn on_acquire(&self, connection: &mut C) -> Result<(), ConnectionError> {
        connection.set_up().map_err(ConnectionError::QueryError)
    }
}
