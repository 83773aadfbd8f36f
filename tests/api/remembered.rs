//! What is remembered from one request to the next is never believed longer than the database would say so.

use std::time::Duration;

use hallpass::jwt::KeyRing;
use hallpass::settings::Settings;

use crate::support::TestApp;
use crate::support::database::Kind;

/// More requests than it takes until an answer comes from memory, on every worker.
const OFTEN: usize = 8;

const BACKENDS: &str = "auth.backends = [\"token\", \"jwt\"]";

/// A user's opaque and signed credentials, as headers.
fn credentials(app: &TestApp) -> [String; 2] {
    app.user("alice", "pw");
    let body = br#"{"username":"alice","password":"pw"}"#;
    let pair = app.client.post("/api/token/", &[("Content-Type", "application/json")], body);
    let access = pair.json()["access"].as_str().expect("an access token").to_owned();
    [format!("Token {}", app.token("alice", "pw")), format!("Bearer {access}")]
}

fn statuses(app: &TestApp, header: &str) -> Vec<u16> {
    (0..OFTEN).map(|_| app.whoami(header).status).collect()
}

#[test]
fn a_change_by_another_program_counts_at_the_next_request_however_often_it_was_answered_before() {
    for memory in ["8MiB", "0B"] {
        TestApp::on_each(&format!("cache.memory = \"{memory}\"\n{BACKENDS}"), |app| {
            for header in credentials(app) {
                for _ in 0..5 {
                    assert_eq!(statuses(app, &header), [200; OFTEN]);
                    app.database.execute("UPDATE auth_user SET is_active = false");
                    assert_eq!(statuses(app, &header), [401; OFTEN]);
                    app.database.execute("UPDATE auth_user SET is_active = true");
                }
                app.database.execute("UPDATE auth_user SET username = 'carol'");
                assert_eq!(app.whoami(&header).json()["username"], "carol");
                app.database.execute("UPDATE auth_user SET username = 'alice'");
            }
        });
    }
}

#[test]
fn a_token_ends_in_its_second_however_often_it_was_good() {
    TestApp::on_each(BACKENDS, |app| {
        let [_, bearer] = credentials(app);

        assert_eq!(statuses(app, &bearer), [200; OFTEN]);
        app.clock.advance(Duration::from_secs(299));
        assert_eq!(statuses(app, &bearer), [200; OFTEN]);
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(statuses(app, &bearer), [401; OFTEN]);
    });
}

#[test]
fn a_token_that_was_good_is_none_under_other_keys() {
    TestApp::on_each(BACKENDS, |app| {
        let [_, bearer] = credentials(app);
        assert_eq!(statuses(app, &bearer), [200; OFTEN]);

        let other =
            Settings::from_toml("jwt.signing_key = \"another-key-of-more-than-32-bytes-9fK2\"").expect("settings");
        app.hallpass.jwt().replace_keys(KeyRing::from_settings(&other.jwt, None).expect("a key"));

        assert_eq!(statuses(app, &bearer), [401; OFTEN]);
    });
}

#[test]
fn a_row_of_postgresql_is_believed_for_as_long_as_the_settings_allow_and_what_this_process_ends_is_over() {
    if !Kind::available().contains(&Kind::Postgres) {
        return;
    }
    let app = TestApp::start(Kind::Postgres, &format!("cache.max_staleness = \"12h\"\n{BACKENDS}"));
    let [token, bearer] = credentials(&app);
    assert_eq!((statuses(&app, &token), statuses(&app, &bearer)), (vec![200; OFTEN], vec![200; OFTEN]));

    app.database.execute("UPDATE auth_user SET is_active = false");
    assert_eq!((app.whoami(&token).status, app.whoami(&bearer).status), (200, 200), "stale, as allowed");
    app.database.execute("UPDATE auth_user SET is_active = true");
    let logout = app.client.request("POST", "/auth/token/logout/", &[("Authorization", &token)], None);

    assert_eq!(logout.status, 204);
    assert_eq!(statuses(&app, &token), [401; OFTEN]);
}
