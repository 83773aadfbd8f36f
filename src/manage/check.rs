//! `hallpass check`: whether the service could start, and with `--deploy` whether it should.

use std::io::Write;
use std::path::Path;

use clap::Args;

use super::{ConfigFiles, Context, Failure};
use crate::settings::{DatabaseUrl, Settings};

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

fn deployment(settings: &mut Settings) -> Vec<String> {
    let mut findings = Vec::new();
    match settings.ensure_secret_key() {
        Ok(key) if key.expose().len() < LONG_KEY => {
            findings.push(format!("secret_key: it has fewer than {LONG_KEY} characters"));
        }
        Ok(key) if distinct(key.expose()) < VARIED_KEY => {
            findings.push(format!("secret_key: it has fewer than {VARIED_KEY} different characters"));
        }
        Ok(key) if key.expose().starts_with("django-insecure-") => {
            findings.push("secret_key: it is one that startproject made for development".to_owned());
        }
        Ok(_) => {}
        Err(error) => findings.push(format!("secret_key: {error}")),
    }
    if let DatabaseUrl::Sqlite(path) = &settings.database.url {
        findings.extend(loose_mode(path));
    }
    findings
}

fn distinct(text: &str) -> usize {
    text.chars().collect::<std::collections::HashSet<_>>().len()
}

/// Says when others on the machine can read the file.
#[cfg(unix)]
fn loose_mode(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!("database.url: {} has mode {mode:03o}; others can open it, and 600 keeps them out", path.display())
    })
}

#[cfg(not(unix))]
fn loose_mode(_: &Path) -> Option<String> {
    None
}
