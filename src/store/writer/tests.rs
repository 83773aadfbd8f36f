use std::path::PathBuf;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use futures_util::future::{join, join_all, join3};

use super::{LONGEST_QUEUE, LONGEST_WAIT, Writer};
use crate::store::wal_index::WalIndex;
use crate::store::{DbConnection, StoreError};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A database with an empty list of names, in a folder that goes away with it.
struct Names(PathBuf);

impl Names {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("hallpass-writer-{}-{name}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let names = Self(folder);
        let create = "PRAGMA journal_mode = WAL; CREATE TABLE names (name TEXT UNIQUE)";
        names.open().batch_execute(create).unwrap();
        names
    }

    fn path(&self) -> PathBuf {
        self.0.join("names.sqlite3")
    }

    fn open(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(self.path().to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
        connection
    }

    fn all(&self) -> Vec<String> {
        let rows: Vec<Row> = diesel::sql_query("SELECT name FROM names ORDER BY name").load(&mut self.open()).unwrap();
        rows.into_iter().map(|row| row.name).collect()
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn add(name: &str) -> impl FnOnce(&mut DbConnection<'_>) -> Result<(), StoreError> + Send + 'static {
    let sql = format!("INSERT INTO names VALUES ('{name}')");
    move |transaction| transaction.batch(&sql)
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// How many commits `work` makes while a reader looks on: the third word of the WAL index counts them.
fn commits(names: &Names, work: impl FnOnce()) -> u32 {
    let mut reader = names.open();
    let look = |reader: &mut SqliteConnection| {
        diesel::sql_query("SELECT name FROM names").load::<Row>(reader).unwrap();
        let header = WalIndex::of(&names.path()).unwrap().header().unwrap();
        u32::from_ne_bytes(*header[8..].first_chunk().unwrap())
    };
    let before = look(&mut reader);
    work();
    look(&mut reader) - before
}

/// Has `count` pieces wait for a lock that somebody else holds, and then lets them go.
fn at_once(names: &Names, writer: &Writer, count: usize) -> u32 {
    commits(names, || {
        let mut other = names.open();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let pieces = (0..count).map(|number| {
            let writer = writer.clone();
            async move { writer.write(add(&format!("{number:03}"))).await }
        });
        let release = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            other.batch_execute("ROLLBACK").unwrap();
            Ok(())
        };
        let all = run(async { join(join_all(pieces), release).await });
        assert!(all.0.into_iter().all(|written| written.is_ok()));
        let released: Result<(), StoreError> = all.1;
        assert!(released.is_ok());
    })
}

#[test]
fn what_waits_at_the_same_time_shares_a_commit() {
    let names = Names::new("shared");

    assert_eq!(at_once(&names, &Writer::of(&names.path(), 256), 100), 1);

    assert_eq!(names.all().len(), 100);
}

#[test]
fn a_commit_takes_no_more_than_it_may() {
    let names = Names::new("limited");

    assert_eq!(at_once(&names, &Writer::of(&names.path(), 1), 20), 20);

    assert_eq!(names.all().len(), 20);
}

#[test]
fn what_fails_takes_nothing_else_along_and_leaves_nothing_behind() {
    let names = Names::new("failing");
    let writer = Writer::of(&names.path(), 256);
    let half = |transaction: &mut DbConnection<'_>| {
        add("half")(transaction)?;
        add("a")(transaction)
    };

    let (first, second, third) = run(join3(writer.write(add("a")), writer.write(half), writer.write(add("b"))));

    assert!(first.is_ok() && third.is_ok());
    assert!(matches!(second, Err(StoreError::Exists(_))), "{second:?}");
    assert_eq!(names.all(), ["a", "b"]);
}

#[test]
fn a_panic_fails_its_batch_and_the_next_one_is_written() {
    let names = Names::new("panic");
    let writer = Writer::of(&names.path(), 256);

    let panicked: Result<(), StoreError> = run(writer.write(|_| panic!("on purpose")));
    let written = run(writer.write(add("a")));

    assert!(matches!(panicked, Err(StoreError::Interrupted)), "{panicked:?}");
    assert!(written.is_ok());
    assert_eq!(names.all(), ["a"]);
}

#[test]
fn who_cannot_be_served_in_time_is_told_so_and_nothing_is_written_for_them_later() {
    let names = Names::new("locked");
    let writer = Writer::of(&names.path(), 256);
    let mut other = names.open();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();

    let late = run(writer.write(add("late")));
    let waited = started.elapsed();
    other.batch_execute("ROLLBACK").unwrap();
    let next = run(writer.write(add("next")));

    assert!(matches!(late, Err(StoreError::Busy(_))), "{late:?}");
    assert!(waited < LONGEST_WAIT + Duration::from_millis(500), "{waited:?}");
    assert!(next.is_ok());
    assert_eq!(names.all(), ["next"]);
}

#[test]
fn a_queue_that_is_full_refuses_at_once() {
    let names = Names::new("full");
    let writer = Writer::of(&names.path(), 256);
    let mut other = names.open();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    let waiting: Vec<_> = (0..LONGEST_QUEUE).map(|_| writer.leave(|_| Ok(())).unwrap()).collect();
    let refused = writer.leave(|_| Ok(()));
    other.batch_execute("ROLLBACK").unwrap();

    assert!(matches!(refused, Err(StoreError::Busy(_))));
    drop(waiting);
}
