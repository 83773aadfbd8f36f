//! `hallpass import-settings`: writes the settings of a Django project as a file of hallpass's, and says what has no
//! counterpart.

mod project;
mod rules;
mod special;
mod translation;

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use super::Failure;
use crate::settings::Settings;
use translation::Translation;

/// Where the settings come from, for those who ask for help.
const AFTER_HELP: &str = "\
In the Django project, have it print its settings into a file:

  python manage.py shell -c \"import json; from django.conf import settings as s
print(json.dumps({n: getattr(s, n) for n in dir(s) if n.split('_')[0] in ('REST', 'SIMPLE', 'DJOSER', 'SECRET', \
'DATABASES', 'AUTH', 'PASSWORD', 'EMAIL', 'CORS', 'TIME', 'DEFAULT')}, default=str, skipkeys=True))\" > django.json

The secrets of the project are in it, and so they are in what is written here.";

/// The longest file that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// The arguments of `import-settings`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ImportSettings {
    /// The JSON of the project's settings; "-" is standard input. `--help` has the command that prints it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the settings into this file, which must not be there yet, and not to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ImportSettings, out: &mut dyn Write) -> Result<(), Failure> {
    let text = read(&args.file).map_err(|error| Failure(format!("cannot read {}: {error}", args.file.display())))?;
    let project = parse(&text).ok_or_else(|| {
        Failure(format!(
            "{} is no JSON object; `hallpass import-settings --help` says how to get one",
            args.file.display()
        ))
    })?;
    let translation = Translation::of(project);
    let written = translation.to_toml();
    match &args.output {
        Some(path) => create_private(path, &written)
            .map_err(|error| Failure(format!("cannot write {}: {error}", path.display())))?,
        None => out.write_all(written.as_bytes())?,
    }
    for note in translation.notes() {
        eprintln!("Not carried over: {note}");
    }
    match Settings::from_toml(&written) {
        Ok(_) => Ok(()),
        Err(complaints) => Err(Failure(format!("hallpass would refuse these settings\n{complaints}"))),
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    match path.as_os_str() == "-" {
        true => io::stdin().lock().take(LONGEST).read_to_string(&mut text)?,
        false => std::fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?,
    };
    Ok(text)
}

/// The object, or the last line that is one: a project may print things of its own before.
fn parse(text: &str) -> Option<Map<String, Value>> {
    let object = |text: &str| serde_json::from_str(text).ok();
    object(text).or_else(|| text.lines().rev().find_map(object))
}

/// There are secrets in it.
fn create_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
