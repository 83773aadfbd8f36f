//! How often one client address, or one user, may ask.

use serde_json::json;

use super::{JSON, RIGHT, WRONG, at_once, count, is_throttled, login, login_from, seconds, with_status};
use crate::support::TestApp;
use crate::support::program::{HALLPASS, config_file, run};

#[test]
fn an_address_may_try_so_many_passwords_in_a_minute_whosever_they_are() {
    TestApp::on_each("throttle.login = \"3/min\"\n", |app| {
        app.user("alice", RIGHT);

        for name in ["alice", "nobody"] {
            assert_eq!(app.login(name, WRONG).status, 400);
            app.clock.advance(seconds(10));
        }
        assert_eq!(app.login("alice", RIGHT).status, 200);
        is_throttled(&app.login("alice", RIGHT), 40);
        app.clock.advance(seconds(39));
        // Those that were refused did not count.
        is_throttled(&app.login("nobody", WRONG), 1);
        app.clock.advance(seconds(1));
        assert_eq!(app.login("alice", RIGHT).status, 200);
        is_throttled(&app.login("alice", RIGHT), 10);
    });
}

#[test]
fn of_64_at_once_no_more_are_let_through_than_the_rate_says() {
    TestApp::on_each("throttle.login = \"7/hour\"\n", |app| {
        app.user("alice", RIGHT);
        let client = app.client;

        let answers = at_once(64, |number| login(client, "alice", if number % 2 == 0 { RIGHT } else { WRONG }));

        assert_eq!(with_status(&answers, 429), 57, "{answers:?}");
        assert_eq!(with_status(&answers, 200) + with_status(&answers, 400), 7, "{answers:?}");
    });
}

#[test]
fn a_password_that_is_only_hashed_counts_too() {
    TestApp::on_each("throttle.login = \"2/min\"\n", |app| {
        let register = |name: &str| {
            let body = json!({"username": name, "password": RIGHT}).to_string();
            app.client.post("/auth/users/", &[JSON], body.as_bytes())
        };

        assert_eq!((register("alice").status, register("bob").status), (201, 201));
        is_throttled(&register("carol"), 60);
        is_throttled(&app.login("alice", RIGHT), 60);
    });
}

#[test]
fn changing_a_password_counts_once() {
    TestApp::on_each("throttle.login = \"2/min\"\n", |app| {
        app.user("alice", RIGHT);
        let token = format!("Token {}", app.token("alice", RIGHT));
        let set = |current: &str, new: &str| {
            let body = json!({"current_password": current, "new_password": new}).to_string();
            app.client.post("/auth/users/set_password/", &[JSON, ("Authorization", &token)], body.as_bytes())
        };

        assert_eq!(set(RIGHT, WRONG).status, 204);
        is_throttled(&set(WRONG, RIGHT), 60);
    });
}

#[test]
fn headers_of_strangers_change_nothing() {
    TestApp::on_each("throttle.login = \"2/min\"\n", |app| {
        app.user("alice", RIGHT);
        let body = json!({"username": "alice", "password": WRONG}).to_string();
        let names =
            ["X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "Via"];
        let sent = |name, value| app.client.post("/api-token-auth/", &[JSON, (name, value)], body.as_bytes());

        assert_eq!((sent(names[0], "1.1.1.1").status, sent(names[1], "for=1.1.1.2").status), (400, 400));
        for name in names {
            is_throttled(&sent(name, "1.1.1.3"), 60);
        }
    });
}

#[test]
fn behind_a_proxy_of_ours_each_of_its_clients_is_counted() {
    TestApp::on_each("throttle.login = \"1/min\"\nserver.trusted_proxies = 1\n", |app| {
        app.user("alice", RIGHT);
        let sent = |address: &str| login_from(app.client, address, "alice", WRONG).status;

        assert_eq!((sent("203.0.113.7"), sent("203.0.113.8")), (400, 400));
        // What a client writes itself comes before what the proxy adds.
        for again in
            ["203.0.113.7", "9.9.9.9, 203.0.113.7", "::ffff:203.0.113.7", "203.0.113.7:99", "[::ffff:cb00:7107]:1"]
        {
            assert_eq!(sent(again), 429, "{again}");
        }
        assert_eq!((sent("2001:db8::1"), sent("2001:db8::ffff:2"), sent("2001:db8:0:1::1")), (400, 429, 400));
        assert_eq!(count(app, "hallpass_throttle"), 4);
    });
}

#[test]
fn what_is_no_address_counts_as_the_proxy() {
    TestApp::on_each("throttle.login = \"1/min\"\nserver.trusted_proxies = 1\n", |app| {
        app.user("alice", RIGHT);
        let sent = |address: &str| login_from(app.client, address, "alice", WRONG).status;
        let (long, many) = ("x".repeat(10 * 1024), "9.9.9.9,".repeat(1_250));

        assert_eq!(sent("a"), 400);
        for hostile in ["", "a", "-", "1.2.3", "fe80::1%eth0", "::1::", "1.2.3.4, ", "é", "' OR 1=1--", &long, &many] {
            assert_eq!(sent(hostile), 429, "{hostile:.40}");
        }
        assert_eq!(count(app, "hallpass_throttle"), 1);
    });
}

#[test]
fn a_request_with_a_token_costs_no_row() {
    TestApp::on_each("throttle.login = \"60/min\"\nlockout.failures = 5\n", |app| {
        app.user("alice", RIGHT);
        let token = format!("Token {}", app.token("alice", RIGHT));
        app.database.execute("DELETE FROM hallpass_throttle");

        assert_eq!(app.whoami(&token).status, 200);
        assert_eq!(app.whoami("Token nope").status, 401);

        assert_eq!((count(app, "hallpass_throttle"), count(app, "hallpass_lockout")), (0, 0));
    });
}

#[test]
fn users_and_strangers_are_counted_exactly() {
    TestApp::on_each("throttle.user = \"9/min\"\nthrottle.anon = \"4/min\"\n", |app| {
        app.user("alice", RIGHT);
        let (client, token) = (app.client, format!("Token {}", app.token("alice", RIGHT)));
        let anonymous = || client.get("/read-only/", &[]);
        let known = || client.get("/whoami/", &[("Authorization", token.as_str())]);

        let answers = at_once(64, |number| if number % 2 == 0 { anonymous() } else { known() });

        // To log in was free: as in REST framework, obtain_auth_token is not counted.
        assert_eq!((with_status(&answers, 200), with_status(&answers, 429)), (4 + 9, 64 - 4 - 9), "{answers:?}");
        is_throttled(&known(), 60);
        app.database.execute("ALTER TABLE hallpass_throttle RENAME TO gone");
        assert_eq!((known().status, anonymous().status), (503, 503));
    });
}

#[test]
fn what_is_over_is_flushed_and_the_rest_is_kept() {
    TestApp::on_each("throttle.login = \"60/min\"\nlockout.failures = 5\n", |app| {
        super::fail(app, "nobody", 1);
        for number in 0..7 {
            let (old, digest) = ("2020-01-01 00:00:00", format!("{number:064}"));
            app.database.execute(&format!(
                "INSERT INTO hallpass_throttle (digest, recent, expires_at) VALUES ('{digest}', '1', '{old}'); \
                 INSERT INTO hallpass_lockout (digest, failures, under_way, expires_at) VALUES ('{digest}', 3, '', '{old}')"
            ));
        }
        let config = config_file(&app.database, "");
        let arguments = ["flush-expired-tokens", "--batch", "3", "--config", config.to_str().unwrap()];

        let ended = run(HALLPASS, &app.database, &arguments, "");

        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "Forgot 0 expired tokens\n"), "{ended:?}");
        assert_eq!((count(app, "hallpass_throttle"), count(app, "hallpass_lockout")), (1, 1));
    });
}
