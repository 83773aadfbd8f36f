//! The documentation of the sample handlers, and of what is no view.

use actix_web::http::Method;
use serde_json::json;

use super::doc::{Doc, Who};
use crate::settings::Settings;

const SAMPLES: &str = "Samples";
const OPERATIONS: &str = "Operations";

pub(super) fn doc(view: &str, method: &Method, _: &Settings) -> Option<Doc> {
    let sample =
        |summary, who, message: &str| Doc::of(SAMPLES, summary, who).gives("A greeting", json!({"message": message}));
    Some(match (view, method.as_str()) {
        ("Hello", "GET") => sample("For whoever is known", Who::Known, "Hello, World!"),
        ("Secret", "GET") => sample("For whoever is known, without a slash", Who::Known, "Some secret message"),
        ("Whoami", "GET") => {
            Doc::of(SAMPLES, "Who is calling", Who::Known).gives("The user", json!({"id": 1, "username": "alice"}))
        }
        ("Admin Only", "GET") => sample("For staff", Who::Known, "Hello, admin!"),
        ("Read Only", "GET") => sample("For anyone", Who::AnyoneChecked, "read"),
        ("Read Only", "POST") => sample("For whoever is known", Who::Known, "written"),
        ("Schema", "GET") => {
            let schema = json!({"openapi": "3.1.0", "info": {}, "paths": {}});
            Doc::of(OPERATIONS, "This document, as JSON or YAML", Who::Anyone).gives("The document", schema)
        }
        _ => return None,
    })
}

/// The routes that are no views: their paths, and what is said of GET.
pub(super) fn routes(settings: &Settings) -> Vec<(String, Doc)> {
    let status = |summary, status| Doc::of(OPERATIONS, summary, Who::Anyone).gives("It is", json!({"status": status}));
    let mut routes = vec![
        ("/livez".to_owned(), status("Whether the service is alive", "alive")),
        ("/readyz".to_owned(), status("Whether it reaches its database", "ready")),
    ];
    if let Some(prefix) = &settings.routes.prefix_forward_auth {
        let doc = Doc::of("For other services", "Whether a reverse proxy may let a request through", Who::Known);
        routes
            .push((format!("{}/", prefix.without_slash()), doc.done(200, "It may; who is calling is in the headers")));
    }
    routes
}
