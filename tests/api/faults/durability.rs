//! An answer leaves when what it says is on the disk, and not before: seen from outside, in the system calls.

use std::collections::HashMap;
use std::time::Instant;

use super::{PAUSE, PROMISE, Scene, works};
use crate::support::could_not_run;
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file};

/// What the service did, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// It wrote into SQLite's log of changes.
    Logged,
    /// That log was on the disk.
    Synced,
    /// It began to send an answer that says that something was done.
    Answered,
}

#[test]
fn a_change_is_on_the_disk_before_it_is_answered() {
    let Some(events) = events_of_changes(&[]) else { return };

    let answers = answers(&events);

    assert!(answers.len() >= 8, "{events:?}");
    assert!(answers.iter().all(|is_on_disk| *is_on_disk), "{answers:?}\n{events:?}");
}

#[test]
fn an_answer_that_does_not_wait_for_the_disk_is_noticed() {
    // Each of them returns at once, without having done anything.
    let Some(events) = events_of_changes(&["--inject=fdatasync,fsync:retval=0"]) else { return };

    let answers = answers(&events);

    assert!(answers.len() >= 8 && answers.iter().all(|is_on_disk| !is_on_disk), "{answers:?}\n{events:?}");
}

/// For each answer to a change: whether the last that was logged was synced when it left.
fn answers(events: &[Event]) -> Vec<bool> {
    events
        .split_inclusive(|event| *event == Event::Answered)
        // What was read only is logged nowhere.
        .filter(|events| events.ends_with(&[Event::Answered]) && events.contains(&Event::Logged))
        .map(|events| {
            let last = |wanted| events.iter().rposition(|event| *event == wanted);
            last(Event::Synced) > last(Event::Logged)
        })
        .collect()
}

/// Runs the service with its system calls written down while a client changes one thing after the other.
fn events_of_changes(more: &[&str]) -> Option<Vec<Event>> {
    if !works("strace", &["-f", "-o", "/dev/null", "true"]) {
        could_not_run("whether the disk is waited for: strace is not there or not allowed (Debian: strace)");
        return None;
    }
    let database = TestDatabase::create(Kind::Sqlite);
    let config = config_file(&database, super::SETTINGS);
    let trace = database.folder().join("trace");
    let mut program = command("strace", &database);
    // As the service's child, so that it is the service that is told to stop.
    program.args(["-D", "-f", "-yy", "-o"]).arg(&trace);
    program.arg("--trace=fdatasync,fsync,write,writev,pwrite64,pwritev,sendto,sendmsg").args(more);
    program.arg(HALLPASS).arg("--config").arg(config).arg("serve");
    let scene = Scene::on(database, Service::start(program));
    for call in scene.writes() {
        scene.send(&call);
    }
    scene.service.signal("TERM");
    let (code, log) = scene.service.wait();
    assert_eq!(code, Some(0), "{log}");
    let started = Instant::now();
    loop {
        let text = std::fs::read_to_string(&trace).expect("a trace");
        // The line of the process, which is its last one.
        if text.trim_end().ends_with("+++ exited with 0 +++") {
            return Some(events(&text));
        }
        assert!(started.elapsed() < PROMISE * 5, "the trace does not end");
        std::thread::sleep(PAUSE);
    }
}

/// Reads a trace: each line has a thread and a call, or the beginning or the end of one that took longer.
fn events(trace: &str) -> Vec<Event> {
    let mut under_way = HashMap::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            // An answer counts from its beginning, everything else from its end.
            if event(begun) == Some(Event::Answered) {
                events.push(Event::Answered);
            } else {
                under_way.insert(thread, begun);
            }
        } else if call.starts_with("<... ") {
            events.extend(under_way.remove(thread).filter(|_| is_done(call)).and_then(event));
        } else if is_done(call) {
            events.extend(event(call));
        }
    }
    events
}

/// A call that was only said to have been done has not been.
fn is_done(call: &str) -> bool {
    !call.ends_with("(INJECTED)") && !call.contains(") = -1 ")
}

fn event(call: &str) -> Option<Event> {
    let (name, arguments) = call.split_once('(')?;
    let is_log = arguments.split(',').next()?.contains("-wal>");
    match name {
        "fdatasync" | "fsync" if arguments.contains("-wal>") => Some(Event::Synced),
        "write" | "writev" | "pwrite64" | "pwritev" if is_log => Some(Event::Logged),
        "write" | "writev" | "sendto" | "sendmsg" if arguments.contains("\"HTTP/1.1 20") => Some(Event::Answered),
        _ => None,
    }
}
