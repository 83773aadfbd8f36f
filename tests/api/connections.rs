//! How many connections there may be, what becomes of one too many, and clients that do not read.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::TestApp;
use crate::support::client::Response;
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file};

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: testserver\r\n\r\n";

/// What happens at once takes no longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that has been answered, and so has its place.
fn open(app: &TestApp) -> TcpStream {
    let mut stream = app.client.connect();
    stream.write_all(LIVEZ.as_bytes()).expect("it goes out");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"}") && stream.read(&mut byte).expect("an answer") == 1 {
        answer.push(byte[0]);
    }
    assert_eq!(Response::parse(&answer).expect("an answer").status, 200);
    stream
}

#[test]
fn one_connection_too_many_is_told_so_at_once_and_there_is_room_again_afterwards() {
    let app = TestApp::start(Kind::Sqlite, "server.max_connections = 3");
    let mut places: Vec<TcpStream> = (0..3).map(|_| open(&app)).collect();
    let started = Instant::now();

    let refused = app.client.get("/livez", &[]);

    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!((refused.status, refused.text().as_str()), (503, r#"{"detail":"Too many connections."}"#));
    assert_eq!((refused.header("retry-after"), refused.header("connection")), (Some("1"), Some("close")));
    for (name, value) in [("content-type", "application/json"), ("cache-control", "no-store")] {
        assert_eq!(refused.header(name), Some(value), "{refused:?}");
    }
    drop(places.pop());
    while app.client.get("/livez", &[]).status != 200 {
        assert!(started.elapsed() < PATIENCE, "the place is not given back");
    }
}

#[test]
fn a_client_that_sends_and_does_not_read_is_cut_off() {
    let app = TestApp::start(Kind::Sqlite, "server.request_timeout = \"1s\"");
    let mut stream = app.client.connect();
    stream.set_write_timeout(Some(Duration::from_millis(100))).expect("a time limit");
    let requests = LIVEZ.repeat(1000);
    let started = Instant::now();

    // Until the answers fill every buffer on the way, and the server then gives up.
    let end = loop {
        match stream.write(requests.as_bytes()) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(error) => break error,
        }
        assert!(started.elapsed() < 2 * PATIENCE, "it is still open");
    };

    assert!(matches!(end.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe), "{end}");
    assert_eq!(app.client.get("/livez", &[]).status, 200);
}

#[test]
fn hundreds_of_slow_clients_hold_nobody_up() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "server.request_timeout = \"60s\"");
    let service = Service::start(command(HALLPASS, &database));
    // Heads are given up after five seconds, so that on a busy machine only bodies are certain to be still waited for.
    let starts = [
        "",
        "GET /livez HT",
        "GET /livez HTTP/1.1\r\nX: ",
        "POST /api-token-auth/ HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{",
        "POST /api-token-auth/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n{",
    ];
    // As many as a process may have open where nobody has raised the limit.
    let slow: Vec<TcpStream> = (0..800)
        .map(|number| {
            let mut stream = service.client.connect();
            stream.write_all(starts[number % starts.len()].as_bytes()).expect("it goes out");
            stream
        })
        .collect();

    for _ in 0..100 {
        let started = Instant::now();
        assert_eq!(service.client.get("/livez", &[]).status, 200);
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }

    // Nobody has been cut off to make room.
    let is_open = |stream: &TcpStream| {
        stream.set_nonblocking(true).expect("a setting");
        matches!(stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    assert!(
        slow.iter().enumerate().filter(|(number, _)| number % starts.len() >= 3).all(|(_, stream)| is_open(stream))
    );
}

#[test]
fn the_memory_of_the_service_is_never_dumped_and_it_has_all_the_files_it_may_have() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "");
    let service = Service::start(command(HALLPASS, &database));

    let limits = std::fs::read_to_string(format!("/proc/{}/limits", service.id())).expect("its limits");

    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("a limit");
        line[name.len()..].split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max core file size"), ["0", "0"]);
    let files = limit("Max open files");
    assert_eq!(files[0], files[1]);
}
