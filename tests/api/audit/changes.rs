//! One row for each thing that is done.

use serde_json::json;

use super::{RIGHT, ROTATE, SETTINGS, WRONG, login, post, send, text, told};
use crate::support::TestApp;

#[test]
fn every_way_to_log_in_has_one_row_whether_it_succeeds_or_not() {
    for lockout in ["lockout.failures = 5\n", "lockout.failures = 0\n"] {
        TestApp::on_each(&format!("{SETTINGS}{lockout}"), |app| {
            let id = app.user("alice", RIGHT);
            for path in ["/api-token-auth/", "/api/token/", "/api/token/sliding/", "/auth/token/login/"] {
                assert_eq!(post(app, path, "", &login("alice", RIGHT)).status, 200);
                assert_eq!(told(app), [format!("login success #{id}")], "{path}");
                assert!(matches!(post(app, path, "", &login("alice", WRONG)).status, 400 | 401));
                assert_eq!(told(app), [format!("login failure wrong_password #{id}")], "{path}");
                assert!(matches!(post(app, path, "", &login("nobody", WRONG)).status, 400 | 401));
                assert_eq!(told(app), ["login failure no_such_user"], "{path}");
            }
            // alice with either password.
            assert_eq!(app.whoami("Basic YWxpY2U6VHIwbWJvbmUtcXVheQ==").status, 200);
            assert_eq!(told(app), [format!("login success #{id}")]);
            assert_eq!(app.whoami("Basic YWxpY2U6TDRudGVybi1tb3Nz").status, 401);
            assert_eq!(told(app), [format!("login failure wrong_password #{id}")]);
            app.database.execute("UPDATE auth_user SET is_active = false");
            assert_eq!(app.login("alice", RIGHT).status, 400);
            assert_eq!(told(app), [format!("login failure inactive #{id}")]);
        });
    }
}

#[test]
fn a_row_says_when_from_where_in_which_request_and_with_which_token() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", RIGHT);
        let headers = [("Content-Type", "application/json"), ("X-Request-ID", "follow-me-1")];
        let body = login("alice", RIGHT).to_string();

        let key = text(&app.client.post("/api-token-auth/", &headers, body.as_bytes()), "token");
        app.client.post("/api-token-auth/", &headers, login("Nobody-Typed-This", WRONG).to_string().as_bytes());

        let column = |name: &str| app.database.texts(&format!("SELECT {name} FROM hallpass_audit ORDER BY id"));
        assert_eq!(column("client"), ["127.0.0.1", "127.0.0.1"]);
        assert_eq!(column("request_id"), ["follow-me-1", "follow-me-1"]);
        assert!(column("at").iter().all(|at| at.starts_with("2027-01-15 08:00:00")), "{:?}", column("at"));
        let token = &column("COALESCE(token, '-')")[0];
        assert_eq!(token.len(), 8);
        assert!(!key.contains(token.as_str()));
        let account = &column("COALESCE(account, '-')")[1];
        assert_eq!(account.len(), 64);
        let all = column("client || event || outcome || COALESCE(reason, '') || COALESCE(account, '')").concat();
        assert!(!all.contains("Nobody"), "{all}");
    });
}

#[test]
fn a_refresh_a_revocation_and_the_end_of_a_family_have_a_row() {
    TestApp::on_each(&format!("{SETTINGS}{ROTATE}"), |app| {
        let id = app.user("alice", RIGHT);
        let pair = || text(&post(app, "/api/token/", "", &login("alice", RIGHT)), "refresh");
        let exchange = |token: &str| post(app, "/api/token/refresh/", "", &json!({"refresh": token}));
        let (first, other) = (pair(), pair());
        told(app);

        let second = text(&exchange(&first), "refresh");
        assert_eq!(told(app), [format!("refresh success #{id}")]);
        let refused = format!("refresh failure revoked #{id}");
        let replays = [&first, &first, &second].map(|token| exchange(token).status);
        let revoked = format!("family_revoked success replay #{id}");
        assert_eq!((replays, told(app)), ([401; 3], vec![revoked, refused.clone(), refused]));
        let ends = [(); 2].map(|()| post(app, "/api/token/blacklist/", "", &json!({"refresh": other})).status);
        let ended = [format!("blacklist success #{id}"), format!("blacklist failure revoked #{id}")];
        assert_eq!((ends, told(app)), ([200, 401], ended.to_vec()));
        assert_eq!(exchange("nonsense").status, 401);
        assert_eq!(told(app), Vec::<String>::new());
    });
}

#[test]
fn a_refresh_that_changes_nothing_has_a_row_too() {
    TestApp::on_each(SETTINGS, |app| {
        let id = app.user("alice", RIGHT);
        let refresh = text(&post(app, "/api/token/", "", &login("alice", RIGHT)), "refresh");
        let sliding = text(&post(app, "/api/token/sliding/", "", &login("alice", RIGHT)), "token");
        told(app);

        assert_eq!(post(app, "/api/token/refresh/", "", &json!({"refresh": refresh})).status, 200);
        assert_eq!(told(app), [format!("refresh success #{id}")]);
        assert_eq!(post(app, "/api/token/sliding/refresh/", "", &json!({"token": sliding})).status, 200);
        assert_eq!(told(app), [format!("refresh success #{id}")]);
    });
}

#[test]
fn within_the_grace_a_repetition_is_told_as_one() {
    TestApp::on_each(&format!("{SETTINGS}{}", ROTATE.replace("0s", "1m")), |app| {
        let id = app.user("alice", RIGHT);
        let refresh = text(&post(app, "/api/token/", "", &login("alice", RIGHT)), "refresh");
        told(app);

        let answers = [(); 2].map(|()| post(app, "/api/token/refresh/", "", &json!({"refresh": refresh})).status);

        let rows = vec![format!("refresh success #{id}"), format!("refresh success repeated #{id}")];
        assert_eq!((answers, told(app)), ([200; 2], rows));
    });
}

#[test]
fn a_token_of_ours_that_gets_no_other_has_a_row_with_the_reason() {
    for rotation in ["", "jwt.rotate_refresh_tokens = true\n", ROTATE] {
        TestApp::on_each(&format!("{SETTINGS}{rotation}"), |app| {
            let id = app.user("alice", RIGHT);
            let pair = || post(app, "/api/token/", "", &login("alice", RIGHT));
            let (ended, other) = (text(&pair(), "refresh"), pair());
            let sliding = text(&post(app, "/api/token/sliding/", "", &login("alice", RIGHT)), "token");
            let renew = |token: &str| {
                let status = post(app, "/api/token/refresh/", "", &json!({"refresh": token})).status;
                (status, told(app))
            };
            let refused = |why: &str| (401, vec![format!("refresh failure {why} #{id}")]);
            assert_eq!(post(app, "/api/token/blacklist/", "", &json!({"refresh": ended})).status, 200);
            app.database.execute(
                "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
                 SELECT max(id), '2027-01-15 08:00:00' FROM token_blacklist_outstandingtoken",
            );
            told(app);

            assert_eq!(renew(&ended), refused("revoked"));
            assert_eq!(post(app, "/api/token/sliding/refresh/", "", &json!({"token": sliding})).status, 401);
            assert_eq!(told(app), refused("revoked").1);
            assert_eq!(renew(&text(&other, "access")), (401, Vec::new()), "a token of another type is no attempt");
            app.database.execute("UPDATE auth_user SET is_active = false");
            assert_eq!(renew(&text(&other, "refresh")), refused("inactive"));
            app.database.execute("DELETE FROM token_blacklist_blacklistedtoken");
            app.database.execute("DELETE FROM token_blacklist_outstandingtoken");
            app.database.execute("DELETE FROM hallpass_user_state");
            app.database.execute("DELETE FROM auth_user");
            assert_eq!(renew(&text(&other, "refresh")), refused("no_such_user"));
        });
    }
}

#[test]
fn what_happens_to_an_account_has_a_row_each() {
    TestApp::on_each(SETTINGS, |app| {
        let new = json!({"username": "alice", "email": "alice@example.org", "password": RIGHT});
        let created = post(app, "/auth/users/", "", &new);
        assert_eq!(created.status, 201, "{created:?}");
        let id = created.json()["id"].clone();
        assert_eq!(told(app), [format!("registration success #{id}")]);
        assert_eq!(post(app, "/auth/users/", "", &new).status, 400);
        assert_eq!(told(app), Vec::<String>::new());
        let token = format!("Token {}", app.token("alice", RIGHT));
        told(app);

        let current = |password: &str, field: &str, value: &str| json!({"current_password": password, field: value});
        let steps = [
            (
                "POST",
                "/auth/users/reset_password/",
                json!({"email": "alice@example.org"}),
                204,
                "password_reset_asked success",
            ),
            (
                "POST",
                "/auth/users/reset_username/",
                json!({"email": "alice@example.org"}),
                204,
                "username_reset_asked success",
            ),
            ("PATCH", "/auth/users/me/", json!({"email": "a@example.org"}), 200, "email_change success"),
            (
                "POST",
                "/auth/users/set_username/",
                current(WRONG, "new_username", "ann"),
                400,
                "username_change failure wrong_password",
            ),
            (
                "POST",
                "/auth/users/set_username/",
                current(RIGHT, "new_username", "ann"),
                204,
                "username_change success",
            ),
            (
                "POST",
                "/auth/users/set_password/",
                current(WRONG, "new_password", "Other-p4ss"),
                400,
                "password_change failure wrong_password",
            ),
            (
                "POST",
                "/auth/users/set_password/",
                current(RIGHT, "new_password", "Other-p4ss"),
                204,
                "password_change success",
            ),
            ("DELETE", "/auth/users/me/", json!({"current_password": WRONG}), 400, "deletion failure wrong_password"),
            ("DELETE", "/auth/users/me/", json!({"current_password": "Other-p4ss"}), 204, "deletion success"),
        ];
        for (method, path, body, status, row) in steps {
            let answer = send(app, method, path, &token, &body);
            assert_eq!(
                (answer.status, told(app)),
                (status, vec![format!("{row} #{id}")]),
                "{method} {path} {answer:?}"
            );
        }
        assert_eq!(post(app, "/auth/users/reset_password/", "", &json!({"email": "no@example.org"})).status, 204);
        assert_eq!(told(app), ["password_reset_asked failure no_such_user"]);
    });
}

#[test]
fn a_logout_has_a_row_if_there_was_a_token() {
    TestApp::on_each(SETTINGS, |app| {
        let id = app.user("alice", RIGHT);
        let access = format!("Bearer {}", text(&post(app, "/api/token/", "", &login("alice", RIGHT)), "access"));
        app.token("alice", RIGHT);
        told(app);

        let answers = [(); 2].map(|()| post(app, "/auth/token/logout/", &access, &json!({})).status);

        assert_eq!((answers, told(app)), ([204, 204], vec![format!("logout success #{id}")]));
    });
}

#[test]
fn who_did_it_to_somebody_else_is_named() {
    TestApp::on_each(SETTINGS, |app| {
        let (admin, alice) = (app.user("admin", RIGHT), app.user("alice", RIGHT));
        app.database.execute("UPDATE auth_user SET is_staff = true WHERE username = 'admin'");
        let token = format!("Token {}", app.token("admin", RIGHT));
        let path = format!("/auth/users/{alice}/");
        app.database.execute("DELETE FROM hallpass_audit");

        assert_eq!(send(app, "PATCH", &path, &token, &json!({"email": "new@example.org"})).status, 200);
        assert_eq!(send(app, "DELETE", &path, &token, &json!({"current_password": RIGHT})).status, 204);

        let rows =
            app.database.texts("SELECT event || ' ' || user_id || ' ' || actor_id FROM hallpass_audit ORDER BY id");
        assert_eq!(rows, [format!("email_change {alice} {admin}"), format!("deletion {alice} {admin}")]);
    });
}
