//! What a client reads when a request is refused: REST framework's exceptions, and the one table from them to HTTP.
//!
//! Layers below have errors of their own and know nothing of HTTP; they become an [`ApiError`] where a request is
//! answered. A client reads REST framework's words; the cause of a failure of ours goes to the log only.

mod oauth;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde::ser::{Serialize, SerializeMap, Serializer};

pub use self::oauth::OauthError;
use crate::json;
use crate::jwt::SignError;
use crate::passwords::gate::Refused;
use crate::store::StoreError;

/// Why a request is refused: `rest_framework.exceptions`, and what a server of our own adds to it.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApiError {
    /// When the body cannot be read as what its media type says: `ParseError`, 400.
    Parse(String),
    /// When fields of the body are missing or wrong: `ValidationError`, 400.
    Validation(FieldErrors),
    /// When credentials are missing or bad: `NotAuthenticated` and `AuthenticationFailed`, 401 with a challenge and
    /// 403 without.
    Authentication(AuthenticationError),
    /// When the request is refused with a bare list of one sentence, as djoser does where no field is to blame, 400.
    List(&'static str),
    /// When the caller is known and may not do this: `PermissionDenied`, 403.
    PermissionDenied,
    /// When this may not be done, for a reason of its own, 403.
    Forbidden(&'static str),
    /// When another service is refused what it asks of a token, in OAuth's shape: 400 or 401.
    Oauth(OauthError),
    /// When there is nothing at this path: `NotFound`, 404.
    NotFound,
    /// When the path names a user by an id that nobody has: `Http404` of a query, 404.
    NoSuchUser,
    /// When the path has no such method: `MethodNotAllowed`, 405.
    MethodNotAllowed(Method),
    /// When no renderer can give what `Accept` asks for: `NotAcceptable`, 406.
    NotAcceptable,
    /// When the body takes longer to arrive than `server.request_timeout`, 408.
    RequestTimeout,
    /// When the body is larger than `server.body_limit`, 413.
    BodyTooLarge,
    /// When the head of the request is too large, 431.
    HeadersTooLarge,
    /// When no parser reads this media type, which is repeated in the answer: `UnsupportedMediaType`, 415.
    UnsupportedMediaType(String),
    /// When this server made a mistake: 500, and the cause is logged.
    Internal(String),
    /// When the caller has asked, or tried a password, more often than is allowed: `Throttled`, 429.
    Throttled {
        /// Which limit it was, for the log.
        cause: &'static str,
        /// When there will be room for one more.
        wait: Duration,
    },
    /// When the database or the password hashers cannot keep up or cannot be reached: 503, and the cause is logged.
    Unavailable {
        /// What is logged.
        cause: String,
        /// When it makes sense to try again.
        retry_after: Duration,
    },
}

/// Bad or missing credentials, in the words of the scheme that found them so.
#[derive(Clone, Debug)]
pub struct AuthenticationError {
    body: AuthenticationErrorBody,
    challenge: Option<HeaderValue>,
}

#[derive(Clone, Debug, serde::Serialize)]
struct AuthenticationErrorBody {
    detail: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<TokenMessage>,
}

/// Why one class of tokens refused a token: an entry of SimpleJWT's `messages`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TokenMessage {
    /// SimpleJWT's name for the class, such as `AccessToken`.
    pub token_class: &'static str,
    /// What the token's type claim would have to be, such as `access`.
    pub token_type: &'static str,
    /// What was wrong.
    pub message: Cow<'static, str>,
}

impl AuthenticationError {
    /// Credentials that are there and are bad: `AuthenticationFailed`, with `detail` as the client will read it.
    pub fn failed(detail: impl Into<Cow<'static, str>>) -> Self {
        let body = AuthenticationErrorBody { detail: detail.into(), code: None, messages: Vec::new() };
        Self { body, challenge: None }
    }

    /// No credentials where some are needed: `NotAuthenticated`.
    pub fn not_authenticated() -> Self {
        Self::failed("Authentication credentials were not provided.")
    }

    /// Adds the `code` that SimpleJWT's errors carry in their body.
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.body.code = Some(code);
        self
    }

    /// Adds the reasons of each class of tokens that was tried.
    pub fn with_messages(mut self, messages: Vec<TokenMessage>) -> Self {
        self.body.messages = messages;
        self
    }

    /// Answers 401 with this challenge, or 403 when there is none.
    pub fn challenged(mut self, challenge: Option<HeaderValue>) -> Self {
        self.challenge = challenge;
        self
    }

    /// The sentence that the client reads.
    pub fn detail(&self) -> &str {
        &self.body.detail
    }

    fn cause(&self) -> Cow<'static, str> {
        match self.body.messages.first() {
            Some(first) => first.message.clone(),
            None => self.body.detail.clone(),
        }
    }
}

/// What is wrong with which field, in the order of the serializer's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(Cow<'static, str>, Vec<String>)>);

impl FieldErrors {
    /// Errors that belong to no one field.
    pub fn non_field(message: impl Into<String>) -> Self {
        Self(vec![(Cow::Borrowed("non_field_errors"), vec![message.into()])])
    }

    /// Errors of one field.
    pub fn of(field: impl Into<Cow<'static, str>>, messages: Vec<String>) -> Self {
        Self(vec![(field.into(), messages)])
    }

    /// What is wrong with `field`, to be added to.
    pub(crate) fn of_field(&mut self, field: &str) -> Option<&mut Vec<String>> {
        self.0.iter_mut().find(|(name, _)| name == field).map(|(_, messages)| messages)
    }

    /// Whether something is wrong with `field`.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(name, _)| name == field)
    }

    /// Adds what is wrong with `field`.
    pub fn push(&mut self, field: impl Into<Cow<'static, str>>, messages: Vec<String>) {
        self.0.push((field.into(), messages));
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, messages) in &self.0 {
            map.serialize_entry(field, messages)?;
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Detail<'a> {
    detail: &'a str,
}

impl ApiError {
    /// Why the request was refused, for the log: never a secret, never anything the client sent but a method or a
    /// media type.
    pub fn cause(&self) -> Cow<'static, str> {
        match self {
            Self::Validation(errors) if errors.0.iter().any(|(field, _)| field == "non_field_errors") => {
                errors.0.iter().flat_map(|(_, messages)| messages).next().cloned().unwrap_or_default().into()
            }
            Self::Validation(_) => Cow::Borrowed("invalid fields"),
            Self::Parse(_) => Cow::Borrowed("malformed body"),
            Self::Authentication(error) => error.cause(),
            Self::Internal(cause) | Self::Unavailable { cause, .. } => Cow::Owned(cause.clone()),
            Self::Throttled { cause, .. } => Cow::Borrowed(cause),
            other => other.detail(),
        }
    }

    fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::Parse(detail) => Cow::Owned(detail.clone()),
            Self::Authentication(error) => error.body.detail.clone(),
            Self::Validation(_) => Cow::Borrowed("Invalid input."),
            Self::PermissionDenied => Cow::Borrowed("You do not have permission to perform this action."),
            Self::List(sentence) | Self::Forbidden(sentence) => Cow::Borrowed(sentence),
            Self::Oauth(error) => Cow::Borrowed(error.description()),
            Self::NotFound => Cow::Borrowed("Not found."),
            Self::NoSuchUser => Cow::Borrowed("No User matches the given query."),
            Self::MethodNotAllowed(method) => Cow::Owned(format!("Method \"{method}\" not allowed.")),
            Self::NotAcceptable => Cow::Borrowed("Could not satisfy the request Accept header."),
            Self::RequestTimeout => Cow::Borrowed("The request took too long to arrive."),
            Self::BodyTooLarge => Cow::Borrowed("Request body is too large."),
            Self::HeadersTooLarge => Cow::Borrowed("The request's headers are too large."),
            Self::UnsupportedMediaType(media_type) => {
                Cow::Owned(format!("Unsupported media type \"{media_type}\" in request."))
            }
            Self::Throttled { wait, .. } => Cow::Owned(match whole_seconds(*wait) {
                1 => "Request was throttled. Expected available in 1 second.".to_owned(),
                seconds => format!("Request was throttled. Expected available in {seconds} seconds."),
            }),
            Self::Internal(_) => Cow::Borrowed("A server error occurred."),
            Self::Unavailable { .. } => Cow::Borrowed("Service temporarily unavailable, try again later."),
        }
    }

    fn body(&self) -> Vec<u8> {
        match self {
            Self::Validation(errors) => json::render(errors),
            Self::List(sentence) => json::render(&[sentence]),
            Self::Authentication(error) => json::render(&error.body),
            Self::Oauth(error) => json::render(&error.body()),
            _ => json::render(&Detail { detail: &self.detail() }),
        }
    }
}

/// The first whole second that is not too early.
fn whole_seconds(wait: Duration) -> u128 {
    wait.as_micros().div_ceil(1_000_000).max(1)
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.cause())
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Parse(_) | Self::Validation(_) | Self::List(_) => StatusCode::BAD_REQUEST,
            Self::Authentication(error) if error.challenge.is_some() => StatusCode::UNAUTHORIZED,
            Self::Authentication(_) | Self::PermissionDenied | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Oauth(error) => error.status(),
            Self::NotFound | Self::NoSuchUser => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        match self {
            Self::Authentication(AuthenticationError { challenge: Some(challenge), .. }) => {
                response.insert_header((WWW_AUTHENTICATE, challenge.clone()));
            }
            Self::Oauth(error) => {
                if let Some(challenge) = error.challenge() {
                    response.insert_header((WWW_AUTHENTICATE, challenge));
                }
            }
            Self::Throttled { wait: retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                response.insert_header((RETRY_AFTER, whole_seconds(*retry_after).to_string()));
            }
            Self::RequestTimeout | Self::BodyTooLarge | Self::HeadersTooLarge => {
                // The rest of the body is still on its way and nobody will read it.
                response.force_close();
            }
            _ => {}
        }
        response.body(self.body())
    }
}

impl From<AuthenticationError> for ApiError {
    fn from(error: AuthenticationError) -> Self {
        Self::Authentication(error)
    }
}

impl From<OauthError> for ApiError {
    fn from(error: OauthError) -> Self {
        Self::Oauth(error)
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::Validation(errors)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error.retry_after() {
            Some(retry_after) => Self::Unavailable { cause: error.to_string(), retry_after },
            None => Self::Internal(error.to_string()),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy { retry_after } => Self::Unavailable { cause: refused.to_string(), retry_after },
            _ => Self::Internal(refused.to_string()),
        }
    }
}

impl From<SignError> for ApiError {
    fn from(error: SignError) -> Self {
        match error {
            // The request is in order, and a server that has the key can answer it.
            SignError::NoSigningKey => {
                Self::Unavailable { cause: error.to_string(), retry_after: Duration::from_secs(60) }
            }
            _ => Self::Unavailable { cause: error.to_string(), retry_after: Duration::from_secs(1) },
        }
    }
}
