//! One line a request, at its end: what was asked, how it ended, who asked, and why they were refused.
//!
//! The line names the route and not the path, so that nothing a client wrote gets into the log.

use std::borrow::Cow;
use std::cell::RefCell;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use log::kv::{Source, ToValue, Value, VisitSource};

use super::metrics::Metrics;
use crate::auth::{Caller, Findings};
use crate::error::ApiError;

/// The header with the request's id, in the request and in its answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from a client.
const LONGEST_ID: usize = 64;

/// The client's own id if it is harmless, so that a request can be followed from server to server; or else a new one.
pub(super) fn request_id(request: &HttpRequest) -> HeaderValue {
    let is_harmless = |id: &&HeaderValue| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    request.headers().get(&REQUEST_ID).filter(is_harmless).cloned().unwrap_or_else(new_id)
}

/// 16 hexadecimal digits, to tell requests apart. It guards nothing, so that it need not be hard to guess.
fn new_id() -> HeaderValue {
    thread_local! {
        static RANDOM: RefCell<fastrand::Rng> = RefCell::new(fastrand::Rng::with_seed(seed()));
    }
    let id = RANDOM.with_borrow_mut(|random| random.u64(..));
    let digit = |at: u32| b"0123456789abcdef".get((id >> (at * 4)) as usize & 15).copied().unwrap_or_default();
    let digits: [u8; 16] = std::array::from_fn(|at| digit(at as u32));
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("unknown"))
}

fn seed() -> u64 {
    getrandom::u64().unwrap_or_else(|_| fastrand::u64(..))
}

/// What is told of a request.
pub(super) struct Entry<'r> {
    pub(super) method: &'r str,
    pub(super) route: &'r str,
    pub(super) status: StatusCode,
    pub(super) seconds: f64,
    pub(super) caller: Option<&'r Caller>,
    id: &'r str,
    pub(super) cause: Option<Cow<'r, str>>,
}

/// Writes the line of a request that has been answered, and counts it where that is asked for.
pub(super) fn write(
    response: &ServiceResponse<impl MessageBody>,
    id: &HeaderValue,
    started: Instant,
    metrics: Option<&Metrics>,
) {
    let request = response.request();
    let extensions = request.extensions();
    let findings = extensions.get::<Findings>();
    let method = request.method().as_str();
    let cause = response.response().error().map(|error| match error.as_error::<ApiError>() {
        Some(error) => error.cause(),
        None => Cow::Owned(error.to_string()),
    });
    let entry = Entry {
        method: method.get(..16).unwrap_or(method),
        route: findings.and_then(|findings| findings.route.as_deref()).unwrap_or("-"),
        status: response.status(),
        seconds: started.elapsed().as_secs_f64(),
        caller: findings.and_then(|findings| findings.caller.as_ref()),
        id: id.to_str().unwrap_or("unknown"),
        cause,
    };
    entry.write();
    if let Some(metrics) = metrics {
        metrics.count(&entry);
    }
}

impl Entry<'_> {
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

impl Source for Entry<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), log::kv::Error> {
        visitor.visit_pair("method".into(), self.method.to_value())?;
        visitor.visit_pair("route".into(), self.route.to_value())?;
        visitor.visit_pair("status".into(), Value::from(self.status.as_u16()))?;
        visitor.visit_pair("ms".into(), Value::from((self.seconds * 1e5).round() / 100.0))?;
        if let Some(caller) = &self.caller {
            visitor.visit_pair("scheme".into(), caller.scheme.to_value())?;
            visitor.visit_pair("user_id".into(), Value::from_display(&caller.user_id))?;
        }
        visitor.visit_pair("request_id".into(), self.id.to_value())?;
        match &self.cause {
            Some(cause) => visitor.visit_pair("cause".into(), cause.as_ref().to_value()),
            None => Ok(()),
        }
    }
}
