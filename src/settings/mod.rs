//! What a deployment decides, read once at the start and typed from then on.
//!
//! Three layers, the later wins: `config/default.toml`, which is compiled in and documents every setting; the files
//! that the caller names, or `$HALLPASS_CONFIG`, or `hallpass.toml`; and the environment, `HALLPASS__SECTION__KEY`.
//! Each section's file holds its fields with their types and limits, and a type knows its own spelling, so that a new
//! setting is one field and one line in `config/default.toml`.

mod account_permissions;
mod accounts;
mod audit;
mod auth;
mod cache;
mod checks;
mod complaint;
mod cors;
mod database;
mod email;
mod entries;
mod exposures;
mod jwt;
mod jwt_key;
mod known_secrets;
mod layer;
mod layers;
mod limits;
mod lockout;
mod log;
mod metrics;
mod names;
mod node;
mod oauth;
mod password;
mod raw;
mod reader;
mod routes;
mod secret_key_file;
mod server;
mod show;
mod sources;
#[cfg(test)]
mod tests;
mod throttle;
mod token;
mod values;
mod weak_secret;

use jiff::tz::TimeZone;

pub use self::account_permissions::{AccountPermissions, Permission};
pub use self::accounts::{Accounts, LinkProtocol, LoginField};
pub use self::audit::Audit;
pub use self::auth::{Auth, Backend};
pub use self::cache::Cache;
pub(crate) use self::complaint::one_line;
pub use self::complaint::{Complaint, Complaints};
pub use self::cors::Cors;
pub use self::database::Database;
pub use self::email::{Email, EmailTransport};
pub(crate) use self::exposures::loose_mode;
pub use self::jwt::{Algorithm, Jwt, TokenType, UserIdField};
pub use self::jwt_key::{JwtKey, KeyStatus};
use self::layers::Layers;
pub use self::lockout::Lockout;
pub use self::log::{Log, LogFormat};
pub use self::metrics::Metrics;
use self::node::{Node, section};
pub use self::oauth::{Oauth, OauthClient};
pub use self::password::{Hasher, Password, PasswordValidator};
use self::reader::{Origins, Reader};
pub use self::routes::Routes;
pub use self::secret_key_file::SecretKeyError;
pub use self::server::Server;
pub use self::sources::Sources;
pub use self::throttle::Throttle;
pub use self::token::{Token, TokenStorage};
pub(crate) use self::values::duration::{read as parse_duration, text as duration_text};
pub use self::values::{
    Alias, Bind, ByteSize, DatabaseUrl, Domain, HeaderName, InvalidValue, JwkUrl, KeyText, Keyword, Mailbox, Origin,
    Rate, RoutePath, SmtpTls, SmtpUrl, UrlTemplate,
};
pub(crate) use self::weak_secret::weakness;
use crate::secret::Secret;

section! {
    /// Every setting. Django's `settings.py`, in sections.
    pub struct Settings {
        /// Signs what this service gives out. Default: none; the service then makes one and keeps it beside a SQLite
        /// database, and refuses to start with PostgreSQL. Django's `SECRET_KEY`.
        pub secret_key: Option<Secret>,
        /// Earlier secret keys that still verify. Default: none. Django's `SECRET_KEY_FALLBACKS`.
        pub secret_key_fallbacks: Vec<Secret>,
        /// The zone in which Django's password-reset links count their seconds. Default: UTC. Django's `TIME_ZONE`.
        pub time_zone: TimeZone,
        /// `[server]`
        pub server: Server,
        /// `[database]`
        pub database: Database,
        /// `[cache]`
        pub cache: Cache,
        /// `[auth]`
        pub auth: Auth,
        /// `[token]`
        pub token: Token,
        /// `[jwt]`
        pub jwt: Jwt,
        /// `[password]`
        pub password: Password,
        /// `[accounts]`
        pub accounts: Accounts,
        /// `[email]`
        pub email: Email,
        /// `[throttle]`
        pub throttle: Throttle,
        /// `[lockout]`
        pub lockout: Lockout,
        /// `[audit]`
        pub audit: Audit,
        /// `[oauth]`
        pub oauth: Oauth,
        /// `[routes]`
        pub routes: Routes,
        /// `[cors]`
        pub cors: Cors,
        /// `[metrics]`
        pub metrics: Metrics,
        /// `[log]`
        pub log: Log,
        origins: Origins,
    }
}

/// Reads every layer and checks what they say together.
///
/// # Errors
/// Everything that is wrong, not only the first: unknown settings, wrong types, impossible values, unreadable files.
pub fn load(sources: Sources) -> Result<Settings, Complaints> {
    Settings::from_layers(Layers::of(&sources, &Settings::known_keys()))
}

impl Settings {
    /// The settings of `config/default.toml` alone. Files and the environment are not looked at.
    ///
    /// # Errors
    /// When `config/default.toml` does not suit this program, which the tests rule out.
    pub fn defaults() -> Result<Self, Complaints> {
        Self::from_toml("")
    }

    /// The defaults with `text` over them, for tests and for programs that keep their settings elsewhere. A `file:`
    /// secret is looked up from the process's working directory.
    ///
    /// # Errors
    /// Everything that is wrong in `text`.
    pub fn from_toml(text: &str) -> Result<Self, Complaints> {
        Self::from_layers(Layers::of_text(text, &Self::known_keys()))
    }

    /// `secret_key` as far as it may sign tokens. One that is too short for that is no reason to refuse the start of a
    /// service that asks nobody for signed tokens: Django takes keys of any length.
    pub(crate) fn token_secret<'s>(&self, secret_key: &'s Secret) -> Option<&'s Secret> {
        let asks_for_tokens =
            self.auth.backends.iter().any(|backend| matches!(backend, Backend::Jwt | Backend::JwtStateless));
        let is_long = self.jwt.algorithm.secret_length().is_none_or(|least| secret_key.expose().len() >= least);
        (asks_for_tokens || is_long).then_some(secret_key)
    }

    /// `secret_key` and the earlier ones that are still good, newest first.
    pub(crate) fn secret_keys<'s>(&'s self, secret_key: &'s Secret) -> impl Iterator<Item = &'s Secret> {
        std::iter::once(secret_key).chain(&self.secret_key_fallbacks)
    }

    /// The effective settings as TOML in the order of `config/default.toml`, each with the layer it came from; secrets
    /// are shown as `***`.
    pub fn show(&self) -> String {
        show::page(self, &self.origins)
    }

    fn known_keys() -> Vec<String> {
        let mut keys = Vec::new();
        Self::keys("", &mut keys);
        keys
    }

    fn from_layers(layers: Layers) -> Result<Self, Complaints> {
        let mut reader = Reader::new(layers);
        let settings = Self::read("", &mut reader);
        if let Some(settings) = &settings {
            checks::together(settings, &mut reader);
        }
        match (settings, reader.into_complaints()) {
            (Some(settings), complaints) if complaints.is_empty() => Ok(settings),
            (_, complaints) => Err(complaints),
        }
    }
}
