//! A process that may open nothing more, and a log that nobody reads.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{PAUSE, PROMISE, RECOVERY, Scene, works};
use crate::support::client::{Client, Response};
use crate::support::could_not_run;
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, command, config_file};

/// More log than a pipe and any buffer should hold: each request is a line of some hundred bytes.
const MANY: usize = 20_000;

#[test]
fn no_descriptor_left_for_another_client() {
    if !works("prlimit", &["--version"]) {
        return could_not_run("a service without descriptors: there is no prlimit (Debian: util-linux)");
    }
    for kind in Kind::available() {
        let scene = Scene::start(TestDatabase::create(kind), "");
        let process = scene.service.id().to_string();
        let open = std::fs::read_dir(format!("/proc/{process}/fd")).expect("its descriptors").count();
        let mut known = scene.client().connect();
        assert_eq!(whoami(&mut known, &scene.token).status, 200);

        let limit = format!("--nofile={}:20000", open + 8);
        assert!(works("prlimit", &["--pid", &process, &limit]));
        let crowd: Vec<TcpStream> = (0..64).map(|_| scene.client().connect()).collect();
        let before = processor_time(&process);
        let started = Instant::now();
        let answer = whoami(&mut known, &scene.token);
        let took = started.elapsed();
        thread::sleep(Duration::from_secs(1));
        let spent = processor_time(&process) - before;
        drop(crowd);

        assert_eq!(answer.status, 200, "{kind:?}: whoever is connected is served: {answer:?}");
        assert!(took < PROMISE, "{kind:?}: {took:?}");
        assert!(spent < Duration::from_millis(300), "{kind:?}: it spun for {spent:?}");
        scene.recovers();
        scene.nothing_has_happened();
    }
}

/// One request on a connection that stays.
fn whoami(stream: &mut TcpStream, token: &str) -> Response {
    use std::io::Read;
    let request = format!("GET /whoami/ HTTP/1.1\r\nHost: testserver\r\nAuthorization: Token {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a connection");
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let count = stream.read(&mut more).expect("an answer");
        assert_ne!(count, 0, "it was closed: {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend(&more[..count]);
        if let Some(response) = Response::parse(&bytes)
            && response.header("content-length").is_some_and(|length| response.body.len().to_string() == length)
        {
            return response;
        }
    }
}

/// User and system time, in the hundredths of a second that Linux counts in.
fn processor_time(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
    let (_, rest) = stat.rsplit_once(") ").expect("its fields");
    let ticks: u64 = rest.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// A service whose log goes where the test says.
struct Mute {
    child: Child,
    client: Client,
}

impl Mute {
    fn start(database: &TestDatabase, log: Stdio) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
        let config = config_file(database, "");
        let mut program: Command = command(HALLPASS, database);
        program.env("HALLPASS__SERVER__BIND", address.to_string()).arg("--config").arg(config).arg("serve");
        let child = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("it starts");
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < RECOVERY * 4, "it does not listen");
            thread::sleep(PAUSE);
        }
        Self { child, client: Client::new(address) }
    }

    /// Sends many requests on a few connections; each is answered in time.
    fn answers_many(&self) {
        let token = "0123456789abcdef0123456789abcdef01234567";
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut stream = self.client.connect();
                    stream.set_read_timeout(Some(PROMISE)).expect("a time limit");
                    for _ in 0..MANY / 8 {
                        assert_eq!(whoami(&mut stream, token).status, 401);
                    }
                });
            }
        });
    }

    /// Told to stop, it does so.
    fn stops(mut self) {
        let stopped = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(stopped.expect("kill").success());
        let started = Instant::now();
        while self.child.try_wait().expect("a child").is_none() {
            assert!(started.elapsed() < PROMISE * 6, "it does not stop");
            thread::sleep(PAUSE);
        }
        assert_eq!(self.child.wait().expect("it ended").code(), Some(0));
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_log_that_nobody_reads_keeps_nobody_waiting() {
    let database = TestDatabase::create(Kind::Sqlite);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let service = Mute::start(&database, writer.into());

    service.answers_many();

    service.stops();
    drop(reader);
}

#[test]
fn a_log_whose_reader_is_gone_keeps_nobody_waiting() {
    let database = TestDatabase::create(Kind::Sqlite);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let service = Mute::start(&database, writer.into());

    drop(reader);
    service.answers_many();

    service.stops();
}
