//! What is done around every request, whether there is a route for it or not: its line in the log, its id, what it
//! tells browsers, and what lets pages of other sites read the answer.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_service::{Service, Transform};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::{HttpMessage, HttpRequest, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::cors::Cors;
use super::metrics::Metrics;
use super::request_log::{self, REQUEST_ID};
use super::security_headers::SecurityHeaders;
use crate::auth::Findings;
use crate::error::ApiError;

/// The longest head of a request, in bytes; actix-http itself takes 128 KiB.
const LONGEST_HEAD: usize = 16 * 1024;

/// Middleware of the whole application.
#[derive(Clone)]
pub(super) struct Envelope(Rc<Headers>);

struct Headers {
    cors: Cors,
    security: SecurityHeaders,
    metrics: Option<Arc<Metrics>>,
}

impl Envelope {
    pub(super) fn new(cors: Cors, security: SecurityHeaders, metrics: Option<Arc<Metrics>>) -> Self {
        Self(Rc::new(Headers { cors, security, metrics }))
    }
}

impl<S, B> Transform<S, ServiceRequest> for Envelope
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Transform = Enveloped<S>;
    type InitError = ();
    type Future = Ready<Result<Enveloped<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Enveloped { service, headers: Rc::clone(&self.0) }))
    }
}

/// The application with its middleware.
pub(super) struct Enveloped<S> {
    service: S,
    headers: Rc<Headers>,
}

impl<S, B> Service<ServiceRequest> for Enveloped<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    actix_service::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let started = Instant::now();
        let headers = Rc::clone(&self.headers);
        let id = request_log::request_id(request.request());
        if head_length(request.request()) > LONGEST_HEAD {
            let response = request.into_response(ApiError::HeadersTooLarge.error_response());
            return Box::pin(ready(Ok(dressed(response, &headers, None, id, started))));
        }
        let origin = headers.cors.allowed(request.headers());
        if origin.is_some() && headers.cors.is_preflight(&request) {
            let response = request.into_response(headers.cors.preflight());
            return Box::pin(ready(Ok(dressed(response, &headers, origin, id, started))));
        }
        request.extensions_mut().insert(Findings::of(id.clone()));
        let answer = self.service.call(request);
        Box::pin(async move { Ok(dressed(answer.await?.map_into_boxed_body(), &headers, origin, id, started)) })
    }
}

fn dressed(
    mut response: ServiceResponse,
    added: &Headers,
    origin: Option<HeaderValue>,
    id: HeaderValue,
    started: Instant,
) -> ServiceResponse {
    request_log::write(&response, &id, started, added.metrics.as_deref());
    let headers = response.headers_mut();
    added.cors.share(headers, origin);
    added.security.put_on(headers);
    headers.insert(REQUEST_ID, id);
    response
}

fn head_length(request: &HttpRequest) -> usize {
    // A colon, a blank and the end of the line.
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    lines.sum::<usize>() + request.uri().path_and_query().map_or(0, |target| target.as_str().len())
}
