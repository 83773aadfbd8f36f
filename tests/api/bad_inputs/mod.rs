//! What no client should send, and what becomes of it: an answer below 500 or a closed connection, and nothing else.
//!
//! [`Bench`] sends one bad input after the other to one server and looks after each whether that still holds.

mod body;
mod fuzz;
mod header;
mod http;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::TestApp;
use crate::support::client::{Client, Response};
use crate::support::database::Kind;

const PASSWORD: &str = "wonderland";

/// Words of the programs underneath, which no client should read.
const INTERNALS: [&str; 8] = ["diesel", "serde", "sqlite", "postgres", "select ", "actix", "panicked", "<html"];

/// A control request that takes longer has been held up by the bad input before it.
const PROMPT: Duration = Duration::from_secs(2);

/// A server with one user, alice, who has a token.
struct Bench<'a> {
    app: &'a TestApp,
    key: String,
    rows: Vec<String>,
    panics: usize,
}

/// What should become of one input.
enum Expect {
    /// This status, and whatever body goes with it.
    Status(u16),
    /// This status and exactly this body.
    Body(u16, String),
    /// This status and a body that begins so.
    Begins(u16, &'static str),
    /// This status, and the connection closed: nothing after the bad bytes is taken for a request.
    Refused(u16),
    /// Nothing but a closed connection, or 400 before it.
    Dropped,
}

impl<'a> Bench<'a> {
    fn new(app: &'a TestApp) -> Self {
        watch_for_panics();
        app.user("alice", PASSWORD);
        let key = app.token("alice", PASSWORD);
        let mut bench = Self { app, key, rows: Vec::new(), panics: PANICS.load(Ordering::SeqCst) };
        bench.rows = bench.rows_now();
        bench
    }

    /// Runs `test` with a fresh server on every kind of database that there is.
    fn on_each(settings: &str, test: impl Fn(&Bench)) {
        for kind in Kind::available() {
            test(&Bench::new(&TestApp::start(kind, settings)));
        }
    }

    /// Sends the bytes, and looks at the answer and at what is left of the server.
    fn check(&self, name: &str, bytes: &[u8], expect: &Expect) {
        self.judge(name, &self.app.client.exchange(bytes), is_head(bytes), expect);
        self.is_unharmed(name);
    }

    /// Like [`Bench::check`], with the sending half closed after the last byte.
    fn check_cut_off(&self, name: &str, bytes: &[u8], expect: &Expect) {
        self.judge(name, &exchange_and_shut(self.app.client, bytes), is_head(bytes), expect);
        self.is_unharmed(name);
    }

    fn judge(&self, name: &str, answer: &[u8], is_head: bool, expect: &Expect) {
        let answers = answers(answer, is_head).unwrap_or_else(|| panic!("{name}: {}", answer.escape_ascii()));
        answers.iter().for_each(|response| is_presentable(name, response));
        // `100 Continue` is not the answer yet.
        let answers: Vec<Response> = answers.into_iter().filter(|response| response.status != 100).collect();
        match (expect, answers.as_slice()) {
            (Expect::Status(status), [response]) => assert_eq!(response.status, *status, "{name}: {response:?}"),
            (Expect::Body(status, body), [response]) => {
                assert_eq!((response.status, response.text().as_str()), (*status, body.as_str()), "{name}");
            }
            (Expect::Begins(status, start), [response]) => {
                assert_eq!(response.status, *status, "{name}: {response:?}");
                assert!(response.text().starts_with(start), "{name}: {response:?}");
            }
            (Expect::Refused(status), [response]) => assert_eq!(response.status, *status, "{name}: {response:?}"),
            (Expect::Dropped, []) => {}
            (Expect::Dropped, [response]) => assert_eq!(response.status, 400, "{name}: {response:?}"),
            (_, answers) => panic!("{name}: {} answers: {answers:?}", answers.len()),
        }
    }

    /// The server still works, nothing in it broke, and the tables are as they were.
    fn is_unharmed(&self, name: &str) {
        let started = Instant::now();
        let control = self.app.whoami(&format!("Token {}", self.key));
        assert_eq!(control.status, 200, "after {name}: {control:?}");
        assert!(started.elapsed() < PROMPT, "after {name}: {:?}", started.elapsed());
        assert_eq!(self.rows_now(), self.rows, "after {name}");
        assert_eq!(PANICS.load(Ordering::SeqCst), self.panics, "after {name}: a thread of the server panicked");
    }

    fn rows_now(&self) -> Vec<String> {
        let users = "SELECT username || '|' || password || '|' || CAST(is_active AS text) || '|' || \
                     COALESCE(CAST(last_login AS text), 'never') FROM auth_user";
        let tokens = "SELECT key || '|' || CAST(user_id AS text) || '|' || CAST(created AS text) FROM authtoken_token";
        let mut rows = self.app.database.texts(&format!("{users} UNION ALL {tokens}"));
        rows.sort();
        rows
    }

    /// A request for `/whoami/` with these header lines.
    fn whoami(&self, lines: &str) -> Vec<u8> {
        request("GET /whoami/ HTTP/1.1", lines)
    }

    /// A header line with alice's token.
    fn good(&self) -> String {
        format!("Authorization: Token {}\r\n", self.key)
    }

    /// What alice reads at `/whoami/`.
    fn is_alice(&self) -> Expect {
        Expect::Begins(200, r#"{"id":"#)
    }
}

/// 401 with this `detail`.
fn unauthorized(detail: &str) -> Expect {
    Expect::Body(401, format!("{{\"detail\":\"{detail}\"}}"))
}

/// A request of this first line and these header lines; each character is one byte.
fn request(line: &str, lines: &str) -> Vec<u8> {
    latin1(&format!("{line}\r\nHost: testserver\r\nConnection: close\r\n{lines}\r\n"))
}

/// A login with these header lines and this body, neither looked at.
fn raw_login(lines: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = request("POST /api-token-auth/ HTTP/1.1", &format!("Content-Type: application/json\r\n{lines}"));
    bytes.extend(body);
    bytes
}

fn credentials() -> Vec<u8> {
    format!(r#"{{"username":"alice","password":"{PASSWORD}"}}"#).into_bytes()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a Latin-1 character")).collect()
}

fn is_head(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HEAD ")
}

/// All answers in these bytes; `None` when there is something else in them.
fn answers(mut bytes: &[u8], is_head: bool) -> Option<Vec<Response>> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let mut response = Response::parse(bytes).filter(|_| bytes.starts_with(b"HTTP/1."))?;
        let head = bytes.len() - response.body.len();
        let length = match response.header("content-length") {
            Some(length) if !is_head => length.parse().ok()?,
            _ => 0,
        };
        response.body.truncate(length);
        bytes = bytes.get(head + length..)?;
        answers.push(response);
    }
    Some(answers)
}

/// What holds for every answer, whatever was asked.
fn is_presentable(name: &str, response: &Response) {
    assert!(response.status < 500, "{name}: {response:?}");
    for absent in ["set-cookie", "server", "access-control-allow-origin"] {
        assert_eq!(response.header(absent), None, "{name}: {response:?}");
    }
    if response.status != 100 {
        assert_eq!(response.header("cache-control"), Some("no-store"), "{name}: {response:?}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{name}: {response:?}");
    }
    if response.status == 401 {
        assert_eq!(response.header("www-authenticate"), Some("Token"), "{name}: {response:?}");
    }
    if response.status == 405 {
        assert!(response.header("allow").is_some(), "{name}: {response:?}");
    }
    if response.body.is_empty() {
        return;
    }
    assert_eq!(response.header("content-type"), Some("application/json"), "{name}: {response:?}");
    let text = response.text().to_ascii_lowercase();
    assert!(INTERNALS.iter().all(|word| !text.contains(word)), "{name}: {response:?}");
    if response.status >= 400 {
        assert!(is_error_of_rest_framework(&response.json()), "{name}: {response:?}");
    }
}

/// `{"detail": …}`, with SimpleJWT's additions, or a list of messages for each field.
fn is_error_of_rest_framework(body: &Value) -> bool {
    let is_messages =
        |value: &Value| value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string));
    match body.as_object() {
        Some(fields) if fields.contains_key("detail") => fields["detail"].is_string(),
        Some(fields) => !fields.is_empty() && fields.values().all(is_messages),
        None => false,
    }
}

/// Sends these bytes, closes the sending half, and gives all that came back.
fn exchange_and_shut(client: Client, bytes: &[u8]) -> Vec<u8> {
    let mut stream = client.connect();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// How many threads that are not a test's own have panicked in this process.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn watch_for_panics() {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A test's thread has the path of the test as its name; one that a test starts has none.
            let is_server = thread::current().name().is_some_and(|name| name != "main" && !name.contains("::"));
            PANICS.fetch_add(usize::from(is_server), Ordering::SeqCst);
            before(info);
        }));
    });
}
