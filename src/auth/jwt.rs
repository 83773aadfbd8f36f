//! `JWTAuthentication`: `Authorization: Bearer <token>`, its user looked up in the database.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue, TryIntoHeaderValue};
use actix_web_httpauth::headers::www_authenticate::WwwAuthenticate;
use actix_web_httpauth::headers::www_authenticate::bearer::Bearer;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::header;
use super::scheme::{Authenticated, AuthenticationScheme};
use crate::clock::Clock;
use crate::error::{ApiError, AuthenticationError, TokenMessage};
use crate::jwt::{Claims, TokenError, TokenKind, Verifier};
use crate::settings::{self, UserIdField};
use crate::store::Store;
use crate::store::users::{self, User};

/// Recognises the user of an access token: `rest_framework_simplejwt.authentication.JWTAuthentication`.
///
/// The keyword is matched exactly, where `TokenAuthentication` takes any case.
pub struct JwtAuthentication {
    store: Store,
    clock: Clock,
    verifier: Verifier,
    settings: settings::Jwt,
    header_name: HeaderName,
}

impl JwtAuthentication {
    /// Reads tokens with `verifier` and looks their users up in `store`.
    pub fn new(store: Store, clock: Clock, verifier: Verifier, settings: settings::Jwt) -> Self {
        let header_name = HeaderName::try_from(settings.auth_header_name.as_str());
        let header_name = header_name.unwrap_or(actix_web::http::header::AUTHORIZATION);
        Self { store, clock, verifier, settings, header_name }
    }

    /// The token in the header; `None` when the header is not for this scheme.
    fn token<'h>(&self, words: &[&'h [u8]]) -> Result<Option<&'h [u8]>, AuthenticationError> {
        match words {
            [] => Ok(None),
            [keyword, ..] if !self.is_keyword(keyword) => Ok(None),
            [_, token] => Ok(Some(token)),
            _ => Err(AuthenticationError::failed("Authorization header must contain two space-delimited values")
                .with_code("bad_authorization_header")),
        }
    }

    fn is_keyword(&self, word: &[u8]) -> bool {
        self.settings.auth_header_types.iter().any(|keyword| keyword.as_str().as_bytes() == word)
    }

    fn verify(&self, token: &[u8]) -> Result<Claims, AuthenticationError> {
        self.verifier.verify(token, TokenKind::Access, self.clock.now()).map_err(invalid)
    }

    async fn find_user(&self, claims: &Claims) -> Result<User, ApiError> {
        let Some(claim) = claims.get(&self.settings.user_id_claim) else {
            return Err(AuthenticationError::failed("Token contained no recognizable user identification")
                .with_code("token_not_valid")
                .into());
        };
        let user = match self.settings.user_id_field {
            UserIdField::Id => match user_id(claim)? {
                Some(id) => self.store.find_user(id).await?,
                None => None,
            },
            UserIdField::Username => {
                let username = claim.as_str().ok_or_else(|| invalid(TokenError::Invalid))?.to_owned();
                self.store.run(move |connection| users::find_by_username(connection, &username)).await?
            }
        };
        let user = user.ok_or_else(|| AuthenticationError::failed("User not found").with_code("user_not_found"))?;
        if self.settings.check_user_is_active && !user.is_active {
            return Err(AuthenticationError::failed("User is inactive").with_code("user_inactive").into());
        }
        Ok(user)
    }
}

impl AuthenticationScheme for JwtAuthentication {
    fn authenticate<'r>(
        &'r self,
        request: &'r HttpRequest,
    ) -> LocalBoxFuture<'r, Result<Option<Authenticated>, ApiError>> {
        Box::pin(async move {
            let Some(value) = header::joined(request, &self.header_name) else { return Ok(None) };
            let Some(token) = self.token(&header::words(&value))? else { return Ok(None) };
            let claims = self.verify(token)?;
            let user = self.find_user(&claims).await?;
            Ok(Some(Authenticated::new(user, "jwt").with_claims(claims)))
        })
    }

    fn authenticate_header(&self, _: &HttpRequest) -> Option<HeaderValue> {
        match self.settings.auth_header_types.first().map(|keyword| keyword.as_str()) {
            Some("Bearer") => WwwAuthenticate(Bearer::build().realm("api").finish()).try_into_value().ok(),
            Some(keyword) => HeaderValue::try_from(format!("{keyword} realm=\"api\"")).ok(),
            None => None,
        }
    }
}

/// `InvalidToken`, with what each class of tokens that was tried had against it.
fn invalid(error: TokenError) -> AuthenticationError {
    let kind = TokenKind::Access;
    let message =
        TokenMessage { token_class: kind.class_name(), token_type: kind.token_type(), message: error.message() };
    AuthenticationError::failed("Given token not valid for any token type")
        .with_code("token_not_valid")
        .with_messages(vec![message])
}

/// The primary key that a claim names: an integer, or its canonical decimal text. `None` when no user can have it.
///
/// Python's `int()`, which SimpleJWT leaves this to, also takes `true`, `1.5`, `" 1 "` and digits of other scripts.
fn user_id(claim: &Value) -> Result<Option<i32>, AuthenticationError> {
    let id = match claim {
        Value::Null => return Ok(None),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.as_i64(),
        Value::String(text) if is_canonical_decimal(text) => text.parse().ok(),
        _ => return Err(invalid(TokenError::Invalid)),
    };
    Ok(id.and_then(|id: i64| i32::try_from(id).ok()))
}

fn is_canonical_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !digits.starts_with('0'))
}
