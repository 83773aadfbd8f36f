//! What wrong passwords in a row cost an account.

use super::{
    LOCKOUT, RIGHT, WRONG, at_once, count, fail, failures, is_throttled, login, login_from, seconds, with_status,
};
use crate::support::TestApp;
use crate::support::client::Response;
use crate::support::program::{HALLPASS, run};

#[test]
fn after_five_wrong_passwords_each_one_doubles_the_wait() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        fail(app, "alice", 5);

        for wait in [1, 2, 4, 8] {
            is_throttled(&app.login("alice", WRONG), wait);
            app.clock.advance(seconds(wait) - seconds(1));
            is_throttled(&app.login("alice", RIGHT), 1);
            app.clock.advance(seconds(1));
            fail(app, "alice", 1);
        }
    });
}

#[test]
fn a_right_password_after_the_wait_begins_the_count_anew() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        fail(app, "alice", 5);
        app.clock.advance(seconds(1));

        assert_eq!(app.login("alice", RIGHT).status, 200);

        assert_eq!(count(app, "hallpass_lockout"), 0);
        fail(app, "alice", 5);
        is_throttled(&app.login("alice", RIGHT), 1);
    });
}

#[test]
fn one_account_is_no_other_ones_business() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        app.user("Alice", RIGHT);
        fail(app, "alice", 5);

        assert_eq!(app.login("Alice", RIGHT).status, 200);
        assert_eq!(app.login("alice", RIGHT).status, 429);
        // What is found as one account is counted as one: blanks around a name are cut off.
        assert_eq!(app.login(" alice\t", RIGHT).status, 429);
        for variant in ["ALICE", "alice\u{200b}", "ａlice", "alice%", "alic_"] {
            assert_eq!(app.login(variant, RIGHT).status, 400, "{variant}");
        }
    });
}

#[test]
fn of_64_wrong_passwords_at_once_no_more_are_looked_at_than_are_free() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        app.user("carol", RIGHT);
        app.database.execute("UPDATE auth_user SET is_active = false WHERE username = 'carol'");
        let client = app.client;

        for name in ["alice", "nobody", "carol"] {
            let answers = at_once(64, |_| login(client, name, WRONG));

            assert_eq!((with_status(&answers, 400), with_status(&answers, 429)), (5, 59), "{name}: {answers:?}");
        }
        assert_eq!(failures(app), ["5", "5", "5"]);
    });
}

#[test]
fn right_passwords_at_once_are_all_right() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        let client = app.client;

        for free in [5, 1] {
            fail(app, "alice", 5 - free);
            let answers = at_once(64, |_| login(client, "alice", RIGHT));

            assert_eq!(with_status(&answers, 200), 64, "{answers:?}");
            assert_eq!(count(app, "hallpass_lockout"), 0);
        }
    });
}

#[test]
fn who_guesses_while_the_owner_logs_in_gets_no_more_than_is_free_each_time() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        let client = app.client;

        let answers = at_once(64, |number| {
            (number % 16 == 0, login(client, "alice", if number % 16 == 0 { RIGHT } else { WRONG }))
        });

        let of =
            |right: bool, status| answers.iter().filter(|(is, answer)| (*is, answer.status) == (right, status)).count();
        assert_eq!(of(true, 200) + of(true, 429), 4, "{answers:?}");
        assert_eq!(of(false, 400) + of(false, 429), 60, "{answers:?}");
        assert!(of(false, 400) <= 5 * (1 + of(true, 200)), "{answers:?}");
    });
}

#[test]
fn a_name_that_nobody_has_an_inactive_user_and_a_wrong_password_are_one_to_the_eye() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        app.user("carol", RIGHT);
        app.user("dave", RIGHT);
        app.database.execute("UPDATE auth_user SET is_active = false WHERE username = 'carol'");
        app.database.execute("UPDATE auth_user SET password = '!' WHERE username = 'dave'");
        let seen = |response: Response| {
            let headers =
                response.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
            let mut headers: Vec<_> = headers.cloned().collect();
            headers.sort_unstable();
            (response.status, headers, response.text())
        };

        // Of the inactive user the password is right: that too is not to be seen.
        let tried = [("alice", WRONG), ("carol", RIGHT), ("dave", WRONG), ("nobody", WRONG)];
        let seen = tried.map(|(name, password)| [(); 7].map(|()| seen(app.login(name, password))));

        assert!(seen.iter().all(|answers| *answers == seen[0]), "{seen:?}");
        assert_eq!(seen[0].each_ref().map(|(status, ..)| *status), [400, 400, 400, 400, 400, 429, 429]);
        assert_eq!(failures(app), ["5", "5", "5", "5"]);
        let widths = app.database.texts("SELECT DISTINCT length(digest) FROM hallpass_lockout");
        assert_eq!(widths, ["64"]);
        assert_eq!(app.database.texts("SELECT DISTINCT under_way FROM hallpass_lockout"), [""]);
    });
}

#[test]
fn after_a_hundred_in_a_row_the_account_is_locked_until_all_is_forgotten() {
    TestApp::on_each("lockout.failures = 5\nserver.trusted_proxies = 1\nthrottle.login = \"1/day\"\n", |app| {
        app.user("alice", RIGHT);
        for number in 0..100 {
            // Each from an address of its own: it is the account that counts.
            let response = login_from(app.client, &format!("203.0.113.{number}"), "alice", WRONG);
            assert_eq!(response.status, 400, "{number}: {response:?}");
            app.clock.advance(seconds(900));
        }

        is_throttled(&login_from(app.client, "198.51.100.1", "alice", RIGHT), 86_400 - 900);
        app.clock.advance(seconds(86_400 - 900));
        assert_eq!(login_from(app.client, "198.51.100.2", "alice", RIGHT).status, 200);
    });
}

#[test]
fn unlock_lets_a_user_in_again() {
    TestApp::on_each(LOCKOUT, |app| {
        app.user("alice", RIGHT);
        fail(app, "alice", 5);
        assert_eq!(app.login("alice", RIGHT).status, 429);
        let config = crate::support::program::config_file(&app.database, "");
        let unlock = |name| run(HALLPASS, &app.database, &["unlock", name, "--config", config.to_str().unwrap()], "");

        let (unknown, ended) = (unlock("nobody"), unlock("alice"));

        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "Unlocked user alice\n"), "{ended:?}");
        assert_eq!((unknown.code, unknown.stderr.as_str()), (Some(1), "Error: user nobody does not exist\n"));
        assert_eq!(app.login("alice", RIGHT).status, 200);
    });
}

#[test]
fn without_a_lockout_nothing_is_written() {
    TestApp::on_each("", |app| {
        app.user("alice", RIGHT);
        fail(app, "alice", 20);

        assert_eq!(app.login("alice", RIGHT).status, 200);
        assert_eq!((count(app, "hallpass_lockout"), count(app, "hallpass_throttle")), (0, 0));
    });
}

#[test]
fn what_cannot_be_counted_is_not_tried() {
    TestApp::on_each("lockout.failures = 5\nthrottle.login = \"60/min\"\n", |app| {
        app.user("alice", RIGHT);
        for table in ["hallpass_lockout", "hallpass_throttle"] {
            app.database.execute(&format!("ALTER TABLE {table} RENAME TO gone"));
            for password in [RIGHT, WRONG] {
                let response = app.login("alice", password);
                assert_eq!(response.status, 503, "{table}: {response:?}");
                assert!(response.header("retry-after").is_some(), "{response:?}");
            }
            app.database.execute(&format!("ALTER TABLE gone RENAME TO {table}"));
        }

        assert_eq!(app.login("alice", RIGHT).status, 200);
    });
}
