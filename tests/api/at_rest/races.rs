//! Tokens of which only digests are kept, wanted by many at once.

use std::sync::Barrier;
use std::thread;

use super::{HASHED, PLAIN, is_good, patient_token, sealed, stored};
use crate::support::TestApp;
use crate::support::program::{CREATE_TOKEN, config_file, run};

#[test]
fn sixty_four_first_logins_at_once_share_one_token() {
    TestApp::on_each(HASHED, |app| {
        app.user("alice", "pw");

        let keys = logins_at_once(app, 64);

        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert!(is_good(app, &keys[0]));
        assert_eq!((stored(&app.database).len(), sealed(&app.database).len()), (1, 1));
    });
}

#[test]
fn sixty_four_logins_at_once_with_a_token_of_the_other_form_get_that_token() {
    TestApp::on_each(PLAIN, |app| {
        app.user("alice", "pw");
        let key = app.token("alice", "pw");

        for settings in [HASHED, PLAIN] {
            app.restart(settings);
            let keys = logins_at_once(app, 64);

            assert!(keys.iter().all(|got| *got == key), "{settings}: {keys:?}");
            assert!(is_good(app, &key));
        }
    });
}

#[test]
fn logins_and_resets_at_once_leave_one_token_that_is_given_again() {
    for settings in [PLAIN, HASHED] {
        TestApp::on_each(settings, |app| {
            app.user("alice", "pw");
            config_file(&app.database, settings);
            let app = &*app;

            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..8).for_each(|_| drop(patient_token(app, "alice"))));
                    scope.spawn(|| {
                        for _ in 0..4 {
                            let ended = run(CREATE_TOKEN, &app.database, &["-r", "alice"], "");
                            assert_eq!(ended.code, Some(0), "{ended:?}");
                        }
                    });
                }
            });

            let (before, sealed_before) = (stored(&app.database), sealed(&app.database));
            let key = app.token("alice", "pw");
            assert!(is_good(app, &key));
            assert_eq!(before.len(), 1);
            assert_eq!(
                (stored(&app.database), sealed(&app.database)),
                (before, sealed_before),
                "it was as it was left"
            );
        });
    }
}

fn logins_at_once(app: &TestApp, many: usize) -> Vec<String> {
    let start = Barrier::new(many);
    thread::scope(|scope| {
        let login = || {
            start.wait();
            app.token("alice", "pw")
        };
        let logins: Vec<_> = (0..many).map(|_| scope.spawn(login)).collect();
        logins.into_iter().map(|login| login.join().expect("a token")).collect()
    })
}
