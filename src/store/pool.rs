//! The pool of connections, and how each one is set up.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as ConnectionError, R2D2Connection};
use diesel::{Connection, PgConnection, SqliteConnection};

use super::{DbConnection, StoreError};
use crate::settings::{DatabaseUrl, one_line};

/// How long SQLite waits for another writer before it says that the database is locked.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What every PostgreSQL connection is told first: no statement and no lock may hold a request for longer than its
/// caller will wait, and an answered write is on the disk.
const POSTGRES_SETUP: &str = "SET TIME ZONE 'UTC'; SET statement_timeout = '5s'; SET lock_timeout = '3s'; \
     SET idle_in_transaction_session_timeout = '10s'; SET synchronous_commit = on";

#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(r2d2::Pool<ConnectionManager<SqliteConnection>>),
    Postgres(r2d2::Pool<ConnectionManager<PgConnection>>),
}

impl Pool {
    pub(super) fn open(url: &DatabaseUrl, size: u32, wait: Duration) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                prepare_sqlite_file(path)?;
                let manager = ConnectionManager::new(path.to_string_lossy());
                Ok(Self::Sqlite(build(manager, size, wait, false)))
            }
            DatabaseUrl::Postgres(url) => {
                let manager = ConnectionManager::new(with_time_limits(url.expose()));
                Ok(Self::Postgres(build(manager, size, wait, true)))
            }
        }
    }

    pub(super) fn with_connection<T>(
        &self,
        work: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(pool) => {
                let mut connection = pool.get().map_err(no_connection)?;
                work(&mut DbConnection::Sqlite(&mut connection))
            }
            Self::Postgres(pool) => {
                let mut connection = pool.get().map_err(no_connection)?;
                work(&mut DbConnection::Postgres(&mut connection))
            }
        }
    }
}

fn build<C>(
    manager: ConnectionManager<C>,
    size: u32,
    wait: Duration,
    ask_first: bool,
) -> r2d2::Pool<ConnectionManager<C>>
where
    C: R2D2Connection + Setup + 'static,
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

/// A connection of its own to an SQLite database, which waits for other writers as long as it is told to.
pub(super) fn open_sqlite(path: &Path, lock_timeout: Duration) -> Result<SqliteConnection, StoreError> {
    let unavailable =
        |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("cannot open {}: {error}", path.display()));
    if !path.exists() {
        // SQLite would make an empty one.
        return Err(unavailable(&"it is not there"));
    }
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| unavailable(&error))?;
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
        let busy_timeout = SQLITE_BUSY_TIMEOUT.as_millis();
        self.batch_execute(&format!(
            "PRAGMA busy_timeout = {busy_timeout}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; \
             PRAGMA trusted_schema = OFF"
        ))
    }
}

impl Setup for PgConnection {
    fn set_up(&mut self) -> diesel::QueryResult<()> {
        self.batch_execute(POSTGRES_SETUP)
    }
}

#[derive(Debug)]
struct SetUp;

impl<C: Setup> CustomizeConnection<C, ConnectionError> for SetUp {
    fn on_acquire(&self, connection: &mut C) -> Result<(), ConnectionError> {
        connection.set_up().map_err(ConnectionError::QueryError)
    }
}
