//! A PostgreSQL server of a test's own, which it may stop, pause and kill as it likes.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection};

use super::could_not_run;

/// Where `scripts/with-postgres` found the server's programs.
const BINARIES: &str = "HALLPASS_TEST_POSTGRES_BINARIES";

/// How long a server may take to start or to be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait between two looks at it.
const PAUSE: Duration = Duration::from_millis(20);

/// A server with a folder of its own, killed and removed when dropped.
pub struct Cluster {
    folder: PathBuf,
    binaries: PathBuf,
    owner: Option<(u32, u32)>,
    port: u16,
    options: Vec<String>,
    server: Option<Child>,
}

impl Cluster {
    /// Starts a server with these settings, such as `fsync=off`; says so and gives `None` where there is none to be had.
    pub fn start(settings: &[&str]) -> Option<Self> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let Some(binaries) = std::env::var_os(BINARIES).map(PathBuf::from) else {
            could_not_run("what needs a PostgreSQL server of its own: scripts/with-postgres did not name its programs");
            return None;
        };
        let name = format!("hallpass_cluster_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).expect("a temporary folder");
        let owner = other_than_root();
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).expect("a folder of theirs");
        }
        let options = settings.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]).collect();
        let mut cluster = Self { folder, binaries, owner, port: free_port(), options, server: None };
        let made = cluster
            .program("initdb")
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--pgdata=data",
            ])
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("initdb runs").success());
        cluster.restart();
        Some(cluster)
    }

    /// A URL to which a slash and the name of a database can be added.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// Starts the server again, and waits until it answers.
    pub fn restart(&mut self) {
        let log = File::options().append(true).create(true).open(self.folder.join("log")).expect("a log");
        let mut server = self.program("postgres");
        server
            .args(["-D", "data", "-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "shared_buffers=16MB"])
            .args(&self.options)
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        self.server = Some(server.spawn().expect("the server starts"));
        until("the server answers", || PgConnection::establish(&format!("{}/postgres", self.url())).is_ok());
    }

    /// Ends the server and everything it does at once, as a power cut does, but for what the system holds in memory.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // Stopped, so that it begins nothing new while its parts are counted.
        signal("STOP", &[server.id()]);
        let parts = children(server.id());
        signal("KILL", &parts);
        let _ = server.kill();
        let _ = server.wait();
        until("the server is gone", || parts.iter().all(|part| is_gone(*part)));
    }

    /// Ends the server in order, as an administrator does who cannot wait for clients.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        signal("INT", &[server.id()]);
        server.wait().expect("it ends");
    }

    /// Has the server stand still: it is there, takes connections, and answers nothing.
    pub fn pause(&self) {
        self.signal_all("STOP");
    }

    /// Has a paused server go on.
    pub fn resume(&self) {
        self.signal_all("CONT");
    }

    fn signal_all(&self, name: &str) {
        let server = self.server.as_ref().expect("a server that runs").id();
        signal(name, &[server]);
        signal(name, &children(server));
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.current_dir(&self.folder).stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// PostgreSQL refuses to run as root.
fn other_than_root() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let user = if id(&["-u", "postgres"]).is_some() { "postgres" } else { "nobody" };
    Some((id(&["-u", user])?, id(&["-g", user])?))
}

/// A port below those that the system hands out, so that nobody gets it while the server is down.
fn free_port() -> u16 {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = std::process::id().wrapping_mul(31).wrapping_add(COUNTER.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(number % 9_000).expect("a small number");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn children(process: u32) -> Vec<u32> {
    let parent = |id: &u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    let all = std::fs::read_dir("/proc").expect("the processes").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent(id) == Some(process)).collect()
}

/// One that nobody has waited for is gone as well.
fn is_gone(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

fn signal(name: &str, processes: &[u32]) {
    let ids = processes.iter().map(u32::to_string);
    // One of them may have ended by itself.
    let _ = Command::new("kill").arg(format!("-{name}")).args(ids).stderr(Stdio::null()).status();
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}");
        std::thread::sleep(PAUSE);
    }
}
