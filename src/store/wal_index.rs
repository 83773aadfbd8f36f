//! Whether an SQLite database has changed, for the price of one small read.
//!
//! In WAL mode every commit, of whichever process, rewrites the header of the WAL index, the `-shm` file beside the database
//! (SQLite's "WAL-mode File Format", section 2.1): a counter, the number of the last frame, two salts and checksums, all of
//! it twice. SQLite itself decides by that header whether what a connection has in its cache is still good.
//!
//! A read of the file sees what SQLite writes to its mapping, since both are the same pages of the system's. It may see a
//! header that is just being written. That does no harm: a header that differs from the one that is remembered, in whatever
//! way, counts as a change, and one whose halves differ is not remembered. And a commit is over only when both halves are
//! written, so that whoever asks after a commit was answered sees one that differs.

use std::path::Path;

/// A header, as it stood at one moment.
pub(super) type Header = [u8; HEADER];

/// The bytes of one of its two copies.
const HEADER: usize = 48;

/// The format that these offsets are of; SQLite would write another number if it changed it.
const VERSION: u32 = 3_007_000;

/// Where the byte stands that says whether there is a header yet.
const IS_INITIALIZED: usize = 12;

/// The index of a database that a connection has open.
#[cfg(unix)]
#[derive(Clone, Copy)]
pub(super) struct WalIndex(&'static std::fs::File);

#[cfg(unix)]
impl WalIndex {
    /// The index of the database at `path`. The caller holds a connection that has read from it, and asks no more once that
    /// is closed: until then SQLite leaves the file where it is. `None` when there is no such file to read.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let mut index = path.canonicalize().ok()?.into_os_string();
        index.push("-shm");
        opened::get(Path::new(&index)).map(Self)
    }

    /// The header of this moment; `None` while it is being written, or is of a format that is not known here.
    pub(super) fn header(self) -> Option<Header> {
        use std::os::unix::fs::FileExt;
        let mut halves = [0; 2 * HEADER];
        self.0.read_exact_at(&mut halves, 0).ok()?;
        let (first, second) = halves.split_first_chunk::<HEADER>()?;
        let version = u32::from_ne_bytes(*first.first_chunk()?);
        let is_whole = first == second && version == VERSION && first.get(IS_INITIALIZED) == Some(&1);
        is_whole.then_some(*first)
    }
}

/// Without a way to read at a position, nothing is known.
#[cfg(not(unix))]
#[derive(Clone, Copy)]
pub(super) struct WalIndex;

#[cfg(not(unix))]
impl WalIndex {
    pub(super) fn of(_: &Path) -> Option<Self> {
        None
    }

    pub(super) fn header(self) -> Option<Header> {
        None
    }
}

/// The files that are open. None is ever closed: POSIX drops every lock that a process holds on a file, SQLite's among
/// them, when the process closes any of its descriptors.
#[cfg(unix)]
mod opened {
    use std::collections::HashMap;
    use std::fs::File;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::sync::{LazyLock, Mutex, PoisonError};

    /// By device and inode.
    static FILES: LazyLock<Mutex<HashMap<(u64, u64), &'static File>>> = LazyLock::new(Mutex::default);

    pub(super) fn get(path: &Path) -> Option<&'static File> {
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let named = path.metadata().ok()?;
        if let Some(file) = files.get(&(named.dev(), named.ino())) {
            return Some(file);
        }
        let file: &'static File = Box::leak(Box::new(File::open(path).ok()?));
        // The name may have come to mean another file since it was asked about.
        let opened = file.metadata().ok()?;
        Some(*files.entry((opened.dev(), opened.ino())).or_insert(file))
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
    use std::thread;

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::Integer;

    use super::WalIndex;

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        n: i32,
    }

    fn open(path: &Path) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL").unwrap();
        connection
    }

    fn read(connection: &mut SqliteConnection) -> i32 {
        diesel::sql_query("SELECT n FROM counter").get_result::<Row>(connection).unwrap().n
    }

    /// A database with a counter at 0, in a folder that goes away with it.
    struct Counter(PathBuf);

    impl Counter {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("hallpass-wal-{}-{name}", std::process::id()));
            std::fs::create_dir(&folder).unwrap();
            let counter = Self(folder);
            let create = "CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0)";
            open(&counter.path()).batch_execute(create).unwrap();
            counter
        }

        fn path(&self) -> PathBuf {
            self.0.join("counter.sqlite3")
        }
    }

    impl Drop for Counter {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn every_commit_of_another_connection_changes_the_header_and_a_read_does_not() {
        let counter = Counter::new("commits");
        let path = counter.path();
        let (mut reader, mut writer) = (open(&path), open(&path));
        read(&mut reader);
        let index = WalIndex::of(&path).unwrap();
        let mut seen = HashSet::from([index.header().unwrap()]);

        for _ in 0..3000 {
            writer.batch_execute("UPDATE counter SET n = n + 1").unwrap();
            assert!(seen.insert(index.header().unwrap()), "a commit left the header as it was");
            assert!(!seen.insert(index.header().unwrap()));
            read(&mut reader);
            assert!(!seen.insert(index.header().unwrap()), "a read changed the header");
        }
        // The WAL begins anew.
        writer.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); UPDATE counter SET n = n + 1").unwrap();
        assert!(seen.insert(index.header().unwrap()));
    }

    #[test]
    fn what_is_remembered_under_an_unchanged_header_is_never_older_than_an_answered_commit() {
        let counter = Counter::new("answers");
        let path = counter.path();
        let (answered, over) = (AtomicI32::new(0), AtomicBool::new(false));
        let reuses: usize = thread::scope(|threads| {
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    threads.spawn(|| {
                        let mut connection = open(&path);
                        let (mut known, mut reuses) = (None, 0);
                        read(&mut connection);
                        let index = WalIndex::of(&path).unwrap();
                        while !over.load(Ordering::SeqCst) {
                            let least = answered.load(Ordering::SeqCst);
                            let header = index.header();
                            let n = match known {
                                Some((remembered, n)) if header == Some(remembered) => {
                                    reuses += 1;
                                    n
                                }
                                _ => {
                                    let n = read(&mut connection);
                                    known = header.map(|header| (header, n));
                                    n
                                }
                            };
                            assert!(n >= least, "remembered {n} after {least} was answered");
                        }
                        reuses
                    })
                })
                .collect();
            let mut writer = open(&path);
            writer.batch_execute("PRAGMA synchronous = OFF").unwrap();
            for n in 1..=20_000 {
                writer.batch_execute("UPDATE counter SET n = n + 1").unwrap();
                answered.store(n, Ordering::SeqCst);
            }
            over.store(true, Ordering::SeqCst);
            readers.into_iter().map(|reader| reader.join().unwrap()).sum()
        });

        assert!(reuses > 0, "nothing was ever remembered");
    }
}
