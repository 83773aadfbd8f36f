//! A service that is told to stop while everybody is calling.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{PAUSE, PROMISE, Scene, register};
use crate::support::client::Response;
use crate::support::database::TestDatabase;

/// How many changes are acknowledged before it is told to stop.
const ENOUGH: usize = 40;

#[test]
fn told_to_stop_under_load_it_loses_nothing_that_it_acknowledged() {
    for kind in crate::support::database::Kind::available() {
        let scene = Scene::start(TestDatabase::create(kind), "");
        let client = scene.client();
        let acknowledged = AtomicUsize::new(0);
        let (registered, stopped) = thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|caller| {
                    let acknowledged = &acknowledged;
                    scope.spawn(move || {
                        let mut registered = Vec::new();
                        for number in 0.. {
                            let name = format!("caller{caller}-{number}");
                            let body = register(&name).body.unwrap_or_default();
                            let Some(answer) = answer(client.address(), &body) else { break };
                            if answer.status == 201 {
                                registered.push(name);
                                acknowledged.fetch_add(1, Ordering::SeqCst);
                            } else {
                                assert_eq!(answer.status, 503, "{answer:?}");
                            }
                        }
                        registered
                    })
                })
                .collect();
            while acknowledged.load(Ordering::SeqCst) < ENOUGH {
                thread::sleep(PAUSE);
            }
            scene.service.signal("TERM");
            let stopped = Instant::now();
            let registered: Vec<String> =
                callers.into_iter().flat_map(|caller| caller.join().expect("a caller")).collect();
            (registered, stopped)
        });
        let (code, log) = scene.service.wait();

        assert_eq!(code, Some(0), "{kind:?}: {log}");
        assert!(stopped.elapsed() < PROMISE * 6, "{kind:?}: {:?}", stopped.elapsed());
        let there = scene.database.texts("SELECT username FROM auth_user");
        let lost: Vec<&String> = registered.iter().filter(|name| !there.contains(name)).collect();
        assert!(lost.is_empty(), "{kind:?}: {lost:?}");
        // Whoever was not answered: a request that was begun is finished, so that there is nobody.
        let unanswered: Vec<&String> =
            there.iter().filter(|name| *name != "alice" && !registered.contains(name)).collect();
        assert!(unanswered.is_empty(), "{kind:?}: registered without an answer: {unanswered:?}");
    }
}

/// `None` when the service does not listen any more.
fn answer(address: std::net::SocketAddr, body: &str) -> Option<Response> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = "POST /auth/users/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\nContent-Type: application/json";
    stream.write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    Response::parse(&bytes)
}
