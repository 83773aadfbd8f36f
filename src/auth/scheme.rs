//! What a scheme is, what it finds out, and the chain that asks one after the other.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;
use futures_util::future::LocalBoxFuture;

use super::throttle::{Due, RequestThrottle};
use super::user::User;
use crate::error::{ApiError, AuthenticationError};

/// One way of telling who is calling: REST framework's `BaseAuthentication`.
///
/// A scheme reads its own credentials from the request and nothing else. It may hold a
/// [`Store`](crate::store::Store) to look them up; `examples/custom_scheme.rs` is one written outside this crate.
pub trait AuthenticationScheme: Send + Sync + 'static {
    /// Who is calling.
    ///
    /// `Ok(None)` says that the request has none of this scheme's credentials: the next scheme is asked.
    ///
    /// # Errors
    /// When the credentials are there and are bad, or cannot be looked up. The search ends with that.
    fn authenticate<'r>(
        &'r self,
        request: &'r HttpRequest,
    ) -> LocalBoxFuture<'r, Result<Option<Authenticated>, ApiError>>;

    /// The `WWW-Authenticate` challenge, or `None` when the answer to bad credentials is 403 and not 401.
    fn authenticate_header(&self, request: &HttpRequest) -> Option<HeaderValue>;
}

/// A caller who was recognised: REST framework's `request.user` and `request.auth`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authenticated {
    /// Who is calling.
    pub user: User,
    /// The name of the scheme that recognised them, as in `auth.backends`: `token`, `jwt`, …
    pub scheme: &'static str,
    /// The claims of the token they sent, with the schemes that have claims.
    pub claims: Option<Arc<crate::jwt::Claims>>,
}

impl Authenticated {
    /// A caller whom `scheme` recognised as `user`.
    pub fn new(user: impl Into<User>, scheme: &'static str) -> Self {
        Self { user: user.into(), scheme, claims: None }
    }

    /// Adds the claims of their token.
    pub fn with_claims(mut self, claims: impl Into<Arc<crate::jwt::Claims>>) -> Self {
        self.claims = Some(claims.into());
        self
    }
}

/// The schemes of a service in their order: REST framework's `DEFAULT_AUTHENTICATION_CLASSES`.
#[derive(Clone)]
pub struct Authenticator {
    schemes: Arc<[Arc<dyn AuthenticationScheme>]>,
    ignores_credentials_on_public: bool,
    throttle: Option<Arc<RequestThrottle>>,
}

impl Authenticator {
    /// A chain of `schemes`. The first one's challenge is sent with every 401, whichever scheme refused.
    pub fn new(schemes: Vec<Box<dyn AuthenticationScheme>>) -> Self {
        let schemes = schemes.into_iter().map(Arc::from).collect();
        Self { schemes, ignores_credentials_on_public: false, throttle: None }
    }

    /// The same chain with `scheme` before the others: its challenge is then the one that is sent.
    pub fn with_first(mut self, scheme: impl AuthenticationScheme) -> Self {
        let first: Arc<dyn AuthenticationScheme> = Arc::new(scheme);
        self.schemes = std::iter::once(first).chain(self.schemes.iter().cloned()).collect();
        self
    }

    /// The same chain with `scheme` after the others.
    pub fn with_last(mut self, scheme: impl AuthenticationScheme) -> Self {
        let last: Arc<dyn AuthenticationScheme> = Arc::new(scheme);
        self.schemes = self.schemes.iter().cloned().chain(std::iter::once(last)).collect();
        self
    }

    /// Lets a request with bad credentials pass as an anonymous one where nobody has to be known
    /// (`auth.ignore_credentials_on_public`). REST framework refuses it there too.
    pub fn ignoring_credentials_on_public(mut self, ignores: bool) -> Self {
        self.ignores_credentials_on_public = ignores;
        self
    }

    pub(super) fn throttled_by(mut self, throttle: Option<RequestThrottle>) -> Self {
        self.throttle = throttle.map(Arc::new);
        self
    }

    /// What is to be counted once this caller is let in, where the settings limit how often one may ask.
    pub(crate) fn due(&self, request: &HttpRequest, caller: Option<&Authenticated>) -> Due {
        Due::of(self.throttle.as_ref(), request, caller)
    }

    pub(super) fn ignores_credentials_on_public(&self) -> bool {
        self.ignores_credentials_on_public
    }

    /// Who is calling; `None` when no scheme found credentials of its own.
    ///
    /// # Errors
    /// The first scheme's that found bad ones, with the challenge that goes with it.
    pub async fn authenticate(&self, request: &HttpRequest) -> Result<Option<Authenticated>, ApiError> {
        for scheme in self.schemes.iter() {
            match scheme.authenticate(request).await {
                Ok(None) => {}
                Ok(Some(authenticated)) => return Ok(Some(authenticated)),
                Err(ApiError::Authentication(error)) => return Err(self.challenge(error, request)),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// What a caller reads who was refused by a permission: `APIView.permission_denied`.
    pub(crate) fn refusal(&self, is_known: bool, request: &HttpRequest) -> ApiError {
        // Where no scheme could have recognised anybody, asking for credentials would be of no use.
        if is_known || self.schemes.is_empty() {
            return ApiError::PermissionDenied;
        }
        self.challenge(AuthenticationError::not_authenticated(), request)
    }

    pub(crate) fn challenge(&self, error: AuthenticationError, request: &HttpRequest) -> ApiError {
        let challenge = self.schemes.first().and_then(|scheme| scheme.authenticate_header(request));
        error.challenged(challenge).into()
    }
}
