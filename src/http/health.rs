//! Whether the service is alive, and whether it can do its work.

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use serde::Serialize;

use super::Hallpass;
use super::view::ok;
use crate::error::ApiError;

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

pub(super) fn register(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource([path.to_owned(), format!("{path}/")]).default_service(web::to(other_methods));
    config.service(at("/livez").route(web::get().to(livez)).route(web::head().to(livez)));
    config.service(at("/readyz").route(web::get().to(readyz)).route(web::head().to(readyz)));
}

async fn other_methods(request: HttpRequest) -> HttpResponse {
    let mut response = ApiError::MethodNotAllowed(request.method().clone()).error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

async fn livez() -> HttpResponse {
    ok(&Status { status: "alive" })
}

/// 503 while the database cannot be reached or lacks tables.
async fn readyz(hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    hallpass.store().ready().await?;
    Ok(ok(&Status { status: "ready" }))
}
