//! `token.storage = "hashed"`: what the database has of a token, and what that is good for.

use std::time::Duration;

use serde_json::json;

use super::{HASHED, PLAIN, everything, field, is_good, post, sealed, stored};
use crate::support::TestApp;
use crate::support::program::{CREATE_TOKEN, HALLPASS, Service, command, config_file, run};

#[test]
fn each_login_gives_the_same_token_and_the_database_never_has_it() {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");
        let key = app.token("alice", "pw");

        let again = app.token("alice", "pw");
        let login = post(app.client, "/auth/token/login/", &json!({"username": "alice", "password": "pw"}));
        app.restart(HASHED);

        assert_eq!(
            (again, field(&login, "auth_token"), app.token("alice", "pw")),
            (key.clone(), key.clone(), key.clone())
        );
        assert!(key.len() == 40 && key.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{key}");
        assert!(is_good(app, &key));
        let stored = stored(&app.database);
        assert!(stored.len() == 1 && stored[0].len() == 40 && stored[0].starts_with("sha256$"), "{stored:?}");
        assert!(!everything(&app.database).contains(&key));
        app.restart(PLAIN);
        app.token("alice", "pw");
        assert!(everything(&app.database).contains(&key), "the search finds what is there");
    });
}

#[test]
fn what_the_database_has_of_a_token_lets_nobody_in_however_tokens_are_kept_later() {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");
        let key = app.token("alice", "pw");
        let stolen = [stored(&app.database), sealed(&app.database)].concat();
        let of_another_case = stolen[0].replace("sha256$", "SHA256$");
        let is_refused = |app: &TestApp| stolen.iter().chain([&of_another_case]).all(|text| !is_good(app, text));

        assert!(is_refused(app) && is_good(app, &key));
        app.restart(PLAIN);
        assert!(is_refused(app) && is_good(app, &key));
        assert_eq!(app.token("alice", "pw"), key);
        assert!(is_refused(app) && is_good(app, &key));
    });
}

#[test]
fn a_token_of_either_form_is_good_and_each_login_brings_it_to_the_one_of_the_setting() {
    TestApp::on_each(PLAIN, |app| {
        app.user("alice", "pw");
        let key = app.token("alice", "pw");
        assert_eq!(stored(&app.database), [key.as_str()]);

        app.restart(HASHED);
        let before = (is_good(app, &key), stored(&app.database) == [key.as_str()]);
        let hashed = app.token("alice", "pw");
        let after = (is_good(app, &key), stored(&app.database)[0].starts_with("sha256$"), sealed(&app.database).len());
        app.restart(PLAIN);
        let still = is_good(app, &key);
        let plain = app.token("alice", "pw");

        assert_eq!((before, after, still), ((true, true), (true, true, 1), true));
        assert_eq!((hashed, plain), (key.clone(), key.clone()));
        assert!(is_good(app, &key));
        assert_eq!((stored(&app.database), sealed(&app.database)), (vec![key], vec![]));
    });
}

#[test]
fn a_token_that_has_outlived_its_time_is_replaced_and_its_digest_too() {
    TestApp::on_each(&format!("{HASHED}token.lifetime = \"1h\"\n"), |app| {
        app.user("alice", "pw");
        let first = app.token("alice", "pw");

        app.clock.advance(Duration::from_secs(3599));
        assert_eq!(app.token("alice", "pw"), first);
        app.clock.advance(Duration::from_secs(1));
        let expired = app.whoami(&format!("Token {first}"));
        let second = app.token("alice", "pw");

        assert_eq!((expired.status, expired.detail().as_str()), (401, "Token has expired."));
        assert!(second != first && !is_good(app, &first) && is_good(app, &second));
        assert_eq!(app.token("alice", "pw"), second);
    });
}

#[test]
fn create_token_prints_the_token_that_a_login_gives_and_replaces_it_where_it_is_told_to() {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");
        config_file(&app.database, HASHED);
        let create = |arguments: &[&str]| {
            let ended = run(CREATE_TOKEN, &app.database, arguments, "");
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
            ended.stdout.split(' ').nth(2).expect("a token").to_owned()
        };

        let (made, again) = (create(&["alice"]), create(&["alice"]));
        let login = app.token("alice", "pw");
        let replaced = create(&["-r", "alice"]);

        assert_eq!((&again, &login), (&made, &made));
        assert!(replaced != made && !is_good(app, &made) && is_good(app, &replaced));
        assert_eq!(app.token("alice", "pw"), replaced);
        app.user("bob", "pw");
        let of_all = create(&["--all"]);
        assert_eq!(app.token("bob", "pw"), of_all);
        let everything = everything(&app.database);
        assert!([made, replaced, of_all].iter().all(|key| !everything.contains(key)));
    });
}

#[test]
fn the_start_warns_of_tokens_that_are_in_the_other_form_and_of_nothing_else() {
    TestApp::on_each(PLAIN, |app| {
        app.user("alice", "pw");
        let warnings = |settings| {
            config_file(&app.database, settings);
            let service = Service::start(command(HALLPASS, &app.database));
            service.signal("TERM");
            let (_, log) = service.wait();
            log.lines().filter(|line| line.contains("token.storage")).map(ToOwned::to_owned).collect::<Vec<_>>()
        };

        let empty = [warnings(PLAIN), warnings(HASHED)].concat();
        app.token("alice", "pw");
        let (right, other) = (warnings(PLAIN), warnings(HASHED));
        run(HALLPASS, &app.database, &["convert-tokens", "--to", "hashed"], "");
        let (still_right, other_again) = (warnings(HASHED), warnings(PLAIN));

        assert_eq!((empty, right, still_right), (vec![], vec![], vec![]));
        assert!(other.len() == 1 && other[0].contains("`hallpass convert-tokens --to hashed`"), "{other:?}");
        assert!(other_again.len() == 1 && other_again[0].contains("convert-tokens --to plain`"), "{other_again:?}");
    });
}
