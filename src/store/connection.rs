//! One connection to either database, and the macro that writes a query once for both.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

use super::StoreError;

/// A borrowed connection to whichever database the settings chose.
///
/// diesel's own `MultiConnection` refuses `on_conflict` and types of one's own; this enum with the macro `on_each!` compiles
/// every query for both databases instead, so that each keeps all that diesel can do with it.
#[non_exhaustive]
pub enum DbConnection<'c> {
    /// An SQLite database, opened from a file.
    Sqlite(Lent<'c, SqliteConnection>),
    /// A PostgreSQL server.
    Postgres(Lent<'c, PgConnection>),
}

/// A connection, and until when somebody waits for what is done on it.
pub struct Lent<'c, C> {
    connection: &'c mut C,
    deadline: Option<Instant>,
}

impl<'c, C: Connection> Lent<'c, C> {
    pub(super) fn new(connection: &'c mut C, deadline: Option<Instant>) -> Self {
        Self { connection, deadline }
    }
}

impl<C> Deref for Lent<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection
    }
}

impl<C> DerefMut for Lent<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection
    }
}

/// Runs `$query` with `$connection` bound to the concrete connection of either database.
macro_rules! on_each {
    ($connection:expr, |$concrete:ident| $query:expr) => {
        match $connection {
            $crate::store::DbConnection::Sqlite(inner) => {
                let $concrete: &mut diesel::SqliteConnection = &mut **inner;
                $query
            }
            $crate::store::DbConnection::Postgres(inner) => {
                let $concrete: &mut diesel::PgConnection = &mut **inner;
                $query
            }
        }
    };
}
pub(super) use on_each;

impl DbConnection<'_> {
    /// Runs `work` in a transaction that may write: all of it happens, or none.
    ///
    /// On SQLite it begins `IMMEDIATE`: a transaction that reads first and writes later would fail at once, without
    /// waiting, when another writer came between.
    ///
    /// # Errors
    /// What `work` gives, after a rollback; or why the transaction could not begin or commit. [`StoreError::Busy`], after a
    /// rollback too, when by then nobody waits for it any more.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(Lent { connection, deadline }) => connection.immediate_transaction(|inner| {
                let done = work(&mut DbConnection::Sqlite(Lent::new(inner, *deadline)))?;
                still_wanted(*deadline, done)
            }),
            Self::Postgres(Lent { connection, deadline }) => connection.transaction(|inner| {
                let done = work(&mut DbConnection::Postgres(Lent::new(inner, *deadline)))?;
                still_wanted(*deadline, done)
            }),
        }
    }

    /// Runs statements that take no values and give no rows.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(on_each!(self, |connection| connection.batch_execute(sql))?)
    }
}

/// Keeps a change from being committed whose client is about to be answered that it could not be made.
fn still_wanted<T>(deadline: Option<Instant>, done: T) -> Result<T, StoreError> {
    match deadline {
        Some(deadline) if Instant::now() >= deadline => {
            Err(StoreError::Busy("it took too long to be committed".to_owned()))
        }
        _ => Ok(done),
    }
}
