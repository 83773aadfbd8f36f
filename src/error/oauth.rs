//! The errors of OAuth 2.0's endpoints, which are not REST framework's: RFC 6749 section 5.2, RFC 7009 section 2.2.1.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use serde::Serialize;

/// Why another service was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OauthError {
    /// When there is no such client, or it has another secret: 401.
    InvalidClient,
    /// When the request is not as it is to be, for this reason: 400.
    InvalidRequest(&'static str),
    /// When tokens of this kind cannot be revoked: 400.
    UnsupportedTokenType,
}

#[derive(Serialize)]
pub(super) struct Body {
    error: &'static str,
    error_description: &'static str,
}

impl OauthError {
    pub(super) fn body(self) -> Body {
        let error = match self {
            Self::InvalidClient => "invalid_client",
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedTokenType => "unsupported_token_type",
        };
        Body { error, error_description: self.description() }
    }

    /// The sentence that a client reads.
    pub fn description(self) -> &'static str {
        match self {
            Self::InvalidClient => "There is no such client, or this is not its secret.",
            Self::InvalidRequest(why) => why,
            Self::UnsupportedTokenType => "An access token is good until it expires; revoke its refresh token.",
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest(_) | Self::UnsupportedTokenType => StatusCode::BAD_REQUEST,
        }
    }

    /// How clients prove who they are.
    pub(super) fn challenge(self) -> Option<HeaderValue> {
        (self == Self::InvalidClient).then(|| HeaderValue::from_static("Basic realm=\"api\""))
    }
}
