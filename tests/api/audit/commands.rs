//! The rows of commands, and the command that prints rows and deletes them.

use serde_json::json;

use super::{RIGHT, SETTINGS, post, send};
use crate::support::TestApp;
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{CREATE_TOKEN, Ended, HALLPASS, config_file, run};

fn hallpass(database: &TestDatabase, arguments: &[&str], input: &str) -> Ended {
    config_file(database, "");
    run(HALLPASS, database, arguments, input)
}

fn printed(database: &TestDatabase, arguments: &[&str]) -> Vec<String> {
    let ended = hallpass(database, &[&["audit"], arguments].concat(), "");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    ended.stdout.lines().map(ToOwned::to_owned).collect()
}

fn done(database: &TestDatabase, program: &str, arguments: &[&str]) {
    config_file(database, "");
    let ended = run(program, database, arguments, &format!("{RIGHT}\n"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn each_command_has_one_row() {
    TestDatabase::on_each(|database| {
        done(database, HALLPASS, &["create-user", "alice", "--password-stdin"]);
        done(database, HALLPASS, &["unlock", "alice"]);
        done(database, CREATE_TOKEN, &["alice"]);
        done(database, CREATE_TOKEN, &["alice"]);
        done(database, CREATE_TOKEN, &["-r", "alice"]);
        done(database, HALLPASS, &["change-password", "alice", "--password-stdin"]);
        done(database, HALLPASS, &["flush-expired-tokens"]);
        done(database, HALLPASS, &["convert-tokens", "--to", "plain"]);

        let lines = printed(database, &[]);
        let words: Vec<&str> = lines.iter().map(|line| line.split(' ').nth(1).expect("an event")).collect();
        let created = "token_created";
        assert_eq!(
            words,
            ["registration", "unlock", created, created, created, "password_change", "flush", "conversion"]
        );
        assert!(lines.iter().all(|line| line.contains(" success ") && line.contains(" client=command")), "{lines:?}");
        assert!(lines[3].contains("reason=existing"), "{lines:?}");
    });
}

#[test]
fn a_command_that_cannot_be_written_down_does_nothing() {
    TestDatabase::on_each(|database| {
        done(database, HALLPASS, &["create-user", "alice", "--password-stdin"]);
        done(database, CREATE_TOKEN, &["alice"]);
        let state =
            || database.texts("SELECT username || password || key FROM auth_user JOIN authtoken_token ON user_id = id");
        let before = state();
        database.execute("DROP TABLE hallpass_audit");

        for (program, arguments) in [
            (HALLPASS, &["create-user", "bob", "--password-stdin"][..]),
            (HALLPASS, &["change-password", "alice", "--password-stdin"]),
            (HALLPASS, &["flush-expired-tokens"]),
            (HALLPASS, &["unlock", "alice"]),
            (HALLPASS, &["convert-tokens", "--to", "plain"]),
            (CREATE_TOKEN, &["-r", "alice"]),
        ] {
            let ended = run(program, database, arguments, &format!("{RIGHT}\n"));
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?} {ended:?}");
        }

        assert_eq!(state(), before);
        assert_eq!(database.texts("SELECT count(*) FROM auth_user"), ["1"]);
    });
}

#[test]
fn rows_are_chosen_by_user_event_time_and_number() {
    TestDatabase::on_each(|database| {
        for name in ["alice", "bob"] {
            done(database, HALLPASS, &["create-user", name, "--password-stdin"]);
            done(database, CREATE_TOKEN, &[name]);
        }
        database.execute(
            "UPDATE hallpass_audit SET at = '2020-01-01 00:00:00' WHERE id = (SELECT min(id) FROM hallpass_audit)",
        );

        assert_eq!(printed(database, &["--limit", "3"]).len(), 3);
        assert_eq!(printed(database, &["--user", "bob"]).len(), 2);
        assert_eq!(printed(database, &["--user", "nobody"]).len(), 0);
        assert_eq!(printed(database, &["--event", "token_created"]).len(), 2);
        assert_eq!(printed(database, &["--since", "1d"]).len(), 3);
        assert_eq!(printed(database, &["--since", "2020-01-01"]).len(), 4);
        assert_eq!(printed(database, &["--since", "2020-01-01T00:00:00.000001Z"]).len(), 3);
        assert_eq!(printed(database, &["--until", "1d"]).len(), 1);
        assert_eq!(printed(database, &["--until", "2020-01-01 00:00:00"]).len(), 0);
        assert_eq!(printed(database, &["--outcome", "success"]).len(), 4);
        assert_eq!(printed(database, &["--outcome", "failure"]).len(), 0);
        assert_eq!(printed(database, &["--client", "command", "--user", "bob"]).len(), 2);
        assert_eq!(printed(database, &["--client", "192.0.2.9"]).len(), 0);
        let json: serde_json::Value = serde_json::from_str(&printed(database, &["--json"])[0]).expect("JSON");
        assert_eq!((&json["event"], &json["client"]), (&"registration".into(), &"command".into()));
        assert_eq!((&json["username"], &json["time"]), (&"alice".into(), &"2020-01-01T00:00:00.000000Z".into()));
        assert_eq!(hallpass(database, &["audit", "--event", "birthday"], "").code, Some(2));
        assert_eq!(hallpass(database, &["audit", "--since", "soon"], "").code, Some(2));
        assert_eq!(hallpass(database, &["audit", "--user", "bob", "--user-id", "1"], "").code, Some(2));
    });
}

#[test]
fn what_others_wrote_into_the_table_commands_no_terminal() {
    TestDatabase::on_each(|database| {
        database.execute(
            "INSERT INTO hallpass_audit (at, event, outcome, client) \
             VALUES ('2026-01-01 00:00:00', 'a\nb', 'x \"=', '\u{1b}[2J\u{202e}')",
        );

        for arguments in [&[][..], &["--json"]] {
            let lines = printed(database, arguments);

            assert_eq!(lines.len(), 1);
            assert!(lines[0].bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{lines:?}");
        }
    });
}

#[test]
fn a_name_that_others_wrote_is_one_field_on_one_line() {
    TestDatabase::on_each(|database| {
        done(database, HALLPASS, &["create-user", "alice", "--password-stdin"]);
        let name = "al\u{9b}ice user=7\n\u{1f511}";
        database.execute(&format!("UPDATE auth_user SET username = '{name}'"));

        let (text, json) = (printed(database, &[]), printed(database, &["--json"]));

        assert_eq!((text.len(), json.len()), (1, 1));
        assert!(text[0].contains(r#"username="al\u{9b}ice user=7\n\u{1f511}""#), "{text:?}");
        assert!(json[0].is_ascii(), "{json:?}");
        let json: serde_json::Value = serde_json::from_str(&json[0]).expect("JSON");
        assert_eq!(json["username"], name);
    });
}

#[test]
fn who_was_deleted_or_renamed_is_found_by_the_old_name() {
    TestApp::on_each(SETTINGS, |app| {
        let (alice, bob) = (app.user("alice", RIGHT), app.user("bob", RIGHT));
        let [of_alice, of_bob] = ["alice", "bob"].map(|name| format!("Token {}", app.token(name, RIGHT)));
        let renaming = json!({"current_password": RIGHT, "new_username": "robert"});
        assert_eq!(post(app, "/auth/users/set_username/", &of_bob, &renaming).status, 204);
        let deletion = json!({"current_password": RIGHT});
        assert_eq!(send(app, "DELETE", "/auth/users/me/", &of_alice, &deletion).status, 204);

        let events = |option: &str, value: &str| -> Vec<String> {
            let lines = printed(&app.database, &[option, value]);
            lines.iter().map(|line| line.split(' ').nth(1).expect("an event").to_owned()).collect()
        };

        assert_eq!(events("--user", "alice"), ["deletion"]);
        assert_eq!(events("--user", "bob"), ["username_change"]);
        assert_eq!(events("--user", "robert"), ["login", "username_change"]);
        assert_eq!(events("--user-id", &bob.to_string()), ["login", "username_change"]);
        assert_eq!(events("--user-id", &alice.to_string()), ["login", "deletion"]);
    });
}

#[test]
fn what_is_older_than_the_retention_is_deleted_in_batches() {
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        let insert = "INSERT INTO hallpass_audit (id, at, event, outcome, client) \
                      WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 2500) ";
        database.execute(&format!("{insert} SELECT id, '2020-01-01 00:00:00', 'login', 'success', 'x' FROM n"));
        if kind == Kind::Postgres {
            database.execute("ALTER TABLE hallpass_audit ALTER COLUMN id RESTART WITH 3000");
        }
        done(&database, HALLPASS, &["create-user", "alice", "--password-stdin"]);

        let ended = hallpass(&database, &["audit", "--prune"], "");
        let again = hallpass(&database, &["audit", "--prune"], "");

        assert_eq!(ended.stdout, "Deleted 2500 rows older than 90d\n", "{ended:?}");
        assert_eq!(again.stdout, "Deleted 0 rows older than 90d\n");
        let events: Vec<String> = database.texts("SELECT event FROM hallpass_audit ORDER BY id");
        assert_eq!(events, ["registration", "prune"]);
    }
}
