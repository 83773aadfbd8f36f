//! The short road to the rows: on SQLite a connection for each thread, on which a worker reads by itself.
//!
//! In WAL mode a reader waits for nobody, and a lookup by an index takes a few microseconds: less than handing it to another
//! thread. Whatever would take longer goes by [`Store::run`](super::Store::run).

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use thread_local::ThreadLocal;

use super::file_identity::FileIdentity;
use super::{DbConnection, Lent, StoreError};

/// A reader that is kept waiting at all is not in WAL mode: it gives up at once and takes the long road.
const PATIENCE: Duration = Duration::ZERO;

/// A connection for each thread that asks for one, opened when it first does.
#[derive(Clone)]
pub(super) struct Readers(Arc<Inner>);

struct Inner {
    path: PathBuf,
    connections: ThreadLocal<RefCell<Option<(FileIdentity, SqliteConnection)>>>,
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        Self(Arc::new(Inner { path: path.to_owned(), connections: ThreadLocal::new() }))
    }

    /// Runs `read` on this thread's connection; `None` when that cannot be done at once, whatever the reason is.
    pub(super) fn try_read<T>(&self, read: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>) -> Option<T> {
        let cell = self.0.connections.get_or_default();
        let mut slot = cell.try_borrow_mut().ok()?;
        let path = &self.0.path;
        if slot.is_none() {
            *slot = FileIdentity::of(path).ok().and_then(|file| Some((file, open(path).ok()?)));
        }
        let (file, connection) = slot.as_mut()?;
        match read(&mut DbConnection::Sqlite(Lent::new(connection, None))) {
            Ok(value) if file.is_at(path) => Some(value),
            _ => {
                // The long road says what is wrong, and the next request opens the file anew.
                *slot = None;
                None
            }
        }
    }
}

fn open(path: &Path) -> diesel::ConnectionResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
    let patience = PATIENCE.as_millis();
    connection
        .batch_execute(&format!(
            "PRAGMA busy_timeout = {patience}; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF"
        ))
        .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}
