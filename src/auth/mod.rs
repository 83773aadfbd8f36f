//! How a request's credentials are read, and the extractor behind which a handler is protected.
//!
//! [`Auth<P>`] asks the [`Authenticator`] who is calling and the permission `P` whether they may. The schemes are a file
//! each; how passwords are checked against a user is [`ModelBackend`]'s.

mod attempt;
mod basic;
mod charge;
mod client;
mod findings;
mod guard;
mod header;
mod inspector;
mod jwt;
mod lockout;
mod model_backend;
mod permission;
mod scheme;
mod subject;
mod throttle;
mod token;
mod turns;
mod user;
mod user_claim;

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

pub use basic::BasicAuthentication;
pub use client::Client;
pub(crate) use findings::{Caller, Findings};
pub use guard::Guard;
pub(crate) use inspector::{Inspected, Inspector, may_be_opaque};
pub use jwt::{JwtAuthentication, JwtStatelessAuthentication};
pub use model_backend::ModelBackend;
pub use permission::{AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly, Permission, Refused};
pub use scheme::{Authenticated, AuthenticationScheme, Authenticator};
pub use token::TokenAuthentication;
pub use user::{User, UserId};

use crate::clock::Clock;
use crate::error::ApiError;
use crate::jwt::Tokens;
use crate::settings::{Backend, Settings};
use crate::store::Store;
use crate::store::counters::CounterKeys;
use throttle::RequestThrottle;

pub(crate) use basic::credentials as basic_credentials;
pub(crate) use header::{joined as joined_header, words as header_words};
pub(crate) use jwt::is_blacklisted;
pub(crate) use throttle::exempt as exempt_from_throttles;
pub(crate) use user_claim::{user_claim, user_key};
#[cfg(feature = "fuzzing")]
pub(crate) use {
    client::{counted_as, forwarded},
    token::key as token_key,
};

/// The chain that `auth.backends` asks for.
pub(crate) fn from_settings(
    settings: &Settings,
    tokens: &Tokens,
    store: &Store,
    clock: &Clock,
    backend: &ModelBackend,
    counters: &CounterKeys,
) -> Authenticator {
    let memory = settings.cache.memory.bytes();
    let scheme = |name: &Backend| -> Option<Box<dyn AuthenticationScheme>> {
        let (store, clock, tokens) = (store.clone(), clock.clone(), tokens.clone());
        match name {
            Backend::Token => Some(Box::new(TokenAuthentication::new(store, clock, &settings.token))),
            Backend::Basic => Some(Box::new(BasicAuthentication::new(backend.clone()))),
            Backend::Jwt => {
                let scheme = JwtAuthentication::new(store, clock, tokens, settings.jwt.clone());
                Some(Box::new(scheme.remembering(memory)))
            }
            Backend::JwtStateless => {
                let scheme = JwtStatelessAuthentication::new(store, clock, tokens, settings.jwt.clone());
                Some(Box::new(scheme.remembering(memory)))
            }
            // The settings refuse it: this release has none.
            Backend::ApiKey => None,
        }
    };
    Authenticator::new(settings.auth.backends.iter().filter_map(scheme).collect())
        .ignoring_credentials_on_public(settings.auth.ignore_credentials_on_public)
        .throttled_by(RequestThrottle::from_settings(store.clone(), clock.clone(), settings, counters.clone()))
}

/// Protects the handler that takes it: the handler runs only for whom `P` lets in.
///
/// Dereferences to what the permission grants: [`Authenticated`] for [`IsAuthenticated`] and [`IsAdminUser`],
/// `Option<Authenticated>` for [`AllowAny`] and [`IsAuthenticatedOrReadOnly`]. Never take an `Option<Auth>` instead:
/// Actix makes `None` of *bad* credentials, which REST framework refuses.
///
/// # Errors
/// 401 or 403 in REST framework's words; 503 when the credentials cannot be looked up; 500, with a line in the log that
/// says so, when the application has no [`Authenticator`] in its data.
///
/// # Examples
/// ```
/// use hallpass::auth::{Auth, IsAdminUser};
///
/// async fn hello(caller: Auth) -> String {
///     format!("Hello, {}!", caller.user.username)
/// }
///
/// async fn close_shop(_: Auth<IsAdminUser>) -> &'static str {
///     "closed"
/// }
/// ```
#[derive(Debug)]
pub struct Auth<P: Permission = IsAuthenticated>(P::Grant);

impl<P: Permission> Auth<P> {
    /// What the permission granted.
    pub fn into_inner(self) -> P::Grant {
        self.0
    }
}

impl<P: Permission> Deref for Auth<P> {
    type Target = P::Grant;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<P: Permission> FromRequest for Auth<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authorize::<P>(&request).await.map(Self) })
    }
}

async fn authorize<P: Permission>(request: &HttpRequest) -> Result<P::Grant, ApiError> {
    let (authenticator, caller) = recognise(request, P::IS_PUBLIC).await?;
    let is_known = caller.is_some();
    let due = authenticator.due(request, caller.as_ref());
    let grant = P::grant(caller, request).map_err(|Refused| authenticator.refusal(is_known, request))?;
    due.count(request).await?;
    Ok(grant)
}

/// Who is calling, for a handler that decides itself who may; and the chain that found it out. `is_public` says that
/// nobody has to be known.
pub(crate) async fn recognise(
    request: &HttpRequest,
    is_public: bool,
) -> Result<(web::Data<Authenticator>, Option<Authenticated>), ApiError> {
    let authenticator = authenticator(request)?;
    let caller = match authenticator.authenticate(request).await {
        Err(ApiError::Authentication(_)) if is_public && authenticator.ignores_credentials_on_public() => None,
        result => result?,
    };
    if let Some(caller) = &caller {
        let caller = Caller { scheme: caller.scheme, user_id: caller.user.id.clone() };
        Findings::add(request, |findings| findings.caller = Some(caller));
    }
    Ok((authenticator.clone(), caller))
}

/// Counts a request that anyone may send and nobody looks at the credentials of.
pub(crate) async fn throttle_open(request: &HttpRequest) -> Result<(), ApiError> {
    authenticator(request)?.due(request, None).count(request).await
}

fn authenticator(request: &HttpRequest) -> Result<&web::Data<Authenticator>, ApiError> {
    request.app_data::<web::Data<Authenticator>>().ok_or_else(|| {
        ApiError::Internal(
            "no Authenticator in the application's data: App::new().configure(hallpass.configure()) puts it there"
                .to_owned(),
        )
    })
}
