//! Whether the service is alive, and whether it can do its work.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::Hallpass;
use super::view::ok;
use crate::error::ApiError;

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

pub(super) fn register(config: &mut web::ServiceConfig) {
    for (path, is_ready) in [("/livez", false), ("/readyz", true)] {
        let resource = web::resource([path.to_owned(), format!("{path}/")]).default_service(web::to(
            |request: actix_web::HttpRequest| async move {
                Err::<HttpResponse, _>(ApiError::MethodNotAllowed(request.method().clone()))
            },
        ));
        config.service(match is_ready {
            true => resource.route(web::get().to(readyz)).route(web::head().to(readyz)),
            false => resource.route(web::get().to(livez)).route(web::head().to(livez)),
        });
    }
}

async fn livez() -> HttpResponse {
    ok(&Status { status: "alive" })
}

/// 503 while the database cannot be reached or lacks tables.
async fn readyz(hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    hallpass.store().ready().await?;
    Ok(ok(&Status { status: "ready" }))
}
