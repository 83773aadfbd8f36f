//! The end of a token at the word of another service.

use serde_json::json;

use super::{REVOKE, SETTINGS, ask, ask_as, is_active, is_refused, pair, refreshed, revoke, tokens};
use crate::support::TestApp;

/// What the audit says of revocations: how they ended, whose the token was, and who did it.
fn told(app: &TestApp) -> Vec<String> {
    app.database.texts(
        "SELECT event || ' ' || outcome || COALESCE(' ' || reason, '') || COALESCE(' #' || user_id, '') \
         || COALESCE(' by #' || actor_id, '') || COALESCE(' by ' || account, '') FROM hallpass_audit \
         WHERE event IN ('revocation', 'family_revoked') ORDER BY id",
    )
}

#[test]
fn an_opaque_token_is_ended_once() {
    for storage in ["plain", "hashed"] {
        TestApp::on_each(&format!("token.storage = \"{storage}\"\n{SETTINGS}"), |app| {
            let id = app.user("alice", "pw");
            let key = app.token("alice", "pw");
            assert_eq!(app.whoami(&format!("Token {key}")).status, 200);

            revoke(app, &key);

            assert_eq!(app.whoami(&format!("Token {key}")).status, 401);
            assert!(!is_active(app, &key));
            revoke(app, &key);
            assert_eq!(told(app), [format!("revocation success #{id} by client:orders")]);
            let next = app.token("alice", "pw");
            assert_ne!(next, key);
            revoke(app, &key);
            assert_eq!(app.whoami(&format!("Token {next}")).status, 200, "the next one is another token");
        });
    }
}

#[test]
fn a_refresh_token_is_ended_and_an_access_token_cannot_be() {
    TestApp::on_each(SETTINGS, |app| {
        let id = app.user("alice", "pw");
        let (access, refresh) = pair(app, "alice");

        is_refused(&ask(app, REVOKE, &format!("token={access}")), 400, "unsupported_token_type");
        assert!(is_active(app, &access));
        revoke(app, &refresh);

        assert_eq!(refreshed(app, &refresh).status, 401);
        assert!(!is_active(app, &refresh));
        assert_eq!(told(app), [format!("revocation success #{id} by client:orders")]);
        revoke(app, &refresh);
    });
}

#[test]
fn a_used_refresh_token_that_is_revoked_ends_its_family() {
    TestApp::on_each(SETTINGS, |app| {
        let id = app.user("alice", "pw");
        let (_, first) = pair(app, "alice");
        let (_, second) = tokens(&refreshed(app, &first));

        revoke(app, &first);

        assert_eq!(refreshed(app, &second).status, 401);
        assert!(!is_active(app, &second));
        assert_eq!(told(app), [format!("revocation success #{id} by client:orders")]);
    });
}

#[test]
fn staff_ends_the_token_of_anybody_and_is_named() {
    TestApp::on_each("auth.backends = [\"token\"]\n", |app| {
        let alice = app.user("alice", "pw");
        let bob = app.user("bob", "pw");
        app.database.execute("UPDATE auth_user SET is_staff = '1' WHERE username = 'bob'");
        let (hers, his) = (app.token("alice", "pw"), app.token("bob", "pw"));

        let response = ask_as(app, REVOKE, &format!("Token {his}"), &format!("token={hers}"));

        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(app.whoami(&format!("Token {hers}")).status, 401);
        assert_eq!(told(app), [format!("revocation success #{alice} by #{bob}")]);
    });
}

#[test]
fn a_token_whose_user_is_gone_is_ended_all_the_same() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let (_, refresh) = pair(app, "alice");
        let body = json!({"current_password": "pw"}).to_string();
        let token = app.token("alice", "pw");
        let headers = [("Content-Type", "application/json"), ("Authorization", &*format!("Token {token}"))];
        assert_eq!(app.client.request("DELETE", "/auth/users/me/", &headers, Some(body.as_bytes())).status, 204);

        revoke(app, &refresh);
        revoke(app, &token);

        assert_eq!(refreshed(app, &refresh).status, 401);
    });
}

#[test]
fn whoever_exchanges_a_token_while_it_is_revoked_is_left_with_nothing() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        for _ in 0..20 {
            let (_, refresh) = pair(app, "alice");
            let exchanged = std::thread::scope(|scope| {
                let (app, token) = (&*app, refresh.as_str());
                let exchange = scope.spawn(move || refreshed(app, token));
                revoke(app, token);
                exchange.join().expect("an answer")
            });
            // Either it came too late, or what it got was ended with the rest.
            if exchanged.status == 200 {
                let (_, successor) = tokens(&exchanged);
                assert_eq!(refreshed(app, &successor).status, 401);
            } else {
                assert_eq!(exchanged.status, 401, "{exchanged:?}");
            }
        }
    });
}

#[test]
fn what_cannot_be_written_is_not_told_to_be_done() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let key = app.token("alice", "pw");
        let (_, refresh) = pair(app, "alice");
        app.database.execute("ALTER TABLE hallpass_audit RENAME TO audit_aside");

        for token in [&key, &refresh] {
            let response = ask(app, REVOKE, &format!("token={token}"));
            assert_eq!(response.status, 503, "{response:?}");
            assert!(response.header("retry-after").is_some(), "{response:?}");
            assert!(is_active(app, token), "it was not ended");
        }

        app.database.execute("ALTER TABLE audit_aside RENAME TO hallpass_audit");
        for token in [&key, &refresh] {
            revoke(app, token);
            assert!(!is_active(app, token));
        }
    });
}
