//! What is said of which token.

use serde_json::{Value, json};

use super::{INTROSPECT, SETTINGS, ask, introspected, is_active, pair, refreshed, tokens};
use crate::support::TestApp;

#[test]
fn a_good_token_is_told_with_its_user_and_its_claims() {
    TestApp::on_each(SETTINGS, |app| {
        let id = app.user("alice", "pw").to_string();
        let (access, refresh) = pair(app, "alice");

        let opaque = introspected(app, &app.token("alice", "pw"));
        assert_eq!(
            opaque,
            json!({"active": true, "token_type": "Token", "token_use": "access_token", "sub": id, "username": "alice"})
        );
        for (token, lifetime, kind, used) in
            [(access, 300, json!("Bearer"), "access_token"), (refresh, 86_400, Value::Null, "refresh_token")]
        {
            let said = introspected(app, &token);
            assert_eq!((&said["active"], &said["token_type"], &said["token_use"]), (&json!(true), &kind, &json!(used)));
            assert_eq!((&said["sub"], &said["username"]), (&json!(id), &json!("alice")));
            let seconds = |name: &str| said[name].as_i64().unwrap_or_else(|| panic!("no {name}: {said}"));
            assert_eq!(seconds("exp") - seconds("iat"), lifetime);
            assert_eq!(said["jti"].as_str().map(str::len), Some(32));
        }
    });
}

#[test]
fn what_kind_a_caller_takes_a_token_for_changes_nothing() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let (access, refresh) = pair(app, "alice");
        for token in [app.token("alice", "pw"), access, refresh] {
            let said = introspected(app, &token);
            for hint in ["access_token", "refresh_token", "saml2", ""] {
                let response = ask(app, INTROSPECT, &format!("token={token}&token_type_hint={hint}"));
                assert_eq!(response.json(), said, "{hint}");
            }
        }
    });
}

#[test]
fn of_a_token_that_is_no_good_nothing_else_is_said() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let opaque = app.token("alice", "pw");
        let (access, refresh) = pair(app, "alice");
        let (_, successor) = tokens(&refreshed(app, &refresh));
        let all = [&opaque, &access, &successor];

        assert!(all.iter().all(|token| is_active(app, token)));
        assert!(!is_active(app, &refresh), "it was exchanged");
        for foreign in [format!("{access}x"), opaque.to_uppercase(), format!("{opaque}x"), "nobodys".to_owned()] {
            assert!(!is_active(app, &foreign), "{foreign}");
        }

        app.database.execute("UPDATE auth_user SET is_active = '0'");
        assert!(all.iter().all(|token| !is_active(app, token)), "their user is not active");

        app.database.execute("UPDATE auth_user SET is_active = '1'");
        assert!(all.iter().all(|token| is_active(app, token)));
        app.clock.advance(std::time::Duration::from_secs(301));
        assert_eq!(
            all.map(|token| is_active(app, token)),
            [true, false, true],
            "an access token is good for five minutes"
        );
    });
}

#[test]
fn to_ask_changes_nothing() {
    TestApp::on_each(&format!("jwt.update_last_login = true\n{SETTINGS}"), |app| {
        app.user("alice", "pw");
        let (access, refresh) = pair(app, "alice");
        let rows = |app: &TestApp| {
            app.database.texts(
                "SELECT 'login ' || COALESCE(CAST(last_login AS text), '-') FROM auth_user UNION ALL \
                 SELECT 'refused ' || token_id FROM token_blacklist_blacklistedtoken UNION ALL \
                 SELECT 'audit ' || id FROM hallpass_audit",
            )
        };
        let before = rows(app);

        for token in [&access, &refresh, &access, &refresh] {
            assert!(is_active(app, token));
        }

        assert_eq!(rows(app), before);
        assert_eq!(refreshed(app, &refresh).status, 200, "it was not used up");
    });
}

#[test]
fn tokens_of_a_user_who_is_gone_are_no_good_any_more() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let opaque = app.token("alice", "pw");
        let (access, refresh) = pair(app, "alice");
        let body = json!({"current_password": "pw"}).to_string();
        let headers = [("Content-Type", "application/json"), ("Authorization", &*format!("Token {opaque}"))];

        let deleted = app.client.request("DELETE", "/auth/users/me/", &headers, Some(body.as_bytes()));

        assert_eq!(deleted.status, 204, "{deleted:?}");
        for token in [opaque, access, refresh] {
            assert!(!is_active(app, &token));
        }
    });
}

#[test]
fn sliding_and_hashed_tokens_are_known_as_well() {
    TestApp::on_each(&format!("token.storage = \"hashed\"\ntoken.lifetime = \"1h\"\n{SETTINGS}"), |app| {
        app.user("alice", "pw");
        let opaque = introspected(app, &app.token("alice", "pw"));
        let seconds = |name: &str| opaque[name].as_i64().unwrap_or_else(|| panic!("no {name}: {opaque}"));
        assert_eq!(seconds("exp") - seconds("iat"), 3600);

        let body = json!({"username": "alice", "password": "pw"}).to_string();
        let headers = [("Content-Type", "application/json")];
        let sliding = app.client.post("/api/token/sliding/", &headers, body.as_bytes());
        let said = introspected(app, sliding.json()["token"].as_str().expect("a sliding token"));
        assert_eq!((&said["token_type"], &said["token_use"]), (&json!("Bearer"), &json!("access_token")), "{said}");

        for stored in app.database.texts("SELECT key FROM authtoken_token") {
            assert!(!is_active(app, &stored.replace('$', "%24")), "what the table has is nobody's token");
        }
    });
}

#[test]
fn a_token_that_cannot_be_looked_up_is_told_neither_good_nor_bad() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let (_, refresh) = pair(app, "alice");
        app.database.execute("ALTER TABLE token_blacklist_blacklistedtoken RENAME TO blacklist_aside");

        let response = ask(app, INTROSPECT, &format!("token={refresh}"));

        assert_eq!(response.status, 503, "{response:?}");
        assert!(response.header("retry-after").is_some(), "{response:?}");
        app.database.execute("ALTER TABLE blacklist_aside RENAME TO token_blacklist_blacklistedtoken");
        assert!(is_active(app, &refresh));
    });
}
