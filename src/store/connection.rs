//! One connection to either database, and the macro that writes a query once for both.

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
    Sqlite(&'c mut SqliteConnection),
    /// A PostgreSQL server.
    Postgres(&'c mut PgConnection),
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
    /// What `work` gives, after a rollback; or why the transaction could not begin or commit.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(inner) => inner.immediate_transaction(|inner| work(&mut DbConnection::Sqlite(inner))),
            Self::Postgres(inner) => inner.transaction(|inner| work(&mut DbConnection::Postgres(inner))),
        }
    }

    /// Runs statements that take no values and give no rows.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(on_each!(self, |connection| connection.batch_execute(sql))?)
    }
}
