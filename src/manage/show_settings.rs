//! `hallpass show-settings`: what holds, and which layer said so.

use std::io::Write;

use clap::Args;

use super::{ConfigFiles, Context, Failure};

/// The arguments of `show-settings`.
#[derive(Debug, Args)]
pub struct ShowSettings {
    #[command(flatten)]
    pub(super) config: ConfigFiles,
}

pub(super) fn run(context: Context, out: &mut dyn Write) -> Result<(), Failure> {
    Ok(write!(out, "{}", context.settings.show())?)
}
