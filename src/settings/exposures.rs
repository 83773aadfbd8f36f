//! What of the secrets others could see: files that more than their owner can open, and a database over an open network.

use std::path::{Path, PathBuf};

use super::layer::Layer;
use super::raw::Raw;
use super::{DatabaseUrl, Settings};

/// The settings that hold secrets, and so make a secret of the file that they stand in.
const SECRETS: [&str; 7] = [
    "secret_key",
    "secret_key_fallbacks",
    "database.url",
    "jwt.signing_key",
    "jwt.keys",
    "email.smtp_url",
    "oauth.clients",
];

/// What a key of `jwt.keys` and a client of `oauth.clients` have that everybody may know.
const PUBLIC: [&str; 5] = ["kid", "algorithm", "status", "public_key", "id"];

impl Settings {
    /// What of its secrets others could see, a line each: files that more than their owner can open, and a way to the
    /// database that nothing protects.
    pub fn exposures(&self) -> Vec<String> {
        let mut files: Vec<(&str, PathBuf)> = Vec::new();
        match &self.database.url {
            DatabaseUrl::Sqlite(path) => files.push(("database.url", path.clone())),
            DatabaseUrl::Postgres(_) => {}
        }
        files.extend(self.secret_key_file().map(|path| ("secret_key", path)));
        files.extend(self.server.tls_key.clone().map(|path| ("server.tls_key", path)));
        files.extend(self.origins.secret_files().map(|(key, path)| (key, path.to_owned())));
        let mut found: Vec<String> = Vec::new();
        let mut looked_at: Vec<PathBuf> = Vec::new();
        for (key, path) in files {
            // A file of settings is named once, however many secrets it has.
            if !looked_at.contains(&path) {
                found.extend(loose_mode(&path).map(|why| format!("{key}: {why}")));
                looked_at.push(path);
            }
        }
        if self.database.url.is_unprotected() {
            let way =
                "passwords and rows go to this server unprotected, since TLS with PostgreSQL is not in this build";
            found.push(format!("database.url: {way}; sslmode=disable says that the network is trusted"));
        }
        found
    }
}

/// Says when others on the machine can open the file.
#[cfg(unix)]
pub(crate) fn loose_mode(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0)
        .then(|| format!("{} has mode {mode:03o}; others can open it, and 600 keeps them out", path.display()))
}

#[cfg(not(unix))]
pub(crate) fn loose_mode(_: &Path) -> Option<String> {
    None
}

/// The files that hold the secrets which `layer` says for `key`: their own, or the file of settings.
pub(super) fn files(key: &str, raw: &Raw, layer: &Layer, directory: &Path) -> Vec<PathBuf> {
    if !SECRETS.contains(&key) {
        return Vec::new();
    }
    let texts = texts(raw).into_iter().filter(|text| key != "database.url" || has_password(text));
    let file = |text: &str| match (text.strip_prefix("file:"), layer) {
        (Some(path), _) => Some(directory.join(path)),
        (None, Layer::File(_, path)) => Some(directory.join(path)),
        _ => None,
    };
    texts.filter(|text| !text.is_empty()).filter_map(file).collect()
}

fn has_password(url: &str) -> bool {
    matches!(url.parse(), Ok(DatabaseUrl::Postgres(ref text)) if DatabaseUrl::Postgres(text.clone()).to_string() != url)
}

fn texts(raw: &Raw) -> Vec<&str> {
    match raw {
        Raw::Text(text) | Raw::Environment(text) => vec![text],
        Raw::List(items) => items.iter().flat_map(texts).collect(),
        Raw::Table(entries) => entries
            .iter()
            .filter(|(name, _)| !PUBLIC.contains(&name.as_str()))
            .flat_map(|(_, raw)| texts(raw))
            .collect(),
        _ => Vec::new(),
    }
}
