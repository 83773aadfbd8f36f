//! Digests, and the secret key that their tokens are encrypted with.

use serde_json::json;

use super::{HASHED, field, is_good, post, sealed, stored};
use crate::support::database::{Kind, SECRET_KEY, TestDatabase};
use crate::support::program::{CREATE_TOKEN, HALLPASS, Service, command, config_file, run};
use crate::support::{BCRYPT_COST, TestApp};

const NEW_KEY: &str = "Zq8-vB2nK5xT0wR7yJ4mP1dF6gH3cL9sAe_uQoXi";

#[test]
fn a_login_decrypts_with_an_earlier_secret_key_and_encrypts_with_the_new_one() {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");
        let key = app.token("alice", "pw");
        let before = (stored(&app.database), sealed(&app.database));

        app.restart(&format!("{HASHED}secret_key = \"{NEW_KEY}\"\nsecret_key_fallbacks = [\"{SECRET_KEY}\"]\n"));
        let rotated = app.token("alice", "pw");
        let after = (stored(&app.database), sealed(&app.database));
        app.restart(&format!("{HASHED}secret_key = \"{NEW_KEY}\"\n"));
        let without_the_old_one = app.token("alice", "pw");

        assert_eq!((&rotated, &without_the_old_one), (&key, &key));
        assert!(before.0 == after.0 && before.1 != after.1 && after.1.len() == 1, "{before:?} {after:?}");
        assert_eq!(sealed(&app.database), after.1, "what is right is left alone");
    });
}

#[test]
fn without_the_secret_key_a_token_stays_good_and_the_next_login_replaces_it() {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");
        let old = app.token("alice", "pw");

        app.restart(&format!("{HASHED}secret_key = \"{NEW_KEY}\"\n"));
        let is_good_still = is_good(app, &old);
        let new = app.token("alice", "pw");

        assert!(is_good_still && new != old);
        assert!(is_good(app, &new) && !is_good(app, &old));
        assert_eq!(app.token("alice", "pw"), new);
    });
}

#[test]
fn what_was_encrypted_for_one_user_or_token_is_of_no_use_for_another() {
    TestApp::on_each(HASHED, |app| {
        let (alice, bob) = (app.user("alice", "pw"), app.user("bob", "pw"));
        let keys = [app.token("alice", "pw"), app.token("bob", "pw")];
        let sealed = sealed(&app.database);

        // Somebody who can write to the database and knows no secret gives alice what bob has.
        app.database.execute(&format!(
            "UPDATE hallpass_sealed_token SET sealed = '{}' WHERE user_id = {alice}; \
             UPDATE hallpass_sealed_token SET sealed = 'no base64 §' WHERE user_id = {bob}",
            sealed[1]
        ));
        let new = [app.token("alice", "pw"), app.token("bob", "pw")];

        assert!(new.iter().all(|key| !keys.contains(key)), "{new:?}");
        assert!(new.iter().all(|key| is_good(app, key)) && keys.iter().all(|key| !is_good(app, key)));
    });
}

#[test]
fn what_is_left_of_a_token_that_somebody_else_deleted_opens_nothing() {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");
        let old = app.token("alice", "pw");

        app.database.execute("DELETE FROM authtoken_token");
        let is_refused = !is_good(app, &old);
        let new = app.token("alice", "pw");

        assert!(is_refused && new != old && is_good(app, &new));
        assert_eq!((app.token("alice", "pw"), sealed(&app.database).len()), (new, 1));
    });
}

/// Only SQLite has a place for one.
#[test]
fn where_no_secret_key_is_set_every_program_takes_the_kept_one_and_the_check_tells_where_it_lies() {
    let database = TestDatabase::create(Kind::Sqlite);
    database.insert_user("alice", &hallpass::passwords::Hasher::new(BCRYPT_COST).hash("pw").expect("a hash"));
    config_file(&database, &format!("{HASHED}secret_key = \"\"\n"));

    let created = run(CREATE_TOKEN, &database, &["alice"], "");
    let service = Service::start(command(HALLPASS, &database));
    let login = post(service.client, "/api-token-auth/", &json!({"username": "alice", "password": "pw"}));
    let check = run(HALLPASS, &database, &["check", "--deploy"], "");

    let key = created.stdout.split(' ').nth(2).expect("a token").to_owned();
    assert_eq!(field(&login, "token"), key, "{created:?}");
    let finding = "Error: token.storage: ";
    let found: Vec<&str> = check.stderr.lines().filter(|line| line.starts_with(finding)).collect();
    assert!(found.len() == 1 && found[0].contains("hallpass.sqlite3.secret_key"), "{check:?}");
}
