//! `hallpass convert-tokens`.

use super::{HASHED, PLAIN, everything, is_good, sealed, stored, users_with_tokens};
use crate::support::TestApp;
use crate::support::database::{Kind, SECRET_KEY, TestDatabase};
use crate::support::program::{Ended, HALLPASS, config_file, run};

const NEW_KEY: &str = "Zq8-vB2nK5xT0wR7yJ4mP1dF6gH3cL9sAe_uQoXi";

/// What is printed behind the counts.
fn about_files(database: &TestDatabase) -> &'static str {
    match database.kind() {
        Kind::Sqlite => "The database file has nothing left of tokens as they were\n",
        Kind::Postgres => {
            "PostgreSQL's files have tokens as they were until it writes over them; `VACUUM FULL authtoken_token` removes \
             them, and keeps everybody from the table meanwhile\n"
        }
    }
}

#[test]
fn every_token_is_converted_once_and_back_and_stays_what_it_was() {
    TestApp::on_each(PLAIN, |app| {
        let keys = users_with_tokens(app, 25);
        let about = about_files(&app.database);

        app.restart(HASHED);
        let there = convert(&app.database, HASHED, &["--to", "hashed", "--batch", "7"]);
        let digests = (stored(&app.database), sealed(&app.database));
        let again = convert(&app.database, HASHED, &["--to", "hashed"]);
        let are_good = keys.iter().all(|key| is_good(app, key));
        app.restart(PLAIN);
        let back = convert(&app.database, PLAIN, &["--to", "plain", "--batch", "7"]);

        assert_ended(&there, &format!("Converted 25 tokens, encrypted 0 anew\n{about}"));
        assert_ended(&again, &format!("Converted 0 tokens, encrypted 0 anew\n{about}"));
        assert_ended(&back, "Converted 25 tokens, encrypted 0 anew\n");
        assert!(digests.0.iter().all(|text| text.starts_with("sha256$")) && digests.1.len() == 25, "{digests:?}");
        assert!(are_good && keys.iter().all(|key| is_good(app, key)));
        assert_eq!((stored(&app.database), sealed(&app.database)), (keys, vec![]));
    });
}

/// On PostgreSQL the rows are looked at: its files are not ours to read.
#[test]
fn after_the_conversion_no_token_of_before_is_in_the_files_and_none_that_was_deleted_earlier() {
    TestApp::on_each(PLAIN, |app| {
        let keys = users_with_tokens(app, 200);
        app.database.execute("DELETE FROM authtoken_token WHERE user_id % 10 = 0");
        let in_files = |keys: &[String]| {
            let everything = everything(&app.database);
            keys.iter().filter(|key| everything.contains(*key)).count()
        };
        let before = in_files(&keys);

        // The service has read the file and goes on doing so.
        assert!(is_good(app, &keys[0]));
        let ended = convert(&app.database, HASHED, &["--to", "hashed"]);

        assert_ended(&ended, &format!("Converted 180 tokens, encrypted 0 anew\n{}", about_files(&app.database)));
        assert!(before >= 180, "the search finds what is there: {before}");
        assert_eq!(in_files(&keys), 0);
        assert!(is_good(app, &keys[0]));
    });
}

#[test]
fn what_an_earlier_secret_key_encrypted_is_encrypted_anew() {
    TestApp::on_each(PLAIN, |app| {
        let keys = users_with_tokens(app, 3);
        app.user("alice", "pw");
        let alices = app.token("alice", "pw");
        convert(&app.database, HASHED, &["--to", "hashed"]);
        let rotated = format!("{HASHED}secret_key = \"{NEW_KEY}\"\nsecret_key_fallbacks = [\"{SECRET_KEY}\"]\n");

        let ended = convert(&app.database, &rotated, &["--to", "hashed"]);
        app.restart(&format!("{HASHED}secret_key = \"{NEW_KEY}\"\n"));

        assert_ended(&ended, &format!("Converted 0 tokens, encrypted 4 anew\n{}", about_files(&app.database)));
        assert_eq!(app.token("alice", "pw"), alices);
        assert!(keys.iter().all(|key| is_good(app, key)));
    });
}

#[test]
fn tokens_that_no_secret_key_decrypts_are_told_and_stay_good_until_they_are_dropped() {
    TestApp::on_each(PLAIN, |app| {
        let keys = users_with_tokens(app, 12);
        convert(&app.database, HASHED, &["--to", "hashed"]);
        app.database.execute("UPDATE hallpass_sealed_token SET sealed = 'x' WHERE user_id > 1");

        let hashed = convert(&app.database, HASHED, &["--to", "hashed"]);
        let refused = convert(&app.database, PLAIN, &["--to", "plain"]);
        let are_good = keys.iter().all(|key| is_good(app, key));
        let dropped = convert(&app.database, PLAIN, &["--to", "plain", "--drop"]);

        let lost = "11 tokens, of the users with the ids 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …";
        let about = about_files(&app.database);
        assert_ended(
            &hashed,
            &format!(
                "Converted 0 tokens, encrypted 0 anew\n{about}No secret key decrypts {lost}; a login replaces them\n"
            ),
        );
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), "Converted 1 tokens, encrypted 0 anew\n"));
        assert!(refused.stderr.starts_with(&format!("Error: no secret key decrypts {lost}; ")), "{refused:?}");
        assert!(are_good);
        assert_ended(
            &dropped,
            &format!("Converted 0 tokens, encrypted 0 anew\nDeleted what no secret key decrypts: {lost}\n"),
        );
        assert!(is_good(app, &keys[0]) && keys[1..].iter().all(|key| !is_good(app, key)));
        assert_eq!((stored(&app.database), sealed(&app.database)), (vec![keys[0].clone()], vec![]));
    });
}

#[test]
fn what_the_settings_would_undo_or_nobody_understands_is_refused() {
    TestApp::on_each(PLAIN, |app| {
        let keys = users_with_tokens(app, 2);

        let to_hashed = convert(&app.database, PLAIN, &["--to", "hashed"]);
        let to_plain = convert(&app.database, HASHED, &["--to", "plain"]);
        let drop = convert(&app.database, HASHED, &["--to", "hashed", "--drop"]);
        let usage: [&[&str]; 4] = [&[], &["--to", "md5"], &["--to", "plain", "--batch", "0"], &["--to"]];

        for (ended, why) in [
            (to_hashed, "token.storage is \"plain\", and each login would undo this; set it to \"hashed\""),
            (to_plain, "token.storage is \"hashed\", and each login would undo this; set it to \"plain\""),
            (drop, "--drop goes with --to plain"),
        ] {
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
            assert!(ended.stderr.starts_with(&format!("Error: {why}")), "{ended:?}");
        }
        for arguments in usage {
            let ended = convert(&app.database, PLAIN, arguments);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        }
        assert_eq!(stored(&app.database), keys);
    });
}

#[test]
fn check_for_deployment_tells_tokens_that_are_still_as_they_were_and_what_nobody_else_may_serve() {
    TestApp::on_each(PLAIN, |app| {
        users_with_tokens(app, 1);
        config_file(&app.database, HASHED);
        let check = || run(HALLPASS, &app.database, &["check", "--deploy"], "");

        let before = check();
        convert(&app.database, HASHED, &["--to", "hashed"]);
        let after = check();

        assert!(before.stderr.contains("token.storage: the database has some tokens as they are"), "{before:?}");
        assert!(!after.stderr.contains("token.storage"), "{after:?}");
        assert!(
            after.stdout.starts_with("token.storage is \"hashed\": no Django may serve this database"),
            "{after:?}"
        );
    });
}

fn convert(database: &TestDatabase, settings: &str, arguments: &[&str]) -> Ended {
    config_file(database, settings);
    run(HALLPASS, database, &[&["convert-tokens"], arguments].concat(), "")
}

fn assert_ended(ended: &Ended, stdout: &str) {
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), stdout, ""));
}
