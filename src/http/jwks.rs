//! `/.well-known/jwks.json`: the public keys by which other services check our tokens (RFC 7517).

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, web};

use super::Hallpass;
use super::view::{View, ok};
use crate::error::ApiError;

/// Half of what SimpleJWT's own client keeps a key set for, so that a new key is known before it signs.
const MAX_AGE: &str = "public, max-age=150";

pub(super) fn view(paths: Vec<String>) -> View {
    View::open(paths, "JSON Web Key Set").json_only().get(key_set)
}

/// The key set; 404 while every key is a shared secret.
async fn key_set(hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    let keys = hallpass.jwt().keys().jwks();
    if keys["keys"].as_array().is_none_or(Vec::is_empty) {
        return Err(ApiError::NotFound);
    }
    let mut response = ok(&keys);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(MAX_AGE));
    Ok(response)
}
