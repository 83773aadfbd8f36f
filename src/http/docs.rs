//! `/api/docs/`: Swagger UI, whose files are in the program, on the schema of this service.

use std::sync::Arc;

use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use utoipa_swagger_ui::Config;

use super::Hallpass;
use crate::auth::Findings;
use crate::error::ApiError;

/// What the rest of a path is called.
const TAIL: &str = "tail";

/// Nothing comes from elsewhere. The page gives its elements styles of their own, and its icons are in its style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Puts the page at `paths`, each with and without its slash, and its files below.
pub(super) fn register(paths: &[String], config: &mut web::ServiceConfig) {
    for path in paths {
        config.service(web::resource(path.as_str()).default_service(web::to(page)));
    }
    for path in paths.iter().filter(|path| path.ends_with('/')) {
        config.service(web::resource(format!("{path}{{{TAIL}:.+}}")).default_service(web::to(page)));
    }
}

/// A file of the page; 404 for one that it does not have.
async fn page(request: HttpRequest, hallpass: web::Data<Hallpass>) -> HttpResponse {
    let routes = &hallpass.settings().routes;
    Findings::add(&request, |findings| findings.route = routes.prefix_docs.as_ref().map(|path| path.as_str().into()));
    if !["GET", "HEAD"].contains(&request.method().as_str()) {
        let mut response = ApiError::MethodNotAllowed(request.method().clone()).error_response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let Some(schema) = routes.prefix_schema.as_ref() else { return ApiError::NotFound.error_response() };
    match request.match_info().get(TAIL) {
        // The page names its files beside itself.
        None if !request.path().ends_with('/') => moved(&request),
        tail => file(tail.unwrap_or_default(), &format!("{}/", schema.without_slash())),
    }
}

fn moved(request: &HttpRequest) -> HttpResponse {
    let last = request.path().rsplit('/').next().unwrap_or_default();
    HttpResponse::TemporaryRedirect().insert_header(("Location", format!("{last}/"))).finish()
}

fn file(name: &str, schema: &str) -> HttpResponse {
    let config = Config::from(schema).persist_authorization(false).try_it_out_enabled(true).validator_url("none");
    match utoipa_swagger_ui::serve(name, Arc::new(config)) {
        Ok(Some(file)) => {
            let mut response = HttpResponse::Ok();
            response.insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)));
            response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")));
            response.insert_header((CONTENT_TYPE, file.content_type));
            response.body(file.bytes.into_owned())
        }
        Ok(None) => ApiError::NotFound.error_response(),
        Err(error) => ApiError::Internal(format!("the page {name:?}: {error}")).error_response(),
    }
}
