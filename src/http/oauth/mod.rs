//! What other services ask of a token: RFC 7662, introspection, and RFC 7009, revocation.
//!
//! Callers are services with a client id and a secret (`oauth.clients`), or users who are staff, by whichever scheme.

mod caller;
mod introspect;
mod revoke;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};

use super::Hallpass;
use super::body::{Data, Fields, Parser, Value};
use super::request_data::RequestData;
use super::view::{Field, View};
use crate::error::{ApiError, OauthError};

/// The RFCs' form first.
const PARSERS: &[Parser] = &[Parser::Form, Parser::Json, Parser::Multipart];

const FIELDS: &[Field] =
    &[Field::required("token", "Token"), Field::required("token_type_hint", "Token type hint").optional()];

/// Both views; `at` gives the paths that one is to be found at.
pub(super) fn views(at: impl Fn(&str) -> Vec<String>) -> [View; 2] {
    let view = |path, name, description| {
        View::open(at(path), name)
            .description(description)
            .parsers(PARSERS)
            .serializer(FIELDS)
            .json_only()
            .unthrottled()
    };
    [
        view("/introspect/", "Token Introspection", "Tells whether a token is good, and whose it is.")
            .post(introspect::introspect),
        view("/revoke/", "Token Revocation", "Ends a token.").post(revoke::revoke),
    ]
}

/// The fields of a body.
async fn fields(data: RequestData) -> Result<Fields, ApiError> {
    match data.parse(PARSERS).await? {
        Data::Fields(fields) => Ok(fields),
        _ => Err(OauthError::InvalidRequest("The body has no parameters.").into()),
    }
}

/// A parameter; one without a value counts as left out (RFC 6749 section 3.1).
///
/// # Errors
/// When it is there twice, or is no text.
fn parameter<'f>(fields: &'f Fields, name: &str) -> Result<Option<&'f str>, OauthError> {
    if fields.has_several(name) {
        return Err(OauthError::InvalidRequest("A parameter is there more than once."));
    }
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(OauthError::InvalidRequest("A parameter is no text.")),
    }
}

/// The token that is asked about. Which kind the caller takes it for (`token_type_hint`) does not matter: what a token is shows
/// from itself.
fn token(fields: &Fields) -> Result<&str, OauthError> {
    parameter(fields, "token_type_hint")?;
    parameter(fields, "token")?.ok_or(OauthError::InvalidRequest("The parameter token is missing."))
}

fn not_stored(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
