//! An SQLite file that is damaged, cut off, exchanged for another or deleted, before the start and under a running service.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::{Scene, assert_unavailable, register};
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{CREATE_TOKEN, HALLPASS, config_file, run};

/// SQLite's pages, as it makes them by default.
const PAGE: usize = 4096;

fn file_of(database: &TestDatabase) -> PathBuf {
    PathBuf::from(database.url().trim_start_matches("sqlite://"))
}

/// A service whose file holds everything, so that what happens to the file matters.
fn scene() -> (Scene, PathBuf) {
    let scene = Scene::start(TestDatabase::create(Kind::Sqlite), "");
    scene.database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    let file = file_of(&scene.database);
    (scene, file)
}

/// Writes into the file as it is, past whoever has it open.
fn overwrite(file: &PathBuf, from: usize, bytes: &[u8]) {
    let mut open = OpenOptions::new().write(true).open(file).expect("the file");
    open.seek(SeekFrom::Start(u64::try_from(from).expect("a small number"))).expect("a place in it");
    open.write_all(bytes).expect("other bytes");
}

#[test]
fn a_file_that_is_damaged_ends_the_start_in_one_line() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("its head", |bytes| bytes[..16].fill(b'x')),
        ("its first table", |bytes| bytes[100..PAGE].fill(0x5a)),
        ("its end", |bytes| bytes.truncate(bytes.len() / 2)),
        ("all but one page", |bytes| bytes.truncate(PAGE)),
    ];
    for (what, damage) in damages {
        let database = TestDatabase::create(Kind::Sqlite);
        database.insert_user("alice", "!");
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        let file = file_of(&database);
        let mut bytes = std::fs::read(&file).expect("the file");
        damage(&mut bytes);
        std::fs::write(&file, &bytes).expect("a damaged file");
        let config = config_file(&database, "").display().to_string();

        let served = run(HALLPASS, &database, &["--config", &config, "serve"], "");
        let created = run(CREATE_TOKEN, &database, &["--config", &config, "alice"], "");

        for ended in [&served, &created] {
            assert_eq!(ended.code, Some(1), "{what}: {ended:?}");
            assert!(ended.stderr.lines().any(|line| line.starts_with("Error: ")), "{what}: {ended:?}");
            assert!(!ended.stderr.contains("panicked"), "{what}: {ended:?}");
            assert_eq!(ended.stdout, "", "{what}");
        }
        assert_eq!(std::fs::read(&file).expect("the file"), bytes, "{what}: it is left as it was found");
    }
}

#[test]
fn a_file_that_is_damaged_while_the_service_runs() {
    let (scene, file) = scene();
    let good = std::fs::read(&file).expect("the file");

    overwrite(&file, PAGE, &vec![0x5a; good.len() - PAGE]);
    scene.database.execute("PRAGMA user_version = 1");
    for (call, response) in scene.at_once([scene.reads(), scene.writes()].concat()) {
        assert_unavailable(&call, &response);
    }
    overwrite(&file, 0, &good);

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_file_that_is_cut_off_while_the_service_runs() {
    let (scene, file) = scene();
    let good = std::fs::read(&file).expect("the file");

    let open = OpenOptions::new().write(true).open(&file).expect("the file");
    open.set_len(u64::try_from(PAGE).expect("a small number")).expect("a shorter file");
    scene.database.execute("PRAGMA user_version = 1");
    for (call, response) in scene.at_once([scene.reads(), scene.writes()].concat()) {
        assert_unavailable(&call, &response);
    }
    overwrite(&file, 0, &good);

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_file_in_whose_place_there_is_another_that_is_none_of_ours() {
    let (scene, file) = scene();
    let aside = file.with_extension("aside");

    std::fs::rename(&file, &aside).expect("the file aside");
    std::fs::write(&file, vec![b'x'; 8 * PAGE]).expect("another file");
    scene.is_unavailable();
    std::fs::rename(&aside, &file).expect("the file back");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_file_that_is_gone_is_not_made_anew() {
    let (scene, file) = scene();
    let aside = file.with_extension("aside");

    std::fs::rename(&file, &aside).expect("the file aside");
    scene.is_unavailable();
    assert!(!file.exists(), "an empty database came in its place");
    std::fs::rename(&aside, &file).expect("the file back");

    scene.recovers();
    scene.nothing_has_happened();
}

#[test]
fn a_copy_that_is_put_in_the_place_of_the_file_is_what_is_written_to() {
    let (scene, file) = scene();
    let copy = file.with_extension("copy");
    std::fs::copy(&file, &copy).expect("a copy");

    std::fs::rename(&copy, &file).expect("the copy in its place");

    scene.recovers();
    scene.nothing_has_happened();
    let inode = file.metadata().expect("the file").ino();
    let registered = scene.send(&register("carol"));
    assert_eq!(registered.status, 201, "{registered:?}");
    assert_eq!(file.metadata().expect("the file").ino(), inode);
    let there = scene.database.texts("SELECT username FROM auth_user WHERE username = 'carol'");
    assert_eq!(there, ["carol"], "it was registered in a file that nobody else sees");
}
