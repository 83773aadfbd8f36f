//! Guessing at passwords: what it costs, whom it does not cost anything, and what it leaves in the database.

mod lockout;
mod processes;
mod rates;
mod routes;

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::TestApp;
use crate::support::client::{Client, Response};

const JSON: (&str, &str) = ("Content-Type", "application/json");

const RIGHT: &str = "Tr0mbone-quay";
const WRONG: &str = "L4ntern-moss";

/// The lockout as it is by default, without a rate.
const LOCKOUT: &str = "lockout.failures = 5\n";

fn login(client: Client, username: &str, password: &str) -> Response {
    let body = json!({"username": username, "password": password}).to_string();
    client.post("/api-token-auth/", &[JSON], body.as_bytes())
}

/// Logs in through a proxy that saw `address`.
fn login_from(client: Client, address: &str, username: &str, password: &str) -> Response {
    let body = json!({"username": username, "password": password}).to_string();
    client.post("/api-token-auth/", &[JSON, ("X-Forwarded-For", address)], body.as_bytes())
}

/// REST framework's words, and the header that says the same.
fn is_throttled(response: &Response, seconds: u64) {
    let plural = if seconds == 1 { "" } else { "s" };
    let detail = format!("Request was throttled. Expected available in {seconds} second{plural}.");
    assert_eq!((response.status, response.text()), (429, json!({"detail": detail}).to_string()), "{response:?}");
    assert_eq!(response.header("retry-after"), Some(seconds.to_string().as_str()), "{response:?}");
}

/// Runs `count` of them at the same time, each with its number.
fn at_once<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let started: Vec<_> = (0..count)
            .map(|number| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(number)
                })
            })
            .collect();
        started.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

fn with_status(answers: &[Response], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn fail(app: &TestApp, username: &str, times: usize) {
    for _ in 0..times {
        let response = app.login(username, WRONG);
        assert_eq!(response.status, 400, "{response:?}");
    }
}

fn count(app: &TestApp, table: &str) -> usize {
    app.database.texts(&format!("SELECT count(*) FROM {table}"))[0].parse().expect("a number")
}

fn failures(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT failures FROM hallpass_lockout")
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
