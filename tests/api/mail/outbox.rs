//! Which mails are written down, for whom, and how often.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use hallpass::mail::MailKind;
use hallpass::store::{StoreError, outbox};

use super::support::{Office, letter, to, waiting};
use crate::support::database::TestDatabase;

const NONE: &str = "email.transport = \"none\"\n";

/// Recipients of the kind of mail that is asked for at these moments, in seconds.
fn recipients_at(moments: &[u64], ask: impl Fn(&Office)) -> Vec<String> {
    let database = TestDatabase::create(crate::support::database::Kind::Sqlite);
    let office = Office::new(&database, NONE);
    let mut now = 0;
    for moment in moments {
        office.clock.advance(Duration::from_secs(moment - now));
        now = *moment;
        ask(&office);
    }
    waiting(&database)
}

#[test]
fn a_transaction_that_is_rolled_back_leaves_no_mail_and_no_count() {
    TestDatabase::on_each(|database| {
        let office = Office::new(database, NONE);

        let given_up = office.in_transaction(|post, transaction| {
            post.enqueue(transaction, &letter(MailKind::PasswordReset))?;
            Err(StoreError::Gone("the user".to_owned()))
        });

        assert!(given_up.is_err());
        assert_eq!(waiting(database), [""; 0]);
        assert_eq!(database.texts("SELECT digest FROM hallpass_mail_count"), [""; 0]);
        office.enqueue(&letter(MailKind::PasswordReset));
        assert_eq!(waiting(database), ["zoe@example.com 0"]);
    });
}

#[test]
fn an_address_gets_one_reset_a_minute_and_five_an_hour() {
    TestDatabase::on_each(|database| {
        let office = Office::new(database, NONE);
        let mut got = Vec::new();
        for minute in 0..=66 {
            office.enqueue(&letter(MailKind::PasswordReset));
            // Half a minute later is always too early.
            office.clock.advance(Duration::from_secs(30));
            office.enqueue(&letter(MailKind::PasswordReset));
            office.clock.advance(Duration::from_secs(30));
            let new: Vec<String> = waiting(database).into_iter().skip(2 * minute).collect();
            got.push(new);
        }

        let minutes: Vec<usize> = (0..got.len()).filter(|at| got[*at][0] == "zoe@example.com 0").collect();
        assert_eq!(minutes, [0, 1, 2, 3, 4, 60, 61, 62, 63, 64]);
        assert!(got.iter().all(|pair| pair[1] == "nobody 0"));
    });
}

#[test]
fn the_limits_end_to_the_second() {
    let ask = |office: &Office| office.enqueue(&letter(MailKind::Activation));

    let got = recipients_at(&[0, 59, 60, 120, 180, 240, 3599, 3600, 3601], ask);

    let sent = "zoe@example.com 0";
    let none = "nobody 0";
    assert_eq!(got, [sent, none, sent, sent, sent, sent, none, sent, none]);
}

#[test]
fn the_limits_are_of_the_settings() {
    let database = TestDatabase::create(crate::support::database::Kind::Sqlite);
    let office = Office::new(&database, &format!("{NONE}email.limit_per_minute = 3\nemail.limit_per_hour = 4\n"));

    for _ in 0..4 {
        office.enqueue(&letter(MailKind::PasswordReset));
    }
    office.clock.advance(Duration::from_secs(60));
    for _ in 0..2 {
        office.enqueue(&letter(MailKind::PasswordReset));
    }

    let sent = "zoe@example.com 0";
    assert_eq!(waiting(&database), [sent, sent, sent, "nobody 0", sent, "nobody 0"]);
}

#[test]
fn an_address_is_counted_whatever_its_case_and_each_kind_of_mail_by_itself() {
    let got = recipients_at(&[0], |office| {
        office.enqueue(&to("Zoe@Example.com", MailKind::PasswordReset));
        office.enqueue(&to("zoe@example.com", MailKind::PasswordReset));
        office.enqueue(&to("zoe@example.com", MailKind::UsernameReset));
        office.enqueue(&to("other@example.com", MailKind::PasswordReset));
    });

    assert_eq!(got, ["Zoe@Example.com 0", "nobody 0", "zoe@example.com 0", "other@example.com 0"]);
}

#[test]
fn what_nobody_can_ask_for_at_an_address_is_not_limited() {
    let got = recipients_at(&[0], |office| {
        for kind in MailKind::ALL.into_iter().filter(|kind| !kind.has_link()) {
            office.enqueue(&letter(kind));
            office.enqueue(&letter(kind));
        }
    });

    assert_eq!(got, ["zoe@example.com 0"; 6]);
}

#[test]
fn requests_at_the_same_time_are_counted_one_after_the_other() {
    TestDatabase::on_each(|database| {
        let office = Office::new(database, NONE);
        let barrier = Barrier::new(6);

        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    barrier.wait();
                    office.enqueue(&letter(MailKind::PasswordReset));
                });
            }
        });

        let mut got = waiting(database);
        got.sort();
        assert_eq!(got, ["nobody 0", "nobody 0", "nobody 0", "nobody 0", "nobody 0", "zoe@example.com 0"]);
    });
}

#[test]
fn an_address_that_nobody_has_costs_the_same_rows() {
    TestDatabase::on_each(|database| {
        let office = Office::new(database, NONE);

        for _ in 0..2 {
            office.enqueue_nothing(MailKind::PasswordReset, "nobody@example.com");
        }

        assert_eq!(waiting(database), ["nobody 0", "nobody 0"]);
        let recent = database.texts("SELECT recent FROM hallpass_mail_count");
        assert_eq!(recent, ["1800000000000000"], "counted once, as for a known address");
    });
}

#[test]
fn no_address_is_kept_by_the_count_and_the_count_is_forgotten() {
    TestDatabase::on_each(|database| {
        let office = Office::new(database, NONE);
        office.enqueue(&letter(MailKind::PasswordReset));

        let kept = database.texts("SELECT digest || recent FROM hallpass_mail_count");
        office.clock.advance(Duration::from_secs(3600));
        office.store.run_blocking(|c| outbox::delete_expired_counts(c, office.clock.now())).expect("it");

        assert_eq!(kept.len(), 1);
        assert!(!kept[0].contains("zoe"), "{kept:?}");
        assert_eq!(database.texts("SELECT digest FROM hallpass_mail_count"), [""; 0]);
    });
}

#[test]
fn a_clock_that_was_set_back_does_not_close_an_address() {
    let database = TestDatabase::create(crate::support::database::Kind::Sqlite);
    let ahead = Office::new(&database, NONE);
    ahead.clock.advance(Duration::from_secs(400 * 86_400));
    ahead.enqueue(&letter(MailKind::PasswordReset));

    Office::new(&database, NONE).enqueue(&letter(MailKind::PasswordReset));

    assert_eq!(waiting(&database), ["zoe@example.com 0"; 2]);
}

#[test]
fn a_claimed_mail_is_nobody_elses_until_its_lease_is_over() {
    const LEASE: Duration = Duration::from_secs(100);
    TestDatabase::on_each(|database| {
        let office = Office::new(database, NONE);
        office.enqueue(&letter(MailKind::Confirmation));
        let claim = || office.store.run_blocking(|c| outbox::claim(c, office.clock.now(), LEASE)).expect("a claim");
        let retry = |mail| {
            office.store.run_blocking(|c| outbox::put_back(c, mail, "no\0answer", office.clock.now())).expect("it");
        };

        let first = claim().expect("a mail");
        office.clock.advance(LEASE - Duration::from_secs(1));
        assert!(claim().is_none());
        office.clock.advance(Duration::from_secs(1));
        let second = claim().expect("the same mail");

        assert_eq!((first.id, first.attempts, second.attempts), (second.id, 1, 2));
        // The first one is late: it may neither remove the mail nor put it back.
        office.store.run_blocking(|c| outbox::remove(c, &first)).expect("it");
        retry(&first);
        assert!(claim().is_none());
        assert_eq!(waiting(database), ["zoe@example.com 2"]);
        retry(&second);
        assert_eq!(database.texts("SELECT last_error FROM hallpass_outbox"), ["noanswer"]);
        assert_eq!(claim().expect("it again").attempts, 3);
    });
}
