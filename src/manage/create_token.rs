//! `create_token`: the twin of Django's `drf_create_token`, which it also is for many users at once.

use std::ffi::OsString;
use std::io::{BufRead, Write};

use clap::Parser;

use super::{ConfigFiles, Context, Failure, progress, shown};
use crate::store::audit::{Entry, Event, Reason};
use crate::store::tokens::{self, Lifetime, new_key};
use crate::store::{DbConnection, Store, StoreError, TokenVault, accounts, users};

/// How many users get their tokens in one transaction with `--all`.
const BATCH: i64 = 500;

/// The arguments of `create_token`.
#[derive(Debug, Parser)]
#[command(name = "create_token", version, about = "Create a DRF token for a given user", infer_long_args = true)]
pub struct CreateToken {
    #[command(flatten)]
    config: ConfigFiles,
    /// Whose token to create, or to print when there is one already
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "stdin"])]
    usernames: Vec<String>,
    /// Replace an existing token by a new one
    #[arg(short, long)]
    reset: bool,
    /// Create one for every user that has none
    #[arg(long, conflicts_with_all = ["usernames", "stdin", "reset"])]
    all: bool,
    /// Read the names from standard input, one a line
    #[arg(long, conflicts_with = "usernames")]
    stdin: bool,
}

impl CreateToken {
    /// Reads the arguments of the process; on wrong ones it prints the usage and gives exit code 2.
    pub fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments)
    }

    /// Creates the tokens and writes a line for each to `out`.
    ///
    /// # Errors
    /// A line for each name that nobody has; the others get their tokens all the same.
    pub fn run(self, out: &mut dyn Write) -> Result<(), Failure> {
        let context = Context::open(self.config.config.clone())?;
        self.run_in(context, out)
    }

    /// Like [`CreateToken::run`], in a context of the caller's.
    ///
    /// # Errors
    /// As [`CreateToken::run`].
    pub fn run_in(self, mut context: Context, out: &mut dyn Write) -> Result<(), Failure> {
        let (store, vault) = (context.store()?, context.token_vault()?);
        if self.all {
            return for_all(&store, &vault, &context, out);
        }
        let names = if self.stdin { lines(&mut *context.input)? } else { self.usernames };
        let mut failures = Vec::new();
        for name in names {
            match for_one(&store, &vault, &context, &name, self.reset)? {
                Some(key) => announce(out, &key, &name)?,
                None => failures.push(format!("Cannot create the Token: user {} does not exist", shown(&name))),
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(Failure(failures.join("\n"))) }
    }
}

fn announce(out: &mut dyn Write, key: &str, name: &str) -> Result<(), Failure> {
    writeln!(out, "Generated token {key} for user {}", shown(name))?;
    Ok(out.flush()?)
}

fn lines(input: &mut dyn BufRead) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for line in input.lines() {
        let line = line.map_err(|error| Failure(format!("cannot read the names: {error}")))?;
        let name = line.trim_end_matches('\r');
        if !name.is_empty() {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// The user's key; `None` when there is no such user.
fn for_one(
    store: &Store,
    vault: &TokenVault,
    context: &Context,
    name: &str,
    reset: bool,
) -> Result<Option<String>, StoreError> {
    let key = new_key()?;
    let result = store.run_blocking(|connection| {
        connection.write(|transaction| {
            let Some(user) = users::find_by_username(transaction, name)? else { return Ok(None) };
            lock(transaction, user.id)?;
            if reset {
                tokens::replace(transaction, vault, user.id, &key, context.clock.now())?;
                context.trail().record(transaction, &Entry::of(Event::TokenCreated).user(user.id).key(&key))?;
                return Ok(Some(key));
            }
            token_of(transaction, vault, context, user.id, &key).map(Some)
        })
    });
    match result {
        // The user was deleted between the two.
        Err(StoreError::Gone(_)) => Ok(None),
        result => result,
    }
}

/// A login has the user first and then the token. Whoever began with the token would hold it and wait for a login that waits
/// for them: at the end of the transaction PostgreSQL looks whether there is such a user.
fn lock(transaction: &mut DbConnection<'_>, user_id: i32) -> Result<(), StoreError> {
    accounts::find_for_update(transaction, user_id).map(drop)
}

fn token_of(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    context: &Context,
    user_id: i32,
    key: &str,
) -> Result<String, StoreError> {
    let lifetime = Lifetime(context.settings.token.lifetime);
    let token = tokens::get_or_create(transaction, vault, user_id, key, context.clock.now(), lifetime)?;
    let entry = Entry::of(Event::TokenCreated).user(user_id).key(&token);
    let entry = if token == key { entry } else { entry.because(Reason::Existing) };
    context.trail().record(transaction, &entry)?;
    Ok(token)
}

fn for_all(store: &Store, vault: &TokenVault, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let total = store.run_blocking(tokens::count_users_without)?;
    let bar = progress::of_tokens(total)?;
    let mut last = i32::MIN;
    loop {
        let made = store
            .run_blocking(|connection| connection.write(|transaction| batch(transaction, vault, context, last)))?;
        let Some((id, _, _)) = made.last() else { break };
        last = *id;
        for (_, name, key) in &made {
            bar.suspend(|| announce(out, key, name))?;
        }
        bar.inc(u64::try_from(made.len()).unwrap_or(0));
    }
    bar.finish_and_clear();
    Ok(())
}

fn batch(
    transaction: &mut DbConnection<'_>,
    vault: &TokenVault,
    context: &Context,
    after: i32,
) -> Result<Vec<(i32, String, String)>, StoreError> {
    let mut made = Vec::new();
    for (id, name) in tokens::users_without(transaction, after, BATCH)? {
        lock(transaction, id)?;
        let key = token_of(transaction, vault, context, id, &new_key()?)?;
        made.push((id, name, key));
    }
    Ok(made)
}
