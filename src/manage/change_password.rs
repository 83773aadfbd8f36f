//! `hallpass change-password`: Django's `changepassword`, which also ends what the old password opened, and unlocks the account.

use std::io::Write;

use clap::Args;

use super::{ConfigFiles, Context, Failure, new_password, shown};
use crate::passwords::Hasher;
use crate::store::audit::{Entry, Event};
use crate::store::counters::Account;
use crate::store::{lockout, user_state, users};

/// The arguments of `change-password`.
#[derive(Debug, Args)]
pub struct ChangePassword {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// Whose password
    #[arg(value_name = "NAME")]
    username: String,
    /// Read the password from standard input, one line, instead of asking for it
    #[arg(long)]
    password_stdin: bool,
    /// Let the user's token and refresh tokens live on
    #[arg(long)]
    keep_tokens: bool,
}

pub(super) fn run(args: &ChangePassword, mut context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    let store = context.store()?;
    let unknown = || Failure(format!("user {} does not exist", shown(&args.username)));
    let user = store.run_blocking(|connection| users::find_by_username(connection, &args.username))?;
    let user = user.ok_or_else(unknown)?;
    let password = new_password::read(args.password_stdin, &mut *context.input)?;
    let encoded = Hasher::new(context.settings.password.bcrypt_cost)
        .hash(password.expose())
        .map_err(|error| Failure(error.to_string()))?;
    let lock = context.counters()?.of_account(Account::User(user.id));
    store.run_blocking(|connection| {
        connection.write(|transaction| {
            users::set_password(transaction, user.id, &encoded)?;
            lockout::forgive(transaction, &lock)?;
            context.trail().record(transaction, &Entry::of(Event::PasswordChange).user(user.id))?;
            // The row is held from here on: what was issued before was issued by now.
            let now = context.clock.now();
            if args.keep_tokens { Ok(()) } else { user_state::end_all_tokens(transaction, user.id, now) }
        })
    })?;
    Ok(writeln!(out, "Changed the password of user {}", shown(&user.username))?)
}
