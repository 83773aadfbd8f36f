//! `hallpass audit`: what was done, by whom, from where and how it ended; and forgetting what is older than the retention.

mod moment;
mod printed;

use std::io::Write;

use clap::Args;
use clap::builder::PossibleValuesParser;

use self::moment::Moment;
use super::{ConfigFiles, Context, Failure};
use crate::clock::Timestamp;
use crate::settings;
use crate::store::Store;
use crate::store::audit::{self, Entry, Event, Outcome, Row};
use crate::store::counters::{Account, CounterKey};
use crate::store::users;

/// How many rows are read, or deleted in one transaction.
const PAGE: i64 = 1_000;

/// The arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// Only what is about or by this user, or was tried with this name when nobody had it
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only what is about or by the user with this id, who may be deleted
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    user_id: Option<i32>,
    /// Only what is called so
    #[arg(long, value_name = "E", value_parser = PossibleValuesParser::new(Event::ALL.iter().map(|event| event.as_str())))]
    event: Option<String>,
    /// Only what ended so
    #[arg(long, value_name = "O", value_parser = PossibleValuesParser::new(Outcome::ALL.iter().map(|outcome| outcome.as_str())))]
    outcome: Option<String>,
    /// Only what came from this address, as it is printed
    #[arg(long, value_name = "ADDRESS")]
    client: Option<String>,
    /// Only what is not older than this, such as 2h or 7d, or than a time, such as 2026-11-25T10:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Only what is older than this
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// How many rows to print, the last ones
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Print each row as a JSON object, one a line
    #[arg(long)]
    json: bool,
    /// Delete what is older than audit.retention, and print nothing of it
    #[arg(long, conflicts_with_all = ["user", "user_id", "event", "outcome", "client", "since", "until", "limit", "json"])]
    prune: bool,
}

/// Which rows are printed.
struct Wanted<'a> {
    args: &'a Audit,
    user_id: Option<i32>,
    /// What a name is called in the rows while nobody has it.
    name: Option<CounterKey>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

pub(super) fn run(args: &Audit, mut context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    let store = context.store()?;
    if args.prune {
        return prune(&store, &context, out);
    }
    let now = context.clock.now();
    let [since, until] = [args.since, args.until].map(|moment| moment.map(|moment| moment.before(now)));
    let (user_id, name) = account(args, &mut context, &store)?;
    let rows = last(&store, &Wanted { args, user_id, name, since, until }, args.limit)?;
    printed::print(&store, &rows, args.json, out)
}

/// The user who is asked for, and what their name is called in the rows while nobody has it.
fn account(args: &Audit, context: &mut Context, store: &Store) -> Result<(Option<i32>, Option<CounterKey>), Failure> {
    let Some(name) = &args.user else { return Ok((args.user_id, None)) };
    let user = store.run_blocking(|connection| users::find_by_username(connection, name))?;
    let key = context.counters()?.of_account(Account::Nobody(name));
    Ok((user.map(|user| user.id), Some(key)))
}

/// The last rows that are wanted, the oldest first. They are read page by page, so that no statement takes long.
fn last(store: &Store, wanted: &Wanted<'_>, limit: usize) -> Result<Vec<Row>, Failure> {
    let (mut found, mut before) = (Vec::new(), i64::MAX);
    while found.len() < limit {
        let page = store.run_blocking(|connection| audit::page_before(connection, before, PAGE))?;
        let Some(first) = page.last() else { break };
        before = first.id;
        // Servers whose clocks differ do not write in the order of time, but nearly.
        let is_over = wanted.since.is_some_and(|since| page.iter().all(|row| row.at() < since));
        found.extend(page.into_iter().filter(|row| wanted.has(row)).take(limit - found.len()));
        if is_over {
            break;
        }
    }
    found.reverse();
    Ok(found)
}

impl Wanted<'_> {
    fn has(&self, row: &Row) -> bool {
        let args = self.args;
        self.is_theirs(row)
            && args.event.as_ref().is_none_or(|event| row.event == *event)
            && args.outcome.as_ref().is_none_or(|outcome| row.outcome == *outcome)
            && args.client.as_ref().is_none_or(|client| row.client == *client)
            && self.since.is_none_or(|since| row.at() >= since)
            && self.until.is_none_or(|until| row.at() < until)
    }

    fn is_theirs(&self, row: &Row) -> bool {
        let is_anyone = self.user_id.is_none() && self.name.is_none();
        let has_id = |id: i32| row.user_id == Some(id) || row.actor_id == Some(id);
        is_anyone || self.user_id.is_some_and(has_id) || self.name.as_ref().is_some_and(|name| row.is_of(name))
    }
}

fn prune(store: &Store, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let retention = context.settings.audit.retention;
    let cutoff = moment::ago(context.clock.now(), retention);
    let (mut pruned, mut last) = (0, i64::MIN);
    loop {
        let trail = context.trail();
        let deleted = store.run_blocking(|connection| {
            connection.write(|transaction| {
                let deleted = audit::delete_before(transaction, cutoff, last, PAGE)?;
                // The first batch has the row of all.
                if deleted.is_some() && last == i64::MIN {
                    trail.record(transaction, &Entry::of(Event::Prune))?;
                }
                Ok(deleted)
            })
        })?;
        let Some((count, id)) = deleted else { break };
        (pruned, last) = (pruned + count, id);
    }
    Ok(writeln!(out, "Deleted {pruned} rows older than {}", settings::duration_text(retention))?)
}
