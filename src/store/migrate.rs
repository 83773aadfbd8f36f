//! Bringing a database to the tables that this version works on.
//!
//! There is one migration for each of Django's applications whose tables we share. Where Django made those tables
//! already, the migration is *adopted*: noted as done and not run, so that nothing of Django's changes. Where it runs,
//! it also leaves Django's own record of it in `django_migrations`.

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::on_each;
use super::{DbConnection, Store, StoreError};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What diesel calls its record of what was applied.
const RECORD: &str = "__diesel_schema_migrations";

/// Any number will do, as long as every hallpass takes the same: only one of them migrates at a time.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(7205759403792794)";

/// A migration that is not recorded as done in this database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The migration's folder name.
    pub name: String,
    /// Whether its tables are there already, made by Django.
    pub adopted: bool,
}

/// The tables that a migration makes, by the end of its name.
fn tables_of(migration: &str) -> &'static [&'static str] {
    match migration.split_once("_create_").map_or("", |(_, application)| application) {
        "contenttypes" => &["django_content_type"],
        "auth" => &[
            "auth_permission",
            "auth_group",
            "auth_group_permissions",
            "auth_user",
            "auth_user_groups",
            "auth_user_user_permissions",
        ],
        "authtoken" => &["authtoken_token"],
        "token_blacklist" => &["token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken"],
        _ => &[],
    }
}

impl Store {
    /// Applies or adopts what is pending, all of it or none, and gives what was done in its order.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when only some of an application's tables are there.
    pub fn migrate(&self) -> Result<Vec<Pending>, StoreError> {
        self.run_blocking(|connection| {
            connection.write(|transaction| {
                if matches!(transaction, DbConnection::Postgres(_)) {
                    // Waiting for another node to finish may take longer than a request would wait.
                    transaction.batch("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")?;
                    transaction.batch(POSTGRES_LOCK)?;
                }
                let pending = pending(transaction)?;
                for migration in &pending {
                    apply(transaction, migration)?;
                }
                Ok(pending)
            })
        })
    }

    /// What [`Store::migrate`] would do.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    pub fn pending_migrations(&self) -> Result<Vec<Pending>, StoreError> {
        self.run_blocking(pending)
    }
}

/// Refuses a database that lacks tables of this version.
pub(super) fn require_current(connection: &mut DbConnection<'_>) -> Result<(), StoreError> {
    match pending(connection)?.iter().find(|migration| !migration.adopted) {
        Some(missing) => Err(StoreError::Schema(format!("{} is pending; run `hallpass migrate`", missing.name))),
        None => Ok(()),
    }
}

fn pending(connection: &mut DbConnection<'_>) -> Result<Vec<Pending>, StoreError> {
    let done = recorded_versions(connection)?;
    let mut pending = Vec::new();
    for (name, version) in known(connection)? {
        if !done.contains(&version) {
            let adopted = is_there_already(connection, &name)?;
            pending.push(Pending { name, adopted });
        }
    }
    Ok(pending)
}

/// Every migration of this version, by name and by version, in order.
fn known(connection: &DbConnection<'_>) -> Result<Vec<(String, String)>, StoreError> {
    fn names<DB: diesel::backend::Backend>(
        source: EmbeddedMigrations,
    ) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
        let migrations: Vec<Box<dyn Migration<DB>>> = source.migrations()?;
        Ok(migrations.iter().map(|m| (m.name().to_string(), m.name().version().to_string())).collect())
    }
    let mut known = match connection {
        DbConnection::Sqlite(_) => names::<diesel::sqlite::Sqlite>(SQLITE),
        DbConnection::Postgres(_) => names::<diesel::pg::Pg>(POSTGRES),
    }
    .map_err(|error| StoreError::Schema(error.to_string()))?;
    known.sort();
    Ok(known)
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

fn recorded_versions(connection: &mut DbConnection<'_>) -> Result<Vec<String>, StoreError> {
    if !has_table(connection, RECORD)? {
        return Ok(Vec::new());
    }
    let query = diesel::sql_query(format!("SELECT version FROM {RECORD}"));
    let rows: Vec<Version> = on_each!(connection, |c| query.load(c))?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn is_there_already(connection: &mut DbConnection<'_>, migration: &str) -> Result<bool, StoreError> {
    let tables = tables_of(migration);
    let mut missing = Vec::new();
    for table in tables {
        if !has_table(connection, table)? {
            missing.push(*table);
        }
    }
    match missing.len() {
        0 => Ok(!tables.is_empty()),
        some if some == tables.len() => Ok(false),
        _ => Err(StoreError::Schema(format!(
            "this database has some of Django's tables but not {}: a custom user model is not supported",
            missing.join(", ")
        ))),
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

pub(super) fn has_table(connection: &mut DbConnection<'_>, table: &str) -> Result<bool, StoreError> {
    let sql = match connection {
        DbConnection::Sqlite(_) => "SELECT count(*) AS count FROM sqlite_master WHERE type = 'table' AND name = ?",
        DbConnection::Postgres(_) => "SELECT count(to_regclass($1)) AS count",
    };
    let query = diesel::sql_query(sql).bind::<Text, _>(table);
    let row: Count = on_each!(connection, |c| query.get_result(c))?;
    Ok(row.count == 1)
}

fn apply(connection: &mut DbConnection<'_>, migration: &Pending) -> Result<(), StoreError> {
    match connection {
        DbConnection::Sqlite(inner) => apply_on(&mut **inner, SQLITE, migration),
        DbConnection::Postgres(inner) => apply_on(&mut **inner, POSTGRES, migration),
    }
}

fn apply_on<C>(connection: &mut C, source: EmbeddedMigrations, pending: &Pending) -> Result<(), StoreError>
where
    C: Connection + MigrationHarness<<C as Connection>::Backend>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::Schema(format!("{} failed: {error}", pending.name))
    };
    // Asking diesel makes its record if need be.
    let migrations = connection.pending_migrations(source).map_err(failed)?;
    let Some(migration) = migrations.iter().find(|migration| migration.name().to_string() == pending.name) else {
        return Ok(());
    };
    if pending.adopted {
        let version = migration.name().version().to_string();
        connection.batch_execute(&format!("INSERT INTO {RECORD} (version) VALUES ('{version}')"))?;
    } else {
        connection.run_migration(migration).map_err(failed)?;
    }
    Ok(())
}
