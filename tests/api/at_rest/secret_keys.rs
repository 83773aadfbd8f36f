//! Digests, and the secret key that their tokens are encrypted with.

use super::{HASHED, is_good, sealed, stored};
use crate::support::TestApp;
use crate::support::database::SECRET_KEY;

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
