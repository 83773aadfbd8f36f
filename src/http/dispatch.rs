//! What is done around every view's handler: what the client accepts is settled before, and the answer is dressed after.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_service::{Service, Transform};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, HeaderValue, VARY};
use actix_web::{HttpRequest, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::negotiation::{NegotiationError, Renderer, Rendering, negotiate};
use super::view::{About, Throttling};
use crate::auth::{Findings, exempt_from_throttles, joined_header, throttle_open};
use crate::error::ApiError;
use crate::json;

/// Middleware of a view.
#[derive(Clone)]
pub(super) struct Dispatch(Rc<Dress>);

/// What does not change from one request of a view to the next.
struct Dress {
    route: Rc<str>,
    renderers: &'static [Renderer],
    allow: HeaderValue,
    throttling: Throttling,
}

impl Dispatch {
    /// For a view that the log calls `route`.
    pub(super) fn new(about: &About, route: &str) -> Self {
        Self(Rc::new(Dress {
            route: Rc::from(route),
            renderers: about.renderers(),
            allow: about.allow(),
            throttling: about.throttling(),
        }))
    }
}

impl<S, B> Transform<S, ServiceRequest> for Dispatch
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Transform = Dispatched<S>;
    type InitError = ();
    type Future = Ready<Result<Dispatched<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Dispatched { service: Rc::new(service), dress: Rc::clone(&self.0) }))
    }
}

/// A view with its middleware.
pub(super) struct Dispatched<S> {
    service: Rc<S>,
    dress: Rc<Dress>,
}

impl<S, B> Service<ServiceRequest> for Dispatched<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    actix_service::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let dress = Rc::clone(&self.dress);
        Findings::add(request.request(), |findings| findings.route = Some(Rc::clone(&dress.route)));
        let indent = match negotiated(dress.renderers, request.request()) {
            Ok(Rendering { indent, .. }) => indent,
            Err(error) => {
                return Box::pin(ready(Ok(dress.put_on(request.into_response(error.error_response()), None))));
            }
        };
        match dress.throttling {
            Throttling::AtAdmission => {}
            Throttling::Never => exempt_from_throttles(request.request()),
            Throttling::AtOnce => {
                let service = Rc::clone(&self.service);
                return Box::pin(async move {
                    let response = match throttle_open(request.request()).await {
                        Ok(()) => service.call(request).await?.map_into_boxed_body(),
                        Err(error) => request.into_response(error.error_response()),
                    };
                    Ok(dress.put_on(response, indent))
                });
            }
        }
        let answer = self.service.call(request);
        Box::pin(async move { Ok(dress.put_on(answer.await?.map_into_boxed_body(), indent)) })
    }
}

impl Dress {
    fn put_on(&self, mut response: ServiceResponse, indent: Option<u8>) -> ServiceResponse {
        if let Some(indent) = indent {
            response = indented(response, indent);
        }
        let headers = response.headers_mut();
        headers.insert(ALLOW, self.allow.clone());
        // Tokens must not be kept on the way. Said here as well, for applications with headers of their own.
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if self.renderers.len() > 1 {
            headers.insert(VARY, HeaderValue::from_static("Accept"));
        }
        response
    }
}

/// How `request` wants its answer.
pub(super) fn negotiated(renderers: &[Renderer], request: &HttpRequest) -> Result<Rendering, ApiError> {
    let accept = joined_header(request, &ACCEPT);
    let in_query = || {
        let named = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name == "format");
        named.last().map(|(_, value)| value.into_owned())
    };
    // A suffix of the path comes first: `/users.json`.
    let format = request.match_info().get("format").map(ToOwned::to_owned).or_else(in_query);
    negotiate(accept.as_deref(), format.as_deref(), renderers).map_err(|error| match error {
        NegotiationError::NotAcceptable => ApiError::NotAcceptable,
        NegotiationError::NotFound => ApiError::NotFound,
    })
}

/// The answer with its JSON spread over lines, as `Accept: application/json; indent=4` asks for.
fn indented(response: ServiceResponse, indent: u8) -> ServiceResponse {
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(json::pretty_json(&bytes, indent)),
        Err(body) => body,
    })
}
