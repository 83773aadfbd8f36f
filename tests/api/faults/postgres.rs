//! PostgreSQL that is gone, stands still, is slow, locked, read-only or busy.

use std::time::Instant;

use super::{PROMISE, Scene, assert_unavailable, log_in};
use crate::support::cluster::Cluster;
use crate::support::database::{Kind, SECRET_KEY, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file, run_command};

/// A service on a server of its own, or `None` where there is none to be had.
fn scene() -> Option<(Scene, Cluster)> {
    let cluster = has_postgres().then(|| Cluster::start(&["fsync=off"])).flatten()?;
    Some((Scene::start(TestDatabase::create_on(&cluster), ""), cluster))
}

fn has_postgres() -> bool {
    Kind::available().contains(&Kind::Postgres)
}

#[test]
fn a_server_that_is_not_there_yet_when_the_service_starts() {
    let Some(mut cluster) = has_postgres().then(|| Cluster::start(&["fsync=off"])).flatten() else { return };
    let database = TestDatabase::create_empty_on(&cluster);
    cluster.stop();
    let config = config_file(&database, "database.required_at_start = false");
    let mut program = command(HALLPASS, &database);
    program.arg("--config").arg(config).arg("serve");
    let service = Service::start(program);

    let ready = service.client.get("/readyz", &[]);
    let call = log_in("/api-token-auth/");
    let early = call.send(service.client);
    cluster.restart();

    assert_eq!(ready.status, 503, "{ready:?}");
    assert_unavailable(&call, &early);
    let started = Instant::now();
    while service.client.get("/readyz", &[]).status != 200 {
        assert!(started.elapsed() < super::RECOVERY, "still not ready");
        std::thread::sleep(super::PAUSE);
    }
    Scene::on(database, service).recovers();
}

#[test]
fn a_server_that_is_stopped_and_started_again() {
    let Some((scene, mut cluster)) = scene() else { return };

    cluster.stop();
    scene.is_unavailable();
    cluster.restart();

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_server_that_is_killed_and_started_again() {
    let Some((scene, mut cluster)) = scene() else { return };

    cluster.kill();
    scene.is_unavailable();
    cluster.restart();

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_server_that_stands_still_and_goes_on() {
    let Some((scene, cluster)) = scene() else { return };

    cluster.pause();
    scene.is_unavailable();
    // By now every connection is waiting for it.
    scene.is_unavailable();
    cluster.resume();

    // What was sent to it while it stood still may have been done: nobody was told that it was.
    let started = Instant::now();
    while scene.client().get("/readyz", &[]).status != 200 {
        assert!(started.elapsed() < super::RECOVERY, "still not ready");
        std::thread::sleep(super::PAUSE);
    }
}

#[test]
fn a_service_whose_database_stands_still_stops_all_the_same() {
    let Some((scene, cluster)) = scene() else { return };
    cluster.pause();
    scene.is_unavailable();
    let started = Instant::now();

    scene.service.signal("TERM");
    let (code, log) = scene.service.wait();

    assert_eq!(code, Some(0), "{log}");
    assert!(started.elapsed() < PROMISE * 6, "{:?}\n{log}", started.elapsed());
    cluster.resume();
    drop(scene.database);
}

#[test]
fn tables_that_somebody_else_has_locked() {
    if !has_postgres() {
        return;
    }
    let scene = Scene::start(TestDatabase::create(Kind::Postgres), "");
    let mut other = scene.database.session();

    other.execute("BEGIN; LOCK TABLE auth_user, authtoken_token IN ACCESS EXCLUSIVE MODE");
    for (call, response) in scene.at_once([scene.reads(), scene.writes()].concat()) {
        assert_unavailable(&call, &response);
    }
    other.execute("ROLLBACK");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_row_that_somebody_else_has_locked_keeps_nobody_from_reading() {
    if !has_postgres() {
        return;
    }
    let scene = Scene::start(TestDatabase::create(Kind::Postgres), "");
    let mut other = scene.database.session();

    other.execute("BEGIN; SELECT 1 FROM auth_user WHERE username = 'alice' FOR UPDATE");
    for (call, response) in scene.at_once(scene.reads()) {
        assert_eq!(response.status, 200, "{call:?}: {response:?}");
    }
    let (call, response) = scene.at_once(vec![log_in("/api/token/")]).remove(0);
    assert_unavailable(&call, &response);
    other.execute("ROLLBACK");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_server_that_is_too_slow() {
    if !has_postgres() {
        return;
    }
    let scene = Scene::start(TestDatabase::create(Kind::Postgres), "");

    scene.database.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$; \
         CREATE TRIGGER dawdle BEFORE INSERT ON token_blacklist_outstandingtoken FOR EACH ROW EXECUTE FUNCTION dawdle()",
    );
    let (call, response) = scene.at_once(vec![log_in("/api/token/")]).remove(0);
    assert_unavailable(&call, &response);
    scene.database.execute("DROP TRIGGER dawdle ON token_blacklist_outstandingtoken");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_server_that_takes_no_writes() {
    if !has_postgres() {
        return;
    }
    let scene = Scene::start(TestDatabase::create(Kind::Postgres), "");
    let name = scene.database.texts("SELECT current_database()").remove(0);
    let set = |value: &str| {
        let mut admin = scene.database.session();
        admin.execute("SET default_transaction_read_only = off");
        admin.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}"));
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid()",
        );
    };

    set("on");
    scene.is_read_only();
    set("off");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_pool_of_which_every_connection_is_waiting() {
    if !has_postgres() {
        return;
    }
    let scene = Scene::start(TestDatabase::create(Kind::Postgres), "database.max_connections = 1");
    let mut other = scene.database.session();

    other.execute("BEGIN; LOCK TABLE token_blacklist_outstandingtoken IN ACCESS EXCLUSIVE MODE");
    let logins = vec![log_in("/api/token/"); 24];
    for (call, response) in scene.at_once(logins) {
        assert_unavailable(&call, &response);
    }
    other.execute("ROLLBACK");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_server_that_may_lose_what_it_has_committed_is_warned_of() {
    if !has_postgres() {
        return;
    }
    // The server of the test run has all of them off, since nothing of it has to survive.
    let database = TestDatabase::create(Kind::Postgres);
    let log = log_of_a_start(&database);
    for setting in ["fsync", "full_page_writes"] {
        assert!(log.contains(&format!("PostgreSQL runs with {setting} = off")), "{log}");
    }
    let mut check = command(HALLPASS, &database);
    check.args(["check", "--deploy"]).env("HALLPASS__DATABASE__URL", database.url());
    let checked = run_command(with_key(check), "");
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.stderr.contains("database.url: PostgreSQL runs with fsync = off"), "{checked:?}");

    let Some(cluster) = Cluster::start(&[]) else { return };
    let log = log_of_a_start(&TestDatabase::create_on(&cluster));
    assert!(!log.contains("PostgreSQL runs with"), "{log}");
}

fn log_of_a_start(database: &TestDatabase) -> String {
    let mut serve = command(HALLPASS, database);
    serve.env("HALLPASS__DATABASE__URL", database.url()).env("HALLPASS__SERVER__BIND", "127.0.0.1:0");
    let service = Service::start(with_key(serve));
    service.signal("TERM");
    service.wait().1
}

fn with_key(mut program: std::process::Command) -> std::process::Command {
    program.env("HALLPASS__SECRET_KEY", SECRET_KEY);
    program
}

#[test]
fn connections_of_the_service_wait_for_the_disk_before_they_answer() {
    if !has_postgres() {
        return;
    }
    // Whatever the server and the database say; the server of the test run says off.
    let scene = Scene::start(TestDatabase::create(Kind::Postgres), "");
    scene.database.execute(
        "CREATE TABLE seen (value text); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$; \
         CREATE TRIGGER note AFTER INSERT ON token_blacklist_outstandingtoken FOR EACH ROW EXECUTE FUNCTION note()",
    );

    let pair = scene.send(&log_in("/api/token/"));

    assert_eq!(pair.status, 200, "{pair:?}");
    assert_eq!(scene.database.texts("SELECT value FROM seen"), ["on"]);
}
