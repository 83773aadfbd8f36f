//! Whether the service is alive, and whether it can do its work.

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, web};
use serde::Serialize;

use super::Hallpass;
use super::view::ok;
use crate::auth::Findings;
use crate::error::ApiError;

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

pub(super) fn register(config: &mut web::ServiceConfig) {
    for path in ["/livez", "/livez/"] {
        config.service(at(path).route(web::get().to(livez)).route(web::head().to(livez)));
    }
    for path in ["/readyz", "/readyz/"] {
        config.service(at(path).route(web::get().to(readyz)).route(web::head().to(readyz)));
    }
}

fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(other_methods))
}

async fn other_methods(request: HttpRequest) -> HttpResponse {
    let mut response = ApiError::MethodNotAllowed(request.method().clone()).error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

async fn livez(request: HttpRequest) -> HttpResponse {
    Findings::add(&request, |findings| findings.route = Some("/livez".into()));
    ok(&Status { status: "alive" })
}

/// 503 while the database cannot be reached or lacks tables.
async fn readyz(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    Findings::add(&request, |findings| findings.route = Some("/readyz".into()));
    hallpass.store().ready().await?;
    Ok(ok(&Status { status: "ready" }))
}
