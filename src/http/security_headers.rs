//! What every answer tells browsers, whoever wrote it: a view, an error, or the connection before any route.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue};

/// The first four are what Django's `SecurityMiddleware` and `XFrameOptionsMiddleware` add. The others are ours: no answer
/// is a page, and none is worth keeping unless it says so itself.
const ALWAYS: [(&str, &str); 6] = [
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
];

/// A year. Only under TLS of the service's own: in front of a proxy it is the proxy that knows.
const UNDER_TLS: (&str, &str) = ("strict-transport-security", "max-age=31536000");

/// For the application's answers.
pub(super) struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

impl SecurityHeaders {
    pub(super) fn new(is_tls: bool) -> Self {
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        Self(all(is_tls).map(header).collect())
    }

    /// Adds them to an answer, which may say itself that it is worth keeping, or that it is a page.
    pub(super) fn put_on(&self, answer: &mut HeaderMap) {
        let (is_kept, is_page) = (answer.contains_key(CACHE_CONTROL), answer.contains_key(CONTENT_SECURITY_POLICY));
        for (name, value) in &self.0 {
            let is_said = (is_kept && *name == CACHE_CONTROL) || (is_page && *name == CONTENT_SECURITY_POLICY);
            if !is_said {
                answer.insert(name.clone(), value.clone());
            }
        }
    }

    /// The lines for an answer that no application writes.
    pub(super) fn lines(is_tls: bool) -> String {
        all(is_tls).map(|(name, value)| format!("{name}: {value}\r\n")).collect()
    }
}

fn all(is_tls: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    ALWAYS.into_iter().chain(is_tls.then_some(UNDER_TLS))
}
