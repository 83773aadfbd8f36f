//! What is written down of logins, changes and commands: one row for each, with the change or not at all.

mod changes;
mod commands;
mod refused;

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::client::Response;

const RIGHT: &str = "Tr0mbone-quay";
const WRONG: &str = "L4ntern-moss";

/// The limits as they are by default, and mails that are not limited.
const SETTINGS: &str = "auth.backends = [\"token\", \"jwt\", \"basic\"]\nemail.transport = \"none\"\n\
                        email.limit_per_minute = 1000\nemail.limit_per_hour = 1000\n";
const ROTATE: &str = "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\n\
                      jwt.refresh_reuse_grace = \"0s\"\n";

fn post(app: &TestApp, path: &str, authorization: &str, body: &Value) -> Response {
    send(app, "POST", path, authorization, body)
}

fn send(app: &TestApp, method: &str, path: &str, authorization: &str, body: &Value) -> Response {
    let headers = [("Content-Type", "application/json"), ("Authorization", authorization)];
    let headers = if authorization.is_empty() { &headers[..1] } else { &headers[..] };
    app.client.request(method, path, headers, Some(body.to_string().as_bytes()))
}

fn text(response: &Response, name: &str) -> String {
    response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

/// What the rows say that came since the last look: event, outcome, reason and user.
fn told(app: &TestApp) -> Vec<String> {
    let rows = app.database.texts(
        "SELECT event || ' ' || outcome || COALESCE(' ' || reason, '') || COALESCE(' #' || user_id, '') \
         FROM hallpass_audit ORDER BY id",
    );
    app.database.execute("DELETE FROM hallpass_audit");
    rows
}

fn login(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
}
