//! `jwt.store_token_text`: refresh tokens without their text.

use std::time::Duration;

use serde_json::json;

use super::{everything, field, post};
use crate::support::TestApp;
use crate::support::client::{Client, Response};
use crate::support::program::{HALLPASS, config_file, run};

const ROTATE: &str = "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\n";

#[test]
fn without_their_text_tokens_are_rotated_refused_and_flushed_and_none_is_in_the_database() {
    TestApp::on_each(&format!("{ROTATE}jwt.store_token_text = false\n"), |app| {
        app.user("alice", "pw");
        let login = json!({"username": "alice", "password": "pw"});
        let first = field(&post(app.client, "/api/token/", &login), "refresh");
        let other = field(&post(app.client, "/api/token/", &login), "refresh");
        let sliding = field(&post(app.client, "/api/token/sliding/", &login), "token");

        let second = field(&refresh(app.client, &first), "refresh");
        let again = field(&refresh(app.client, &first), "refresh");
        let ended = post(app.client, "/api/token/blacklist/", &json!({"refresh": other}));
        let statuses = [&other, &second].map(|token| refresh(app.client, token).status);
        app.clock.advance(Duration::from_secs(11));
        let late = refresh(app.client, &first);

        assert_eq!((again.as_str(), ended.status, statuses), (second.as_str(), 200, [401, 200]));
        assert_eq!((late.status, late.detail().as_str()), (401, "Token is blacklisted"));
        let texts = app.database.texts("SELECT token FROM token_blacklist_outstandingtoken");
        assert!(texts.len() >= 4 && texts.iter().all(String::is_empty), "{texts:?}");
        let everything = everything(&app.database);
        for token in [&first, &other, &second, &sliding] {
            assert!(!everything.contains(token.as_str()), "{token}");
        }

        app.database.execute("UPDATE token_blacklist_outstandingtoken SET expires_at = '2020-01-02 03:04:05'");
        config_file(&app.database, "");
        let flushed = run(HALLPASS, &app.database, &["flush-expired-tokens"], "");
        assert_eq!(flushed.code, Some(0), "{flushed:?}");
        assert!(app.database.texts("SELECT jti FROM token_blacklist_outstandingtoken").is_empty());
    });
}

/// The search finds what is there.
#[test]
fn by_default_the_text_of_a_refresh_token_is_kept_as_simplejwt_keeps_it() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        let refresh =
            field(&post(app.client, "/api/token/", &json!({"username": "alice", "password": "pw"})), "refresh");

        let texts = app.database.texts("SELECT token FROM token_blacklist_outstandingtoken");

        assert_eq!(texts, [refresh.as_str()]);
        assert!(everything(&app.database).contains(&refresh));
    });
}

fn refresh(client: Client, token: &str) -> Response {
    post(client, "/api/token/refresh/", &json!({"refresh": token}))
}
