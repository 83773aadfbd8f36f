//! Protects a handler of your own.
//!
//! ```sh
//! cargo run --example hello
//! ```
//!
//! It keeps its users in `hello.sqlite3`; `HALLPASS__…` variables change that, as they do for the service.

use actix_web::{App, HttpServer, web};
use hallpass::Hallpass;
use hallpass::auth::Auth;
use hallpass::settings::{self, Sources};

async fn hello(caller: Auth) -> String {
    format!("Hello, {}!", caller.user.username)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hallpass = Hallpass::open(settings::load(Sources::of_process(vec!["examples/hello.toml".into()]))?)?;
    hallpass.store().migrate()?;
    let shared = hallpass.clone();
    let app = move || App::new().configure(shared.configure_routes()).route("/", web::get().to(hello));
    let server = HttpServer::new(app).bind(hallpass.settings().server.bind.as_str())?;
    println!("listening at http://{}", server.addrs()[0]);
    Ok(server.run().await?)
}
