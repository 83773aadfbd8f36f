//! What deleted and replaced rows leave behind in a database's files.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::{DbConnection, Store, StoreError};

/// Where a replaced row may still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remains {
    /// Nowhere in the database's files.
    Nowhere,
    /// In the log of changes, which somebody was using just then.
    Log,
    /// In the server's files, until it writes over them.
    Server,
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

impl Store {
    /// Writes an SQLite file anew without what was deleted, and empties its log of changes. Others read meanwhile, and wait
    /// to write. On PostgreSQL that is the administrator's business: it would keep everybody from the tables.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when others do not stop to write; [`StoreError::Unavailable`] when there is no room for it.
    pub fn erase_remains(&self) -> Result<Remains, StoreError> {
        self.run_blocking(|connection| {
            let DbConnection::Sqlite(connection) = connection else { return Ok(Remains::Server) };
            connection.batch_execute("VACUUM")?;
            let checkpoint: Checkpoint =
                diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(&mut **connection)?;
            Ok(if checkpoint.busy == 0 { Remains::Nowhere } else { Remains::Log })
        })
    }
}
