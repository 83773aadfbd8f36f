//! Many exchanges of one refresh token at once, at two servers on one database: one of them counts.
//!
//! A few rounds of it run with every test; `scripts/races` runs as many as it is told.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::client::{Client, Response};
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file};

/// How many rounds to run on each database, and the name of the variable that says so.
const ROUNDS: (&str, usize) = ("HALLPASS_RACE_ROUNDS", 8);

/// The most exchanges at once; the fewest are two.
const MOST: usize = 64;

#[test]
fn within_the_grace_every_exchange_at_once_gets_the_one_successor() {
    race("10s", |tally, round| {
        assert_eq!(tally.refused, 0, "round {round}: {tally:?}");
    });
}

#[test]
fn without_grace_one_exchange_at_once_gets_the_one_successor() {
    race("0s", |tally, round| {
        assert!(tally.given <= 1, "round {round}: {tally:?}");
    });
}

/// What came of some exchanges.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// 200
    given: usize,
    /// 401
    refused: usize,
    /// 503
    busy: usize,
}

impl Tally {
    fn of(answers: &[Response]) -> Self {
        let count = |status| answers.iter().filter(|answer| answer.status == status).count();
        let tally = Self { given: count(200), refused: count(401), busy: count(503) };
        assert_eq!(tally.given + tally.refused + tally.busy, answers.len(), "{answers:?}");
        tally
    }

    fn add(&mut self, other: Self) {
        self.given += other.given;
        self.refused += other.refused;
        self.busy += other.busy;
    }
}

/// Runs all rounds on every kind of database; `check` looks at each.
fn race(grace: &str, check: impl Fn(Tally, usize)) {
    let rounds = std::env::var(ROUNDS.0).map_or(ROUNDS.1, |rounds| rounds.parse().expect("a number of rounds"));
    let settings = format!(
        "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\njwt.refresh_reuse_grace = \"{grace}\""
    );
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        database.insert_user("alice", &hallpass::passwords::Hasher::new(4).hash("pw").expect("a hash"));
        let config = config_file(&database, &settings);
        let server = || {
            let mut server = command(HALLPASS, &database);
            server.env("RUST_LOG", "info,hallpass::request=off").arg("--config").arg(&config).arg("serve");
            Service::start(server)
        };
        let (one, other) = (server(), server());
        let servers = [one.client, other.client];
        let (mut sum, mut without, started) = (Tally::default(), 0, Instant::now());
        for round in 0..rounds {
            // Every number of exchanges comes up, in no order.
            let count = 2 + round * 37 % (MOST - 1);
            let token = login(servers[round % 2]);

            let answers = at_once(&servers, count, &token);

            let tally = Tally::of(&answers);
            check(tally, round);
            let given = answers.iter().filter(|answer| answer.status == 200);
            let successors: BTreeSet<String> = given.map(|answer| field(answer, "refresh")).collect();
            // Where all were too busy, nothing has happened.
            let expected = usize::from(tally.busy < count);
            assert_eq!(successors.len(), expected, "round {round}: {tally:?}");
            without += 1 - expected;
            let noted = numbers(&database);
            assert_eq!(noted, [2 * (round + 1) - without, round + 1 - without], "round {round}: {tally:?}");
            sum.add(tally);
        }
        println!(
            "{kind:?}, grace {grace}: {rounds} rounds in {:.0?}, {without} of them without an exchange; {sum:?}",
            started.elapsed()
        );
    }
}

/// How many tokens were given out, and how many of them have a successor.
fn numbers(database: &TestDatabase) -> Vec<usize> {
    let counts = "SELECT count(*) FROM token_blacklist_outstandingtoken UNION ALL \
                  SELECT count(*) FROM hallpass_refresh_member WHERE successor_jti IS NOT NULL";
    database.texts(counts).iter().map(|count| count.parse().expect("a number")).collect()
}

fn login(server: Client) -> String {
    let body = br#"{"username":"alice","password":"pw"}"#;
    let response = answer(&mut connect(server), &request("/api/token/", body));
    assert_eq!(response.status, 200, "{response:?}");
    field(&response, "refresh")
}

fn field(response: &Response, name: &str) -> String {
    response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

/// `count` exchanges of one token, on connections that are there already, begun together and spread over the servers.
fn at_once(servers: &[Client], count: usize, token: &str) -> Vec<Response> {
    let request = request("/api/token/refresh/", format!("{{\"refresh\":\"{token}\"}}").as_bytes());
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let exchanges: Vec<_> = (0..count)
            .map(|number| {
                let (start, request, server) = (&start, &request, servers[number % servers.len()]);
                scope.spawn(move || {
                    let mut stream = connect(server);
                    start.wait();
                    answer(&mut stream, request)
                })
            })
            .collect();
        exchanges.into_iter().map(|exchange| exchange.join().expect("an answer")).collect()
    })
}

fn request(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A connection that leaves no trace: with thousands a second the machine would run out of ports.
fn connect(server: Client) -> TcpStream {
    let stream = server.connect();
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a setting");
    stream
}

fn answer(stream: &mut TcpStream, request: &[u8]) -> Response {
    stream.write_all(request).expect("a server that listens");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    Response::parse(&bytes).unwrap_or_else(|| panic!("no answer but {:?}", String::from_utf8_lossy(&bytes)))
}
