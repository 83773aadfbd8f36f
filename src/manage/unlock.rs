//! `hallpass unlock`: lets a user in again after too many wrong passwords.

use std::io::Write;

use clap::Args;

use super::{ConfigFiles, Context, Failure, shown};
use crate::store::audit::{Entry, Event};
use crate::store::counters::Account;
use crate::store::{lockout, users};

/// The arguments of `unlock`.
#[derive(Debug, Args)]
pub struct Unlock {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// Whose wrong passwords to forget
    #[arg(value_name = "NAME")]
    username: String,
}

pub(super) fn run(args: &Unlock, mut context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    let store = context.store()?;
    let unknown = || Failure(format!("user {} does not exist", shown(&args.username)));
    let user = store.run_blocking(|connection| users::find_by_username(connection, &args.username))?;
    let user = user.ok_or_else(unknown)?;
    let key = context.counters()?.of_account(Account::User(user.id));
    let trail = context.trail();
    store.run_blocking(|connection| {
        connection.write(|transaction| {
            lockout::forgive(transaction, &key)?;
            trail.record(transaction, &Entry::of(Event::Unlock).user(user.id))
        })
    })?;
    Ok(writeln!(out, "Unlocked user {}", shown(&user.username))?)
}
