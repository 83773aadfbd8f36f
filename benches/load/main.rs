//! A load generator for what `wrk` cannot do: requests that may be sent only once, and a steady rate.
//!
//!     load 127.0.0.1:8000 --path /api/token/refresh/ --body '{"refresh":"{}"}' --values tokens.txt --once
//!     load 127.0.0.1:8000 --path /hello/ --header 'Authorization: Token {}' --values keys.txt --rate 2000
//!
//! `{}` in a header or the body is replaced by a line of the file `--values`. Each connection has a thread of its own and
//! waits for an answer before it asks again. With `--rate`, all of them together ask so often in a second, and the time of
//! an answer counts from when it should have been asked for: a server that stops answering cannot hide it by keeping the
//! generator from asking. One line of JSON at the end.
#![allow(missing_docs)]

mod client;
mod options;
mod report;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::Client;
use options::Options;
use report::Report;

/// Which request is next. Shared by all connections, so that each value is used once before any is used again.
struct Queue<'o> {
    options: &'o Options,
    next: AtomicUsize,
}

impl Queue<'_> {
    fn take(&self) -> Option<Vec<u8>> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if self.options.once && index >= self.options.values.len() {
            return None;
        }
        Some(self.options.request(index))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let queue = Queue { options: &options, next: AtomicUsize::new(0) };
    let started = Instant::now();
    let reports = thread::scope(|scope| {
        let threads: Vec<_> = (0..options.connections)
            .map(|number| {
                scope.spawn({
                    let queue = &queue;
                    move || run(queue, number, started)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    println!("{}", Report::sum(reports).to_json(started.elapsed()));
    Ok(())
}

fn run(queue: &Queue<'_>, number: usize, started: Instant) -> Report {
    let options = queue.options;
    let mut report = Report::default();
    let mut client = Client::new(options.address.clone());
    let mut due = options.interval().map(|interval| {
        // The connections take turns.
        started + interval * u32::try_from(number).unwrap_or(0) / u32::try_from(options.connections).unwrap_or(1)
    });
    while started.elapsed() < options.duration {
        let Some(request) = queue.take() else { break };
        if let Some(due) = due {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        let asked = due.unwrap_or_else(Instant::now);
        match client.ask(&request) {
            Ok(status) => report.answer(status, asked.elapsed()),
            Err(_) => {
                report.failures += 1;
                thread::sleep(Duration::from_millis(1));
            }
        }
        if let (Some(due), Some(interval)) = (&mut due, options.interval()) {
            *due += interval;
        }
    }
    report
}
