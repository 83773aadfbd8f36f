//! Who may ask, and in which ways they say who they are.

use serde_json::json;

use super::{FORM, INTROSPECT, REVOKE, SECRET, SETTINGS, ask_as, basic, is_refused};
use crate::support::TestApp;

/// What comes of a token that nobody has, for whoever may ask.
const NOTHING: &str = "{\"active\":false}";

#[test]
fn a_client_says_who_it_is_in_a_header_or_in_the_body() {
    TestApp::on_each(SETTINGS, |app| {
        // RFC 6749 section 2.3.1 has both coded as in a form; most clients do not.
        let coded = "orders-9dS3k%2BVq%2F8Zp%3D41xLwTn27CbYfRu";
        for header in [basic("orders", SECRET), basic("orders", coded), basic("%6frders", coded)] {
            let response = ask_as(app, INTROSPECT, &header, "token=nobodys");
            assert_eq!((response.status, response.text().as_str()), (200, NOTHING), "{response:?}");
        }
        let body = format!("token=nobodys&client_id=orders&client_secret={coded}");
        let response = app.client.post(INTROSPECT, &[FORM], body.as_bytes());
        assert_eq!((response.status, response.text().as_str()), (200, NOTHING), "{response:?}");
        let body = json!({"token": "nobodys", "client_id": "orders", "client_secret": SECRET}).to_string();
        let response = app.client.post(INTROSPECT, &[("Content-Type", "application/json")], body.as_bytes());
        assert_eq!((response.status, response.text().as_str()), (200, NOTHING), "{response:?}");
    });
}

#[test]
fn who_is_no_client_is_refused() {
    TestApp::on_each(SETTINGS, |app| {
        for path in [INTROSPECT, REVOKE] {
            for header in [
                basic("orders", "wrong"),
                basic("orders", ""),
                basic("others", SECRET),
                basic("", ""),
                "Basic".to_owned(),
                "Basic ?".to_owned(),
                "Basic b3JkZXJz".to_owned(),
            ] {
                is_refused(&ask_as(app, path, &header, "token=x"), 401, "invalid_client");
            }
            let response = app.client.post(path, &[FORM], b"token=x&client_id=orders&client_secret=wrong");
            is_refused(&response, 401, "invalid_client");
            // Without any credentials it is REST framework's answer, with the challenge of the first scheme.
            let response = app.client.post(path, &[FORM], b"token=x&client_id=orders");
            assert_eq!((response.status, response.header("www-authenticate")), (401, Some("Token")), "{response:?}");
            let both = format!("token=x&client_id=orders&client_secret={SECRET}");
            is_refused(&ask_as(app, path, &basic("orders", SECRET), &both), 400, "invalid_request");
        }
    });
}

#[test]
fn staff_may_ask_by_whichever_scheme_and_others_may_not() {
    TestApp::on_each("auth.backends = [\"token\", \"basic\"]\n", |app| {
        app.user("alice", "pw");
        let alice = format!("Token {}", app.token("alice", "pw"));
        for path in [INTROSPECT, REVOKE] {
            let response = ask_as(app, path, &alice, "token=x");
            assert_eq!(response.status, 403);
            assert_eq!(response.detail(), "You do not have permission to perform this action.");
            let response = ask_as(app, path, "Token nobodys", "token=x");
            assert_eq!((response.status, response.detail().as_str()), (401, "Invalid token."));
        }
        app.database.execute("UPDATE auth_user SET is_staff = '1' WHERE username = 'alice'");
        for header in [alice, basic("alice", "pw")] {
            let response = ask_as(app, INTROSPECT, &header, "token=nobodys");
            assert_eq!((response.status, response.text().as_str()), (200, NOTHING), "{response:?}");
        }
    });
}

#[test]
fn wrong_secrets_are_counted_and_right_ones_are_not() {
    TestApp::on_each(&format!("throttle.login = \"3/minute\"\n{SETTINGS}"), |app| {
        for _ in 0..20 {
            assert_eq!(ask_as(app, INTROSPECT, &basic("orders", SECRET), "token=x").status, 200);
        }
        for _ in 0..3 {
            is_refused(&ask_as(app, INTROSPECT, &basic("orders", "wrong"), "token=x"), 401, "invalid_client");
        }

        let refused = ask_as(app, INTROSPECT, &basic("orders", "wrong"), "token=x");

        assert_eq!(refused.status, 429, "{refused:?}");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        assert_eq!(ask_as(app, INTROSPECT, &basic("orders", SECRET), "token=x").status, 200, "it is no guess");
    });
}

#[test]
fn requests_that_are_not_as_they_are_to_be_are_refused() {
    TestApp::on_each(SETTINGS, |app| {
        let header = basic("orders", SECRET);
        for path in [INTROSPECT, REVOKE] {
            for body in [
                "",
                "token=",
                "token_type_hint=access_token",
                "token=a&token=b",
                "token=a&token_type_hint=b&token_type_hint=c",
            ] {
                is_refused(&ask_as(app, path, &header, body), 400, "invalid_request");
            }
            for body in ["[]", "null", "{\"token\": 5}", "{\"token\": [\"a\"]}", "{\"token\": {}}", "{\"token\": null}"]
            {
                let headers = [("Content-Type", "application/json"), ("Authorization", header.as_str())];
                is_refused(&app.client.post(path, &headers, body.as_bytes()), 400, "invalid_request");
            }
            for token in ["%00", "%F0%9F%8E%BA", "..", "a.b.c", &"x".repeat(20_000), "%ED%A0%80", "sha256%24AAAA"] {
                assert_eq!(ask_as(app, path, &header, &format!("token={token}")).status, 200, "{token:.40}");
            }
            let response = app.client.get(path, &[("Authorization", &header)]);
            assert_eq!((response.status, response.header("allow")), (405, Some("POST, OPTIONS")), "{response:?}");
            let headers = [("Content-Type", "text/plain"), ("Authorization", header.as_str())];
            assert_eq!(app.client.post(path, &headers, b"token=x").status, 415);
        }
    });
}

#[test]
fn the_routes_move_and_go() {
    TestApp::on_each(&format!("routes.prefix_oauth = \"/o\"\n{SETTINGS}"), |app| {
        assert_eq!(ask_as(app, "/o/introspect", &basic("orders", SECRET), "token=x").status, 200);
        assert_eq!(ask_as(app, INTROSPECT, &basic("orders", SECRET), "token=x").status, 404);
    });
    TestApp::on_each(&format!("routes.prefix_oauth = \"\"\n{SETTINGS}"), |app| {
        assert_eq!(ask_as(app, INTROSPECT, &basic("orders", SECRET), "token=x").status, 404);
    });
}
