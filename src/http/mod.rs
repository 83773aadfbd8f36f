//! The service: what is at which URL, and how an application is put together from it.
//!
//! [`Hallpass`] holds what the handlers share. Another application opens one and mounts what it needs of it.

mod admission;
mod app;
mod authtoken;
mod body;
mod cors;
mod dispatch;
mod djoser;
mod docs;
mod doorway;
mod endless_name;
mod envelope;
mod fields;
mod forward_auth;
mod guarded;
mod health;
mod jwks;
mod media_type;
mod metrics;
mod migration;
mod negotiation;
mod oauth;
mod request_data;
mod request_log;
mod routes;
mod samples;
mod schema;
mod security_headers;
mod simplejwt;
mod tls;
mod view;
mod wire;

use std::sync::{Arc, OnceLock};

use actix_web::{HttpRequest, web};

pub use app::{Server, StartError};
pub use tls::{Certificate, CertificateError};
#[cfg(feature = "fuzzing")]
pub(crate) use {
    body::{Parser, field::char_field, parse as parse_body},
    endless_name::{EndlessName, LONGEST_NAME},
    negotiation::{Renderer, negotiate},
};

use self::schema::Documents;
use crate::accounts::{LinkTokens, Post};
use crate::auth::{self, AuthenticationScheme, Authenticator, Client, Guard, Inspector, ModelBackend};
use crate::clock::Clock;
use crate::error::ApiError;
use crate::jwt::{KeyRing, Tokens};
use crate::passwords::Hasher;
use crate::passwords::gate::HashingPool;
use crate::settings::{LoginField, Settings};
use crate::store::audit::Trail;
use crate::store::counters::CounterKeys;
use crate::store::{Store, TokenVault};

/// The authentication of one service: its settings, its database, its schemes and its password hashers.
///
/// Cheap to clone; clones share everything.
///
/// # Examples
/// ```no_run
/// use actix_web::{App, HttpServer, web};
/// use hallpass::Hallpass;
/// use hallpass::auth::Auth;
/// use hallpass::settings::Settings;
///
/// async fn hello(caller: Auth) -> String {
///     format!("Hello, {}!", caller.user.username)
/// }
///
/// #[actix_web::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let hallpass = Hallpass::open(Settings::from_toml(r#"database.url = "sqlite://shop.sqlite3""#)?)?;
///     hallpass.store().migrate()?;
///     let app = move || App::new().configure(hallpass.configure()).route("/", web::get().to(hello));
///     HttpServer::new(app).bind("127.0.0.1:8000")?.run().await?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Hallpass {
    settings: Arc<Settings>,
    store: Store,
    clock: Clock,
    backend: ModelBackend,
    jwt: Tokens,
    post: Post,
    link_tokens: LinkTokens,
    counters: CounterKeys,
    token_vault: TokenVault,
    authenticator: Authenticator,
    inspector: Arc<Inspector>,
    documents: Arc<OnceLock<Documents>>,
}

impl Hallpass {
    /// Opens the database and makes the schemes that the settings ask for.
    ///
    /// # Errors
    /// When the database cannot be opened, or there is no secret key and none can be made.
    pub fn open(settings: Settings) -> Result<Self, StartError> {
        Self::open_at(settings, Clock::system())
    }

    /// Like [`Hallpass::open`], with a clock of the caller's.
    ///
    /// # Errors
    /// As [`Hallpass::open`].
    pub fn open_at(mut settings: Settings, clock: Clock) -> Result<Self, StartError> {
        let store = Store::open_remembering(&settings.database, &settings.cache)?;
        let secret_key = settings.ensure_secret_key()?;
        let pool = HashingPool::new(0, settings.password.queue_timeout).map_err(StartError::Hashers)?;
        let pool = Arc::new(pool);
        let by_email = settings.accounts.login_field == LoginField::Email;
        let counters = CounterKeys::new(&secret_key);
        let guard = Guard::new(store.clone(), clock.clone(), &settings, counters.clone());
        let backend = ModelBackend::new(store.clone(), Hasher::new(settings.password.bcrypt_cost), pool, guard);
        let backend = backend.by_email_too(by_email);
        let post = Post::open(&settings, store.clone(), clock.clone())?;
        let link_tokens = LinkTokens::new(&settings, &secret_key);
        let token_vault = TokenVault::new(settings.token.storage, settings.secret_keys(&secret_key))?;
        let jwt = Tokens::new(&settings.jwt, settings.token_secret(&secret_key))?;
        warn_of_keys(&jwt.keys());
        warn_of_exposures(&settings, &jwt.keys());
        let authenticator = auth::from_settings(&settings, &jwt, &store, &clock, &backend, &counters);
        let inspector = Arc::new(Inspector::new(&settings, &jwt, &store, &clock));
        Ok(Self {
            settings: Arc::new(settings),
            store,
            clock,
            backend,
            jwt,
            post,
            link_tokens,
            counters,
            token_vault,
            authenticator,
            inspector,
            documents: Arc::default(),
        })
    }

    /// Asks `scheme` before those of the settings; its challenge is then the one that is sent.
    pub fn with_scheme_first(mut self, scheme: impl AuthenticationScheme) -> Self {
        self.authenticator = self.authenticator.with_first(scheme);
        self
    }

    /// Asks `scheme` after those of the settings.
    pub fn with_scheme_last(mut self, scheme: impl AuthenticationScheme) -> Self {
        self.authenticator = self.authenticator.with_last(scheme);
        self
    }

    /// The settings that it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The clock that times are taken from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The check of names and passwords.
    pub fn backend(&self) -> &ModelBackend {
        &self.backend
    }

    /// The tokens that are signed: how they are made and read.
    pub fn jwt(&self) -> &Tokens {
        &self.jwt
    }

    /// The mails: written down with the changes that they tell of, and sent by the thread that [`Post::start`] starts.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// Who sent `request`, to be charged for the passwords in it.
    pub(crate) fn client(&self, request: &HttpRequest) -> Client {
        self.backend.client(request)
    }

    /// What the audit says of whoever sent `request`; the views add what they do.
    pub(crate) fn trail(&self, request: &HttpRequest) -> Trail {
        self.backend.trail(&self.client(request))
    }

    pub(crate) fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// What there is to ask, written when somebody first wants to know.
    fn documents(&self) -> Result<&Documents, ApiError> {
        if let Some(documents) = self.documents.get() {
            return Ok(documents);
        }
        let documents = Documents::of(&self.settings)?;
        Ok(self.documents.get_or_init(|| documents))
    }

    pub(crate) fn counters(&self) -> &CounterKeys {
        &self.counters
    }

    pub(crate) fn token_vault(&self) -> &TokenVault {
        &self.token_vault
    }

    pub(crate) fn link_tokens(&self) -> &LinkTokens {
        &self.link_tokens
    }

    /// Takes the signing keys of these settings in place of its own, from the next token on. Everything else stays.
    ///
    /// # Errors
    /// When the keys are not usable; those that were there stay.
    pub fn reload_keys(&self, settings: &Settings) -> Result<(), StartError> {
        let secret_key = settings.secret_key.clone().or_else(|| self.settings.secret_key.clone());
        let secret_key = secret_key.unwrap_or_else(|| crate::secret::Secret::new(""));
        let keys = KeyRing::from_settings(&settings.jwt, settings.token_secret(&secret_key))?;
        warn_of_keys(&keys);
        self.jwt.replace_keys(keys);
        Ok(())
    }

    /// For `App::configure`: what the extractor [`Auth`](crate::auth::Auth) needs, and no routes.
    pub fn configure(&self) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
        let hallpass = self.clone();
        move |config| {
            config.app_data(web::Data::new(hallpass.authenticator.clone()));
            config.app_data(web::Data::new(hallpass));
        }
    }

    /// For `App::configure`: [`Hallpass::configure`] and every route that the settings switch on. Where accounts send mail,
    /// the application also starts the thread that does, with [`Post::start`].
    pub fn configure_routes(&self) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
        let hallpass = self.clone();
        move |config| {
            hallpass.configure()(config);
            routes::register(&hallpass.settings.routes, config);
        }
    }
}

/// Says what others can see of the settings' secrets; of the files of signing keys, the keys have said so.
fn warn_of_exposures(settings: &Settings, keys: &KeyRing) {
    let said: Vec<String> = keys.warnings().iter().map(ToString::to_string).collect();
    for exposure in settings.exposures().iter().filter(|exposure| !said.contains(exposure)) {
        log::warn!("{exposure}");
    }
}

/// Says what is no reason to stop and should be otherwise.
fn warn_of_keys(keys: &KeyRing) {
    for warning in keys.warnings() {
        log::warn!("{warning}");
    }
    if !keys.can_sign() {
        log::warn!("no key signs tokens here: they are verified only");
    }
}
