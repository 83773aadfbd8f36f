//! `JWTAuthentication`: `Authorization: Bearer <token>`, its user looked up in the database; and
//! `JWTStatelessUserAuthentication`, which takes the user from the claims.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue, TryIntoHeaderValue};
use actix_web_httpauth::headers::www_authenticate::WwwAuthenticate;
use actix_web_httpauth::headers::www_authenticate::bearer::Bearer;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::header;
use super::scheme::{Authenticated, AuthenticationScheme};
use super::subject::Subject;
use super::user_claim::user_key;
use crate::clock::{Clock, Timestamp};
use crate::error::{ApiError, AuthenticationError, TokenMessage};
use crate::jwt::{Claims, TokenError, TokenKind, Tokens, Verified, revoke_mark};
use crate::secret::Secret;
use crate::settings::{self, TokenType};
use crate::store::users::{self, Key, User};
use crate::store::{Store, blacklist};

/// Recognises the user of a token by their row: `rest_framework_simplejwt.authentication.JWTAuthentication`.
///
/// The keyword is matched exactly, where `TokenAuthentication` takes any case.
pub struct JwtAuthentication {
    reader: Reader,
}

/// Recognises the user that a token speaks of, without asking the database who that is:
/// `rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication`.
///
/// A user who was deleted or deactivated stays recognised until the token expires.
pub struct JwtStatelessAuthentication {
    reader: Reader,
}

impl JwtAuthentication {
    /// Reads tokens with `tokens` and looks their users up in `store`.
    pub fn new(store: Store, clock: Clock, tokens: Tokens, settings: settings::Jwt) -> Self {
        Self { reader: Reader::new(store, clock, tokens, settings) }
    }

    /// Remembers the tokens that it found good in about `memory` bytes for each thread; without this, in none.
    pub fn remembering(mut self, memory: usize) -> Self {
        self.reader.verified = Verified::within(memory);
        self
    }

    /// The user whom the claims of a good token name.
    ///
    /// # Errors
    /// In SimpleJWT's words, when there is none who may use it; 503 when they cannot be looked up.
    pub(super) async fn user_of(&self, claims: &Claims) -> Result<User, ApiError> {
        self.user(claims, &Subject::of(claims, &self.reader.settings)).await
    }

    async fn user(&self, claims: &Claims, subject: &Subject) -> Result<User, ApiError> {
        let Reader { store, settings, .. } = &self.reader;
        let claim = user_claim(subject)?;
        let key = user_key(&claim, settings.user_id_field).map_err(|error| self.reader.invalid(&error))?;
        let unknown = || AuthenticationError::failed("User not found").with_code("user_not_found");
        let key = key.ok_or_else(unknown)?;
        let found = store.find_token_user(&key).await?.ok_or_else(unknown)?;
        if settings.check_user_is_active && !found.user.is_active {
            return Err(AuthenticationError::failed("User is inactive").with_code("user_inactive").into());
        }
        let is_ended = found.refuses_token_of(subject.issued_at());
        if is_ended || !self.is_of_todays_password(key, claims).await? {
            let error = AuthenticationError::failed("The user's password has been changed.");
            return Err(error.with_code("password_changed").into());
        }
        Ok(found.user)
    }

    /// Whether the token says that it was made while the password was the one of now (`jwt.check_revoke_token`).
    async fn is_of_todays_password(&self, key: Key, claims: &Claims) -> Result<bool, ApiError> {
        let Reader { store, settings, .. } = &self.reader;
        if !settings.check_revoke_token {
            return Ok(true);
        }
        let login = store.run(move |connection| users::find_login_by(connection, &key)).await?;
        let claim = claims.get(&settings.revoke_token_claim);
        Ok(login.is_some_and(|login| is_of_password(claim, &login.encoded_password())))
    }
}

impl JwtStatelessAuthentication {
    /// Reads tokens with `tokens`; `store` is asked only whether a sliding or a refresh token was ended.
    pub fn new(store: Store, clock: Clock, tokens: Tokens, settings: settings::Jwt) -> Self {
        Self { reader: Reader::new(store, clock, tokens, settings) }
    }

    /// Remembers the tokens that it found good in about `memory` bytes for each thread; without this, in none.
    pub fn remembering(mut self, memory: usize) -> Self {
        self.reader.verified = Verified::within(memory);
        self
    }
}

/// Whether a token was made while the password was this one; a token that does not say so was not.
fn is_of_password(claim: Option<&Value>, encoded_password: &Secret) -> bool {
    let mark = Secret::new(revoke_mark(encoded_password.expose()));
    claim.and_then(Value::as_str).is_some_and(|claim| Secret::new(claim) == mark)
}

impl AuthenticationScheme for JwtAuthentication {
    fn authenticate<'r>(
        &'r self,
        request: &'r HttpRequest,
    ) -> LocalBoxFuture<'r, Result<Option<Authenticated>, ApiError>> {
        Box::pin(async move {
            let Some((claims, subject)) = self.reader.claims(request).await? else { return Ok(None) };
            let user = self.user(&claims, &subject).await?;
            Ok(Some(Authenticated::new(user, "jwt").with_claims(claims)))
        })
    }

    fn authenticate_header(&self, _: &HttpRequest) -> Option<HeaderValue> {
        challenge(&self.reader.settings)
    }
}

impl AuthenticationScheme for JwtStatelessAuthentication {
    fn authenticate<'r>(
        &'r self,
        request: &'r HttpRequest,
    ) -> LocalBoxFuture<'r, Result<Option<Authenticated>, ApiError>> {
        Box::pin(async move {
            let Some((claims, subject)) = self.reader.claims(request).await? else { return Ok(None) };
            let user = subject.user(user_claim(&subject)?);
            Ok(Some(Authenticated::new(user, "jwt_stateless").with_claims(claims)))
        })
    }

    fn authenticate_header(&self, _: &HttpRequest) -> Option<HeaderValue> {
        challenge(&self.reader.settings)
    }
}

/// `<first of auth_header_types> realm="api"`.
fn challenge(settings: &settings::Jwt) -> Option<HeaderValue> {
    match settings.auth_header_types.first()?.as_str() {
        "Bearer" => WwwAuthenticate(Bearer::build().realm("api").finish()).try_into_value().ok(),
        keyword => HeaderValue::try_from(format!("{keyword} realm=\"api\"")).ok(),
    }
}

/// What both schemes do: find the token in its header and read it.
struct Reader {
    store: Store,
    clock: Clock,
    tokens: Tokens,
    settings: settings::Jwt,
    header_name: HeaderName,
    verified: Verified<Subject>,
}

impl Reader {
    fn new(store: Store, clock: Clock, tokens: Tokens, settings: settings::Jwt) -> Self {
        let header_name = HeaderName::try_from(settings.auth_header_name.as_str()).unwrap_or(AUTHORIZATION);
        Self { store, clock, tokens, settings, header_name, verified: Verified::within(0) }
    }

    /// The claims of the token in the header, and of whom they speak; `None` when the header is not for these schemes.
    async fn claims(&self, request: &HttpRequest) -> Result<Option<(Claims, Subject)>, ApiError> {
        let Some(value) = header::joined(request, &self.header_name) else { return Ok(None) };
        let Some(token) = self.token(&header::words(&value))? else { return Ok(None) };
        let now = self.clock.now();
        // A token that may be on a list by now is always looked at anew.
        let may_recall = !self.asks_the_list();
        if may_recall && let Some(read) = self.verified.recall(&self.tokens, token, now) {
            return Ok(Some(read));
        }
        let generation = self.tokens.generation().filter(|_| may_recall);
        let claims = self.verify(token, now).await?;
        let subject = Subject::of(&claims, &self.settings);
        self.verified.note(&self.tokens, (token, &claims), generation, subject.clone());
        Ok(Some((claims, subject)))
    }

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

    /// Tries each kind of token in turn, and tells what each had against it when none will do.
    async fn verify(&self, token: &[u8], now: Timestamp) -> Result<Claims, ApiError> {
        self.tokens.prepare(token, now).await;
        let decoded = self.tokens.decode(token, now);
        let is_blacklisted = match &decoded {
            Ok(claims) => self.is_blacklisted(claims).await?,
            Err(_) => false,
        };
        let mut messages = Vec::new();
        for kind in self.settings.auth_token_types.iter().copied().map(kind) {
            let reason = match &decoded {
                Err(error) => error.message(),
                Ok(_) if is_blacklisted && keeps_list(kind) => "Token is blacklisted".into(),
                Ok(claims) => match self.tokens.check(claims, kind, now) {
                    Ok(()) => return Ok(claims.clone()),
                    Err(error) => error.message(),
                },
            };
            messages.push(message(kind, reason));
        }
        Err(not_valid(messages).into())
    }

    /// Access tokens are on no list, so nothing is asked for them.
    async fn is_blacklisted(&self, claims: &Claims) -> Result<bool, ApiError> {
        match self.asks_the_list() {
            true => is_blacklisted(&self.store, &self.settings, claims).await,
            false => Ok(false),
        }
    }

    fn asks_the_list(&self) -> bool {
        self.settings.auth_token_types.iter().copied().map(kind).any(keeps_list)
    }

    /// A token that is sound but names its user in no way that could be meant.
    fn invalid(&self, error: &TokenError) -> AuthenticationError {
        let kind = self.settings.auth_token_types.first().copied().map_or(TokenKind::Access, kind);
        not_valid(vec![message(kind, error.message())])
    }
}

/// Whether a token's jti is on the list; one without a jti cannot be on it.
pub(crate) async fn is_blacklisted(store: &Store, settings: &settings::Jwt, claims: &Claims) -> Result<bool, ApiError> {
    let Some(jti) = claims.text(&settings.jti_claim).map(ToOwned::to_owned) else { return Ok(false) };
    Ok(store.run(move |connection| blacklist::is_blacklisted(connection, &jti)).await?)
}

fn user_claim(subject: &Subject) -> Result<Value, AuthenticationError> {
    subject.id().ok_or_else(|| {
        AuthenticationError::failed("Token contained no recognizable user identification").with_code("token_not_valid")
    })
}

/// `InvalidToken` of a header.
fn not_valid(messages: Vec<TokenMessage>) -> AuthenticationError {
    AuthenticationError::failed("Given token not valid for any token type")
        .with_code("token_not_valid")
        .with_messages(messages)
}

fn message(kind: TokenKind, message: Cow<'static, str>) -> TokenMessage {
    TokenMessage { token_class: kind.class_name(), token_type: kind.token_type(), message }
}

fn kind(token_type: TokenType) -> TokenKind {
    match token_type {
        TokenType::Access => TokenKind::Access,
        TokenType::Sliding => TokenKind::Sliding,
        TokenType::Refresh => TokenKind::Refresh,
        TokenType::Untyped => TokenKind::Untyped,
    }
}

/// SimpleJWT's `BlacklistMixin`.
fn keeps_list(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Refresh | TokenKind::Sliding)
}
