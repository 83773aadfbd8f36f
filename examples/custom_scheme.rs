//! A scheme of one's own beside `token`: a key for programs in the header `X-Api-Key`.
//!
//! ```sh
//! API_KEY=… cargo run --example custom_scheme
//! ```
//!
//! A request with the key comes from the user `robot`; one with `Authorization: Token …` from whoever holds that token.

use actix_web::http::header::HeaderValue;
use actix_web::{App, HttpRequest, HttpServer, web};
use futures_util::future::LocalBoxFuture;
use hallpass::Hallpass;
use hallpass::auth::{Auth, Authenticated, AuthenticationScheme};
use hallpass::error::{ApiError, AuthenticationError};
use hallpass::secret::Secret;
use hallpass::settings::{self, Sources};
use hallpass::store::{Store, users};

/// Recognises the user `robot` by a key that the operator chose.
struct ApiKey {
    key: Secret,
    store: Store,
}

impl AuthenticationScheme for ApiKey {
    fn authenticate<'r>(
        &'r self,
        request: &'r HttpRequest,
    ) -> LocalBoxFuture<'r, Result<Option<Authenticated>, ApiError>> {
        Box::pin(async move {
            // Without the header the request may still have credentials of another scheme.
            let Some(key) = request.headers().get("X-Api-Key") else { return Ok(None) };
            // A header of bytes that are no text is some other key. Secrets compare in constant time.
            let is_right = key.to_str().is_ok_and(|key| Secret::new(key) == self.key);
            let robot = self.store.run(|connection| users::find_by_username(connection, "robot")).await?;
            match robot.filter(|robot| is_right && robot.is_active) {
                Some(robot) => Ok(Some(Authenticated::new(robot, "api_key"))),
                None => Err(AuthenticationError::failed("Invalid API key.").into()),
            }
        })
    }

    fn authenticate_header(&self, _: &HttpRequest) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("ApiKey"))
    }
}

async fn hello(caller: Auth) -> String {
    format!("Hello, {}, by {}!", caller.user.username, caller.scheme)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("API_KEY").map_err(|_| "set API_KEY to the key that programs are to send")?;
    let hallpass = Hallpass::open(settings::load(Sources::of_process(vec!["examples/custom_scheme.toml".into()]))?)?;
    hallpass.store().migrate()?;
    let scheme = ApiKey { key: Secret::new(key), store: hallpass.store().clone() };
    let hallpass = hallpass.with_scheme_last(scheme);
    let shared = hallpass.clone();
    let app = move || App::new().configure(shared.configure()).route("/", web::get().to(hello));
    let server = HttpServer::new(app).bind(hallpass.settings().server.bind.as_str())?;
    println!("listening at http://{}", server.addrs()[0]);
    Ok(server.run().await?)
}
