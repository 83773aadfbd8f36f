//! `hallpass create-user`: Django's `createsuperuser`, for any kind of user.

use std::io::Write;

use clap::Args;

use super::{ConfigFiles, Context, Failure, new_password};
use crate::accounts::{Email, Username};
use crate::passwords::Hasher;
use crate::store::StoreError;
use crate::store::audit::{Entry, Event};
use crate::store::users::{self, NewUser};

/// The arguments of `create-user`.
#[derive(Debug, Args)]
pub struct CreateUser {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// The name to log in with
    #[arg(value_name = "NAME")]
    username: String,
    /// The user's address
    #[arg(long, value_name = "E", default_value = "")]
    email: String,
    /// Counts as an administrator
    #[arg(long)]
    staff: bool,
    /// Is granted every permission by Django
    #[arg(long)]
    superuser: bool,
    /// May not log in yet
    #[arg(long)]
    inactive: bool,
    /// Read the password from standard input, one line, instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

pub(super) fn run(args: &CreateUser, mut context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    let username = Username::parse(&args.username).map_err(|error| Failure(format!("NAME: {error}")))?;
    let email = Email::parse(&args.email).map_err(|error| Failure(format!("--email: {error}")))?;
    let store = context.store()?;
    let password = new_password::read(args.password_stdin, &mut *context.input)?;
    let encoded = Hasher::new(context.settings.password.bcrypt_cost)
        .hash(password.expose())
        .map_err(|error| Failure(error.to_string()))?;
    let user = NewUser {
        username: username.as_str(),
        email: email.as_str(),
        encoded_password: &encoded,
        is_active: !args.inactive,
        is_staff: args.staff,
        is_superuser: args.superuser,
    };
    let created = store.run_blocking(|connection| {
        connection.write(|transaction| {
            let id = users::create(transaction, &user, context.clock.now())?;
            context.trail().record(transaction, &Entry::of(Event::Registration).user(id))
        })
    });
    match created {
        Ok(()) => Ok(writeln!(out, "Created user {}", username.as_str())?),
        Err(StoreError::Exists(_)) => Err(Failure(format!("user {} exists already", username.as_str()))),
        Err(error) => Err(error.into()),
    }
}
