//! Where settings are looked for: given by the caller, so that a test need not touch the process.

use std::ffi::OsString;
use std::path::PathBuf;

/// The places that [`load`](super::load) reads, besides the defaults compiled in.
#[derive(Clone)]
pub struct Sources {
    /// The `--config` files, in order; a later one wins. None: `$HALLPASS_CONFIG`, or else `hallpass.toml` where there
    /// is one.
    pub files: Vec<PathBuf>,
    /// The environment: `HALLPASS_CONFIG` and the names that begin with `HALLPASS__` are looked at.
    pub environment: Vec<(OsString, OsString)>,
    /// Where relative paths begin.
    pub working_directory: PathBuf,
}

impl Sources {
    /// `files` over the given environment, relative to `working_directory`.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(
        files: Vec<PathBuf>,
        environment: impl IntoIterator<Item = (K, V)>,
        working_directory: impl Into<PathBuf>,
    ) -> Self {
        let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { files, environment, working_directory: working_directory.into() }
    }

    /// `files` over the environment and the working directory of this process.
    pub fn of_process(files: Vec<PathBuf>) -> Self {
        // Without a working directory relative paths fail where they are opened, and say so.
        Self::new(files, std::env::vars_os(), std::env::current_dir().unwrap_or_default())
    }
}
