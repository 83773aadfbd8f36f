//! Counts that outlive the process that made them, and hold for all of them together.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{RIGHT, WRONG, at_once, login, with_status};
use crate::support::TestApp;
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file};

/// Longer than anything that is waited for here takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn database(kind: Kind, cost: u32) -> TestDatabase {
    let database = TestDatabase::create(kind);
    database.insert_user("alice", &hallpass::passwords::Hasher::new(cost).hash(RIGHT).expect("a hash"));
    database
}

fn server(database: &TestDatabase, config: &Path) -> Service {
    let mut server = command(HALLPASS, database);
    server.env("RUST_LOG", "info,hallpass::request=off").arg("--config").arg(config).arg("serve");
    Service::start(server)
}

fn failures(database: &TestDatabase) -> Vec<String> {
    database.texts("SELECT failures FROM hallpass_lockout")
}

/// Waits until the one account has an attempt under way.
fn wait_for_an_attempt(database: &TestDatabase) {
    let started = Instant::now();
    while !database.texts("SELECT under_way FROM hallpass_lockout").iter().any(|under_way| !under_way.is_empty()) {
        assert!(started.elapsed() < PATIENCE, "no attempt began");
        std::thread::yield_now();
    }
}

fn send_login(service: &Service, password: &str) -> TcpStream {
    let body = format!("{{\"username\":\"alice\",\"password\":\"{password}\"}}");
    let mut stream = TcpStream::connect(service.client.address()).expect("a connection");
    let head = "POST /api-token-auth/ HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n";
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).expect("a request");
    stream
}

#[test]
fn attempts_at_servers_that_are_killed_after_each_are_counted() {
    for kind in Kind::available() {
        let database = database(kind, 4);
        let config = config_file(&database, "lockout.failures = 5\n");

        for attempt in 1..=5 {
            let service = server(&database, &config);
            assert_eq!(login(service.client, "alice", WRONG).status, 400);
            service.signal("KILL");
            drop(service);
            assert_eq!(failures(&database), [attempt.to_string()]);
        }

        let app = TestApp::start_on(database, "lockout.failures = 5\n");
        // To this server's clock that was long ago, and not yet forgotten.
        app.database.execute(
            "UPDATE hallpass_lockout SET failed_at = '2027-01-15 08:00:00', expires_at = '2027-01-16 08:00:00'",
        );
        assert_eq!(app.login("alice", RIGHT).status, 429);
    }
}

#[test]
fn an_attempt_that_was_killed_half_way_is_a_wrong_one() {
    for kind in Kind::available() {
        // Slow enough to be killed while it hashes.
        let database = database(kind, 14);
        let config = config_file(&database, "lockout.failures = 1\nlockout.forget_after = \"5000d\"\n");
        let service = server(&database, &config);
        let _stream = send_login(&service, RIGHT);
        wait_for_an_attempt(&database);
        service.signal("KILL");
        drop(service);
        assert_eq!(failures(&database), ["0"]);

        // A later day: what was under way then never ended, and is counted.
        database.execute("UPDATE auth_user SET password = '!'");
        let app = TestApp::start_on(database, "lockout.failures = 1\nlockout.forget_after = \"5000d\"\n");
        assert_eq!(app.login("alice", WRONG).status, 400);
        assert_eq!(super::failures(&app), ["2"]);
        super::is_throttled(&app.login("alice", RIGHT), 2);
    }
}

#[test]
fn guesses_at_three_servers_at_once_are_no_more_than_at_one() {
    for kind in Kind::available() {
        let database = database(kind, 4);
        let config = config_file(&database, "lockout.failures = 5\n");
        let servers = [(); 3].map(|()| server(&database, &config));
        let clients = servers.each_ref().map(|server| server.client);

        let started = Instant::now();
        let answers = at_once(64, |number| login(clients[number % 3], "alice", WRONG));

        // The clocks are the system's: where the 64 take a second, one more is free, and so on.
        let elapsed = started.elapsed().as_secs();
        let allowed = 5 + usize::try_from((elapsed + 1).ilog2()).unwrap();
        let evaluated = with_status(&answers, 400);
        assert!((5..=allowed).contains(&evaluated), "{evaluated} in {elapsed} s: {answers:?}");
        assert_eq!(evaluated + with_status(&answers, 429), 64, "{answers:?}");
        assert_eq!(failures(&database), [evaluated.to_string()]);
    }
}

#[test]
fn right_passwords_at_three_servers_at_once_are_all_right() {
    for kind in Kind::available() {
        let database = database(kind, 4);
        let config = config_file(&database, "lockout.failures = 5\n");
        let servers = [(); 3].map(|()| server(&database, &config));
        let clients = servers.each_ref().map(|server| server.client);

        let answers = at_once(32, |number| login(clients[number % 3], "alice", RIGHT));

        assert_eq!(with_status(&answers, 200), 32, "{answers:?}");
        assert_eq!(failures(&database), Vec::<String>::new());
    }
}

#[test]
fn who_hangs_up_has_still_tried() {
    for kind in Kind::available() {
        let database = database(kind, 12);
        let config = config_file(&database, "lockout.failures = 5\n");
        let service = server(&database, &config);

        let stream = send_login(&service, WRONG);
        wait_for_an_attempt(&database);
        drop(stream);

        let started = Instant::now();
        while failures(&database) != ["1"] {
            assert!(started.elapsed() < PATIENCE, "{:?}", failures(&database));
            std::thread::yield_now();
        }
    }
}
