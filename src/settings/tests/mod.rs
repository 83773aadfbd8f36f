//! Every layer and every complaint, without touching the process.
#![allow(clippy::unwrap_used)]

mod accounts;
mod complaints;
mod defaults;
mod layering;
mod secrets;
mod shown;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Complaints, Settings, Sources, load};

/// A working directory of the test's own, gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("hallpass-settings-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.0.join(name), text).unwrap();
        self
    }

    fn load(&self, files: &[&str], environment: &[(&str, &str)]) -> Result<Settings, Complaints> {
        let files = files.iter().map(PathBuf::from).collect();
        load(Sources::new(files, environment.iter().copied(), self.path()))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The settings under nothing but these variables.
fn under(environment: &[(&str, &str)]) -> Result<Settings, Complaints> {
    Directory::new().load(&[], environment)
}

/// What is complained of in `text`, a line each.
fn complaints(text: &str) -> Vec<String> {
    Settings::from_toml(text).unwrap_err().iter().map(ToString::to_string).collect()
}
