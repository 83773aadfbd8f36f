//! `hallpass flush-expired-tokens`: SimpleJWT's `flushexpiredtokens`, in batches.
//!
//! A batch is one short transaction, so that a login waits for at most one of them.

use std::io::Write;

use clap::Args;
use indicatif::ProgressBar;

use super::{ConfigFiles, Context, Failure, progress};
use crate::clock::Timestamp;
use crate::store::audit::{Entry, Event, Trail};
use crate::store::{DbConnection, Store, StoreError, blacklist, families, lockout, throttle};

/// The arguments of `flush-expired-tokens`.
#[derive(Debug, Args)]
pub struct FlushExpiredTokens {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// How many tokens to forget in one transaction
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    batch: i64,
    /// Only tell how many there are
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &FlushExpiredTokens, context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    let store = context.store()?;
    let now = context.clock.now();
    let total = store.run_blocking(|connection| blacklist::count_expired(connection, now))?;
    if args.dry_run {
        return Ok(writeln!(out, "{total} tokens have expired")?);
    }
    let bar = progress::of_tokens(total)?;
    let flushed = flush_tokens(&store, &context.trail(), now, args.batch, &bar)?;
    flush_rows(&store, |transaction| families::delete_expired(transaction, now, args.batch))?;
    flush_rows(&store, |transaction| lockout::delete_expired(transaction, now, args.batch))?;
    flush_rows(&store, |transaction| throttle::delete_expired(transaction, now, args.batch))?;
    bar.finish_and_clear();
    Ok(writeln!(out, "Forgot {flushed} expired tokens")?)
}

/// The first batch has the row in the audit of the whole flush, also where nothing is over.
fn flush_tokens(store: &Store, trail: &Trail, now: Timestamp, batch: i64, bar: &ProgressBar) -> Result<usize, Failure> {
    let (mut flushed, mut last) = (0, i64::MIN);
    while let Some((count, id)) = store.run_blocking(|connection| {
        connection.write(|transaction| {
            if last == i64::MIN {
                trail.record(transaction, &Entry::of(Event::Flush))?;
            }
            blacklist::delete_expired(transaction, now, last, batch)
        })
    })? {
        last = id;
        flushed += count;
        bar.inc(u64::try_from(count).unwrap_or(0));
    }
    Ok(flushed)
}

/// What else is over: which token came from which, when nobody can repeat an expired one, and the counts of attempts.
fn flush_rows(
    store: &Store,
    delete: impl Fn(&mut DbConnection<'_>) -> Result<usize, StoreError>,
) -> Result<(), Failure> {
    while store.run_blocking(|connection| connection.write(&delete))? > 0 {}
    Ok(())
}
