//! How mails leave: once, later when the server cannot, never when it will not.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use hallpass::clock::Clock;
use hallpass::mail::MailKind;
use hallpass::store::{DbConnection, outbox};

use super::mime;
use super::server::MailServer;
use super::support::{Office, TOKEN, letter, logged, smtp, to, waiting};
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file};

const NOTHING: [&str; 0] = [];

/// How long a test waits for a thread of the program to end.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_mail_is_sent_once_and_as_soon_as_the_sender_is_woken() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        let office = Office::with_server(database, &server);
        let sender = office.post.start().expect("a thread");

        office.enqueue(&letter(MailKind::Activation));
        office.post.wake();
        server.next();

        assert!(sender.stop(PATIENCE), "the sender stops");
        assert_eq!(waiting(database), NOTHING);
        assert_eq!((office.send_due(), server.all().len()), (0, 0));
    });
}

#[test]
fn a_mail_that_was_written_while_nobody_sent_is_sent_after_the_start() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        Office::with_server(database, &server).enqueue(&letter(MailKind::Activation));

        let sender = Office::with_server(database, &server).post.start().expect("a thread");

        server.next();
        drop(sender);
    });
}

#[test]
fn a_mail_to_nobody_is_thrown_away_and_nobody_is_asked() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        let office = Office::with_server(database, &server);
        office.enqueue_nothing(MailKind::PasswordReset, "nobody@example.com");
        office.enqueue(&to("", MailKind::Confirmation));

        assert_eq!(office.send_due(), 2);

        assert_eq!((waiting(database), server.commands()), (vec![], vec![]));
    });
}

#[test]
fn a_server_that_is_down_gets_the_mail_when_it_is_back() {
    TestDatabase::on_each(|database| {
        let address = MailServer::nowhere();
        let office = Office::new(database, &smtp(address, ""));
        office.enqueue(&letter(MailKind::Activation));

        assert_eq!(office.send_due(), 1);
        assert_eq!(waiting(database), ["zoe@example.com 1"]);
        let server = MailServer::start_at(address);
        office.clock.advance(Duration::from_secs(4));
        assert_eq!(office.send_due(), 0, "it is too early");
        office.clock.advance(Duration::from_secs(1));
        office.send_due();

        assert_eq!(server.all().len(), 1);
        assert_eq!(waiting(database), NOTHING);
    });
}

#[test]
fn a_server_that_says_nothing_delays_only_mail() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        server.keep_silent(true);
        let office = Office::new(database, &smtp(server.address, "email.timeout = \"300ms\"\n"));
        office.enqueue(&letter(MailKind::Activation));

        thread::scope(|scope| {
            let sending = scope.spawn(|| office.send_due());
            // While it waits, others write.
            let start = Instant::now();
            office.enqueue(&letter(MailKind::Confirmation));
            assert!(start.elapsed() < Duration::from_secs(5));
            assert!(sending.join().expect("it ends") >= 1);
        });
        server.keep_silent(false);
        office.clock.advance(Duration::from_secs(5));
        office.send_due();

        assert_eq!(server.all().len(), 2);
        assert_eq!(waiting(database), NOTHING);
    });
}

#[test]
fn a_sender_that_waits_for_a_server_does_not_hold_up_the_end() {
    let database = TestDatabase::create(Kind::Sqlite);
    let server = MailServer::start();
    server.keep_silent(true);
    let office = Office::new(&database, &smtp(server.address, "email.timeout = \"3s\"\n"));
    office.enqueue(&letter(MailKind::Activation));
    let sender = office.post.start().expect("a thread");
    while waiting(&database) != ["zoe@example.com 1"] {
        thread::yield_now();
    }

    let has_stopped = sender.stop(Duration::from_millis(10));

    assert!(!has_stopped);
}

#[test]
fn what_the_server_cannot_take_now_is_sent_later() {
    for (verb, answer) in [
        ("RCPT", "451 4.3.0 later"),
        ("RCPT", "450 4.2.1 greylisted"),
        ("DATA", "421 4.3.2 closing"),
        (".", "452 4.3.1 full"),
        (".", ""),
        ("EHLO", "554 5.7.1 not you, not now"),
        ("MAIL", "550 5.7.1 no such sender"),
        ("MAIL", "530 5.7.0 authentication required"),
        ("RCPT", "this is no answer"),
        ("RCPT", ""),
    ] {
        let database = TestDatabase::create(Kind::Sqlite);
        let server = MailServer::start();
        server.answer(verb, &[answer]);
        let office = Office::with_server(&database, &server);
        office.enqueue(&letter(MailKind::Activation));

        office.send_due();
        assert_eq!(waiting(&database), ["zoe@example.com 1"], "{verb} {answer}");
        let before = server.all();
        office.clock.advance(Duration::from_secs(5));
        office.send_due();

        assert_eq!(waiting(&database), NOTHING, "{verb} {answer}");
        let again = server.next();
        // Where the server may have kept it already, the same name tells.
        for mail in &before {
            assert_eq!(mail.header("message-id"), again.header("message-id"));
        }
        assert_eq!(before.len(), usize::from((verb, answer) == (".", "")));
    }
}

#[test]
fn what_the_server_refuses_for_good_is_not_tried_again() {
    for (verb, answer) in
        [("RCPT", "550 5.1.1 no such user"), ("RCPT", "553 bad name"), ("DATA", "554 no"), (".", "554 5.7.1 spam")]
    {
        TestDatabase::on_each(|database| {
            let server = MailServer::start();
            server.answer(verb, &[answer]);
            let office = Office::with_server(database, &server);
            office.enqueue(&letter(MailKind::Activation));
            office.enqueue(&letter(MailKind::Confirmation));

            let lines = logged(|| assert_eq!(office.send_due(), 2));

            assert_eq!(waiting(database), NOTHING);
            let all = server.all();
            assert_eq!(all.len(), 1, "the other mail goes");
            assert!(all[0].header("subject").contains("created"), "{all:?}");
            let words = answer.split_once(' ').expect("a code and words").1;
            let refused: Vec<&String> = lines.iter().filter(|line| line.contains("refused")).collect();
            assert!(refused.len() == 1 && refused[0].contains(words), "{lines:?}");
        });
    }
}

#[test]
fn the_pauses_grow_and_end() {
    let database = TestDatabase::create(Kind::Sqlite);
    let office = Office::new(&database, &smtp(MailServer::nowhere(), "email.retry_for = \"3h\"\n"));
    office.enqueue(&letter(MailKind::Activation));
    let start = office.clock.now();

    let mut at = Vec::new();
    while !waiting(&database).is_empty() {
        if office.send_due() == 1 {
            at.push(office.clock.now().as_seconds() - start.as_seconds());
        }
        office.clock.advance(Duration::from_secs(5));
    }

    assert_eq!(at, [0, 5, 35, 155, 755, 4355, 7955]);
}

#[test]
fn several_senders_on_one_database_send_each_mail_once() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        let clock = Clock::manual(hallpass::clock::Timestamp::from_seconds(1_800_000_000));
        let office = |_| Office::at(database, &smtp(server.address, ""), clock.clone());
        let offices: Vec<Office> = (0..4).map(office).collect();
        for number in 0..40 {
            offices[0].enqueue(&to(&format!("user{number}@example.com"), MailKind::Activation));
        }

        let senders: Vec<_> = offices.iter().map(|office| office.post.start().expect("a thread")).collect();
        let mails: Vec<_> = (0..40).map(|_| server.next()).collect();

        assert!(senders.into_iter().all(|sender| sender.stop(PATIENCE)));
        assert_eq!((waiting(database), server.all().len()), (vec![], 0));
        let recipients: BTreeSet<&String> = mails.iter().flat_map(|mail| &mail.to).collect();
        let names: BTreeSet<&str> = mails.iter().map(|mail| mail.header("message-id")).collect();
        assert_eq!((recipients.len(), names.len()), (40, 40));
    });
}

#[test]
fn a_mail_of_a_sender_that_died_is_sent_by_another_when_it_is_free_again() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        let office = Office::with_server(database, &server);
        office.enqueue(&letter(MailKind::Activation));
        let lease = Duration::from_secs(200);
        let claim = |c: &mut DbConnection<'_>| outbox::claim(c, office.clock.now(), lease);
        office.store.run_blocking(claim).expect("an answer").expect("a mail");

        assert_eq!(office.send_due(), 0, "it is in use");
        office.clock.advance(lease);
        assert_eq!(office.send_due(), 1);

        server.next();
        assert_eq!(waiting(database), NOTHING);
    });
}

#[test]
fn a_program_that_is_killed_while_it_sends_leaves_the_mail_to_the_next() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        server.keep_silent(true);
        let accounts = "accounts.send_activation_email = true\naccounts.email_frontend_domain = \"app.example.com\"\n";
        let settings = format!("{accounts}{}", smtp(server.address, "email.timeout = \"200ms\"\n"));
        let config = config_file(database, &settings);
        let start = || {
            let mut program = command(HALLPASS, database);
            program.arg("--config").arg(&config).arg("serve");
            Service::start(program)
        };
        let body = br#"{"username":"zoe","email":"zoe@example.com","password":"correct horse"}"#;

        let killed = start();
        let answer = killed.client.request("POST", "/auth/users/", &[("Content-Type", "application/json")], Some(body));
        assert_eq!(answer.status, 201, "{answer:?}");
        while waiting(database) != ["zoe@example.com 1"] {
            thread::yield_now();
        }
        killed.signal("KILL");
        killed.wait();
        server.keep_silent(false);
        let next = start();
        server.next();
        next.signal("TERM");
        let (code, log) = next.wait();

        assert_eq!(code, Some(0), "{log}");
        assert_eq!((waiting(database), server.all().len()), (vec![], 0));
    });
}

#[test]
fn a_mail_that_a_newer_version_wrote_is_left_for_it() {
    TestDatabase::on_each(|database| {
        let server = MailServer::start();
        let office = Office::with_server(database, &server);
        office.enqueue(&letter(MailKind::Activation));
        database.execute("UPDATE hallpass_outbox SET kind = 'invitation'");

        office.send_due();

        assert_eq!(waiting(database), ["zoe@example.com 1"]);
        assert_eq!(server.commands(), NOTHING);
    });
}

#[test]
fn a_password_is_sent_to_the_server_and_never_to_the_log() {
    let database = TestDatabase::create(Kind::Sqlite);
    let server = MailServer::start();
    server.offer("AUTH PLAIN LOGIN");
    // What some servers answer to a line that they do not understand.
    let line = "AHVzZXIAcGFzczp3b3JkLWNhbmFyeQ==";
    server.answer("AUTH", &[&format!("500 what is AUTH PLAIN {line}?"), "535 5.7.8 no", "235 welcome"]);
    let settings = smtp(server.address, "").replace("smtp://", "smtp://user:pass%3Aword-canary@");
    let office = Office::new(&database, &settings);
    office.enqueue(&letter(MailKind::Activation));

    let lines = logged(|| {
        for _ in 0..3 {
            office.send_due();
            office.clock.advance(Duration::from_secs(60));
        }
    });

    let mail = server.next();
    assert!(mail.commands.contains(&format!("AUTH PLAIN {line}")), "{mail:?}");
    assert!(lines.iter().any(|line| line.contains("5.7.8 no")), "{lines:?}");
    for line in &lines {
        assert!(!line.contains("canary") && !line.contains("AHVz"), "{line}");
        assert!(!line.contains(TOKEN) && !line.contains("zoe@"), "{line}");
    }
}

#[test]
fn without_tls_where_it_is_required_nothing_is_told() {
    let database = TestDatabase::create(Kind::Sqlite);
    let server = MailServer::start();
    server.offer("AUTH PLAIN LOGIN");
    let office = Office::new(&database, &with_login(server.address, "?tls=required"));
    office.enqueue(&letter(MailKind::Activation));

    office.send_due();

    assert_eq!(waiting(&database), ["zoe@example.com 1"]);
    let verbs: Vec<String> = server.commands().iter().map(|line| line[..4].to_owned()).collect();
    assert_eq!(verbs, ["EHLO"], "neither the password nor the mail");
}

fn with_login(address: SocketAddr, option: &str) -> String {
    let plain = format!("smtp://{address}");
    smtp(address, "").replace(&plain, &format!("smtp://user:word@{address}{option}"))
}

#[test]
fn a_mail_becomes_a_file_for_its_owner_only() {
    TestDatabase::on_each(|database| {
        let folder = database.folder().join("mails/new");
        let office =
            Office::new(database, &format!("email.transport = \"file\"\nemail.directory = \"{}\"", folder.display()));
        office.enqueue(&letter(MailKind::Activation));
        office.enqueue(&letter(MailKind::Confirmation));
        office.enqueue_nothing(MailKind::PasswordReset, "nobody@example.com");

        office.send_due();

        let files: Vec<_> =
            fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
        assert_eq!(files.len(), 2, "{files:?}");
        for file in files {
            assert_eq!(file.extension().and_then(|ending| ending.to_str()), Some("eml"));
            let (headers, ..) = mime::parse(&fs::read_to_string(&file).expect("a mail"));
            assert!(headers.contains(&("to".to_owned(), "zoe@example.com".to_owned())), "{headers:?}");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
                assert_eq!(fs::metadata(&folder).expect("it is there").permissions().mode() & 0o777, 0o700);
            }
        }
        assert_eq!(waiting(database), NOTHING);
    });
}

#[test]
fn a_folder_that_cannot_be_written_to_keeps_the_mail_waiting() {
    let database = TestDatabase::create(Kind::Sqlite);
    let folder = database.folder().join("mails");
    let settings = format!("email.transport = \"file\"\nemail.directory = \"{}\"", folder.display());
    let office = Office::new(&database, &settings);
    office.enqueue(&letter(MailKind::Activation));
    fs::remove_dir(&folder).expect("it is empty");

    office.send_due();
    assert_eq!(waiting(&database), ["zoe@example.com 1"]);
    fs::write(&folder, "").expect("a file");
    let opened = Office::open(&database, &settings, Clock::system());
    fs::remove_file(&folder).expect("it is there");
    fs::create_dir(&folder).expect("a folder");
    office.clock.advance(Duration::from_secs(5));
    office.send_due();

    let error = opened.err().expect("a file is no folder").to_string();
    assert!(error.starts_with("email.directory: "), "{error}");
    assert_eq!(waiting(&database), NOTHING);
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
}

#[test]
fn no_transport_sends_nothing_and_keeps_nothing() {
    TestDatabase::on_each(|database| {
        let office = Office::new(database, "email.transport = \"none\"");
        office.enqueue(&letter(MailKind::Activation));

        assert_eq!((office.send_due(), waiting(database)), (1, vec![]));
    });
}
