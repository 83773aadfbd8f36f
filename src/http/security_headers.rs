//! What every answer tells browsers, whoever wrote it: a view, an error, or the connection before any route.

use actix_web::middleware::DefaultHeaders;

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

/// For the application's answers, which keep what they have of these.
pub(super) fn defaults(is_tls: bool) -> DefaultHeaders {
    all(is_tls).fold(DefaultHeaders::new(), |headers, header| headers.add(header))
}

/// The lines for an answer that no application writes.
pub(super) fn lines(is_tls: bool) -> String {
    all(is_tls).map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

fn all(is_tls: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    ALWAYS.into_iter().chain(is_tls.then_some(UNDER_TLS))
}
