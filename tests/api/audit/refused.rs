//! What cannot be written down is not done, and what is refused does not fill the table.

use serde_json::json;

use super::{RIGHT, ROTATE, SETTINGS, WRONG, login, post, send, text, told};
use crate::support::TestApp;

/// Tables of which no row may be another one afterwards.
const TABLES: [&str; 7] = [
    "auth_user",
    "authtoken_token",
    "token_blacklist_outstandingtoken",
    "token_blacklist_blacklistedtoken",
    "hallpass_refresh_family",
    "hallpass_refresh_member",
    "hallpass_outbox",
];

fn rows(app: &TestApp) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        TABLES.iter().map(|table| app.database.texts(&format!("SELECT count(*) FROM {table}"))).collect();
    rows.push(
        app.database.texts("SELECT username || email || password || COALESCE(last_login, date_joined) FROM auth_user"),
    );
    rows.push(app.database.texts("SELECT key FROM authtoken_token"));
    rows
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    TestApp::on_each(&format!("{SETTINGS}{ROTATE}"), |app| {
        app.user("alice", RIGHT);
        app.user("bob", RIGHT);
        app.database.execute("UPDATE auth_user SET email = username || '@example.org'");
        let token = format!("Token {}", app.token("alice", RIGHT));
        let sliding = text(&post(app, "/api/token/sliding/", "", &login("alice", RIGHT)), "token");
        let refresh = text(&post(app, "/api/token/", "", &login("alice", RIGHT)), "refresh");
        let before = rows(app);
        app.database.execute("ALTER TABLE hallpass_audit RENAME TO hallpass_away");

        let current = |field: &str, value: &str| json!({"current_password": RIGHT, field: value});
        let new = json!({"username": "carol", "email": "carol@example.org", "password": RIGHT});
        let requests = [
            ("POST", "/api-token-auth/", login("bob", RIGHT)),
            ("POST", "/api-token-auth/", login("bob", WRONG)),
            ("POST", "/auth/token/login/", login("bob", RIGHT)),
            ("POST", "/api/token/", login("bob", RIGHT)),
            ("POST", "/api/token/sliding/", login("bob", RIGHT)),
            ("POST", "/api/token/refresh/", json!({"refresh": refresh})),
            ("POST", "/api/token/sliding/refresh/", json!({"token": sliding})),
            ("POST", "/api/token/blacklist/", json!({"refresh": refresh})),
            ("POST", "/auth/users/", new),
            ("POST", "/auth/users/reset_password/", json!({"email": "bob@example.org"})),
            ("POST", "/auth/users/reset_password/", json!({"email": "nobody@example.org"})),
            ("POST", "/auth/users/reset_username/", json!({"email": "bob@example.org"})),
            ("POST", "/auth/users/set_password/", current("new_password", "Other-p4ss")),
            ("POST", "/auth/users/set_username/", current("new_username", "ann")),
            ("PATCH", "/auth/users/me/", json!({"email": "ann@example.org"})),
            ("DELETE", "/auth/users/me/", json!({"current_password": RIGHT})),
            ("POST", "/auth/token/logout/", json!({})),
        ];
        for (method, path, body) in requests {
            let header = if path.starts_with("/auth/") { &*token } else { "" };
            let answer = send(app, method, path, header, &body);
            assert_eq!(answer.status, 503, "{method} {path}: {answer:?}");
            assert!(answer.header("retry-after").is_some());
            assert_eq!(rows(app), before, "{method} {path}");
        }
        assert_eq!(app.whoami(&token).status, 200, "who only reads is answered");

        app.database.execute("ALTER TABLE hallpass_away RENAME TO hallpass_audit");
        assert_eq!(post(app, "/api/token/refresh/", "", &json!({"refresh": refresh})).status, 200);
    });
}

#[test]
fn a_table_that_says_a_row_exists_is_not_taken_for_a_name_that_does() {
    TestApp::on_each(SETTINGS, |app| {
        app.database.execute("CREATE UNIQUE INDEX one_of_each ON hallpass_audit (event)");
        let new = |name: &str| json!({"username": name, "password": RIGHT});

        assert_eq!(post(app, "/auth/users/", "", &new("alice")).status, 201);
        assert_eq!(post(app, "/auth/users/", "", &new("bob")).status, 503);

        assert_eq!(app.database.texts("SELECT username FROM auth_user"), ["alice"]);
    });
}

#[test]
fn an_account_is_said_to_be_locked_once_and_refusals_write_nothing() {
    TestApp::on_each(&format!("{SETTINGS}lockout.failures = 3\n"), |app| {
        let id = app.user("alice", RIGHT);

        let statuses: Vec<u16> = (0..20).map(|_| app.login("alice", WRONG).status).collect();

        assert_eq!((&statuses[..3], &statuses[3..]), (&[400; 3][..], &[429; 17][..]));
        let wrong = format!("login failure wrong_password #{id}");
        assert_eq!(told(app), [wrong.clone(), wrong.clone(), wrong, format!("lock success too_many_failures #{id}")]);
    });
}

#[test]
fn a_rate_that_is_used_up_writes_nothing() {
    TestApp::on_each(&format!("{SETTINGS}throttle.login = \"2/min\"\n"), |app| {
        app.user("alice", RIGHT);

        let statuses = [(); 9].map(|()| app.login("alice", RIGHT).status);

        assert_eq!((&statuses[..2], &statuses[2..]), (&[200; 2][..], &[429; 7][..]));
        assert_eq!(told(app).len(), 2);
    });
}

#[test]
fn where_it_is_switched_off_nothing_is_written() {
    TestApp::on_each(&format!("{SETTINGS}audit.enabled = false\n"), |app| {
        app.user("alice", RIGHT);
        app.database.execute("DROP TABLE hallpass_audit");

        assert_eq!(app.login("alice", RIGHT).status, 200);
        assert_eq!(app.login("alice", WRONG).status, 400);
    });
}
