//! How a test starts: a database of its own, a server of its own on a real socket, and a client that sends bytes.
//!
//! `TestApp::on_each(async-free closure)` runs a test on SQLite and, where `HALLPASS_TEST_POSTGRES_URL` names a server,
//! on PostgreSQL.

pub mod client;
pub mod cluster;
pub mod database;
pub mod program;

use std::io::Write;
use std::sync::mpsc;
use std::thread::JoinHandle;

use hallpass::clock::{Clock, Timestamp};
use hallpass::settings::Settings;
use hallpass::{Hallpass, Server};

use client::{Client, Response};
use database::{Kind, TestDatabase};

/// The cost that tests hash at: the lowest there is.
pub const BCRYPT_COST: u32 = 4;

/// Says what cannot be tested here, also in the summary of `scripts/test` when that is who asked.
pub fn could_not_run(what: &str) {
    eprintln!("\n**** NOT RUN: {what}\n");
    if let Some(noted) = std::env::var_os("HALLPASS_TEST_NOT_RUN")
        && let Ok(mut noted) = std::fs::File::options().append(true).create(true).open(noted)
    {
        let _ = writeln!(noted, "{what}");
    }
}

/// A server on a database of its own, stopped and removed when dropped.
pub struct TestApp {
    pub client: Client,
    /// Where Prometheus asks, if anywhere.
    pub metrics: Option<Client>,
    pub clock: Clock,
    pub hallpass: Hallpass,
    pub database: TestDatabase,
    stop: Option<(actix_web::dev::ServerHandle, JoinHandle<()>)>,
}

impl TestApp {
    /// Starts a server on a new database of this kind; `settings` is TOML, and takes the place of what every test has.
    pub fn start(kind: Kind, settings: &str) -> Self {
        Self::start_on(TestDatabase::create(kind), settings)
    }

    /// Starts a server on a database that is there.
    pub fn start_on(database: TestDatabase, settings: &str) -> Self {
        let settings = Settings::from_toml(&database.settings_with(settings)).expect("valid settings");
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let hallpass = Hallpass::open_at(settings, clock.clone()).expect("a database that opens");
        let (client, metrics, stop) = serve(hallpass.clone());
        Self { client, metrics, clock, hallpass, database, stop: Some(stop) }
    }

    /// Stops the server and starts another on the same database, at the same time of the same clock. A setting here takes
    /// the place of the one that every test has.
    pub fn restart(&mut self, settings: &str) {
        self.stop();
        let settings = Settings::from_toml(&self.database.settings_with(settings)).expect("valid settings");
        self.hallpass = Hallpass::open_at(settings, self.clock.clone()).expect("a database that opens");
        let (client, metrics, stop) = serve(self.hallpass.clone());
        (self.client, self.metrics, self.stop) = (client, metrics, Some(stop));
    }

    /// Runs `test` with a fresh server on every kind of database that there is.
    pub fn on_each(settings: &str, test: impl Fn(&mut TestApp)) {
        for kind in Kind::available() {
            test(&mut Self::start(kind, settings));
        }
    }

    /// Adds an active user with this password and gives their id.
    pub fn user(&self, username: &str, password: &str) -> i32 {
        let encoded = hallpass::passwords::Hasher::new(BCRYPT_COST).hash(password).expect("a hash");
        self.database.insert_user(username, &encoded)
    }

    /// Logs in at `/api-token-auth/` and gives the key.
    pub fn token(&self, username: &str, password: &str) -> String {
        let response = self.login(username, password);
        assert_eq!(response.status, 200, "{response:?}");
        response.json()["token"].as_str().expect("a token").to_owned()
    }

    /// Posts a name and a password to `/api-token-auth/` as JSON.
    pub fn login(&self, username: &str, password: &str) -> Response {
        let body = serde_json::json!({"username": username, "password": password}).to_string();
        self.client.post("/api-token-auth/", &[("Content-Type", "application/json")], body.as_bytes())
    }

    /// Gets `/whoami/` with this `Authorization` header.
    pub fn whoami(&self, authorization: &str) -> Response {
        self.client.get("/whoami/", &[("Authorization", authorization)])
    }
}

impl TestApp {
    fn stop(&mut self) {
        if let Some((handle, thread)) = self.stop.take() {
            // The command is sent when `stop` is called; the thread ends when it has been carried out.
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(hallpass: Hallpass) -> (Client, Option<Client>, (actix_web::dev::ServerHandle, JoinHandle<()>)) {
    let (started, waiting) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let server = Server::bind(hallpass).expect("a free port");
        let addresses = (server.address(), server.metrics_address());
        actix_web::rt::System::new().block_on(async move {
            let running = server.run().expect("a server");
            started.send((addresses, running.handle())).expect("the test waits");
            running.await.expect("a clean stop");
        });
    });
    let ((address, metrics), handle) = waiting.recv().expect("the server started");
    (Client::new(address), metrics.map(Client::new), (handle, thread))
}
