//! A database for one test: a temporary SQLite file, or a new database on the PostgreSQL server of the test run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::cluster::Cluster;

/// The server on which tests may create databases.
pub const POSTGRES_URL: &str = "HALLPASS_TEST_POSTGRES_URL";

/// The key of `tests/conformance/profiles.json`, so that the tokens recorded there are good here.
pub const SECRET_KEY: &str = "wq7b4m-k2x!9r(t0z@h5v^n8c&j3y_p6d*s1g=l+fu#eao$i)T";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database with this version's tables, removed when dropped.
pub struct TestDatabase {
    kind: Kind,
    url: String,
    /// Where the database was created; only on PostgreSQL.
    server: String,
    name: String,
    folder: PathBuf,
}

impl Kind {
    /// SQLite, and PostgreSQL where the test run has a server.
    pub fn available() -> Vec<Self> {
        match std::env::var(POSTGRES_URL) {
            Ok(_) => vec![Self::Sqlite, Self::Postgres],
            Err(_) => vec![Self::Sqlite],
        }
    }
}

impl TestDatabase {
    /// A database with the tables of this version.
    pub fn create(kind: Kind) -> Self {
        Self::create_empty(kind).migrated()
    }

    /// The same on a PostgreSQL server of the test's own.
    pub fn create_on(cluster: &Cluster) -> Self {
        Self::create_empty_on(cluster).migrated()
    }

    /// A database without tables on a PostgreSQL server of the test's own.
    pub fn create_empty_on(cluster: &Cluster) -> Self {
        Self::create_empty_at(Kind::Postgres, format!("{}/postgres", cluster.url()))
    }

    fn migrated(self) -> Self {
        let settings = hallpass::settings::Settings::from_toml(&self.settings()).expect("valid settings");
        let store = hallpass::store::Store::open(&settings.database).expect("a database that opens");
        store.migrate().expect("migrations that apply");
        self
    }

    /// Runs `test` with the tables of this version on every kind of database that there is.
    pub fn on_each(test: impl Fn(&Self)) {
        for kind in Kind::available() {
            test(&Self::create(kind));
        }
    }

    /// A database without tables.
    pub fn create_empty(kind: Kind) -> Self {
        Self::create_empty_at(kind, if kind == Kind::Postgres { server_url() } else { String::new() })
    }

    fn create_empty_at(kind: Kind, server: String) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("hallpass_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir(&folder).expect("a temporary folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", folder.join("hallpass.sqlite3").display()),
            Kind::Postgres => {
                let mut admin = PgConnection::establish(&server).expect("the server answers");
                admin.batch_execute(&format!("CREATE DATABASE {name}")).expect("a new database");
                let (base, _) = server.rsplit_once('/').expect("a URL with a database");
                format!("{base}/{name}")
            }
        };
        Self { kind, url, server, name, folder }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Has an SQLite database without tables lie somewhere else.
    pub fn move_to(&mut self, file: &Path) {
        self.url = format!("sqlite://{}", file.display());
    }

    /// A folder for the test's files, removed with the database.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The settings that every test has, as TOML. Few tests are about the limits on guessing; the others log in from one
    /// address as often as they like.
    pub fn settings(&self) -> String {
        format!(
            "secret_key = \"{SECRET_KEY}\"\nserver.bind = \"127.0.0.1:0\"\nserver.workers = 2\ndatabase.url = \"{}\"\n\
             password.bcrypt_cost = {}\nthrottle.login = \"\"\nlockout.failures = 0\n",
            self.url,
            super::BCRYPT_COST
        )
    }

    /// The same with some of them changed: a key here takes the place of the one that every test has.
    pub fn settings_with(&self, changes: &str) -> String {
        let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
        let changed: Vec<String> = changes.lines().map(key).collect();
        let usual = self.settings();
        let kept: Vec<&str> = usual.lines().filter(|line| !changed.contains(&key(line))).collect();
        format!("{}\n{changes}", kept.join("\n"))
    }

    /// Runs SQL as another program would.
    pub fn execute(&self, sql: &str) {
        match self.kind {
            Kind::Sqlite => self.sqlite().batch_execute(sql),
            Kind::Postgres => self.postgres().batch_execute(sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The first column of every row, as text.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            value: String,
        }
        let query = diesel::sql_query(format!("SELECT CAST(value AS text) AS value FROM ({sql}) AS q(value)"));
        let sqlite = diesel::sql_query(format!("WITH q(value) AS ({sql}) SELECT CAST(value AS text) AS value FROM q"));
        let rows: QueryResult<Vec<Row>> = match self.kind {
            Kind::Sqlite => sqlite.load(&mut self.sqlite()),
            Kind::Postgres => query.load(&mut self.postgres()),
        };
        rows.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().map(|row| row.value).collect()
    }

    /// Adds an active user with this encoded password and gives their id.
    pub fn insert_user(&self, username: &str, encoded: &str) -> i32 {
        #[derive(QueryableByName)]
        struct Id {
            #[diesel(sql_type = Integer)]
            id: i32,
        }
        let columns =
            "password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined";
        let values = "false, $2, '', '', '', false, true, '2026-01-02 03:04:05.678901'";
        let query = diesel::sql_query(format!("INSERT INTO auth_user ({columns}) VALUES ($1, {values}) RETURNING id"))
            .bind::<Text, _>(encoded)
            .bind::<Text, _>(username);
        let row: QueryResult<Id> = match self.kind {
            Kind::Sqlite => query.get_result(&mut self.sqlite()),
            Kind::Postgres => query.get_result(&mut self.postgres()),
        };
        row.expect("a new user").id
    }

    /// A connection of the test's own, for many statements; what it writes need not survive a power cut.
    pub fn session(&self) -> Session {
        match self.kind {
            Kind::Sqlite => {
                let mut connection = self.sqlite();
                connection.batch_execute("PRAGMA synchronous = OFF").expect("a setting");
                Session::Sqlite(connection)
            }
            Kind::Postgres => Session::Postgres(self.postgres()),
        }
    }

    fn sqlite(&self) -> SqliteConnection {
        let path = self.url.strip_prefix("sqlite://").expect("an SQLite URL");
        let mut connection = SqliteConnection::establish(path).expect("the file opens");
        connection.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON").expect("settings");
        connection
    }

    fn postgres(&self) -> PgConnection {
        PgConnection::establish(&self.url).expect("the server answers")
    }
}

/// A connection to either database.
pub enum Session {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Session {
    pub fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(sql),
            Self::Postgres(connection) => connection.batch_execute(sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A server of the test's own may be gone already, and takes its databases along.
        if self.kind == Kind::Postgres
            && let Ok(mut admin) = PgConnection::establish(&self.server)
        {
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn server_url() -> String {
    std::env::var(POSTGRES_URL).expect("a PostgreSQL server for tests")
}
