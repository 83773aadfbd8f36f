//! Whether what the database has committed outlives a power cut.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{DbConnection, Store, StoreError};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Store {
    /// Settings of the server that let a power cut take what was committed, a sentence each. Those that belong to a
    /// connection are not among them: every connection from here sets its own.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub fn durability_warnings(&self) -> Result<Vec<String>, StoreError> {
        self.run_blocking(|connection| {
            let DbConnection::Postgres(connection) = connection else { return Ok(Vec::new()) };
            let query = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";
            let rows: Vec<Setting> = diesel::sql_query(query).load(&mut **connection)?;
            let sentence = |row: Setting| {
                format!("PostgreSQL runs with {} = off: a power cut may take what was answered", row.name)
            };
            Ok(rows.into_iter().map(sentence).collect())
        })
    }
}
