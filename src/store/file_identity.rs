//! Which file it is that a path leads to.
//!
//! SQLite goes on writing to a file that was renamed or deleted, where nobody else will ever read it. Whoever uses a path
//! asks before and after.

use std::fs::Metadata;
use std::path::Path;

use super::StoreError;

/// Equal for as long as the path leads to the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity(u64, u64);

impl FileIdentity {
    /// The file that `path` leads to now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        let metadata = std::fs::metadata(path);
        let metadata =
            metadata.map_err(|error| StoreError::Unavailable(format!("cannot open {}: {error}", path.display())))?;
        Ok(Self::from(&metadata))
    }

    /// Whether `path` leads to this file still.
    pub(super) fn is_at(self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|metadata| Self::from(&metadata) == self)
    }
}

#[cfg(unix)]
impl From<&Metadata> for FileIdentity {
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }
}

/// Elsewhere an open file cannot be renamed.
#[cfg(not(unix))]
impl From<&Metadata> for FileIdentity {
    fn from(_: &Metadata) -> Self {
        Self(0, 0)
    }
}
