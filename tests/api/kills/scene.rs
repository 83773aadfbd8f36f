//! A database, the programs on it, and those who call them; and one cycle of all that.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::RECOVERY;
use super::audited::{self, Ledger};
use super::caller::{Caller, Load, Tally};
use super::check::{self, Service as Checked};
use super::http::send;
use super::random::Random;
use crate::support::cluster::Cluster;
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file};

const CALLERS: usize = 8;

/// When the kill comes, from the beginning of the calls.
const LOAD: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(700));

/// For how long they go on calling a service that lives on without its database.
const AFTERWARDS: Duration = Duration::from_millis(100);

/// An exchange may be repeated in every other cycle.
const GRACES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(3_600)];

/// What the database of the negative control is told by itself, whatever the service says: to answer a commit before it is on
/// the disk. Every table has it, because one commit that waits for the disk takes those before it along.
const FORGETFUL: &str = "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN NULL; END $$; \
     DO $$ DECLARE one regclass; BEGIN \
     FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP \
     EXECUTE format('CREATE TRIGGER forget AFTER INSERT OR UPDATE OR DELETE ON %s EXECUTE FUNCTION forget()', one); \
     END LOOP; END $$";

/// The files in which SQLite keeps a database, by what is added to its path.
const SQLITE_FILES: [&str; 2] = ["", "-wal"];

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    Service,
    /// The service lives on and has to find the database again.
    Database,
    Both,
}

pub struct Scene {
    // Before the server, which it is removed from.
    database: TestDatabase,
    cluster: Option<Cluster>,
    is_forgetful: bool,
    config: PathBuf,
    callers: Vec<Caller>,
    cycles: usize,
    slowest: Duration,
}

impl Scene {
    /// `None` where the database is not to be had.
    pub fn new(kind: Kind, random: &mut Random) -> Option<Self> {
        Self::open(kind, false, random)
    }

    /// One with a database that loses what it has acknowledged.
    pub fn forgetful(kind: Kind, random: &mut Random) -> Option<Self> {
        Self::open(kind, true, random)
    }

    fn open(kind: Kind, is_forgetful: bool, random: &mut Random) -> Option<Self> {
        let (database, cluster) = match kind {
            Kind::Sqlite => (TestDatabase::create(kind), None),
            Kind::Postgres => {
                let cluster = Cluster::start(if is_forgetful { &["wal_writer_delay=10s"] } else { &[] })?;
                (TestDatabase::create_on(&cluster), Some(cluster))
            }
        };
        if is_forgetful && kind == Kind::Postgres {
            database.execute(FORGETFUL);
        }
        let config = config_file(&database, "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true");
        let callers = (0..CALLERS).map(|number| Caller::new(number, random.branch())).collect();
        let (cycles, slowest) = (0, Duration::ZERO);
        Some(Self { database, cluster, is_forgetful, config, callers, cycles, slowest })
    }

    /// Calls, kills, starts again, and gives what does not hold.
    pub fn cycle(&mut self, victim: Victim, random: &mut Random) -> Vec<String> {
        let grace = GRACES[self.cycles % GRACES.len()];
        self.cycles += 1;
        let before = (self.is_forgetful && self.database.kind() == Kind::Sqlite).then(|| self.files());
        let service = self.start(grace);
        let service = self.call_and_kill(service, victim, random.between(LOAD.0, LOAD.1));
        let service = service.unwrap_or_else(|| {
            if let Some(files) = before {
                self.put_back(files);
            }
            self.start(grace)
        });
        let checked = Checked { address: service.client.address(), grace };
        let mut findings = self.wait_until_ready(checked.address);
        thread::scope(|scope| {
            for caller in &mut self.callers {
                scope.spawn(move || caller.check(checked));
            }
        });
        drop(service);
        findings.extend(self.callers.iter_mut().flat_map(|caller| std::mem::take(&mut caller.findings)));
        findings.extend(self.missing_users());
        findings.extend(check::rows(&self.database));
        findings.extend(audited::rows(&self.database));
        let ledger = self.callers.iter().fold(Ledger::default(), |sum, caller| sum.add(&caller.ledger));
        findings.extend(ledger.compare(&self.database));
        findings
    }

    /// What has happened so far, in words.
    pub fn tally(&self) -> String {
        let sum = self.callers.iter().fold(Tally::default(), |sum, caller| Tally {
            acknowledged: sum.acknowledged + caller.tally.acknowledged,
            unanswered: sum.unanswered + caller.tally.unanswered,
            checked: sum.checked + caller.tally.checked,
        });
        let Tally { acknowledged, unanswered, checked } = sum;
        let users: usize = self.callers.iter().map(|caller| caller.names.len()).sum();
        let slowest = self.slowest;
        format!(
            "{acknowledged} acknowledged, {unanswered} unanswered, {users} users, {checked} checks, ready again within \
             {slowest:.1?}"
        )
    }

    fn start(&self, grace: Duration) -> Service {
        let mut program = command(HALLPASS, &self.database);
        program.env("RUST_LOG", "warn,hallpass=info,hallpass::request=off");
        program.env("HALLPASS__JWT__REFRESH_REUSE_GRACE", format!("{}s", grace.as_secs()));
        program.arg("--config").arg(&self.config).arg("serve");
        Service::start(program)
    }

    /// Gives the service, if it lives.
    fn call_and_kill(&mut self, service: Service, victim: Victim, after: Duration) -> Option<Service> {
        let is_over = AtomicBool::new(false);
        let load = Load { address: service.client.address(), config: &self.config, is_over: &is_over };
        let (callers, cluster, load) = (&mut self.callers, &mut self.cluster, &load);
        thread::scope(|scope| {
            for caller in callers {
                scope.spawn(move || caller.call(load));
            }
            thread::sleep(after);
            let mut service = Some(service);
            if victim != Victim::Database {
                // Dropping it sends SIGKILL.
                service = None;
            }
            if let Some(cluster) = cluster.as_mut().filter(|_| victim != Victim::Service) {
                cluster.kill();
                cluster.restart();
            }
            if service.is_some() {
                thread::sleep(AFTERWARDS);
            }
            is_over.store(true, Ordering::SeqCst);
            service
        })
    }

    /// What the SQLite files hold; `None` for one that is not there.
    fn files(&self) -> [Option<Vec<u8>>; 2] {
        SQLITE_FILES.map(|suffix| std::fs::read(self.sqlite_path(suffix)).ok())
    }

    /// Makes the SQLite files what they were, as a disk does that has written nothing of what it said it had.
    fn put_back(&self, files: [Option<Vec<u8>>; 2]) {
        for (suffix, bytes) in SQLITE_FILES.into_iter().zip(files) {
            let path = self.sqlite_path(suffix);
            match bytes {
                Some(bytes) => std::fs::write(path, bytes).expect("a written file"),
                None => drop(std::fs::remove_file(path)),
            }
        }
        // It speaks of the log that is gone.
        drop(std::fs::remove_file(self.sqlite_path("-shm")));
    }

    fn sqlite_path(&self, suffix: &str) -> String {
        self.database.url().trim_start_matches("sqlite://").to_owned() + suffix
    }

    fn wait_until_ready(&mut self, address: SocketAddr) -> Vec<String> {
        let started = Instant::now();
        while started.elapsed() < RECOVERY {
            if send(address, "GET", "/readyz", None, "").is_some_and(|answer| answer.status == 200) {
                self.slowest = self.slowest.max(started.elapsed());
                return Vec::new();
            }
            thread::sleep(Duration::from_millis(20));
        }
        vec![format!("not ready after {RECOVERY:?}")]
    }

    /// Those who were registered and are not there, and those who are there and were not.
    fn missing_users(&self) -> Vec<String> {
        let known: BTreeSet<String> = self.callers.iter().flat_map(|caller| caller.names.clone()).collect();
        let there: BTreeSet<String> = self.database.texts("SELECT username FROM auth_user").into_iter().collect();
        let missing = known.difference(&there).map(|name| format!("{name} was registered and is not there"));
        let surplus = there.difference(&known).map(|name| format!("{name} is there and nobody registered it"));
        missing.chain(surplus).collect()
    }
}
