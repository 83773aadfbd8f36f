//! `hallpass convert-tokens` while the service has much to do, and when it is killed.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::{HASHED, PLAIN, is_good, patient_token, sealed, stored, users_with_tokens};
use crate::support::TestApp;
use crate::support::database::Kind;
use crate::support::program::{HALLPASS, command, config_file, run};

const USERS: usize = 400;

#[test]
fn while_tokens_are_converted_either_way_nobody_with_a_good_one_is_refused() {
    TestApp::on_each(PLAIN, |app| {
        let keys = users_with_tokens(app, USERS);
        app.user("alice", "pw");
        let alices = app.token("alice", "pw");
        for (settings, to) in [(HASHED, "hashed"), (PLAIN, "plain")] {
            app.restart(settings);
            config_file(&app.database, settings);
            let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
            let app = &*app;

            let ended = thread::scope(|scope| {
                for offset in 0..4 {
                    let (keys, over, asked) = (&keys, &over, &asked);
                    scope.spawn(move || {
                        let mut place = offset * USERS / 4;
                        while !over.load(Ordering::SeqCst) || place < USERS {
                            assert!(is_good(app, &keys[place % USERS]), "{}", keys[place % USERS]);
                            place += 1;
                            asked.fetch_add(1, Ordering::SeqCst);
                        }
                    });
                }
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        assert_eq!(patient_token(app, "alice"), alices);
                    }
                });
                let ended = run(HALLPASS, &app.database, &["convert-tokens", "--to", to, "--batch", "40"], "");
                over.store(true, Ordering::SeqCst);
                ended
            });

            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
            assert!(asked.load(Ordering::SeqCst) >= USERS);
            let digests = stored(&app.database).iter().filter(|text| text.starts_with("sha256$")).count();
            let all = USERS + 1;
            assert_eq!((digests, sealed(&app.database).len()), if to == "hashed" { (all, all) } else { (0, 0) });
        }
    });
}

/// On SQLite nobody can come between.
#[test]
fn a_token_that_is_replaced_while_it_is_converted_is_left_to_whoever_replaced_it() {
    if !Kind::available().contains(&Kind::Postgres) {
        return;
    }
    let app = TestApp::start(Kind::Postgres, HASHED);
    let keys = users_with_tokens(&app, 2);
    config_file(&app.database, HASHED);
    let mut other = app.database.session();
    let waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

    other.execute(&format!("BEGIN; UPDATE authtoken_token SET key = 'another' WHERE key = '{}'", keys[1]));
    let overtaken = thread::scope(|scope| {
        let ended = scope.spawn(|| run(HALLPASS, &app.database, &["convert-tokens", "--to", "hashed"], ""));
        while app.database.texts(waiting).is_empty() {
            assert!(!ended.is_finished(), "it did not wait");
        }
        other.execute("COMMIT");
        ended.join().expect("its end")
    });
    drop(other);
    let (stored, sealed) = (stored(&app.database), sealed(&app.database));
    let again = run(HALLPASS, &app.database, &["convert-tokens", "--to", "hashed"], "");

    assert!(stored[0].starts_with("sha256$") && stored[1] == "another" && sealed.len() == 1, "{stored:?} {sealed:?}");
    assert_eq!(overtaken.code, Some(1), "{overtaken:?}");
    assert!(overtaken.stderr.starts_with("Error: there are others again"), "{overtaken:?}");
    assert!(again.code == Some(0) && again.stdout.starts_with("Converted 1 tokens"), "{again:?}");
    assert!(is_good(&app, "another") && is_good(&app, &keys[0]) && !is_good(&app, &keys[1]));
}

#[test]
fn a_conversion_that_was_killed_has_broken_nothing_and_goes_on_when_it_is_begun_anew() {
    TestApp::on_each(HASHED, |app| {
        let keys = users_with_tokens(app, USERS);
        config_file(&app.database, HASHED);
        let mut program = command(HALLPASS, &app.database);
        program.args(["convert-tokens", "--to", "hashed", "--batch", "1"]).stdout(Stdio::null()).stderr(Stdio::null());

        let mut child = program.spawn().expect("it starts");
        while sealed(&app.database).len() < 3 {
            assert!(child.try_wait().expect("it runs").is_none_or(|status| status.success()), "it failed");
        }
        child.kill().expect("it is there");
        child.wait().expect("its end");
        let digests = stored(&app.database).iter().filter(|text| text.starts_with("sha256$")).count();
        let are_good = keys.iter().all(|key| is_good(app, key));
        let ended = run(HALLPASS, &app.database, &["convert-tokens", "--to", "hashed"], "");

        let rest = format!("Converted {} tokens, encrypted 0 anew\n", USERS - digests);
        assert!(digests >= 3 && are_good, "{digests}");
        assert!(ended.code == Some(0) && ended.stdout.starts_with(&rest), "{ended:?}");
        assert!(keys.iter().all(|key| is_good(app, key)));
        assert_eq!(sealed(&app.database).len(), USERS);
    });
}
