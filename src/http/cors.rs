//! Which pages of other sites may read the answers (`[cors]`), in the headers that browsers ask for. With no site allowed,
//! nothing here happens.
//!
//! A request from a site that is not allowed is answered as any other, without those headers: it is the browser that keeps
//! the answer from the page. `actix-cors` refuses its preflights in plain text before anybody is asked who they are, and
//! names what it allows to every site.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};

use super::routes::forward_auth_paths;
use crate::settings::{Origin, Settings};

const METHODS: HeaderValue = HeaderValue::from_static("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");

/// What pages may send along. The header that `jwt.auth_header_name` names comes in addition.
const REQUEST_HEADERS: &str = "Accept, Authorization, Content-Type, X-CSRFToken, X-Request-ID, X-Requested-With";

/// What pages may read besides the few headers that are always theirs.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static("Retry-After, WWW-Authenticate, X-Request-ID");

/// How long a browser keeps the answer to a preflight: a day, as django-cors-headers has it. Browsers keep less.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// What `[cors]` comes to.
pub(super) struct Cors {
    origins: Vec<Origin>,
    with_credentials: bool,
    request_headers: HeaderValue,
    /// Where a preflight is not for this service.
    checks: Vec<String>,
}

impl Cors {
    pub(super) fn from_settings(settings: &Settings) -> Self {
        let name = settings.jwt.auth_header_name.as_str();
        let request_headers = match REQUEST_HEADERS.split(", ").any(|known| known.eq_ignore_ascii_case(name)) {
            true => HeaderValue::from_static(REQUEST_HEADERS),
            // A name of a header is always a value of one.
            false => HeaderValue::try_from(format!("{REQUEST_HEADERS}, {name}"))
                .unwrap_or(HeaderValue::from_static(REQUEST_HEADERS)),
        };
        Self {
            origins: settings.cors.allowed_origins.clone(),
            with_credentials: settings.cors.allow_credentials,
            request_headers,
            checks: forward_auth_paths(&settings.routes),
        }
    }

    fn is_off(&self) -> bool {
        self.origins.is_empty()
    }

    /// What `Access-Control-Allow-Origin` says to this request, if it comes from an allowed site.
    pub(super) fn allowed(&self, request: &HeaderMap) -> Option<HeaderValue> {
        if self.is_off() {
            return None;
        }
        let mut origins = request.get_all(ORIGIN);
        // A browser sends one. Of two, nobody could say which page would read the answer.
        let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
        self.origins.iter().find_map(|allowed| match allowed {
            Origin::Any => Some(HeaderValue::from_static("*")),
            Origin::Exact(allowed) => (origin == allowed.as_str()).then(|| origin.clone()),
        })
    }

    /// The answer to a preflight, which asks for every page of a site and knows no user. The browser compares what the page
    /// wants to send with these lists, so that what it asked for need not be read.
    pub(super) fn preflight(&self) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, self.request_headers.clone()))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
            .finish()
    }

    /// Whether a browser asks beforehand what a page may do here. At the check for reverse proxies it asks the guarded
    /// server, and an answer of ours would let it through to that without a token.
    pub(super) fn is_preflight(&self, request: &ServiceRequest) -> bool {
        let is_asked =
            request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        is_asked && !self.checks.iter().any(|path| is_at_or_below(request.path(), path))
    }

    /// Lets the pages of `origin`, if that is an allowed one, read the answer.
    pub(super) fn share(&self, answer: &mut HeaderMap, origin: Option<HeaderValue>) {
        if self.is_off() {
            return;
        }
        if let Some(origin) = origin {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
            if self.with_credentials {
                answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
        }
        vary_by_origin(answer);
    }
}

fn is_at_or_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Tells caches that another site is answered otherwise, and keeps what the view says of itself.
fn vary_by_origin(headers: &mut HeaderMap) {
    let vary = headers.get(VARY).map(|vary| [vary.as_bytes(), b", Origin"].concat());
    let vary = vary.and_then(|vary| HeaderValue::try_from(vary).ok());
    headers.insert(VARY, vary.unwrap_or(HeaderValue::from_static("Origin")));
}
