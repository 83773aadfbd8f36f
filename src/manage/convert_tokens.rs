//! `hallpass convert-tokens`: every token in the form that `token.storage` says, while the service goes on.
//!
//! Each token is changed only if it still is as it was read, so that the command can be stopped and begun anew at any time. A
//! batch is one short transaction: a login waits for at most one of them.

use std::io::Write;
use std::thread;
use std::time::Duration;

use clap::Args;

use super::{ConfigFiles, Context, Failure, progress};
use crate::settings::{DatabaseUrl, TokenStorage};
use crate::store::audit::{Entry, Event, Trail};
use crate::store::remains::Remains;
use crate::store::token_conversion::{self, convert};
use crate::store::{Store, TokenVault};

/// How long others may write between two batches. Whoever waits for SQLite looks at least this often whether the lock is free.
const PAUSE: Duration = Duration::from_millis(100);

/// How many users are named of those whose tokens cannot be decrypted.
const NAMED: usize = 10;

/// The arguments of `convert-tokens`.
#[derive(Debug, Args)]
pub struct ConvertTokens {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// What the database is to have of each token, plain or hashed, as token.storage says already
    #[arg(long, value_name = "FORM")]
    to: TokenStorage,
    /// Delete tokens of which there is only a digest and which no secret key decrypts; only with --to plain
    #[arg(long)]
    drop: bool,
    /// How many tokens to convert in one transaction
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    batch: i64,
}

/// What was done in all.
#[derive(Default)]
struct Total {
    converted: usize,
    resealed: usize,
    lost: Vec<i32>,
}

pub(super) fn run(args: &ConvertTokens, mut context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    let to = args.to;
    let storage = context.settings.token.storage;
    if to != storage {
        let first = format!("set it to \"{to}\" and restart the service first");
        return Err(Failure(format!("token.storage is \"{storage}\", and each login would undo this; {first}")));
    }
    if args.drop && to == TokenStorage::Hashed {
        return Err(Failure("--drop goes with --to plain: a digest that cannot be decrypted is good here".to_owned()));
    }
    let (store, vault) = (context.store()?, context.token_vault()?);
    let total = convert_all(&store, &vault, &context.trail(), args)?;
    writeln!(out, "Converted {} tokens, encrypted {} anew", total.converted, total.resealed)?;
    if to == TokenStorage::Hashed {
        erase(&store, out)?;
    }
    match lost(&total.lost) {
        Some(which) if args.drop => writeln!(out, "Deleted what no secret key decrypts: {which}")?,
        Some(which) if to == TokenStorage::Plain => {
            let and = "they stay good until a login replaces them, and --drop deletes them";
            return Err(Failure(format!("no secret key decrypts {which}; {and}")));
        }
        Some(which) => writeln!(out, "No secret key decrypts {which}; a login replaces them")?,
        None => {}
    }
    match store.token_warning(to)? {
        Some(_) => {
            Err(Failure(format!("there are others again: is every service restarted with token.storage = \"{to}\"?")))
        }
        None => Ok(()),
    }
}

/// The first batch has the row in the audit of the whole conversion, also where nothing is to be done.
fn convert_all(store: &Store, vault: &TokenVault, trail: &Trail, args: &ConvertTokens) -> Result<Total, Failure> {
    let bar = progress::of_tokens(store.run_blocking(token_conversion::count)?)?;
    let (mut total, mut last) = (Total::default(), i32::MIN);
    while let Some(done) = store.run_blocking(|connection| {
        connection.write(|transaction| {
            if last == i32::MIN {
                trail.record(transaction, &Entry::of(Event::Conversion))?;
            }
            convert(transaction, vault, last, args.batch, args.drop)
        })
    })? {
        last = done.last;
        total.converted += done.converted;
        total.resealed += done.resealed;
        total.lost.extend(done.lost);
        bar.inc(u64::try_from(done.seen).unwrap_or(0));
        if matches!(store.url(), DatabaseUrl::Sqlite(_)) {
            thread::sleep(PAUSE);
        }
    }
    bar.finish_and_clear();
    Ok(total)
}

/// Takes the tokens as they were out of the database's files, as far as that is ours to do.
fn erase(store: &Store, out: &mut dyn Write) -> Result<(), Failure> {
    match store.erase_remains()? {
        Remains::Nowhere => Ok(writeln!(out, "The database file has nothing left of tokens as they were")?),
        Remains::Log => Err(Failure("tokens as they were are still in the log of changes: run it again".to_owned())),
        Remains::Server => {
            let how = "`VACUUM FULL authtoken_token` removes them, and keeps everybody from the table meanwhile";
            Ok(writeln!(out, "PostgreSQL's files have tokens as they were until it writes over them; {how}")?)
        }
    }
}

/// How many tokens these are and whose; `None` when there are none.
fn lost(users: &[i32]) -> Option<String> {
    let named: Vec<String> = users.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if users.len() > NAMED { ", …" } else { "" };
    (!users.is_empty()).then(|| format!("{} tokens, of the users with the ids {}{more}", users.len(), named.join(", ")))
}
