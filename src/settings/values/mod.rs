//! What one value may be, and how it is written: a file for each type that is more than a number.

mod alias;
mod bind;
mod byte_size;
mod database_url;
mod domain;
pub(crate) mod duration;
mod header_name;
mod jwk_url;
mod key_text;
mod keyword;
mod mailbox;
mod origin;
mod plain;
mod rate;
mod route_path;
mod secret;
mod smtp_url;
mod url_template;
mod words;

pub use self::alias::Alias;
pub use self::bind::Bind;
pub use self::byte_size::ByteSize;
pub use self::database_url::DatabaseUrl;
pub use self::domain::Domain;
pub use self::header_name::HeaderName;
pub use self::jwk_url::JwkUrl;
pub use self::key_text::KeyText;
pub use self::keyword::Keyword;
pub use self::mailbox::Mailbox;
pub use self::origin::Origin;
pub use self::rate::Rate;
pub use self::route_path::RoutePath;
pub use self::smtp_url::{SmtpTls, SmtpUrl};
pub use self::url_template::UrlTemplate;
pub(crate) use self::words::words;

/// Why a text is not a value of some setting, in words for whoever wrote it. Says nothing of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(String);

impl InvalidValue {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// When the name is known and the feature is not there yet.
    pub(crate) fn later(name: &str) -> Self {
        Self(format!("{name:?} is not available in this release"))
    }
}

/// Makes types that are read by `FromStr` and written by `Display` values of settings.
macro_rules! text_settings {
    ($($name:ty),*) => {
        $(impl $crate::settings::node::Setting for $name {
            fn parse(
                raw: &$crate::settings::raw::Raw,
                _: &std::path::Path,
            ) -> Result<Self, $crate::settings::values::InvalidValue> {
                raw.text()?.parse()
            }

            fn show(&self) -> toml::Value {
                toml::Value::String(self.to_string())
            }
        })*
    };
}
pub(crate) use text_settings;

text_settings!(
    Alias,
    Bind,
    DatabaseUrl,
    Domain,
    HeaderName,
    JwkUrl,
    Keyword,
    Mailbox,
    Origin,
    Rate,
    RoutePath,
    UrlTemplate
);
