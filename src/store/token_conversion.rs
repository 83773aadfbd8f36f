//! Bringing every token to one form while the service goes on, and knowing whether they are.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::connection::on_each;
use super::schema::authtoken_token;
use super::sealed_tokens::{self, Settled, Written};
use super::token_vault::TokenVault;
use super::{DbConnection, Store, StoreError, tokens};
use crate::settings::TokenStorage;

/// What was done with some users' tokens.
#[derive(Debug)]
#[non_exhaustive]
pub struct Converted {
    /// How many users' tokens were looked at.
    pub seen: usize,
    /// How many of them were in the other form.
    pub converted: usize,
    /// How many were encrypted with an earlier secret key.
    pub resealed: usize,
    /// The users whose tokens no secret key decrypts.
    pub lost: Vec<i32>,
    /// The last user who was looked at.
    pub last: i32,
}

/// Brings the tokens of the next `limit` users after `after`, by id, to the vault's form, each only if it still is as it was
/// read. `drop_lost` deletes those that nobody can decrypt. `None` when there is nobody left.
pub fn convert(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    after: i32,
    limit: i64,
    drop_lost: bool,
) -> Result<Option<Converted>, StoreError> {
    let batch = sealed_tokens::list(transaction, after, limit)?;
    let Some(last) = batch.last().map(|token| token.user_id) else { return Ok(None) };
    let mut done = Converted { seen: batch.len(), converted: 0, resealed: 0, lost: Vec::new(), last };
    for token in &batch {
        match sealed_tokens::settle(transaction, vault, token)? {
            Settled::Kept(_, Written::Form) => done.converted += 1,
            Settled::Kept(_, Written::Seal) => done.resealed += 1,
            // Whoever was faster left it in the form that the service writes.
            Settled::Kept(_, Written::Nothing) | Settled::Overtaken => {}
            Settled::Lost => {
                if drop_lost {
                    tokens::delete(transaction, token)?;
                }
                done.lost.push(token.user_id);
            }
        }
    }
    Ok(Some(done))
}

/// How many users have a token.
pub fn count(connection: &mut DbConnection<'_>) -> Result<i64, StoreError> {
    Ok(on_each!(connection, |c| authtoken_token::table.count().get_result(c))?)
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

impl Store {
    /// Says so when the database has tokens in the other form than this.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub fn token_warning(&self, storage: TokenStorage) -> Result<Option<String>, StoreError> {
        let has_others = self.run_blocking(|connection| has_any(connection, storage.other()))?;
        let what = match storage {
            TokenStorage::Plain => "the database has digests of some tokens still",
            TokenStorage::Hashed => "the database has some tokens as they are still, for whoever can read it",
        };
        let warning = format!("token.storage: {what}; `hallpass convert-tokens --to {storage}` converts them");
        Ok(has_others.then_some(warning))
    }
}

/// Whether there are tokens in this form. It asks for ranges, which an index answers however many there are: on PostgreSQL
/// the one that Django makes for patterns, since those of the column follow the language of the database.
fn has_any(connection: &mut DbConnection<'_>, form: TokenStorage) -> Result<bool, StoreError> {
    let (from, below) = match connection {
        DbConnection::Sqlite(_) => (">=", "<"),
        DbConnection::Postgres(_) => ("~>=~", "~<~"),
    };
    // Of all texts that begin with the mark of a digest, none is below the first nor above the second.
    let ranges = match form {
        TokenStorage::Hashed => format!("key {from} 'sha256$' AND key {below} 'sha256%'"),
        TokenStorage::Plain => format!("key {below} 'sha256$' OR key {from} 'sha256%'"),
    };
    let query = diesel::sql_query(format!("SELECT EXISTS (SELECT 1 FROM authtoken_token WHERE {ranges}) AS yes"));
    let answer: Answer = on_each!(connection, |c| query.get_result(c))?;
    Ok(answer.yes)
}
