//! Mail for other programs: an `.eml` file each, which is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::TransportError;
use crate::mail::SendError;

/// The folder that mails are put in.
pub(in crate::mail) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder if need be, readable by its owner only.
    pub(super) fn open(path: &Path) -> Result<Self, TransportError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(path) {
            Ok(()) => Ok(Self(path.to_owned())),
            Err(source) => Err(TransportError::Directory { path: path.to_owned(), source }),
        }
    }

    /// Writes `ID.eml`; a mail that is sent again takes the place of the first.
    pub(super) fn write(&self, id: &str, message: &lettre::Message) -> Result<(), SendError> {
        let unfinished = self.0.join(format!(".{id}.part"));
        write_private(&unfinished, &message.formatted())
            .and_then(|()| fs::rename(&unfinished, self.0.join(format!("{id}.eml"))))
            .map_err(|error| SendError::Failed(format!("cannot write into email.directory: {error}")))
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
