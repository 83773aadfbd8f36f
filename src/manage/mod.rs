//! The commands: what an administrator types.
//!
//! A command is a file with `run(arguments, context, out)`. It writes what it did to `out` and gives one sentence when it
//! cannot do it; the binaries print that and choose the exit code.

mod audit;
mod change_password;
mod check;
mod completions;
mod convert_tokens;
pub mod create_token;
mod create_user;
mod flush_expired_tokens;
mod generate_key;
mod import_settings;
mod migrate;
mod new_password;
mod progress;
mod show_settings;
mod unlock;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::clock::Clock;
use crate::settings::{self, Settings, Sources, TokenStorage};
use crate::store::audit::Trail;
use crate::store::counters::CounterKeys;
use crate::store::{Store, StoreError, TokenVault};

/// The arguments of `hallpass`.
#[derive(Debug, Parser)]
#[command(name = "hallpass", version, about = "Token and JWT authentication as Django REST framework does it")]
pub struct Cli {
    #[command(flatten)]
    before: ConfigFiles,
    #[command(subcommand)]
    command: Option<Command>,
}

/// `--config`, which may stand before the command and after it.
#[derive(Debug, Default, Args)]
pub struct ConfigFiles {
    /// A file of settings; may be given several times, and a later one wins
    #[arg(long, value_name = "FILE", action = clap::ArgAction::Append)]
    config: Vec<PathBuf>,
}

/// What `hallpass` can do.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Run the service (what happens without a command)
    Serve(Serve),
    /// Bring the database to this version's tables
    Migrate(migrate::Migrate),
    /// Add a user
    CreateUser(create_user::CreateUser),
    /// Give a user a new password and take their tokens away
    ChangePassword(change_password::ChangePassword),
    /// Let a user in again after too many wrong passwords
    Unlock(unlock::Unlock),
    /// Forget refresh and sliding tokens that have expired, and counts of attempts that are over
    FlushExpiredTokens(flush_expired_tokens::FlushExpiredTokens),
    /// Print who did what, when, from where and how it ended, or delete what is older than the retention
    Audit(audit::Audit),
    /// Have the database keep tokens as they are or only digests of them, as token.storage says
    ConvertTokens(convert_tokens::ConvertTokens),
    /// Check the settings and the database
    Check(check::Check),
    /// Write the settings of a Django project as settings of hallpass
    ImportSettings(import_settings::ImportSettings),
    /// Make a key to sign tokens with
    GenerateKey(generate_key::GenerateKey),
    /// Print the effective settings and where each comes from; secrets are masked
    ShowSettings(show_settings::ShowSettings),
    /// Print completions for a shell
    Completions(completions::Completions),
}

/// The arguments of `serve`.
#[derive(Debug, Default, Args)]
pub struct Serve {
    #[command(flatten)]
    config: ConfigFiles,
}

/// What a command works with.
pub struct Context {
    /// The settings.
    pub settings: Settings,
    /// What time it is.
    pub clock: Clock,
    /// Where a password or a list of names is read from when it is not asked for.
    pub input: Box<dyn io::BufRead>,
}

/// Why a command did not do what it was told: one sentence a line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Cli {
    /// The files of settings that were named, in their order.
    pub fn config_files(&self) -> Vec<PathBuf> {
        let after = self.command.as_ref().and_then(Command::config);
        let files = self.before.config.iter().chain(after.iter().flat_map(|files| &files.config));
        files.cloned().collect()
    }

    /// The command; `serve` when none was named.
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Serve(Serve::default()))
    }
}

impl Command {
    fn config(&self) -> Option<&ConfigFiles> {
        match self {
            Self::Serve(args) => Some(&args.config),
            Self::Migrate(args) => Some(&args.config),
            Self::CreateUser(args) => Some(&args.config),
            Self::ChangePassword(args) => Some(&args.config),
            Self::Unlock(args) => Some(&args.config),
            Self::FlushExpiredTokens(args) => Some(&args.config),
            Self::Audit(args) => Some(&args.config),
            Self::ConvertTokens(args) => Some(&args.config),
            Self::Check(args) => Some(&args.config),
            Self::ShowSettings(args) => Some(&args.config),
            Self::Completions(_) | Self::GenerateKey(_) | Self::ImportSettings(_) => None,
        }
    }

    /// Runs any command but `serve`, which is the service's own business.
    ///
    /// # Errors
    /// One line for each thing that went wrong.
    pub fn run(self, config: Vec<PathBuf>, out: &mut dyn Write) -> Result<(), Failure> {
        match &self {
            Self::Completions(args) => return completions::run(args, out),
            Self::GenerateKey(args) => return generate_key::run(args, out),
            Self::ImportSettings(args) => return import_settings::run(args, out),
            _ => {}
        }
        let context = Context::open(config)?;
        match self {
            Self::Serve(_) | Self::Completions(_) | Self::GenerateKey(_) | Self::ImportSettings(_) => Ok(()),
            Self::Migrate(args) => migrate::run(&args, context, out),
            Self::CreateUser(args) => create_user::run(&args, context, out),
            Self::ChangePassword(args) => change_password::run(&args, context, out),
            Self::Unlock(args) => unlock::run(&args, context, out),
            Self::FlushExpiredTokens(args) => flush_expired_tokens::run(&args, context, out),
            Self::Audit(args) => audit::run(&args, context, out),
            Self::ConvertTokens(args) => convert_tokens::run(&args, context, out),
            Self::Check(args) => check::run(&args, context, out),
            Self::ShowSettings(_) => show_settings::run(context, out),
        }
    }
}

impl Context {
    /// The settings of this process's environment and of `config`, and standard input.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn open(config: Vec<PathBuf>) -> Result<Self, Failure> {
        let settings =
            settings::load(Sources::of_process(config)).map_err(|complaints| Failure(complaints.to_string()))?;
        Ok(Self { settings, clock: Clock::system(), input: Box::new(io::stdin().lock()) })
    }

    fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open_existing(&self.settings.database)?)
    }

    /// What the audit says of a command now.
    fn trail(&self) -> Trail {
        Trail::of_command(self.settings.audit.enabled, self.clock.now())
    }

    /// The keys under which the service counts, which it makes with the same secret key.
    fn counters(&mut self) -> Result<CounterKeys, Failure> {
        let secret_key = self.settings.ensure_secret_key().map_err(|error| Failure::of(&error))?;
        Ok(CounterKeys::new(&secret_key))
    }

    /// How the service keeps the keys of tokens. No secret key is made only to keep them as they are.
    fn token_vault(&mut self) -> Result<TokenVault, Failure> {
        let storage = self.settings.token.storage;
        let is_missing = self.settings.secret_key_file().is_some_and(|file| !file.exists());
        if storage == TokenStorage::Plain && is_missing {
            return Ok(TokenVault::new(storage, [])?);
        }
        let secret_key = self.settings.ensure_secret_key().map_err(|error| Failure::of(&error))?;
        Ok(TokenVault::new(storage, self.settings.secret_keys(&secret_key))?)
    }
}

/// Prints a failure as one line for each of its sentences, and gives the exit code for it.
pub fn report(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(lines)) => {
            for line in lines.lines() {
                eprintln!("Error: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The name as it is, but with no character that could end the line or command the terminal.
fn shown(name: &str) -> Cow<'_, str> {
    match name.contains(char::is_control) {
        true => Cow::Owned(name.escape_debug().to_string()),
        false => Cow::Borrowed(name),
    }
}

impl Failure {
    /// What `error` says, on one line: libpq's words come on several.
    pub fn of(error: &dyn std::error::Error) -> Self {
        Self(settings::one_line(&error.to_string()))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::of(&error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::of(&error)
    }
}
