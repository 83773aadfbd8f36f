//! `create_token`, run as an administrator runs it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::support::TestApp;
use crate::support::database::{Kind, SECRET_KEY, TestDatabase};
use crate::support::program::{CREATE_TOKEN, Ended, command, config_file, run, run_command};

/// How long an administrator waits for bad news.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_user_without_a_token_gets_one() {
    on_each(&["alice"], |database| {
        let ended = create_token(database, &["alice"]);

        let key = only_key(database);
        assert_eq!(ended.stdout, format!("Generated token {key} for user alice\n"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(key.len() == 40 && key.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{key}");
    });
}

#[test]
fn a_token_that_is_there_is_printed_and_stays_as_it_is() {
    on_each(&["alice"], |database| {
        let key = "0123456789abcdef0123456789abcdef01234567";
        insert_token(database, "alice", key, "2020-01-02 03:04:05");
        let before = database.texts("SELECT created FROM authtoken_token");

        let ended = create_token(database, &["alice"]);

        assert_eq!(ended.stdout, format!("Generated token {key} for user alice\n"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert_eq!(database.texts("SELECT created FROM authtoken_token"), before);
    });
}

#[test]
fn reset_replaces_the_token_wherever_the_option_stands_and_however_it_is_shortened() {
    on_each(&["alice"], |database| {
        let ways = [["-r", "alice"], ["--reset", "alice"], ["alice", "-r"], ["alice", "--reset"], ["--res", "alice"]];
        for arguments in ways {
            database.execute("DELETE FROM authtoken_token");
            insert_token(database, "alice", "0123456789abcdef0123456789abcdef01234567", "2020-01-02 03:04:05");

            let ended = create_token(database, &arguments);

            let key = only_key(database);
            assert_ne!(key, "0123456789abcdef0123456789abcdef01234567", "{arguments:?}");
            assert_eq!(ended.stdout, format!("Generated token {key} for user alice\n"), "{arguments:?}");
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
            let created = database.texts("SELECT created FROM authtoken_token");
            assert!(!created[0].starts_with("2020"), "{arguments:?}: {created:?}");
        }
    });
}

#[test]
fn reset_makes_a_token_where_there_was_none() {
    on_each(&["alice"], |database| {
        let ended = create_token(database, &["-r", "alice"]);

        assert_eq!(ended.stdout, format!("Generated token {} for user alice\n", only_key(database)));
        assert_eq!(ended.code, Some(0));
    });
}

#[test]
fn several_names_get_their_tokens_in_the_order_given() {
    on_each(&["alice", "bob", "carol"], |database| {
        let ended = create_token(database, &["carol", "alice"]);

        let lines = [line_of(database, "carol"), line_of(database, "alice")];
        assert_eq!(ended.stdout, lines.concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert_eq!(database.texts("SELECT key FROM authtoken_token").len(), 2);
    });
}

#[test]
fn an_inactive_user_and_one_without_a_password_get_tokens_too() {
    on_each(&["inactive", "unusable"], |database| {
        database.execute("UPDATE auth_user SET is_active = false WHERE username = 'inactive'");
        database.execute("UPDATE auth_user SET password = '!unusable' WHERE username = 'unusable'");

        let ended = create_token(database, &["inactive", "unusable"]);

        assert_eq!(ended.stdout, [line_of(database, "inactive"), line_of(database, "unusable")].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    });
}

#[test]
fn an_unknown_user_is_refused_in_djangos_words_with_and_without_reset() {
    on_each(&["alice"], |database| {
        for name in ["nosuch", "", "ALICE", "alice ", " alice", "%", "alice' OR '1'='1"] {
            for arguments in [vec!["--", name], vec!["-r", "--", name]] {
                let ended = create_token(database, &arguments);

                assert_eq!(ended.stderr, format!("Error: Cannot create the Token: user {name} does not exist\n"));
                assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}");
            }
        }
        assert!(database.texts("SELECT key FROM authtoken_token").is_empty());
    });
}

#[test]
fn unknown_names_among_others_are_told_a_line_each_and_the_others_get_their_tokens() {
    on_each(&["alice", "bob"], |database| {
        let ended = create_token(database, &["alice", "x", "bob", "y"]);

        assert_eq!(ended.stdout, [line_of(database, "alice"), line_of(database, "bob")].concat());
        assert_eq!(
            ended.stderr,
            "Error: Cannot create the Token: user x does not exist\nError: Cannot create the Token: user y does not exist\n"
        );
        assert_eq!(ended.code, Some(1));
    });
}

#[test]
fn wrong_usage_is_told_with_the_usage_and_exit_code_2() {
    let database = TestDatabase::create(Kind::Sqlite);
    database.insert_user("alice", "!");
    config_file(&database, "");
    let wrong: [&[&str]; 9] = [
        &[],
        &["-r"],
        &["--unknown", "alice"],
        &["-x", "alice"],
        &["--all", "alice"],
        &["--all", "-r"],
        &["--all", "--stdin"],
        &["--stdin", "alice"],
        &["alice", "--config"],
    ];
    for arguments in wrong {
        let ended = create_token(&database, arguments);

        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.starts_with("error: "), "{arguments:?}: {ended:?}");
    }
    let nothing = create_token(&database, &[]);
    assert!(nothing.stderr.contains("<NAME>...") && nothing.stderr.contains("Usage: create_token"), "{nothing:?}");
    assert!(database.texts("SELECT key FROM authtoken_token").is_empty());
}

#[test]
fn help_and_version_need_neither_settings_nor_a_database() {
    let database = TestDatabase::create_empty(Kind::Sqlite);

    let help = create_token(&database, &["--help"]);
    let version = create_token(&database, &["--version"]);

    assert_eq!((help.code, version.code), (Some(0), Some(0)));
    assert!(["-r, --reset", "--all", "--stdin", "--config <FILE>"].iter().all(|text| help.stdout.contains(text)));
    assert_eq!(version.stdout, format!("create_token {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn all_makes_tokens_for_exactly_those_who_have_none() {
    on_each(&["alice", "bob", "carol"], |database| {
        insert_token(database, "bob", "0123456789abcdef0123456789abcdef01234567", "2020-01-02 03:04:05");

        let first = create_token(database, &["--all"]);
        let second = create_token(database, &["--all"]);

        assert_eq!(first.stdout, [line_of(database, "alice"), line_of(database, "carol")].concat());
        assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
        assert_eq!((second.code, second.stdout.as_str(), second.stderr.as_str()), (Some(0), "", ""));
        assert_eq!(line_of(database, "bob"), line("0123456789abcdef0123456789abcdef01234567", "bob"));
    });
}

#[test]
fn all_goes_on_after_its_first_batch_and_prints_nothing_but_its_lines() {
    on_each(&[], |database| {
        let users: Vec<String> = (0..1001).map(|number| format!("user{number:04}")).collect();
        insert_users(database, &users);

        let ended = create_token(database, &["--all"]);

        let expected: Vec<String> = database
            .texts("SELECT key || ' for user ' || username FROM authtoken_token JOIN auth_user ON id = user_id")
            .iter()
            .map(|end| format!("Generated token {end}"))
            .collect();
        let mut printed: Vec<&str> = ended.stdout.lines().collect();
        assert_eq!(printed.len(), 1001);
        assert!(printed.is_sorted_by_key(|line| line.rsplit(' ').next()), "by id");
        printed.sort_unstable();
        assert_eq!(printed, sorted(expected));
        assert!(!ended.stdout.contains(['\x1b', '\r']), "no progress bar");
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    });
}

#[test]
fn what_was_printed_is_in_the_database_even_when_the_program_is_killed() {
    on_each(&[], |database| {
        let users: Vec<String> = (0..1001).map(|number| format!("user{number:04}")).collect();
        insert_users(database, &users);
        let mut program = command(CREATE_TOKEN, database);
        program.arg("--all").stdin(Stdio::null()).stdout(Stdio::piped());

        let mut child = program.spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut printed = String::new();
        output.read_line(&mut printed).expect("a line");
        child.kill().expect("it runs");
        output.read_to_string(&mut printed).expect("the rest");
        child.wait().expect("its end");

        let keys = database.texts("SELECT key FROM authtoken_token");
        let lines: Vec<&str> = printed.lines().filter(|line| line.contains(" for user user")).collect();
        assert!(!lines.is_empty());
        for line in lines {
            let key = line.split(' ').nth(2).expect("a key");
            assert!(keys.iter().any(|stored| stored == key), "{line}");
        }
        assert_eq!(create_token(database, &["--all"]).code, Some(0));
        assert_eq!(database.texts("SELECT key FROM authtoken_token").len(), 1001);
    });
}

#[test]
fn names_are_read_from_standard_input_whatever_ends_their_lines() {
    on_each(&["alice", "bob", "carol with blanks"], |database| {
        config_file(database, "");

        let ended = run(CREATE_TOKEN, database, &["--stdin"], "alice\r\n\r\n\nbob\n\ncarol with blanks");
        let nobody = run(CREATE_TOKEN, database, &["--stdin"], "nobody\nalice\n");
        let nothing = run(CREATE_TOKEN, database, &["--stdin"], "");

        let lines = ["alice", "bob", "carol with blanks"].map(|name| line_of(database, name));
        assert_eq!(ended.stdout, lines.concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert_eq!(nobody.stdout, line_of(database, "alice"));
        assert_eq!(nobody.stderr, "Error: Cannot create the Token: user nobody does not exist\n");
        assert_eq!(nobody.code, Some(1));
        assert_eq!((nothing.code, nothing.stdout.as_str(), nothing.stderr.as_str()), (Some(0), "", ""));
    });
}

#[test]
fn names_from_standard_input_can_be_reset_together() {
    on_each(&["alice", "bob"], |database| {
        config_file(database, "");
        create_token(database, &["alice", "bob"]);
        let before = database.texts("SELECT key FROM authtoken_token");

        let ended = run(CREATE_TOKEN, database, &["-r", "--stdin"], "alice\nbob\n");

        assert_eq!(ended.stdout, [line_of(database, "alice"), line_of(database, "bob")].concat());
        let after = database.texts("SELECT key FROM authtoken_token");
        assert!(after.len() == 2 && after.iter().all(|key| !before.contains(key)), "{before:?} {after:?}");
    });
}

#[test]
fn standard_input_that_is_no_text_is_refused_in_one_line() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "");
    std::fs::write(database.folder().join("names"), b"\xff\xfe\n").expect("a file");
    let mut program = command(CREATE_TOKEN, &database);
    program.arg("--stdin").stdin(std::fs::File::open(database.folder().join("names")).expect("the file"));

    let output = program.output().expect("it runs");

    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("Error: cannot read the names: ") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn files_of_settings_may_stand_anywhere_and_the_last_one_wins() {
    on_each(&["alice"], |database| {
        let right = config_file(database, "");
        let right = right.to_str().expect("UTF-8");
        let wrong = database.folder().join("wrong.toml");
        std::fs::write(&wrong, "database.url = \"sqlite:///nowhere/nothing.sqlite3\"").expect("a file");
        let wrong = wrong.to_str().expect("UTF-8");

        let before = run(CREATE_TOKEN, database, &["--config", wrong, "--config", right, "alice"], "");
        let after = run(CREATE_TOKEN, database, &["alice", "--config", wrong, "--config", right], "");
        let around = run(CREATE_TOKEN, database, &["--config", wrong, "alice", &format!("--config={right}")], "");
        let losing = run(CREATE_TOKEN, database, &["--config", right, "alice", "--config", wrong], "");

        for ended in [before, after, around] {
            assert_eq!((ended.code, ended.stdout), (Some(0), line_of(database, "alice")));
        }
        assert_eq!((losing.code, losing.stdout.as_str()), (Some(1), ""));
        assert!(losing.stderr.contains("/nowhere/nothing.sqlite3"), "{losing:?}");
    });
}

#[test]
fn a_name_may_have_any_characters() {
    let names = ["two words", "it's", "\"quoted\"", "zoë", "用户", "-r", "--reset", "😀", "a\\b", "$(id)", "a;b"];
    on_each(&names, |database| {
        for name in names {
            let ended = create_token(database, &["--", name]);

            assert_eq!(ended.stdout, line_of(database, name));
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        }
    });
}

#[test]
fn a_name_with_line_breaks_is_still_told_on_one_line() {
    on_each(&["a\nb\x1b[2J"], |database| {
        let known = create_token(database, &["a\nb\x1b[2J"]);
        let unknown = create_token(database, &["c\r\nd"]);

        assert_eq!(known.stdout, line(&only_key(database), "a\\nb\\u{1b}[2J"));
        assert_eq!(unknown.stderr, "Error: Cannot create the Token: user c\\r\\nd does not exist\n");
    });
}

#[test]
fn an_argument_that_is_not_utf8_is_wrong_usage() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "");
    for bytes in [&b"\xff\xfe"[..], b"--\xff", b"-\xff", b"alice\x80"] {
        let mut program = command(CREATE_TOKEN, &database);
        program.arg(OsStr::from_bytes(bytes));

        let ended = run_command(program, "");

        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{bytes:?}: {ended:?}");
        assert!(ended.stderr.starts_with("error: ") && !ended.stderr.contains("panicked"), "{ended:?}");
    }
}

#[test]
fn a_reader_that_went_away_is_told_in_one_line_and_the_token_stays() {
    on_each(&["alice"], |database| {
        config_file(database, "");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut program = command(CREATE_TOKEN, database);
        program.arg("alice").stdin(Stdio::null()).stdout(writer);

        let output = program.output().expect("it runs");

        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.starts_with("Error: ") && stderr.lines().count() == 1, "{stderr}");
        only_key(database);
    });
}

#[test]
fn an_sqlite_file_that_is_not_there_is_told_and_not_made() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    config_file(&database, "");

    let ended = create_token(&database, &["alice"]);

    assert_refused(&ended, "does not exist");
    assert!(!database.folder().join("hallpass.sqlite3").exists());
}

#[test]
fn a_file_that_is_no_database_is_told() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    config_file(&database, "");
    std::fs::write(database.folder().join("hallpass.sqlite3"), "nothing of the sort ".repeat(1000)).expect("a file");

    assert_refused(&create_token(&database, &["alice"]), "file is not a database");
}

#[test]
fn a_database_that_may_only_be_read_is_told() {
    let database = TestDatabase::create(Kind::Sqlite);
    database.insert_user("alice", "!");
    config_file(&database, "");
    make_read_only(&database);

    for arguments in [&["alice"][..], &["-r", "alice"], &["--all"]] {
        assert_refused(&create_token(&database, arguments), "attempt to write a readonly database");
    }
    assert!(database.texts("SELECT key FROM authtoken_token").is_empty());
}

#[test]
fn missing_tables_are_told() {
    for kind in Kind::available() {
        let database = TestDatabase::create_empty(kind);
        if kind == Kind::Sqlite {
            database.execute("CREATE TABLE other (id integer)");
        }
        config_file(&database, "");

        for arguments in [&["alice"][..], &["-r", "alice"], &["--all"]] {
            assert_refused(&create_token(&database, arguments), "auth_user");
        }
    }
}

#[test]
fn a_postgresql_server_that_is_down_is_told_in_time() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let url = format!("postgres://me:pa55word@127.0.0.1:{}/hallpass", closed_port());
    std::fs::write(
        database.folder().join("hallpass.toml"),
        format!("database.url = \"{url}\"\nsecret_key = \"{SECRET_KEY}\"\n"),
    )
    .expect("a file");
    let start = Instant::now();

    let ended = create_token(&database, &["alice"]);

    assert_refused(&ended, "Connection refused");
    assert!(!ended.stderr.contains("pa55word"), "{ended:?}");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn a_postgresql_server_that_never_answers_is_told_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let url = format!("postgres://me:pa55word@{}/hallpass", listener.local_addr().expect("its port"));
    std::fs::write(
        database.folder().join("hallpass.toml"),
        format!("database.url = \"{url}\"\nsecret_key = \"{SECRET_KEY}\"\n"),
    )
    .expect("a file");
    let start = Instant::now();

    let ended = create_token(&database, &["alice"]);

    assert_refused(&ended, "the database is ");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn an_sqlite_file_that_somebody_has_locked_is_told_in_time() {
    for journal in ["wal", "delete"] {
        let database = TestDatabase::create(Kind::Sqlite);
        database.insert_user("alice", "!");
        config_file(&database, "");
        let path = database.folder().join("hallpass.sqlite3");
        let mut other = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("the file opens");
        other.batch_execute(&format!("PRAGMA journal_mode = {journal}; BEGIN EXCLUSIVE")).expect("the lock");
        let start = Instant::now();

        let ended = create_token(&database, &["-r", "alice"]);

        assert_refused(&ended, "database is locked");
        assert!(start.elapsed() < PATIENCE, "{journal}: {:?}", start.elapsed());
        other.batch_execute("ROLLBACK").expect("the end of it");
        assert!(database.texts("SELECT key FROM authtoken_token").is_empty());
        assert_eq!(create_token(&database, &["-r", "alice"]).code, Some(0));
    }
}

#[test]
fn thirty_two_runs_at_once_all_print_the_one_token() {
    on_each(&["alice"], |database| {
        let all = thirty_two_at_once(database, &["alice"]);

        let line = line_of(database, "alice");
        only_key(database);
        assert!(
            all.iter().all(|ended| ended.code == Some(0) && ended.stdout == line && ended.stderr.is_empty()),
            "{all:?}"
        );
    });
}

#[test]
fn thirty_two_resets_at_once_leave_one_row_with_a_key_that_was_printed() {
    on_each(&["alice"], |database| {
        let all = thirty_two_at_once(database, &["-r", "alice"]);

        only_key(database);
        let line = line_of(database, "alice");
        assert!(all.iter().all(|ended| ended.code == Some(0) && ended.stderr.is_empty()), "{all:?}");
        assert_eq!(all.iter().filter(|ended| ended.stdout == line).count(), 1, "{line}: {all:?}");
    });
}

#[test]
fn resets_in_a_storm_of_logins_harm_no_login_and_count_at_once() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        config_file(&app.database, "");
        let mut previous = app.token("alice", "pw");
        let (over, logins) = (AtomicBool::new(false), AtomicUsize::new(0));

        thread::scope(|scope| {
            let _over = Over(&over);
            for _ in 0..4 {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        let response = app.login("alice", "pw");
                        assert_eq!(response.status, 200, "{response:?}");
                        logins.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            for _ in 0..5 {
                let ended = create_token(&app.database, &["-r", "alice"]);

                let key = printed_key(&ended);
                assert_eq!(app.whoami(&format!("Token {key}")).status, 200, "{ended:?}");
                assert_eq!(app.whoami(&format!("Token {previous}")).status, 401);
                previous = key;
            }
        });

        assert!(logins.load(Ordering::SeqCst) > 0);
        assert_eq!(app.token("alice", "pw"), previous);
    });
}

#[test]
fn a_running_server_sees_a_new_token_and_a_reset_at_its_next_request() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        config_file(&app.database, "");

        let first = printed_key(&create_token(&app.database, &["alice"]));
        let accepted = app.whoami(&format!("Token {first}"));
        let logged_in = app.token("alice", "pw");
        let second = printed_key(&create_token(&app.database, &["-r", "alice"]));

        assert_eq!((accepted.status, logged_in), (200, first.clone()));
        assert_eq!(app.whoami(&format!("Token {first}")).detail(), "Invalid token.");
        assert_eq!(app.whoami(&format!("Token {second}")).status, 200);
    });
}

#[test]
fn a_token_that_has_outlived_its_lifetime_is_replaced() {
    on_each(&["alice"], |database| {
        config_file(database, "token.lifetime = \"1d\"");
        insert_token(database, "alice", "0123456789abcdef0123456789abcdef01234567", "2020-01-02 03:04:05");

        let replaced = printed_key(&run(CREATE_TOKEN, database, &["alice"], ""));
        let kept = printed_key(&run(CREATE_TOKEN, database, &["alice"], ""));

        assert_ne!(replaced, "0123456789abcdef0123456789abcdef01234567");
        assert_eq!((only_key(database), kept), (replaced.clone(), replaced));
    });
}

/// Each has what the other waits for if it takes the token first: PostgreSQL would end one of them.
#[test]
fn a_run_that_meets_a_login_waits_for_it_before_it_touches_the_token() {
    if !Kind::available().contains(&Kind::Postgres) {
        return;
    }
    let database = TestDatabase::create(Kind::Postgres);
    database.insert_user("alice", "!");
    config_file(&database, "");
    let waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

    for arguments in [&["alice"][..], &["-r", "alice"], &["--all"]] {
        database.execute("DELETE FROM authtoken_token");
        let mut login = database.session();
        login.execute("BEGIN; SELECT id FROM auth_user FOR UPDATE");
        let ended = thread::scope(|scope| {
            let ended = scope.spawn(|| run(CREATE_TOKEN, &database, arguments, ""));
            while database.texts(waiting).is_empty() {
                assert!(!ended.is_finished(), "{arguments:?}: it did not wait");
            }
            login.execute(
                "INSERT INTO authtoken_token (key, created, user_id) \
                 SELECT '0123456789abcdef0123456789abcdef01234567', '2026-01-02 03:04:05', id FROM auth_user; COMMIT",
            );
            ended.join().expect("its end")
        });
        drop(login);

        assert_eq!((ended.code, ended.stdout), (Some(0), line_of(&database, "alice")), "{arguments:?}");
    }
}

/// Runs `test` on every kind of database, with these users in it and a file of settings beside it.
fn on_each(users: &[&str], test: impl Fn(&TestDatabase)) {
    TestDatabase::on_each(|database| {
        for user in users {
            database.insert_user(user, "!");
        }
        config_file(database, "");
        test(database);
    });
}

fn create_token(database: &TestDatabase, arguments: &[&str]) -> Ended {
    run(CREATE_TOKEN, database, arguments, "")
}

fn line(key: &str, name: &str) -> String {
    format!("Generated token {key} for user {name}\n")
}

/// The line for the key that this user has in the database.
fn line_of(database: &TestDatabase, name: &str) -> String {
    let name_in_sql = name.replace('\'', "''");
    let keys = database.texts(&format!(
        "SELECT key FROM authtoken_token JOIN auth_user ON id = user_id WHERE username = '{name_in_sql}'"
    ));
    line(keys.first().unwrap_or_else(|| panic!("{name} has no token")), name)
}

fn only_key(database: &TestDatabase) -> String {
    let keys = database.texts("SELECT key FROM authtoken_token");
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.into_iter().next().expect("a key")
}

fn printed_key(ended: &Ended) -> String {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout.split(' ').nth(2).expect("a key").to_owned()
}

fn insert_token(database: &TestDatabase, name: &str, key: &str, created: &str) {
    database.execute(&format!(
        "INSERT INTO authtoken_token (key, created, user_id) SELECT '{key}', '{created}', id FROM auth_user WHERE username = '{name}'"
    ));
}

fn insert_users(database: &TestDatabase, names: &[String]) {
    let columns = "password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined";
    let rows: Vec<String> = names
        .iter()
        .map(|name| format!("('!', false, '{name}', '', '', '', false, true, '2026-01-02 03:04:05')"))
        .collect();
    database.execute(&format!("INSERT INTO auth_user ({columns}) VALUES {}", rows.join(", ")));
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_unstable();
    lines
}

/// One line on standard error with `why` in it, exit code 1, and nothing printed.
fn assert_refused(ended: &Ended, why: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.starts_with("Error: ") && ended.stderr.contains(why), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

/// Says in the file's header that it was written by a later SQLite: an older one may read it only. The file's mode would
/// not hold back an administrator.
fn make_read_only(database: &TestDatabase) {
    database.execute("PRAGMA journal_mode = delete");
    let path = database.folder().join("hallpass.sqlite3");
    let mut bytes = std::fs::read(&path).expect("the file");
    bytes[18] = 3;
    std::fs::write(&path, bytes).expect("the file");
}

/// A port at which nobody listens.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its port").port()
}

fn thirty_two_at_once(database: &TestDatabase, arguments: &[&str]) -> Vec<Ended> {
    let start = Barrier::new(32);
    thread::scope(|scope| {
        let runs: Vec<_> = (0..32)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    create_token(database, arguments)
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().expect("an end")).collect()
    })
}

/// Ends the storm when the test is over, however it ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
