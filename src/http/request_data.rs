//! The body of a request: read within limits, then parsed as REST framework's `request.data`.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;

use super::Hallpass;
use super::body::{self, BodyError, Data, Parser};
use crate::auth::joined_header;
use crate::error::ApiError;

/// A body that has not been read yet. REST framework reads it last, when the handler asks for `request.data`: whatever
/// else is wrong with a request is said first.
pub(super) struct RequestData {
    request: HttpRequest,
    payload: Payload,
}

impl FromRequest for RequestData {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone(), payload: payload.take() }))
    }
}

impl RequestData {
    /// Reads the body and parses it with whichever of `parsers` is for its media type.
    pub(super) async fn parse(self, parsers: &[Parser]) -> Result<Data, ApiError> {
        let Self { request, payload } = self;
        let Some(hallpass) = request.app_data::<web::Data<Hallpass>>() else {
            return Err(ApiError::Internal("no Hallpass in the application's data".to_owned()));
        };
        refuse_coded(&request)?;
        let server = &hallpass.settings().server;
        let content_type = joined_header(&request, &CONTENT_TYPE);
        let body = match read(&request, payload, server.body_limit.bytes(), server.request_timeout).await {
            // That nobody could have read it anyway is said first.
            Err(ApiError::BodyTooLarge) => {
                body::select(content_type.as_deref(), parsers)?;
                return Err(ApiError::BodyTooLarge);
            }
            body => body?,
        };
        Ok(body::parse(content_type.as_deref(), &body, parsers)?)
    }
}

/// Nothing here unpacks a body: a kilobyte must not become a gigabyte.
fn refuse_coded(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(codings) = joined_header(request, &CONTENT_ENCODING) else { return Ok(()) };
    let is_none = |coding: &[u8]| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
    if codings.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).all(is_none) {
        return Ok(());
    }
    Err(ApiError::UnsupportedMediaType(codings.iter().copied().map(char::from).collect()))
}

async fn read(request: &HttpRequest, payload: Payload, limit: usize, wait: Duration) -> Result<Vec<u8>, ApiError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(ApiError::BodyTooLarge);
    }
    tokio::time::timeout(wait, collect(payload, limit)).await.unwrap_or(Err(ApiError::RequestTimeout))
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => ApiError::BodyTooLarge,
            _ => ApiError::Parse("The request body could not be read.".to_owned()),
        })?;
        if body.len() + chunk.len() > limit {
            return Err(ApiError::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::UnsupportedMediaType(media_type) => Self::UnsupportedMediaType(media_type),
            BodyError::Malformed(detail) => Self::Parse(detail),
            BodyError::TooManyFields | BodyError::TooManyFiles => Self::Parse(error.to_string()),
        }
    }
}
