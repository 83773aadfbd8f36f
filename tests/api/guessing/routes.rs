//! Every route that takes a password counts in one place.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{JSON, LOCKOUT, RIGHT, WRONG, at_once, fail, with_status};
use crate::support::TestApp;
use crate::support::client::Response;

const SETTINGS: &str = "auth.backends = [\"token\", \"basic\", \"jwt\"]\n";

/// A way to have a password compared: its name, and what does it for a user with this id and token.
type Way = (&'static str, fn(&TestApp, &Caller, &str) -> Response);

struct Caller {
    id: i32,
    token: String,
}

fn send(app: &TestApp, method: &str, path: &str, authorization: &str, body: &Value) -> Response {
    let headers = [JSON, ("Authorization", authorization)];
    let headers = if authorization.is_empty() { &headers[..1] } else { &headers[..] };
    app.client.request(method, path, headers, Some(body.to_string().as_bytes()))
}

fn log_in(app: &TestApp, path: &str, password: &str) -> Response {
    send(app, "POST", path, "", &json!({"username": "alice", "password": password}))
}

fn change(app: &TestApp, caller: &Caller, method: &str, path: &str, password: &str) -> Response {
    let body = json!({"current_password": password, "new_password": "M0untain-pier", "new_username": "alicia"});
    send(app, method, path, &format!("Token {}", caller.token), &body)
}

const WAYS: &[Way] = &[
    ("obtain_auth_token", |app, _, password| log_in(app, "/api-token-auth/", password)),
    ("its alias", |app, _, password| log_in(app, "/api/auth-token", password)),
    ("pair", |app, _, password| log_in(app, "/api/token/", password)),
    ("sliding", |app, _, password| log_in(app, "/api/token/sliding/", password)),
    ("djoser's login", |app, _, password| log_in(app, "/auth/token/login/", password)),
    ("djoser's pair", |app, _, password| log_in(app, "/auth/jwt/create/", password)),
    ("basic", |app, _, password| {
        let credentials = STANDARD.encode(format!("alice:{password}"));
        app.client.get("/whoami/", &[("Authorization", &format!("Basic {credentials}"))])
    }),
    ("set_password", |app, caller, password| change(app, caller, "POST", "/auth/users/set_password/", password)),
    ("set_username", |app, caller, password| change(app, caller, "POST", "/auth/users/set_username/", password)),
    ("deletion", |app, caller, password| change(app, caller, "DELETE", "/auth/users/me/", password)),
    ("deletion by id", |app, caller, password| {
        change(app, caller, "DELETE", &format!("/auth/users/{}/", caller.id), password)
    }),
];

fn alice(app: &TestApp) -> Caller {
    let id = app.user("alice", RIGHT);
    Caller { id, token: app.token("alice", RIGHT) }
}

fn locks(way: &Way) {
    let (name, compare) = way;
    TestApp::on_each(&format!("{LOCKOUT}{SETTINGS}"), |app| {
        let caller = alice(app);

        for _ in 0..5 {
            let response = compare(app, &caller, WRONG);
            assert!([400, 401].contains(&response.status), "{name}: {response:?}");
        }

        assert_eq!(app.login("alice", RIGHT).status, 429, "{name}");
        for (other, compare) in WAYS {
            let response = compare(app, &caller, RIGHT);
            assert_eq!(response.status, 429, "{name}, then {other}: {response:?}");
        }
    });
}

#[test]
fn wrong_passwords_at_one_route_lock_all_of_them() {
    for way in WAYS {
        locks(way);
    }
}

#[test]
fn a_right_password_at_any_route_ends_the_row() {
    for (name, compare) in WAYS {
        TestApp::on_each(&format!("{LOCKOUT}{SETTINGS}"), |app| {
            let caller = alice(app);
            fail(app, "alice", 4);

            let response = compare(app, &caller, RIGHT);

            assert!([200, 204].contains(&response.status), "{name}: {response:?}");
            assert_eq!(super::count(app, "hallpass_lockout"), 0, "{name}");
        });
    }
}

#[test]
fn guesses_at_all_routes_at_once_are_no_more_than_at_one() {
    TestApp::on_each(&format!("{LOCKOUT}{SETTINGS}"), |app| {
        let caller = alice(app);
        let app = &*app;

        let answers = at_once(64, |number| WAYS[number % WAYS.len()].1(app, &caller, WRONG));

        assert_eq!(with_status(&answers, 400) + with_status(&answers, 401), 5, "{answers:?}");
        assert_eq!(with_status(&answers, 429), 59, "{answers:?}");
    });
}

#[test]
fn each_route_counts_for_the_rate_of_an_address() {
    for (name, compare) in WAYS {
        TestApp::on_each(&format!("throttle.login = \"2/min\"\n{SETTINGS}"), |app| {
            let caller = alice(app);

            let (first, second) = (compare(app, &caller, WRONG), compare(app, &caller, RIGHT));

            assert!([400, 401].contains(&first.status), "{name}: {first:?}");
            super::is_throttled(&second, 60);
        });
    }
}
