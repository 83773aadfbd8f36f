//! What every figure of `scripts/bench` is compared with: a handler that answers as `/hello/` does and asks nobody who is
//! calling. Same framework, same JSON, no authentication, no log, no headers of Django's.
//!
//!     cargo run --release --example bare -- 127.0.0.1:8000
#![allow(missing_docs)]

use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Serialize;

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

async fn hello() -> HttpResponse {
    HttpResponse::Ok().json(Message { message: "Hello, World!" })
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    HttpServer::new(|| App::new().route("/hello/", web::get().to(hello))).bind(address)?.run().await
}
