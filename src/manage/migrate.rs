//! `hallpass migrate`: applies what is pending, or only tells.

use std::io::Write;

use clap::Args;

use super::{ConfigFiles, Context, Failure};
use crate::store::Store;
use crate::store::migrate::Pending;

/// The arguments of `migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// Only tell what is pending; exit with 1 if anything is
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Migrate, context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    if args.check {
        return check(&context.store()?, out);
    }
    let done = Store::open(&context.settings.database)?.migrate()?;
    for migration in &done {
        let verb = if migration.adopted { "Adopted" } else { "Applied" };
        writeln!(out, "{verb} {}", migration.name)?;
    }
    if done.is_empty() {
        writeln!(out, "Nothing to do.")?;
    }
    Ok(())
}

fn check(store: &Store, out: &mut dyn Write) -> Result<(), Failure> {
    let pending = store.pending_migrations()?;
    for Pending { name, adopted } in &pending {
        let note = if *adopted { " (its tables are there: to be adopted)" } else { "" };
        writeln!(out, "Pending {name}{note}")?;
    }
    match pending.len() {
        0 => Ok(writeln!(out, "Nothing to do.")?),
        1 => Err(Failure("1 migration is pending".to_owned())),
        count => Err(Failure(format!("{count} migrations are pending"))),
    }
}
