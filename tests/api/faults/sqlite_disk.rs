//! A lock, a disk without room, and a disk that takes no writes, under an SQLite file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Call, RECOVERY, Scene, assert_unavailable, log_in, register, works};
use crate::support::client::Response;
use crate::support::could_not_run;
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file};

/// More changes than fit into what room there is.
const MANY: usize = 400;

fn file_of(database: &TestDatabase) -> PathBuf {
    PathBuf::from(database.url().trim_start_matches("sqlite://"))
}

#[test]
fn a_file_that_another_process_writes_to() {
    let scene = Scene::start(TestDatabase::create(Kind::Sqlite), "");
    let mut other = scene.database.session();

    other.execute("BEGIN IMMEDIATE");
    scene.is_read_only();
    other.execute("ROLLBACK");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn more_writers_than_connections_wait_no_longer_than_one() {
    let scene = Scene::start(TestDatabase::create(Kind::Sqlite), "database.max_connections = 1");
    let mut other = scene.database.session();

    other.execute("BEGIN IMMEDIATE");
    for (call, response) in scene.at_once(vec![log_in("/api/token/"); 24]) {
        assert_unavailable(&call, &response);
    }
    other.execute("ROLLBACK");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_full_disk() {
    if !works("unshare", &["-Urm", "true"]) {
        return could_not_run("a full disk under SQLite: unshare -Urm is not allowed here");
    }
    let mut database = TestDatabase::create_empty(Kind::Sqlite);
    let disk = database.folder().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    database.move_to(&disk.join("hallpass.sqlite3"));
    let config = config_file(&database, super::SETTINGS);
    // The disk is there for the service only, and for whoever goes through its /proc entry.
    let script = "mount -t tmpfs -o size=6m none \"$1\" && exec \"$2\" --config \"$3\" serve";
    let mut program = command("unshare", &database);
    program.args(["-Urm", "sh", "-c", script, "sh"]).arg(&disk).arg(HALLPASS).arg(config);
    let scene = Scene::on(database, Service::start(program));
    let ballast = PathBuf::from(format!("/proc/{}/root{}/ballast", scene.service.id(), disk.display()));

    fill(&ballast);
    let done = changes_until_there_is_no_room(&scene);
    std::fs::remove_file(&ballast).expect("room again");

    done.holds(&scene);
}

#[test]
fn a_limit_on_the_size_of_files() {
    if !works("prlimit", &["--version"]) {
        return could_not_run("a limit on the size of files: there is no prlimit (Debian: util-linux)");
    }
    let scene = Scene::start(TestDatabase::create(Kind::Sqlite), "");
    let limit = |bytes: &str| {
        let process = scene.service.id().to_string();
        assert!(works("prlimit", &["--pid", &process, &format!("--fsize={bytes}:unlimited")]));
    };
    let size = |path: &Path| path.metadata().expect("a file").len();
    let file = file_of(&scene.database);

    limit(&size(&file).max(size(&file.with_extension("sqlite3-wal"))).to_string());
    let done = changes_until_there_is_no_room(&scene);
    limit("unlimited");

    done.holds(&scene);
}

#[test]
fn a_file_system_that_takes_no_writes_any_more() {
    let scene = Scene::start(TestDatabase::create(Kind::Sqlite), "");
    let file = file_of(&scene.database);
    let files = [file.clone(), file.with_extension("sqlite3-wal")];
    let Some(guard) = Immutable::make(files) else {
        return could_not_run("a disk that becomes read-only under SQLite: chattr +i does not stop writes here");
    };

    scene.is_read_only();
    drop(guard);

    scene.recovers();
    scene.nothing_has_happened();
}

/// What was done while there was room for it.
struct Done {
    registered: Vec<String>,
    /// What a logout was answered when there was none: less room may be enough for it.
    logout: Response,
}

/// Registers users until that is refused, and logs out.
fn changes_until_there_is_no_room(scene: &Scene) -> Done {
    let mut registered = Vec::new();
    for number in 0..MANY {
        let call = register(&format!("user{number}"));
        let (_, response) = scene.at_once(vec![call.clone()]).remove(0);
        if response.status == 201 {
            registered.push(format!("user{number}"));
            continue;
        }
        assert_unavailable(&call, &response);
        for (call, response) in scene.at_once(scene.reads()) {
            assert_eq!(response.status, 200, "{call:?}: {response:?}");
        }
        let logout = scene.writes().pop().into_iter().collect();
        let (_, logout) = scene.at_once(logout).remove(0);
        return Done { registered, logout };
    }
    panic!("{MANY} users were registered without room for them");
}

impl Done {
    /// What was answered is so, now that there is room again.
    fn holds(&self, scene: &Scene) {
        if self.logout.status == 204 {
            let after_logout = scene.send(&scene.reads()[0]);
            assert_eq!(after_logout.status, 401, "{after_logout:?}");
        } else {
            assert_eq!(self.logout.status, 503, "{:?}", self.logout);
            scene.recovers();
            scene.nothing_has_happened();
        }
        for name in &self.registered {
            let body = serde_json::json!({"username": name, "password": super::PASSWORD}).to_string();
            let pair = scene.send(&Call { path: "/api/token/", authorization: None, body: Some(body) });
            assert_eq!(pair.status, 200, "{name}: {pair:?}");
        }
    }
}

/// Leaves no byte.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("a file on the disk");
    for block in [1 << 16, 1 << 12, 1] {
        while file.write(&vec![0; block]).is_ok_and(|written| written > 0) {}
    }
}

/// Files that nobody can write to, not even through a handle that is open already.
struct Immutable([PathBuf; 2]);

impl Immutable {
    fn make(files: [PathBuf; 2]) -> Option<Self> {
        let probe = files[0].with_extension("probe");
        let mut open = OpenOptions::new().append(true).create(true).open(&probe).expect("a file");
        let made = chattr("+i", &probe) && open.write_all(b"x").is_err();
        chattr("-i", &probe);
        if !made {
            return None;
        }
        let guard = Self(files);
        guard.0.iter().all(|file| chattr("+i", file)).then_some(guard)
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        for file in &self.0 {
            chattr("-i", file);
        }
    }
}

fn chattr(flag: &str, file: &Path) -> bool {
    Command::new("chattr").arg(flag).arg(file).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_folder_that_may_not_be_written_to_ends_the_start_in_one_line() {
    let Some((user, group)) = nobody() else {
        return could_not_run("a read-only file under SQLite: only root can become somebody who may not write");
    };
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let database = TestDatabase::create(Kind::Sqlite);
    let config = config_file(&database, "");
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("another mode");
    };
    set(&file_of(&database), 0o444);
    set(&config, 0o444);
    set(database.folder(), 0o555);
    // The program itself may lie where only its builder can look.
    let program = database.folder().join("hallpass");
    std::fs::copy(HALLPASS, &program).expect("a copy");
    set(&program, 0o755);
    let mut serve = command(program.to_str().expect("a path"), &database);
    serve.uid(user).gid(group).env("RUST_LOG", "off").arg("--config").arg(config).arg("serve");
    let started = std::time::Instant::now();

    let ended = crate::support::program::run_command(serve, "");

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.starts_with("Error: ") && ended.stderr.lines().count() == 1, "{ended:?}");
    assert!(started.elapsed() < RECOVERY, "{:?}", started.elapsed());
}

/// The ids of somebody else, when this is run by root.
fn nobody() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    (id(&["-u"])? == 0).then_some(())?;
    Some((id(&["-u", "nobody"])?, id(&["-g", "nobody"])?))
}
