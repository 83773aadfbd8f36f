//! `hallpass check`: whether the service could start, and with `--deploy` whether it should.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{ConfigFiles, Context, Failure};
use crate::settings::{Settings, TokenStorage};

/// A Django key has 50 characters, and `manage.py check --deploy` wants as many.
const LONG_KEY: usize = 50;

/// How many different characters a random key has at the least, as Django counts them.
const VARIED_KEY: usize = 5;

/// The arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
    /// Also say what a service that others can reach should have otherwise
    #[arg(long)]
    deploy: bool,
}

pub(super) fn run(args: &Check, mut context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    let mut findings = database(&context);
    if args.deploy {
        writeln!(out, "{}", about_tokens(context.settings.token.storage))?;
        findings.extend(durability(&context));
        findings.extend(tokens(&context));
        findings.extend(deployment(&mut context.settings));
    }
    match findings.len() {
        0 => Ok(writeln!(out, "Nothing found.")?),
        _ => Err(Failure(findings.join("\n"))),
    }
}

fn database(context: &Context) -> Vec<String> {
    let pending = context.store().and_then(|store| Ok(store.pending_migrations()?));
    match pending {
        Ok(pending) => {
            let missing = pending.iter().filter(|migration| !migration.adopted);
            missing.map(|migration| format!("database.url: migration {} is pending", migration.name)).collect()
        }
        Err(error) => vec![format!("database.url: {error}")],
    }
}

/// What keeps the database from answering was found before.
fn durability(context: &Context) -> Vec<String> {
    let warnings = context.store().and_then(|store| Ok(store.durability_warnings()?));
    warnings.unwrap_or_default().into_iter().map(|warning| format!("database.url: {warning}")).collect()
}

/// What has to be known of the choice, however it was made.
fn about_tokens(storage: TokenStorage) -> &'static str {
    match storage {
        TokenStorage::Plain => {
            "token.storage is \"plain\": whoever reads the database can use the tokens in it, as with Django."
        }
        TokenStorage::Hashed => {
            "token.storage is \"hashed\": no Django may serve this database too, since it would take the digests for tokens."
        }
    }
}

fn tokens(context: &Context) -> Vec<String> {
    let storage = context.settings.token.storage;
    let warning = context.store().and_then(|store| Ok(store.token_warning(storage)?));
    let kept = context.settings.secret_key_file().filter(|_| storage == TokenStorage::Hashed);
    let beside = |path: PathBuf| {
        let path = path.display();
        format!("token.storage: {path} is beside the database and decrypts its tokens; keep secret_key somewhere else")
    };
    warning.unwrap_or_default().into_iter().chain(kept.map(beside)).collect()
}

fn deployment(settings: &mut Settings) -> Vec<String> {
    let mut findings = settings.exposures();
    let kept = settings.secret_key_file();
    // Without a key there is nothing to find: the first start makes a good one. Checking leaves that to it.
    if let Some(path) = &kept
        && !path.exists()
    {
        return findings;
    }
    findings.extend(match settings.ensure_secret_key() {
        Ok(key) => weakness(key.expose()),
        Err(error) => Some(format!("secret_key: {error}")),
    });
    findings
}

fn weakness(key: &str) -> Option<String> {
    if key.len() < LONG_KEY {
        Some(format!("secret_key: it has fewer than {LONG_KEY} characters"))
    } else if distinct(key) < VARIED_KEY {
        Some(format!("secret_key: it has fewer than {VARIED_KEY} different characters"))
    } else if key.starts_with("django-insecure-") {
        Some("secret_key: it is one that startproject made for development".to_owned())
    } else {
        None
    }
}

fn distinct(text: &str) -> usize {
    text.chars().collect::<std::collections::HashSet<_>>().len()
}
