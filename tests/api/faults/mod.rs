//! What happens when something under the service fails: every request is answered in two seconds, with 503 where it could not
//! be done, nobody's good token is refused, and when the fault is over everything works again without a restart.

mod durability;
mod postgres;
mod process;
mod sqlite_disk;
mod sqlite_file;
mod stopping;

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::{Client, Response};
use crate::support::database::TestDatabase;
use crate::support::program::{HALLPASS, Service, command, config_file};

/// How long any answer may take, whatever is broken.
const PROMISE: Duration = Duration::from_secs(2);

/// How long after a fault everything must work again.
const RECOVERY: Duration = Duration::from_secs(5);

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(20);

const SETTINGS: &str = "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\n\
                        jwt.refresh_reuse_grace = \"0s\"";

/// A service and a user of it, who has a token and a pair of signed ones.
struct Scene {
    database: TestDatabase,
    service: Service,
    token: String,
    access: String,
    refresh: String,
}

/// Something that a client does.
#[derive(Clone, Debug)]
struct Call {
    path: &'static str,
    authorization: Option<String>,
    body: Option<String>,
}

impl Scene {
    fn start(database: TestDatabase, settings: &str) -> Self {
        let config = config_file(&database, &format!("{SETTINGS}\n{settings}"));
        let mut program = command(HALLPASS, &database);
        program.arg("--config").arg(config).arg("serve");
        Self::on(database, Service::start(program))
    }

    fn on(database: TestDatabase, service: Service) -> Self {
        let mut scene = Self { database, service, token: String::new(), access: String::new(), refresh: String::new() };
        let registered = scene.send(&register("alice"));
        assert_eq!(registered.status, 201, "{registered:?}");
        scene.token = field(&scene.send(&log_in("/api-token-auth/")), "token");
        let pair = scene.send(&log_in("/api/token/"));
        (scene.access, scene.refresh) = (field(&pair, "access"), field(&pair, "refresh"));
        scene
    }

    fn client(&self) -> Client {
        self.service.client
    }

    fn send(&self, call: &Call) -> Response {
        call.send(self.client())
    }

    /// What needs a look at the database.
    fn reads(&self) -> Vec<Call> {
        let whoami = |authorization| Call { path: "/whoami/", authorization: Some(authorization), body: None };
        vec![whoami(format!("Token {}", self.token)), whoami(format!("Bearer {}", self.access))]
    }

    /// What changes something.
    fn writes(&self) -> Vec<Call> {
        let token = || Some(format!("Token {}", self.token));
        let refresh = json!({"refresh": self.refresh}).to_string();
        let passwords = json!({"current_password": PASSWORD, "new_password": "Another-7-Meadow"}).to_string();
        vec![
            register("bob"),
            log_in("/api/token/"),
            Call { path: "/api/token/refresh/", authorization: None, body: Some(refresh.clone()) },
            Call { path: "/api/token/blacklist/", authorization: None, body: Some(refresh) },
            Call { path: "/auth/users/set_password/", authorization: token(), body: Some(passwords) },
            Call { path: "/auth/token/logout/", authorization: token(), body: Some(String::new()) },
        ]
    }

    /// Sends them all at once, and sees to it that each is answered in time.
    fn at_once(&self, calls: Vec<Call>) -> Vec<(Call, Response)> {
        let client = self.client();
        let answers: Vec<_> = thread::scope(|scope| {
            let calls = calls.into_iter().map(|call| {
                scope.spawn(move || {
                    let started = Instant::now();
                    let response = call.send(client);
                    (call, response, started.elapsed())
                })
            });
            let calls: Vec<_> = calls.collect();
            calls.into_iter().map(|call| call.join().expect("an answer")).collect()
        });
        for (call, response, took) in &answers {
            assert!(*took < PROMISE, "{took:.2?} for {call:?}: {response:?}");
        }
        answers.into_iter().map(|(call, response, _)| (call, response)).collect()
    }

    /// Reads and writes are all answered 503.
    fn is_unavailable(&self) {
        for (call, response) in self.at_once([self.reads(), self.writes()].concat()) {
            assert_unavailable(&call, &response);
        }
        let ready = self.client().get("/readyz", &[]);
        assert_eq!(ready.status, 503, "{ready:?}");
        let alive = self.client().get("/livez", &[]);
        assert_eq!(alive.status, 200, "{alive:?}");
    }

    /// Reads are answered, and writes 503.
    fn is_read_only(&self) {
        for (call, response) in self.at_once(self.reads()) {
            assert_eq!(response.status, 200, "{call:?}: {response:?}");
        }
        for (call, response) in self.at_once(self.writes()) {
            assert_unavailable(&call, &response);
        }
    }

    /// Everything works again, soon, and until then nothing but 503 is answered.
    fn recovers(&self) {
        let started = Instant::now();
        for call in [self.reads(), vec![log_in("/api/token/")]].concat() {
            loop {
                let response = self.send(&call);
                if response.status == 200 {
                    break;
                }
                assert_unavailable(&call, &response);
                assert!(started.elapsed() < RECOVERY, "still: {response:?}");
                thread::sleep(PAUSE);
            }
        }
    }

    /// What was answered 503 has not happened, and happens when it is asked for once more.
    fn nothing_has_happened(&self) {
        let writes = self.writes();
        // Blacklisting comes after the exchange, of the same token, and is refused then.
        for (call, expected) in writes.iter().zip([201, 200, 200, 401, 204, 204]) {
            let response = self.send(call);
            assert_eq!(response.status, expected, "{call:?}: {response:?}");
        }
        let after_logout = self.send(&self.reads()[0]);
        assert_eq!(after_logout.status, 401, "{after_logout:?}");
    }
}

const PASSWORD: &str = "Quiet-4-Harbour";

fn register(username: &str) -> Call {
    let body = json!({"username": username, "password": PASSWORD}).to_string();
    Call { path: "/auth/users/", authorization: None, body: Some(body) }
}

fn log_in(path: &'static str) -> Call {
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    Call { path, authorization: None, body: Some(body) }
}

impl Call {
    fn send(&self, client: Client) -> Response {
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(self.authorization.as_deref().map(|value| ("Authorization", value)));
        match &self.body {
            Some(body) => client.post(self.path, &headers, body.as_bytes()),
            None => client.get(self.path, &headers),
        }
    }
}

fn field(response: &Response, name: &str) -> String {
    response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

fn assert_unavailable(call: &Call, response: &Response) {
    assert_eq!(response.status, 503, "{call:?}: {response:?}");
    let retry_after: u32 = response.header("retry-after").and_then(|value| value.parse().ok()).unwrap_or_default();
    assert!((1..=60).contains(&retry_after), "{response:?}");
    assert_eq!(response.detail(), "Service temporarily unavailable, try again later.");
}

/// Whether this can be done here at all.
fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}
