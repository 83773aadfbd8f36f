//! Whatever takes a token away takes what was kept of it.

use serde_json::json;

use super::{HASHED, PLAIN, is_good, sealed, stored};
use crate::support::TestApp;
use crate::support::program::{HALLPASS, config_file, run};

#[test]
fn a_logout_leaves_nothing_of_the_token() {
    assert_nothing_is_left(|app, key| {
        let header = format!("Token {key}");
        let response = app.client.post("/auth/token/logout/", &[("Authorization", &header)], b"");
        assert_eq!(response.status, 204, "{response:?}");
    });
}

#[test]
fn a_deleted_user_leaves_nothing_of_the_token() {
    assert_nothing_is_left(|app, key| {
        let header = format!("Token {key}");
        let headers = [("Authorization", header.as_str()), ("Content-Type", "application/json")];
        let body = json!({"current_password": "pw"}).to_string();
        let response = app.client.request("DELETE", "/auth/users/me/", &headers, Some(body.as_bytes()));
        assert_eq!(response.status, 204, "{response:?}");
    });
}

#[test]
fn a_password_that_an_administrator_changes_leaves_nothing_of_the_token() {
    assert_nothing_is_left(|app, _| {
        config_file(&app.database, HASHED);
        let ended =
            run(HALLPASS, &app.database, &["change-password", "alice", "--password-stdin"], "another-pa55word\n");
        assert_eq!(ended.code, Some(0), "{ended:?}");
    });
}

#[test]
fn the_audit_knows_a_token_by_its_digest_as_well_as_by_itself() {
    for settings in [PLAIN, HASHED] {
        TestApp::on_each(settings, |app| {
            app.user("alice", "pw");
            let header = format!("Token {}", app.token("alice", "pw"));
            app.client.post("/auth/token/logout/", &[("Authorization", &header)], b"");

            let rows = app.database.texts("SELECT event || ' ' || token FROM hallpass_audit ORDER BY id");

            let token = |row: &str| row.split(' ').nth(1).expect("a token").to_owned();
            assert_eq!(rows.len(), 2, "{rows:?}");
            assert!(rows[0].starts_with("login ") && rows[1].starts_with("logout "), "{rows:?}");
            assert_eq!(token(&rows[0]), token(&rows[1]));
        });
    }
}

/// Takes alice's token away with `end`, and looks at what is there of hers and of bob's.
fn assert_nothing_is_left(end: impl Fn(&TestApp, &str)) {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");
        app.user("bob", "pw");
        let (alices, bobs) = (app.token("alice", "pw"), app.token("bob", "pw"));
        assert_eq!((stored(&app.database).len(), sealed(&app.database).len()), (2, 2));

        end(app, &alices);

        assert_eq!((stored(&app.database).len(), sealed(&app.database).len()), (1, 1));
        assert!(!is_good(app, &alices) && is_good(app, &bobs));
        assert_eq!(app.token("bob", "pw"), bobs);
    });
}
