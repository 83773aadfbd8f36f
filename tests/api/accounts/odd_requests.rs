//! Requests that no front end sends.

use serde_json::{Value, json};

use super::{NEW, OLD, Site};

/// Whoever asks is logged in as Alice; Bob is somebody else.
#[test]
fn what_no_front_end_sends_is_refused_and_changes_nothing() {
    Site::on_each("", |site| {
        let alice = site.member("alice", "alice@example.com");
        let bob = site.member("bob", "bob@example.com");
        let token = site.token("alice", OLD);
        let before = site.app.database.texts("SELECT username || email || password FROM auth_user ORDER BY id");
        let me = "/auth/users/me/";
        let others = format!("/auth/users/{bob}/");
        let own = format!("/auth/users/{alice}/");
        let many_digits = format!("/auth/users/1{}/", "0".repeat(30));
        let cases: Vec<(&str, &str, Value, u16)> = vec![
            ("GET", &others, json!({}), 404),
            ("PUT", &others, json!({"email": "new@example.com"}), 404),
            ("PATCH", &others, json!({"email": "new@example.com"}), 404),
            ("DELETE", &others, json!({"current_password": OLD}), 403),
            ("GET", "/auth/users/0/", json!({}), 404),
            ("GET", "/auth/users/-1/", json!({}), 404),
            ("GET", "/auth/users/1e3/", json!({}), 404),
            ("GET", "/auth/users/1.0/", json!({}), 404),
            ("GET", "/auth/users/0x1/", json!({}), 404),
            ("GET", "/auth/users/..%2f/", json!({}), 404),
            ("GET", "/auth/users/%00/", json!({}), 404),
            ("GET", "/auth/users/2147483648/", json!({}), 404),
            ("GET", "/auth/users/9223372036854775808/", json!({}), 404),
            ("GET", &many_digits, json!({}), 404),
            ("PATCH", me, json!({"email": ["new@example.com"]}), 400),
            ("PATCH", me, json!({"email": {"new": "new@example.com"}}), 400),
            ("PATCH", me, json!({"email": null}), 400),
            ("PATCH", me, json!({"email": true}), 400),
            ("PATCH", me, json!({"email": "new"}), 400),
            ("PATCH", me, json!({"email": "new@example.com\r\nBcc: x@example.com"}), 400),
            ("PATCH", me, json!({"username": "carol", "is_staff": true, "id": 4711, "password": NEW}), 200),
            ("PATCH", &own, json!({"username": "carol", "is_staff": true, "is_active": false}), 200),
            ("DELETE", me, json!({}), 400),
            ("DELETE", me, json!({"current_password": ""}), 400),
            ("DELETE", me, json!({"current_password": "wrong"}), 400),
            ("DELETE", me, json!({"current_password": [OLD]}), 400),
            ("DELETE", me, json!({"current_password": null}), 400),
            ("DELETE", &own, json!({"current_password": "wrong"}), 400),
            ("POST", "/auth/users/set_password/", json!({"new_password": NEW}), 400),
            ("POST", "/auth/users/set_password/", json!({"new_password": NEW, "current_password": NEW}), 400),
            ("POST", "/auth/users/set_password/", json!({"new_password": [NEW], "current_password": OLD}), 400),
            ("POST", "/auth/users/set_password/", json!({"new_password": "alice123", "current_password": OLD}), 400),
            ("POST", "/auth/users/set_username/", json!({"new_username": "bob", "current_password": OLD}), 400),
            ("POST", "/auth/users/set_username/", json!({"new_username": "a/b", "current_password": OLD}), 400),
            ("POST", "/auth/users/set_username/", json!({"new_username": "carol", "current_password": NEW}), 400),
            ("POST", "/auth/users/set_username/", json!({"new_username": ["carol"], "current_password": OLD}), 400),
            ("POST", "/auth/users/reset_password/", json!({"email": ["alice@example.com"]}), 400),
            ("POST", "/auth/users/reset_password/", json!({"email": {"": "alice@example.com"}}), 400),
            ("POST", "/auth/users/reset_password/", json!({"email": null}), 400),
            ("POST", "/auth/users/reset_password/", json!({"email": "alice@example.com,bob@example.com"}), 400),
            ("POST", "/auth/users/reset_password/", json!({"email": "alice@example.com\u{0}"}), 400),
            ("POST", "/auth/users/reset_password/", json!([{"email": "alice@example.com"}]), 400),
            ("POST", "/auth/users/", json!({"username": "<script>", "password": OLD}), 400),
            ("POST", "/auth/users/", json!({"username": "a b", "password": OLD}), 400),
            ("POST", "/auth/users/", json!({"username": "", "password": OLD}), 400),
            ("POST", "/auth/users/", json!({"username": "carol", "email": ["c@example.com"], "password": OLD}), 400),
            ("POST", "/auth/users/", json!({"username": "carol", "email": {"a": 1}, "password": OLD}), 400),
            ("POST", "/auth/users/", json!({"username": "carol", "password": "carol123"}), 400),
            ("POST", "/auth/users/", json!({"username": "carol", "password": "password"}), 400),
            ("POST", "/auth/users/", json!({"username": "carol", "password": "1029384756"}), 400),
        ];

        for (method, path, body, status) in cases {
            let response = site.call(method, path, &token, &body);

            assert_eq!(response.status, status, "{method} {path} {body}: {response:?}");
            assert!(response.json().is_object(), "{method} {path} {body}: {response:?}");
        }

        assert_eq!(site.app.database.texts("SELECT username || email || password FROM auth_user ORDER BY id"), before);
        assert_eq!(site.count("auth_user WHERE is_staff"), 0);
        assert_eq!(site.count("hallpass_outbox"), 0);
        assert_eq!(site.me(&token).status, 200);
    });
}

#[test]
fn the_old_password_is_good_as_the_new_one() {
    Site::on_each("", |site| {
        site.member("alice", "");
        let token = site.token("alice", OLD);

        let body = json!({"current_password": OLD, "new_password": OLD});
        let response = site.call("POST", "/auth/users/set_password/", &token, &body);

        super::is_no_content(&response);
        assert_eq!(site.app.login("alice", OLD).status, 200);
    });
}

#[test]
fn a_cookie_opens_nothing() {
    Site::on_each("", |site| {
        site.member("alice", "");
        let token = site.token("alice", OLD);
        let key = token.trim_start_matches("Token ");
        let large = format!("a={}", "x".repeat(4_000));
        for cookie in [&format!("sessionid={key}"), &format!("auth_token={key}; Authorization={token}"), &large] {
            let response = site.app.client.get("/auth/users/me/", &[("Cookie", cookie)]);

            assert_eq!(response.status, 401, "{response:?}");
            assert!(response.headers.iter().all(|(name, _)| name != "set-cookie"), "{response:?}");
        }

        let with_both = site.app.client.get("/auth/users/me/", &[("Cookie", "csrftoken=x"), ("Authorization", &token)]);

        assert_eq!(with_both.status, 200, "{with_both:?}");
    });
}

#[test]
fn a_form_from_another_site_is_as_good_as_its_credentials() {
    Site::on_each("", |site| {
        site.member("alice", "");
        let token = site.token("alice", OLD);
        let form = format!("current_password={OLD}&new_password={NEW}");
        let from_elsewhere = |authorization: &str| {
            let headers = [
                ("Origin", "https://evil.example"),
                ("Referer", "https://evil.example/"),
                ("Sec-Fetch-Site", "cross-site"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Authorization", authorization),
            ];
            let count = if authorization.is_empty() { 4 } else { 5 };
            site.app.client.post("/auth/users/set_password/", &headers[..count], form.as_bytes())
        };

        let without = from_elsewhere("");
        let with = from_elsewhere(&token);

        assert_eq!(without.status, 401, "{without:?}");
        super::is_no_content(&with);
        for response in [without, with] {
            assert!(response.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{response:?}");
        }
    });
}

/// With names in claims, a name that looks like somebody's id is not that somebody.
#[test]
fn a_name_that_is_a_number_is_nobody_elses_id() {
    let settings = "auth.backends = [\"jwt_stateless\"]\njwt.user_id_field = \"username\"\n";
    Site::on_each(settings, |site| {
        let alice = site.member("alice", "alice@example.com");
        site.member(&alice.to_string(), "thief@example.com");
        let login = site.post("/api/token/", &json!({"username": alice.to_string(), "password": OLD}));
        let access = format!("Bearer {}", super::text(&login, "access"));
        let path = format!("/auth/users/{alice}/");

        let read = site.call("GET", &path, &access, &json!({}));
        let changed = site.call("PATCH", &path, &access, &json!({"email": "thief@example.com"}));
        let deleted = site.call("DELETE", &path, &access, &json!({"current_password": OLD}));

        assert_eq!((read.status, changed.status, deleted.status), (404, 404, 403), "{read:?} {changed:?} {deleted:?}");
        assert_eq!(site.value(&format!("SELECT email FROM auth_user WHERE id = {alice}")), "alice@example.com");
        assert_eq!(site.me(&access).json()["username"], json!(alice.to_string()));
    });
}
