//! What other services ask of a token: introspection (RFC 7662) and revocation (RFC 7009).

mod callers;
mod introspection;
mod revocation;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::client::Response;

const SECRET: &str = "orders-9dS3k+Vq/8Zp=41xLwTn27CbYfRu";
const SETTINGS: &str = "auth.backends = [\"token\", \"jwt\"]\njwt.rotate_refresh_tokens = true\n\
                        jwt.blacklist_after_rotation = true\njwt.refresh_reuse_grace = \"0s\"\n\
                        [[oauth.clients]]\nid = \"orders\"\nsecret = \"orders-9dS3k+Vq/8Zp=41xLwTn27CbYfRu\"\n";
const INTROSPECT: &str = "/oauth/introspect/";
const REVOKE: &str = "/oauth/revoke/";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// As the client of the settings, with its secret in a header.
fn ask(app: &TestApp, path: &str, body: &str) -> Response {
    ask_as(app, path, &basic("orders", SECRET), body)
}

fn ask_as(app: &TestApp, path: &str, authorization: &str, body: &str) -> Response {
    app.client.post(path, &[FORM, ("Authorization", authorization)], body.as_bytes())
}

/// The access and the refresh token of a login.
fn pair(app: &TestApp, username: &str) -> (String, String) {
    let body = json!({"username": username, "password": "pw"}).to_string();
    tokens(&app.client.post("/api/token/", &[("Content-Type", "application/json")], body.as_bytes()))
}

fn refreshed(app: &TestApp, refresh: &str) -> Response {
    let body = json!({"refresh": refresh}).to_string();
    app.client.post("/api/token/refresh/", &[("Content-Type", "application/json")], body.as_bytes())
}

fn tokens(response: &Response) -> (String, String) {
    let text = |name| response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned();
    (text("access"), text("refresh"))
}

/// What is said of `token`.
fn introspected(app: &TestApp, token: &str) -> Value {
    let response = ask(app, INTROSPECT, &format!("token={token}"));
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")), "{response:?}");
    response.json()
}

/// Whether `token` counts as good; whatever is not good has nothing said of it.
fn is_active(app: &TestApp, token: &str) -> bool {
    let said = introspected(app, token);
    assert!(said["active"] == true || said == json!({"active": false}), "{said}");
    said["active"] == true
}

fn revoke(app: &TestApp, token: &str) {
    let response = ask(app, REVOKE, &format!("token={token}"));
    assert_eq!((response.status, response.text().as_str()), (200, ""), "{response:?}");
    assert_eq!(response.header("cache-control"), Some("no-store"));
}

/// An error in OAuth's shape.
fn is_refused(response: &Response, status: u16, error: &str) {
    assert_eq!((response.status, &response.json()["error"]), (status, &json!(error)), "{response:?}");
    let challenge = (status == 401).then_some("Basic realm=\"api\"");
    assert_eq!(response.header("www-authenticate"), challenge, "{response:?}");
}
