//! One line a request, at its end: what was asked, how it ended, who asked, and why they were refused.
//!
//! The line names the route and not the path, so that nothing a client wrote gets into the log.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, ResponseError};
use log::kv::{Source, ToValue, Value, VisitSource};

use crate::auth::Caller;
use crate::error::ApiError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest head of a request, in bytes; actix-http itself takes 128 KiB.
const LONGEST_HEAD: usize = 16 * 1024;

/// The longest request id that is taken over from a client.
const LONGEST_ID: usize = 64;

/// Middleware: has the request answered and writes the line. The answer carries the request's id.
pub(super) async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id(request.request());
    let mut response = match head_length(request.request()) {
        0..=LONGEST_HEAD => next.call(request).await?.map_into_boxed_body(),
        _ => request.into_response(ApiError::HeadersTooLarge.error_response()),
    };
    let entry = Entry::of(&response, id, started);
    entry.write();
    if let Ok(id) = HeaderValue::try_from(entry.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response)
}

fn head_length(request: &HttpRequest) -> usize {
    // A colon, a blank and the end of the line.
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    lines.sum::<usize>() + request.uri().path_and_query().map_or(0, |target| target.as_str().len())
}

/// The client's own id if it is harmless, so that a request can be followed from server to server.
fn request_id(request: &HttpRequest) -> String {
    let is_harmless = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).filter(is_harmless) {
        Some(id) => id.to_owned(),
        None => new_id(),
    }
}

fn new_id() -> String {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Err(_) => "unknown".to_owned(),
    }
}

struct Entry {
    method: String,
    route: String,
    status: StatusCode,
    milliseconds: f64,
    caller: Option<Caller>,
    id: String,
    cause: Option<String>,
}

impl Entry {
    fn of(response: &ServiceResponse<impl MessageBody>, id: String, started: Instant) -> Self {
        let request = response.request();
        let error = response.response().error();
        Self {
            method: request.method().as_str().chars().take(16).collect(),
            route: request.match_pattern().unwrap_or_else(|| "-".to_owned()),
            status: response.status(),
            milliseconds: (started.elapsed().as_secs_f64() * 1e5).round() / 100.0,
            caller: request.extensions().get::<Caller>().cloned(),
            id,
            cause: error.map(|error| match error.as_error::<ApiError>() {
                Some(error) => error.cause().into_owned(),
                None => error.to_string(),
            }),
        }
    }

    fn write(&self) {
        let level = if self.status.is_server_error() { log::Level::Error } else { log::Level::Info };
        log::logger().log(
            &log::Record::builder()
                .level(level)
                .target("hallpass::request")
                .args(format_args!("request"))
                .key_values(&self)
                .build(),
        );
    }
}

impl Source for Entry {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), log::kv::Error> {
        visitor.visit_pair("method".into(), self.method.to_value())?;
        visitor.visit_pair("route".into(), self.route.to_value())?;
        visitor.visit_pair("status".into(), Value::from(self.status.as_u16()))?;
        visitor.visit_pair("ms".into(), Value::from(self.milliseconds))?;
        if let Some(caller) = &self.caller {
            visitor.visit_pair("scheme".into(), caller.scheme.to_value())?;
            visitor.visit_pair("user_id".into(), caller.user_id.to_value())?;
        }
        visitor.visit_pair("request_id".into(), self.id.to_value())?;
        match &self.cause {
            Some(cause) => visitor.visit_pair("cause".into(), cause.to_value()),
            None => Ok(()),
        }
    }
}
