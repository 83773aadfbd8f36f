//! `hallpass serve` as a process: how it starts, how it stops, and what it writes into its log.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::BCRYPT_COST;
use crate::support::client::{Client, Response};
use crate::support::database::{Kind, POSTGRES_URL, SECRET_KEY, TestDatabase};
use crate::support::program::{Ended, HALLPASS, Service, command, config_file, run_command};

/// How long something may take that happens at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// What no log may show.
const CANARIES: [&str; 7] = [
    "CANARY-password",
    "CANARY-wrong",
    "CANARY-query",
    "CANARY-path",
    "CANARY-header",
    "CANARY-secret-key",
    "Q0FOQVJZLWJhc2lj",
];

#[test]
fn the_first_start_makes_the_database_and_the_key_for_its_owner_only_and_the_second_keeps_both() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    std::fs::write(database.folder().join("hallpass.toml"), "server.bind = \"127.0.0.1:0\"").expect("a file");
    let key = database.folder().join("hallpass.sqlite3.secret_key");

    let first = Service::start(without_umask(&database, &[]));
    let ready = first.client.get("/readyz", &[]);
    let modes = modes(&database);
    stop(first);
    let made = std::fs::read_to_string(&key).expect("a key");
    database.insert_user("alice", "!");
    let second = Service::start(without_umask(&database, &["serve"]));
    let ready_again = second.client.get("/readyz", &[]);
    stop(second);

    assert_eq!((ready.status, ready_again.status), (200, 200));
    for name in ["hallpass.sqlite3", "hallpass.sqlite3.secret_key", "hallpass.sqlite3-wal", "hallpass.sqlite3-shm"] {
        assert!(modes.contains(&(name.to_owned(), 0o600)), "{name}: {modes:?}");
    }
    assert!(modes.iter().all(|(name, mode)| name == "hallpass.toml" || *mode == 0o600), "{modes:?}");
    assert!(made.trim_end().len() >= 50, "{} characters", made.trim_end().len());
    assert_eq!(std::fs::read_to_string(&key).expect("a key"), made);
    assert_eq!(database.texts("SELECT username FROM auth_user"), ["alice"]);
}

#[test]
fn two_first_starts_make_different_keys() {
    let keys: Vec<String> = (0..2)
        .map(|_| {
            let database = TestDatabase::create_empty(Kind::Sqlite);
            std::fs::write(database.folder().join("hallpass.toml"), "server.bind = \"127.0.0.1:0\"").expect("a file");
            stop(Service::start(command(HALLPASS, &database)));
            std::fs::read_to_string(database.folder().join("hallpass.sqlite3.secret_key")).expect("a key")
        })
        .collect();

    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_key_that_is_set_is_not_kept_in_a_file() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    config_file(&database, "");

    stop(Service::start(command(HALLPASS, &database)));

    assert!(!database.folder().join("hallpass.sqlite3.secret_key").exists());
}

#[test]
fn postgresql_without_a_secret_key_is_refused_before_anything_is_asked_of_the_server() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a listener");
    let url = format!("postgres://me:pa55word@{}/x", listener.local_addr().expect("its port"));
    let mut program = command(HALLPASS, &database);
    program.env("HALLPASS__DATABASE__URL", url);

    let ended = run_command(program, "");

    assert_refused(&ended, "PostgreSQL needs a secret_key");
    assert!(listener.accept().is_err(), "nobody connected");
}

#[test]
fn a_database_server_that_is_down_ends_the_start_in_one_line_and_in_time() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let mut program = command(HALLPASS, &database);
    program.env("HALLPASS__DATABASE__URL", format!("postgres://me:pa55word@{}/x", free_address()));
    program.env("HALLPASS__SECRET_KEY", SECRET_KEY).env("RUST_LOG", "off");
    let start = Instant::now();

    let ended = run_command(program, "");

    assert_refused(&ended, "Connection refused");
    assert!(!ended.stderr.contains("pa55word"), "{ended:?}");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn an_address_in_use_ends_the_start_in_one_line() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its port");
    config_file(&database, "");
    let mut program = command(HALLPASS, &database);
    program.env("HALLPASS__SERVER__BIND", address.to_string()).env("RUST_LOG", "off");

    let ended = run_command(program, "");

    assert_refused(&ended, &format!("Error: cannot listen at {address}: "));
}

#[test]
fn told_to_stop_it_finishes_the_request_it_has_begun_and_takes_no_other() {
    for signal in ["TERM", "INT"] {
        let database = database_with_alice(Kind::Sqlite);
        config_file(&database, "");
        let service = Service::start(command(HALLPASS, &database));
        let body = r#"{"username":"alice","password":"CANARY-password"}"#;
        let (first_half, second_half) = body.as_bytes().split_at(20);
        let mut stream = service.client.connect();
        let head = format!(
            "POST /api-token-auth/ HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );

        stream.write_all(head.as_bytes()).expect("the head goes out");
        let go_on = read_head(&mut stream);
        stream.write_all(first_half).expect("half of it goes out");
        service.signal(signal);
        wait_until_closed(service.client.address());
        stream.write_all(second_half).expect("the rest goes out");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let (code, log) = service.wait();

        assert!(go_on.starts_with("HTTP/1.1 100 "), "{go_on}");
        let response = Response::parse(&answer).unwrap_or_else(|| panic!("{signal}: no answer\n{log}"));
        assert_eq!(response.status, 200, "{signal}: {response:?}");
        assert_eq!(
            database.texts("SELECT key FROM authtoken_token"),
            [response.json()["token"].as_str().expect("a key")]
        );
        assert_eq!(code, Some(0), "{signal}: {log}");
        assert!(log.lines().last().is_some_and(|line| line.ends_with("stopped")), "{log}");
    }
}

#[test]
fn told_to_stop_it_gives_up_a_request_that_does_not_end() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "server.shutdown_timeout = \"1s\"\nserver.request_timeout = \"1h\"");
    let service = Service::start(command(HALLPASS, &database));
    let mut stream = service.client.connect();
    let head = "POST /api-token-auth/ HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("the head goes out");
    read_head(&mut stream);
    let start = Instant::now();

    service.signal("TERM");
    let (code, log) = service.wait();

    assert_eq!(code, Some(0), "{log}");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn a_connection_without_a_request_does_not_hold_up_the_end() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "server.shutdown_timeout = \"1h\"");
    let service = Service::start(command(HALLPASS, &database));
    let mut idle = service.client.connect();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: testserver\r\n\r\n").expect("it goes out");
    let answer = read_head(&mut idle);
    let start = Instant::now();

    service.signal("TERM");
    let (code, log) = service.wait();

    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(code, Some(0), "{log}");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn the_text_log_has_one_line_a_request_with_its_fields() {
    on_each(|database, id| {
        let key = "0123456789abcdef0123456789abcdef01234567";
        insert_token(database, key);
        let service = Service::start(command(HALLPASS, database));

        let client = service.client;
        client.get("/whoami/", &[("Authorization", &format!("Token {key}")), ("X-Request-ID", "id-1")]);
        client.get("/whoami/", &[("Authorization", "Token wrong"), ("X-Request-ID", "id-2")]);
        client.get("/nowhere", &[("X-Request-ID", "id-3")]);
        login(client, "alice", "CANARY-password", "id-4");
        login(client, "alice", "CANARY-wrong", "id-5");
        client.request("PATCH", "/api-token-auth/", &[("X-Request-ID", "id-6")], None);
        let log = stop(service);

        let lines: Vec<String> = log.lines().filter_map(request_line).collect();
        assert_eq!(
            lines,
            [
                format!("method=GET route=/whoami/ status=200 scheme=token user_id={id} request_id=id-1"),
                "method=GET route=/whoami/ status=401 request_id=id-2 cause=\"Invalid token.\"".to_owned(),
                "method=GET route=- status=404 request_id=id-3 cause=\"Not found.\"".to_owned(),
                "method=POST route=/api-token-auth/ status=200 request_id=id-4".to_owned(),
                "method=POST route=/api-token-auth/ status=400 request_id=id-5 \
                 cause=\"Unable to log in with provided credentials.\""
                    .to_owned(),
                "method=PATCH route=/api-token-auth/ status=405 request_id=id-6 \
                 cause=\"Method \\\"PATCH\\\" not allowed.\""
                    .to_owned(),
            ]
        );
    });
}

#[test]
fn the_json_log_is_an_object_a_line_with_the_same_fields() {
    on_each(|database, id| {
        let key = "0123456789abcdef0123456789abcdef01234567";
        insert_token(database, key);
        config_file(database, "log.format = \"json\"");
        let service = Service::start(command(HALLPASS, database));

        let header = format!("Token {key}");
        service.client.get("/whoami/", &[("Authorization", &header), ("X-Request-ID", "id-1")]);
        service.client.get("/whoami/", &[("X-Request-ID", "id-2")]);
        let log = stop(service);

        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let lines: Vec<serde_json::Value> = log.lines().map(parse).collect();
        assert!(
            lines.iter().all(|line| ["time", "level", "target", "message"].iter().all(|name| line[name].is_string()))
        );
        let requests: Vec<_> = lines.iter().filter(|line| line["target"] == "hallpass::request").collect();
        assert_eq!(requests.len(), 2, "{log}");
        let (granted, refused) = (requests[0], requests[1]);
        assert_eq!([&granted["method"], &granted["route"], &granted["scheme"]], ["GET", "/whoami/", "token"]);
        assert_eq!((granted["status"].as_i64(), granted["user_id"].as_str()), (Some(200), Some(&*id.to_string())));
        assert!(granted["ms"].as_f64().is_some_and(|ms| (0.0..60_000.0).contains(&ms)), "{granted}");
        assert_eq!((&granted["request_id"], granted.get("cause")), (&"id-1".into(), None));
        assert_eq!([&refused["request_id"], &refused["level"]], ["id-2", "INFO"]);
        assert_eq!(refused["cause"], "Authentication credentials were not provided.");
        assert!(refused.get("user_id").is_none() && refused.get("scheme").is_none(), "{refused}");
    });
}

#[test]
fn a_request_id_of_the_clients_is_taken_over_when_it_is_harmless_and_replaced_when_not() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "");
    let service = Service::start(command(HALLPASS, &database));
    let answered = |id: &str| {
        let response = service.client.get("/livez", &[("X-Request-ID", id)]);
        response.header("x-request-id").map(str::to_owned).unwrap_or_else(|| panic!("{response:?}"))
    };
    let longest = "a".repeat(64);
    let harmless = ["a", "7b5c0f0e-6d0b-4c36-9a59-0d3f2c1b7a10", &longest];
    let too_long = "a".repeat(65);
    let harmful = ["", " ", "two words", "a=b", "\"a\"", "a\tb", "ä", "../a", "a,b", "a;b", "a%0Ab", &too_long];

    let kept: Vec<String> = harmless.iter().map(|id| answered(id)).collect();
    let replaced: Vec<String> = harmful.iter().map(|id| answered(id)).collect();
    let without = service.client.get("/livez", &[]).header("x-request-id").map(str::to_owned).expect("an id");
    let log = stop(service);

    assert_eq!(kept, harmless);
    for (given, id) in harmful.iter().zip(&replaced).chain([(&"none", &without)]) {
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{given:?}: {id}");
    }
    for id in kept.iter().chain(&replaced).chain([&without]) {
        let field = format!("request_id={id}");
        assert_eq!(log.lines().filter(|line| line.split(' ').any(|word| word == field)).count(), 1, "{id}\n{log}");
    }
}

#[test]
fn no_secret_gets_into_the_log_whatever_is_logged_and_in_either_format() {
    on_each(|database, _| {
        for format in ["text", "json"] {
            let more = format!("log.format = \"{format}\"\nauth.backends = [\"token\", \"jwt\", \"basic\"]");
            config_file(database, &more);
            let mut program = command(HALLPASS, database);
            program.env("RUST_LOG", "trace");
            program.env("HALLPASS__SECRET_KEY", "CANARY-secret-key-wq7b4m-k2x9rt0zh5vn8cj3yp6ds1gl");
            let service = Service::start(program);

            let key = provoke(service.client);
            let log = stop(service);

            for canary in CANARIES.iter().chain([&key.as_str()]) {
                assert!(!log.contains(canary), "{format}: {canary} is in\n{log}");
            }
            if let Some(password) = password_of_postgres(database.kind()) {
                assert!(!log.contains(&password), "{format}: the database's password is in\n{log}");
            }
            assert!(log.contains("TRACE"), "trace was on");
        }
    });
}

#[test]
fn a_failure_of_the_database_is_an_error_in_the_log_with_its_cause() {
    on_each(|database, _| {
        let service = Service::start(command(HALLPASS, database));
        database.execute("DROP TABLE authtoken_token");

        let response = login(service.client, "alice", "CANARY-password", "id-1");
        let log = stop(service);

        assert_eq!(response.status, 503, "{response:?}");
        assert!(!response.text().contains("authtoken_token"), "{response:?}");
        let line = log.lines().find(|line| line.contains("request_id=id-1")).unwrap_or_else(|| panic!("{log}"));
        assert!(line.contains(" ERROR ") && line.contains("status=503"), "{line}");
        assert!(line.split_once(" cause=").is_some_and(|(_, cause)| cause.contains("authtoken_token")), "{line}");
        assert!(!log.contains("CANARY"), "{log}");
    });
}

#[test]
fn with_the_log_off_nothing_is_written() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    config_file(&database, "");
    let address = free_address();
    let mut program = command(HALLPASS, &database);
    program.env("RUST_LOG", "off").env("HALLPASS__SERVER__BIND", address.to_string());
    let child = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut child = KilledWhenDropped(Some(child));

    wait_until_open(address);
    let response = Client::new(address).get("/livez", &[]);
    child.signal("TERM");
    let output = child.0.take().expect("a child").wait_with_output().expect("it ends");

    assert_eq!((response.status, output.status.code()), (200, Some(0)));
    assert_eq!(
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
        ("".into(), "".into())
    );
}

/// Runs `test` on every kind of database, with alice in it and a file of settings beside it; `test` gets her id.
fn on_each(test: impl Fn(&TestDatabase, i32)) {
    for kind in Kind::available() {
        let database = database_with_alice(kind);
        config_file(&database, "");
        let id = database.texts("SELECT id FROM auth_user")[0].parse().expect("a number");
        test(&database, id);
    }
}

fn database_with_alice(kind: Kind) -> TestDatabase {
    let database = TestDatabase::create(kind);
    let encoded = hallpass::passwords::Hasher::new(BCRYPT_COST).hash("CANARY-password").expect("a hash");
    database.insert_user("alice", &encoded);
    database
}

fn insert_token(database: &TestDatabase, key: &str) {
    database.execute(&format!(
        "INSERT INTO authtoken_token (key, created, user_id) SELECT '{key}', '2026-01-02 03:04:05', id FROM auth_user"
    ));
}

/// The service as a system without a file mode mask of its own starts it.
fn without_umask(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut shell = command("sh", database);
    shell.args(["-c", "umask 0; exec \"$0\" \"$@\"", HALLPASS]).args(arguments);
    shell
}

fn modes(database: &TestDatabase) -> Vec<(String, u32)> {
    let files = std::fs::read_dir(database.folder()).expect("the folder");
    files
        .map(|file| {
            let file = file.expect("a file");
            let mode = file.metadata().expect("its mode").permissions().mode() & 0o777;
            (file.file_name().into_string().expect("UTF-8"), mode)
        })
        .collect()
}

/// Ends the service in good order and gives its log.
fn stop(service: Service) -> String {
    service.signal("TERM");
    let (code, log) = service.wait();
    assert_eq!(code, Some(0), "{log}");
    log
}

/// One line on standard error with `why` in it, exit code 1, and nothing printed.
fn assert_refused(ended: &Ended, why: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.starts_with("Error: ") && ended.stderr.contains(why), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

fn login(client: Client, username: &str, password: &str, id: &str) -> Response {
    let body = serde_json::json!({"username": username, "password": password}).to_string();
    let headers = [("Content-Type", "application/json"), ("X-Request-ID", id)];
    client.post("/api-token-auth/", &headers, body.as_bytes())
}

/// Sends secrets wherever a request can have one, and gives the key of alice's token.
fn provoke(client: Client) -> String {
    let key = login(client, "alice", "CANARY-password", "a").json()["token"].as_str().expect("a key").to_owned();
    let good_token = format!("Token {key}");
    let credentials = [
        good_token.as_str(),
        "Token CANARY-header",
        "Token CANARY-header CANARY-header",
        "Bearer CANARY-header",
        "Bearer eyJhbGciOiJIUzI1NiJ9.CANARY-header.CANARY-header",
        // alice:CANARY-password and CANARY-basic, as Basic has them.
        "Basic YWxpY2U6Q0FOQVJZLXBhc3N3b3Jk",
        "Basic Q0FOQVJZLWJhc2lj",
        "CANARY-header",
    ];
    for credential in credentials {
        client.get("/whoami/?token=CANARY-query", &[("Authorization", credential), ("X-Token", "CANARY-header")]);
        client.get("/CANARY-path/", &[("Authorization", credential), ("Cookie", "sessionid=CANARY-header")]);
    }
    login(client, "alice", "CANARY-wrong", "b");
    login(client, "CANARY-wrong\0", "CANARY-wrong\0", "c");
    for body in
        ["{\"password\": \"CANARY-wrong\"", "{\"password\": [\"CANARY-wrong\"]}", "CANARY-wrong", "[\"CANARY-wrong\"]"]
    {
        client.post("/api-token-auth/?password=CANARY-query", &[("Content-Type", "application/json")], body.as_bytes());
    }
    let form = b"username=alice&password=CANARY-wrong&password=%FF";
    client.post("/api-token-auth/", &[("Content-Type", "application/x-www-form-urlencoded")], form);
    client.post(
        "/api-token-auth/",
        &[("Content-Type", "multipart/form-data; boundary=CANARY-header")],
        b"CANARY-wrong",
    );
    client.request("GET", "/whoami/", &[("X-Request-ID", "CANARY-header CANARY-header")], None);
    client.exchange(b"GET /CANARY-path HTTP/9\r\nAuthorization: CANARY-header\r\n\r\n");
    client.exchange(b"POST /api-token-auth/ HTTP/1.1\r\nContent-Length: many\r\n\r\nCANARY-wrong");
    key
}

fn password_of_postgres(kind: Kind) -> Option<String> {
    let url = std::env::var(POSTGRES_URL).ok().filter(|_| kind == Kind::Postgres)?;
    let (login, _) = url.rsplit_once('@')?;
    login.rsplit_once(':').map(|(_, password)| password.to_owned()).filter(|password| password.len() > 4)
}

/// The fields of a line about a request, without the time that it took, which must be a number.
fn request_line(line: &str) -> Option<String> {
    let (_, fields) = line.split_once(" INFO  hallpass::request request ")?;
    let (before, rest) = fields.split_once(" ms=").unwrap_or_else(|| panic!("no time: {line}"));
    let (milliseconds, after) = rest.split_once(' ').unwrap_or_else(|| panic!("no id: {line}"));
    assert!(milliseconds.parse::<f64>().is_ok(), "{line}");
    Some(format!("{before} {after}"))
}

/// An address at which nobody listens.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its port")
}

/// Reads to the end of an answer's head.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("an answer") == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn wait_until_closed(address: SocketAddr) {
    let start = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(start.elapsed() < PATIENCE, "it still accepts connections");
        std::thread::yield_now();
    }
}

fn wait_until_open(address: SocketAddr) {
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(start.elapsed() < PATIENCE, "it does not listen");
        std::thread::yield_now();
    }
}

struct KilledWhenDropped(Option<std::process::Child>);

impl KilledWhenDropped {
    fn signal(&self, name: &str) {
        let id = self.0.as_ref().expect("a child").id();
        let status = Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status();
        assert!(status.expect("kill").success());
    }
}

impl Drop for KilledWhenDropped {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
