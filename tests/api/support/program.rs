//! The programs themselves, run as an administrator runs them.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::client::Client;
use super::database::TestDatabase;

pub const HALLPASS: &str = env!("CARGO_BIN_EXE_hallpass");
pub const CREATE_TOKEN: &str = env!("CARGO_BIN_EXE_create_token");

/// No line of a log takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a program printed and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A file of settings for this database, with `more` at its end.
pub fn config_file(database: &TestDatabase, more: &str) -> PathBuf {
    let path = database.folder().join("hallpass.toml");
    std::fs::write(&path, database.settings_with(more)).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    path
}

/// A program in a folder of the test's, without the environment of the test run.
pub fn command(program: &str, database: &TestDatabase) -> Command {
    let mut command = Command::new(program);
    command.current_dir(database.folder()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Runs `program` to its end with `input` on its standard input.
pub fn run(program: &str, database: &TestDatabase, arguments: &[&str], input: &str) -> Ended {
    let mut command = command(program, database);
    command.args(arguments);
    run_command(command, input)
}

pub fn run_command(mut command: Command, input: &str) -> Ended {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // A program that does not read its input may have ended already.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    ended(child.wait_with_output().expect("it ends"))
}

fn ended(output: Output) -> Ended {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// `hallpass serve` as a process of its own, killed when dropped.
pub struct Service {
    child: Child,
    pub client: Client,
    log: std::sync::mpsc::Receiver<String>,
    seen: String,
}

impl Service {
    /// Starts the service and waits until it says where it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("its log"));
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).expect("a line"), 0, "it ended:\n{seen}");
            seen.push_str(&line);
            if let Some(address) = address_in(&line) {
                break address;
            }
        };
        let (lines, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _ = lines.send(seen);
            let mut line = String::new();
            while stderr.read_line(&mut line).is_ok_and(|length| length > 0) {
                let _ = lines.send(std::mem::take(&mut line));
            }
        });
        Self { child, client: Client::new(address), log, seen: String::new() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
        assert!(status.expect("kill").success());
    }

    /// Waits until the log has a line with `words` in it, after those that were waited for before.
    pub fn wait_for(&mut self, words: &str) {
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{words:?} is not in\n{}", self.seen));
            self.seen.push_str(&line);
            if line.contains(words) {
                return;
            }
        }
    }

    /// Waits for the end; gives the exit code and the whole log.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().expect("it ends").code();
        let mut log = std::mem::take(&mut self.seen);
        log.extend(self.log.iter());
        (code, log)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening at http")?;
    let (_, rest) = rest.split_once("://")?;
    rest.split_whitespace().next()?.trim_matches('"').parse().ok()
}
