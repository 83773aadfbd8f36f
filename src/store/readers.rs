//! The short road to the rows: on SQLite a connection for each thread, on which a worker reads by itself, and what it read
//! before as long as nothing has changed.
//!
//! In WAL mode a reader waits for nobody, and a lookup by an index takes a few microseconds: less than handing it to another
//! thread. Whatever would take longer goes by [`Store::run`](super::Store::run).

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use thread_local::ThreadLocal;

use super::file_identity::FileIdentity;
use super::known::{Known, Since};
use super::wal_index::{Header, WalIndex};
use super::{DbConnection, Lent, StoreError};

/// A reader that is kept waiting at all is not in WAL mode: it gives up at once and takes the long road.
const PATIENCE: Duration = Duration::ZERO;

/// How many KiB of pages a reader keeps: the upper parts of its indexes. What is asked for often is remembered as a row, and with
/// four times as much a lookup that is not took 0.97 of the time.
const PAGES: u32 = 512;

/// How often a reader looks whether the path leads to another file by now.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A reader for each thread that asks for one, made when it first does.
#[derive(Clone)]
pub(super) struct Readers(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// How many bytes of rows a thread may remember.
    memory: usize,
    threads: ThreadLocal<RefCell<Option<Reader>>>,
    lookups: ThreadLocal<Lookups>,
}

/// How the lookups of one thread went. Nobody else writes it, so that no two wait for each other.
#[derive(Default)]
struct Lookups {
    hits: AtomicU64,
    misses: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// What one thread reads with.
struct Reader {
    connection: SqliteConnection,
    /// Which file it has open, and since when that is known to be the one that the path leads to.
    file: FileIdentity,
    looked_at: Instant,
    known: Known,
    /// Only in WAL mode, and once something was read.
    index: Option<WalIndex>,
    /// The index's header that what is known now was read under.
    seen: Option<Header>,
    /// How often the header was another one than before.
    changes: u64,
}

impl Readers {
    pub(super) fn of(path: &Path, memory: usize) -> Self {
        let (threads, lookups) = (ThreadLocal::new(), ThreadLocal::new());
        Self(Arc::new(Inner { path: path.to_owned(), memory, threads, lookups }))
    }

    /// How many lookups found their row remembered, and how many read it.
    pub(super) fn lookups(&self) -> (u64, u64) {
        let sum = |(hits, misses): (u64, u64), of: &Lookups| {
            (hits + of.hits.load(Ordering::Relaxed), misses + of.misses.load(Ordering::Relaxed))
        };
        self.0.lookups.iter().fold((0, 0), sum)
    }

    /// What `recall` knows, or else what `read` finds on this thread's connection and `note` keeps; `None` when that cannot
    /// be done at once, whatever the reason is.
    ///
    /// The database is asked first whether it has changed and read after that, so that what is noted is never older than
    /// the moment it is noted for.
    pub(super) fn try_read<T>(
        &self,
        recall: impl FnOnce(&mut Known, Since) -> Option<T>,
        read: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>,
        note: impl FnOnce(&mut Known, &T, Since),
    ) -> Option<T> {
        let cell = self.0.threads.get_or_default();
        let mut slot = cell.try_borrow_mut().ok()?;
        let path = &self.0.path;
        if slot.as_mut().is_none_or(|reader| !reader.is_of(path)) {
            *slot = Reader::open(path, self.0.memory).ok();
        }
        let reader = slot.as_mut()?;
        let since = reader.since();
        if let Some(since) = since
            && let Some(value) = recall(&mut reader.known, since)
        {
            count(&self.0.lookups.get_or_default().hits);
            return Some(value);
        }
        count(&self.0.lookups.get_or_default().misses);
        match read(&mut DbConnection::Sqlite(Lent::new(&mut reader.connection, None))) {
            Ok(value) => {
                match since {
                    Some(since) => note(&mut reader.known, &value, since),
                    None => reader.watch(path),
                }
                Some(value)
            }
            Err(_) => {
                // The long road says what is wrong, and the next request opens the file anew.
                *slot = None;
                None
            }
        }
    }
}

impl Reader {
    fn open(path: &Path, memory: usize) -> Result<Self, StoreError> {
        let (file, looked_at) = (FileIdentity::of(path)?, Instant::now());
        let unavailable = |error: diesel::ConnectionError| StoreError::Unavailable(error.to_string());
        let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(unavailable)?;
        let patience = PATIENCE.as_millis();
        connection.batch_execute(&format!(
            "PRAGMA busy_timeout = {patience}; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; \
             PRAGMA cache_size = -{PAGES}"
        ))?;
        let known = Known::within(memory);
        Ok(Self { connection, file, looked_at, known, index: None, seen: None, changes: 0 })
    }

    /// Whether the path still leads to the file that is open here, as far as it was looked at lately.
    fn is_of(&mut self, path: &Path) -> bool {
        let now = Instant::now();
        if now.duration_since(self.looked_at) < LOOK_EVERY {
            return true;
        }
        self.looked_at = now;
        self.file.is_at(path)
    }

    /// Begins to watch the index, which is there once the connection has read.
    fn watch(&mut self, path: &Path) {
        if self.index.is_none() {
            self.index = WalIndex::of(path);
        }
    }

    /// The present, to compare with when a row was read; `None` when nothing can be said of it.
    fn since(&mut self) -> Option<Since> {
        let header = self.index?.header()?;
        if self.seen != Some(header) {
            self.seen = Some(header);
            self.changes += 1;
        }
        Some(Since(self.changes, 0))
    }
}
