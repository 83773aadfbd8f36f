//! `rest_framework_simplejwt.views`: tokens for credentials, new tokens for old, and their end.
//!
//! None of these views looks at an `Authorization` header: what they need is in the body.

pub(super) mod blacklist;
mod obtain;
mod refresh;
mod sliding;

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use serde::ser::{Serialize, SerializeMap};

use super::Hallpass;
use super::fields::Serializer;
use super::request_data::RequestData;
use super::view::{DEFAULT_PARSERS, Field, View, ok};
use crate::auth::user_key;
use crate::clock::Timestamp;
use crate::error::{ApiError, AuthenticationError};
use crate::jwt::{Claims, TokenError};
use crate::store::blacklist::OutstandingToken;
use crate::store::users::TokenUser;

const CREDENTIALS: &[Field] = &[Field::required("username", "Username"), Field::required("password", "Password")];
const TOKEN: &[Field] = &[Field::required("token", "Token")];
const REFRESH: &[Field] = &[Field::required("refresh", "Refresh")];
const RENEWAL: &[Field] = &[Field::required("refresh", "Refresh"), Field::read_only("access", "Access")];

/// Every view; `at` gives the paths that one is to be found at.
pub(super) fn views(at: impl Fn(&str) -> Vec<String>) -> Vec<View> {
    vec![
        obtain_pair(at("/")),
        refresh(at("/refresh/")),
        verify(at("/verify/")),
        View::open(at("/blacklist/"), "Token Blacklist")
            .description(
                "Takes a token and blacklists it. Must be used with the\n`rest_framework_simplejwt.token_blacklist` app \
                 installed.",
            )
            .serializer(REFRESH)
            .post(blacklist::blacklist),
        View::open(at("/sliding/"), "Token Obtain Sliding")
            .description(
                "Takes a set of user credentials and returns a sliding JSON web token to\nprove the authentication of those \
                 credentials.",
            )
            .serializer(CREDENTIALS)
            .post(sliding::obtain),
        View::open(at("/sliding/refresh/"), "Token Refresh Sliding")
            .description(
                "Takes a sliding JSON web token and returns a new, refreshed version if the\ntoken's refresh period has \
                 not expired.",
            )
            .serializer(TOKEN)
            .post(sliding::refresh),
    ]
}

/// The three that djoser mounts under names of its own.
pub(super) fn djoser_views(at: impl Fn(&str) -> Vec<String>) -> [View; 3] {
    [obtain_pair(at("/create/")), refresh(at("/refresh/")), verify(at("/verify/"))]
}

fn obtain_pair(paths: Vec<String>) -> View {
    View::open(paths, "Token Obtain Pair")
        .description(
            "Takes a set of user credentials and returns an access and refresh JSON web\ntoken pair to prove the \
             authentication of those credentials.",
        )
        .serializer(CREDENTIALS)
        .post(obtain::obtain_pair)
}

fn refresh(paths: Vec<String>) -> View {
    View::open(paths, "Token Refresh")
        .description(
            "Takes a refresh type JSON web token and returns an access type JSON web\ntoken if the refresh token is valid.",
        )
        .serializer(RENEWAL)
        .post(refresh::refresh)
}

fn verify(paths: Vec<String>) -> View {
    View::open(paths, "Token Verify")
        .description(
            "Takes a token and indicates if it is valid.  This view provides no\ninformation about a token's fitness for a \
             particular use.",
        )
        .serializer(TOKEN)
        .post(blacklist::verify)
}

/// The one text field of a request that has no other.
async fn only_field(data: RequestData, name: &'static str) -> Result<String, ApiError> {
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let text = serializer.trimmed(name);
    serializer.finish()?;
    Ok(text)
}

/// 200 with tokens by name, in this order, not to be kept by any cache on the way.
fn tokens(named: &[(&str, &str)]) -> HttpResponse {
    struct Named<'a>(&'a [(&'a str, &'a str)]);

    impl Serialize for Named<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for (name, token) in self.0 {
                map.serialize_entry(name, token)?;
            }
            map.end()
        }
    }

    let mut response = ok(&Named(named));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Hallpass {
    /// 401 as these views answer it: the challenge is SimpleJWT's own, whatever `auth.backends` says.
    fn unauthorized(&self, error: AuthenticationError) -> ApiError {
        let keyword = self.settings().jwt.auth_header_types.first().map_or("Bearer", |keyword| keyword.as_str());
        error.challenged(HeaderValue::try_from(format!("{keyword} realm=\"api\"")).ok()).into()
    }

    /// The claims of a token of ours that is in its time.
    async fn decode(&self, token: &str, now: Timestamp) -> Result<Claims, ApiError> {
        self.jwt().prepare(token.as_bytes(), now).await;
        self.jwt().decode(token.as_bytes(), now).map_err(|error| self.invalid_token(&error))
    }

    /// `InvalidToken`, with the reason in SimpleJWT's words.
    fn invalid_token(&self, error: &TokenError) -> ApiError {
        self.invalid(error.message())
    }

    fn blacklisted(&self) -> ApiError {
        self.invalid("Token is blacklisted".into())
    }

    fn invalid(&self, message: Cow<'static, str>) -> ApiError {
        self.unauthorized(AuthenticationError::failed(message).with_code("token_not_valid"))
    }

    /// The user that a token names, or `None` when there is none; `Err` when the claim could name nobody.
    async fn user_of(&self, claims: &Claims) -> Result<Option<TokenUser>, ApiError> {
        let settings = &self.settings().jwt;
        let claim = claims.get(&settings.user_id_claim).ok_or_else(|| {
            let error = AuthenticationError::failed("Token contained no recognizable user identification");
            self.unauthorized(error.with_code("token_not_valid"))
        })?;
        match user_key(claim, settings.user_id_field).map_err(|error| self.invalid_token(&error))? {
            Some(key) => Ok(self.store().find_token_user(&key).await?),
            None => Ok(None),
        }
    }
}

/// The row that SimpleJWT keeps of a token that it gave out; without its text where `jwt.store_token_text` is false. Nothing
/// here ever reads the text.
pub(super) fn outstanding(
    hallpass: &Hallpass,
    claims: &Claims,
    token: String,
    user_id: Option<i32>,
    now: Timestamp,
) -> Result<OutstandingToken, ApiError> {
    let jti = claims.text(&hallpass.settings().jwt.jti_claim);
    let jti = jti.ok_or_else(|| hallpass.invalid_token(&TokenError::NoId))?.to_owned();
    let expires_at = claims.seconds("exp").map_err(|error| hallpass.invalid_token(&error))?;
    let expires_at = Timestamp::from_seconds(expires_at.unwrap_or_default());
    let token = if hallpass.settings().jwt.store_token_text { token } else { String::new() };
    Ok(OutstandingToken { jti, token, user_id, created_at: now, expires_at })
}
