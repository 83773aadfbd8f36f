//! Token mode: one token a user, made once and good until it is taken away.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::support::TestApp;
use crate::support::database::Kind;

#[test]
fn a_login_gives_a_token_that_opens_protected_handlers() {
    TestApp::on_each("", |app| {
        let id = app.user("alice", "correct horse");

        let token = app.token("alice", "correct horse");
        let whoami = app.whoami(&format!("Token {token}"));

        assert_eq!(whoami.status, 200);
        assert_eq!(whoami.text(), format!("{{\"id\":{id},\"username\":\"alice\"}}"));
    });
}

#[test]
fn a_second_login_gives_the_same_token() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");

        assert_eq!(app.token("alice", "pw"), app.token("alice", "pw"));
    });
}

#[test]
fn a_token_is_stored_as_django_stores_it() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");

        let token = app.token("alice", "pw");

        assert_eq!(app.database.texts("SELECT key FROM authtoken_token"), [token.as_str()]);
        assert_eq!(token.len(), 40);
        assert!(token.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{token}");
        let created = app.database.texts("SELECT created FROM authtoken_token");
        match app.database.kind() {
            Kind::Sqlite => assert_eq!(created, ["2027-01-15 08:00:00"]),
            Kind::Postgres => assert!(created[0].starts_with("2027-01-15 08:00:00"), "{created:?}"),
        }
    });
}

#[test]
fn sixty_four_first_logins_at_once_share_one_token() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        let start = Arc::new(Barrier::new(64));

        let tokens: Vec<String> = thread::scope(|scope| {
            let logins: Vec<_> = (0..64)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        app.token("alice", "pw")
                    })
                })
                .collect();
            logins.into_iter().map(|login| login.join().expect("a token")).collect()
        });

        assert_eq!(app.database.texts("SELECT key FROM authtoken_token"), [tokens[0].as_str()]);
        assert!(tokens.iter().all(|token| *token == tokens[0]));
    });
}

#[test]
fn what_another_program_takes_away_is_refused_at_the_next_request() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        let header = format!("Token {}", app.token("alice", "pw"));
        assert_eq!(app.whoami(&header).status, 200);

        app.database.execute("UPDATE auth_user SET is_active = false");
        let inactive = app.whoami(&header);
        app.database.execute("UPDATE auth_user SET is_active = true");
        let active = app.whoami(&header);
        app.database.execute("DELETE FROM authtoken_token");
        let gone = app.whoami(&header);

        assert_eq!((inactive.status, inactive.detail().as_str()), (401, "User inactive or deleted."));
        assert_eq!(active.status, 200);
        assert_eq!((gone.status, gone.detail().as_str()), (401, "Invalid token."));
    });
}

#[test]
fn a_token_with_a_lifetime_expires_and_the_next_login_replaces_it() {
    TestApp::on_each("token.lifetime = \"1h\"", |app| {
        app.user("alice", "pw");
        let first = app.token("alice", "pw");

        app.clock.advance(Duration::from_secs(3599));
        assert_eq!(app.whoami(&format!("Token {first}")).status, 200);
        assert_eq!(app.token("alice", "pw"), first);
        app.clock.advance(Duration::from_secs(1));
        let expired = app.whoami(&format!("Token {first}"));
        let second = app.token("alice", "pw");

        assert_eq!((expired.status, expired.detail().as_str()), (401, "Token has expired."));
        assert_ne!(first, second);
        assert_eq!(app.whoami(&format!("Token {first}")).detail(), "Invalid token.");
        assert_eq!(app.whoami(&format!("Token {second}")).status, 200);
    });
}

#[test]
fn an_old_hash_is_upgraded_at_login_and_a_better_one_is_left_alone() {
    TestApp::on_each("", |app| {
        // Django's make_password("lètmein", "seasalt", PBKDF2PasswordHasher with 1000 iterations).
        let old = "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=";
        app.database.insert_user("alice", old);

        app.token("alice", "lètmein");
        let upgraded = app.database.texts("SELECT password FROM auth_user");
        app.token("alice", "lètmein");

        assert!(upgraded[0].starts_with("bcrypt_sha256$$2b$04$"), "{upgraded:?}");
        assert_eq!(app.database.texts("SELECT password FROM auth_user"), upgraded);
    });
}

#[test]
fn a_wrong_password_changes_nothing() {
    TestApp::on_each("", |app| {
        let old = "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=";
        app.database.insert_user("alice", old);

        let response = app.login("alice", "letmein");

        assert_eq!(response.status, 400);
        assert_eq!(response.text(), r#"{"non_field_errors":["Unable to log in with provided credentials."]}"#);
        assert_eq!(app.database.texts("SELECT password FROM auth_user"), [old]);
        assert!(app.database.texts("SELECT key FROM authtoken_token").is_empty());
    });
}

#[test]
fn thirty_two_logins_at_once_upgrade_a_hash_once_and_all_succeed() {
    TestApp::on_each("", |app| {
        let old = "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=";
        app.database.insert_user("alice", old);

        thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| app.token("alice", "lètmein"));
            }
        });

        assert!(app.database.texts("SELECT password FROM auth_user")[0].starts_with("bcrypt_sha256$$2b$04$"));
        app.token("alice", "lètmein");
    });
}

#[test]
fn credentials_that_nobody_needs_are_looked_at_unless_the_settings_say_otherwise() {
    for (settings, expected) in [("", 401), ("auth.ignore_credentials_on_public = true", 200)] {
        TestApp::on_each(settings, |app| {
            app.user("alice", "pw");
            let headers = [("Authorization", "Token gone"), ("Content-Type", "application/json")];

            let login = app.client.post("/api-token-auth/", &headers, br#"{"username":"alice","password":"pw"}"#);

            assert_eq!(login.status, expected, "{settings}");
            // Where somebody has to be known they are always looked at.
            assert_eq!(app.whoami("Token gone").status, 401, "{settings}");
        });
    }
}
