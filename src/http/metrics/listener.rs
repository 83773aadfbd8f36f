//! `/metrics`, at an address of its own: what it tells is not for those who use the service.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError, dev, web};

use super::{Form, Metrics};
use crate::auth::joined_header;
use crate::error::ApiError;
use crate::http::Hallpass;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// For whoever does not ask for the other.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A listener that answers once it is run.
pub(in crate::http) struct Listener {
    listener: TcpListener,
    metrics: Arc<Metrics>,
}

impl Listener {
    pub(in crate::http) fn new(listener: TcpListener, metrics: Arc<Metrics>) -> Self {
        Self { listener, metrics }
    }

    /// Answers on a thread of its own until the server that is given is stopped.
    ///
    /// # Errors
    /// When the system takes the socket away.
    pub(in crate::http) fn run(self, hallpass: Hallpass) -> io::Result<dev::Server> {
        let Self { listener, metrics } = self;
        let app = move || {
            App::new()
                .app_data(web::Data::new(hallpass.clone()))
                .app_data(web::Data::from(Arc::clone(&metrics)))
                .service(web::resource("/metrics").default_service(web::to(page)))
                .default_service(web::to(|| async { Err::<HttpResponse, _>(ApiError::NotFound) }))
        };
        Ok(HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
    }
}

async fn page(request: HttpRequest, hallpass: web::Data<Hallpass>, metrics: web::Data<Metrics>) -> HttpResponse {
    if !["GET", "HEAD"].contains(&request.method().as_str()) {
        let mut response = ApiError::MethodNotAllowed(request.method().clone()).error_response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let accept = joined_header(&request, &ACCEPT).unwrap_or_default();
    let is_open = accept.windows(28).any(|part| part.eq_ignore_ascii_case(b"application/openmetrics-text"));
    let (form, media_type) = if is_open { (Form::OpenMetrics, OPEN_METRICS) } else { (Form::Text, TEXT) };
    match metrics.page(&hallpass, form).await {
        Ok(page) => HttpResponse::Ok().insert_header((CONTENT_TYPE, media_type)).body(page),
        Err(error) => ApiError::Internal(error.to_string()).error_response(),
    }
}
