//! The commands of `hallpass`, run as an administrator runs them.

use std::os::unix::fs::PermissionsExt;

use crate::support::TestApp;
use crate::support::database::{Kind, SECRET_KEY, TestDatabase};
use crate::support::program::{Ended, HALLPASS, command, config_file, run, run_command};

/// As long as `check --deploy` wants it.
const LONG_KEY: &str = "tK3pQz8vWm1xRb6nYc4sJh9gLd2fAe7uXo5iVw0yZqMkNrBtAa1";

/// What `check --deploy` always says of the default.
const ABOUT_TOKENS: &str =
    "token.storage is \"plain\": whoever reads the database can use the tokens in it, as with Django.\n";

#[test]
fn migrate_prints_what_it_applies_and_then_finds_nothing_to_do() {
    on_each_empty(|database| {
        let first = hallpass(database, &["migrate"]);
        let second = hallpass(database, &["migrate"]);

        let applied: Vec<&str> = first.stdout.lines().collect();
        assert!(applied.len() >= 4 && applied.iter().all(|line| line.starts_with("Applied ")), "{first:?}");
        assert!(
            ["_contenttypes", "_auth", "_authtoken", "_token_blacklist"]
                .iter()
                .zip(&applied)
                .all(|(a, b)| b.ends_with(a))
        );
        assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
        assert_eq!((second.code, second.stdout.as_str(), second.stderr.as_str()), (Some(0), "Nothing to do.\n", ""));
        assert!(database.texts("SELECT username FROM auth_user").is_empty());
    });
}

#[test]
fn migrate_check_changes_nothing_and_tells_by_its_exit_code_whether_anything_is_pending() {
    on_each_empty(|database| {
        if database.kind() == Kind::Sqlite {
            database.execute("CREATE TABLE other (id integer)");
        }

        let before = hallpass(database, &["migrate", "--check"]);
        let again = hallpass(database, &["migrate", "--check"]);
        hallpass(database, &["migrate"]);
        let after = hallpass(database, &["migrate", "--check"]);

        assert_eq!((before.code, again.code), (Some(1), Some(1)));
        assert!(before.stdout.lines().all(|line| line.starts_with("Pending ")), "{before:?}");
        assert_eq!(before.stderr, format!("Error: {} migrations are pending\n", before.stdout.lines().count()));
        assert_eq!((after.code, after.stdout.as_str(), after.stderr.as_str()), (Some(0), "Nothing to do.\n", ""));
    });
}

#[test]
fn migrate_check_does_not_make_an_sqlite_file() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    config_file(&database, "");

    let ended = hallpass(&database, &["migrate", "--check"]);

    assert_refused(&ended, "does not exist");
    assert!(!database.folder().join("hallpass.sqlite3").exists());
}

#[test]
fn migrate_adopts_tables_that_are_there_and_keeps_their_rows() {
    on_each(|database| {
        database.insert_user("alice", "!");
        // Those of Django's tables: hallpass's own are never there before it is.
        database.execute("DELETE FROM __diesel_schema_migrations WHERE version <= '20261125000004'");

        let check = hallpass(database, &["migrate", "--check"]);
        let ended = hallpass(database, &["migrate"]);

        assert_eq!(check.code, Some(1));
        assert!(check.stdout.lines().all(|line| line.ends_with("(its tables are there: to be adopted)")), "{check:?}");
        assert!(ended.stdout.lines().all(|line| line.starts_with("Adopted ")) && ended.code == Some(0), "{ended:?}");
        assert_eq!(database.texts("SELECT username FROM auth_user"), ["alice"]);
    });
}

#[test]
fn migrations_at_once_are_applied_once() {
    on_each_empty(|database| {
        let all: Vec<Ended> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8).map(|_| scope.spawn(|| hallpass(database, &["migrate"]))).collect();
            runs.into_iter().map(|run| run.join().expect("an end")).collect()
        });

        assert!(all.iter().all(|ended| ended.code == Some(0)), "{all:?}");
        assert_eq!(all.iter().filter(|ended| ended.stdout != "Nothing to do.\n").count(), 1, "{all:?}");
    });
}

#[test]
fn a_created_user_is_in_the_database_as_django_would_have_them() {
    on_each(|database| {
        let all = ["create-user", "zoe\u{308}", "--email", "Zoe@Example.COM", "--staff", "--superuser", "--inactive"];

        let ended = run(HALLPASS, database, &[&all[..], &["--password-stdin"]].concat(), "pass word\n");

        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "Created user zoë\n", ""));
        let column = |column: &str| database.texts(&format!("SELECT {column} FROM auth_user")).concat();
        let flag = |name: &str| column(&format!("CASE WHEN {name} THEN 'yes' ELSE 'no' END"));
        assert_eq!((column("username"), column("email")), ("zoë".to_owned(), "Zoe@example.com".to_owned()));
        assert_eq!([flag("is_staff"), flag("is_superuser"), flag("is_active")], ["yes", "yes", "no"]);
        assert_eq!([column("first_name"), column("last_name")], ["", ""]);
        assert_eq!(column("CASE WHEN last_login IS NULL THEN 'never' ELSE 'once' END"), "never");
        assert!(column("password").starts_with("bcrypt_sha256$$2b$04$"));
        assert!(column("date_joined").starts_with("20"));
    });
}

#[test]
fn a_created_user_has_no_rights_unless_they_are_given() {
    on_each(|database| {
        let ended = run(HALLPASS, database, &["create-user", "alice", "--password-stdin"], "pw");

        assert_eq!(ended.code, Some(0), "{ended:?}");
        let rights = "SELECT CASE WHEN is_active AND NOT is_staff AND NOT is_superuser AND email = '' THEN 'plain' ELSE 'other' END";
        assert_eq!(database.texts(&format!("{rights} FROM auth_user")), ["plain"]);
    });
}

#[test]
fn a_created_user_logs_in_with_exactly_the_line_that_was_read() {
    TestApp::on_each("", |app| {
        config_file(&app.database, "");
        for (name, input, password) in [
            ("a", "pw", "pw"),
            ("b", "pw\n", "pw"),
            ("c", "pw\r\n", "pw"),
            ("d", " p w \nsecond line\n", " p w "),
            ("e", "pässwörd 🔑\n", "pässwörd 🔑"),
            ("f", "pw\r\r\n", "pw\r"),
        ] {
            let ended = run(HALLPASS, &app.database, &["create-user", name, "--password-stdin"], input);

            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert_eq!(app.login(name, password).status, 200, "{input:?}");
            assert_eq!(app.login(name, &format!("{password} ")).status, 400, "{input:?}");
        }
    });
}

#[test]
fn a_name_that_somebody_has_is_refused_and_theirs_stays() {
    on_each(|database| {
        database.insert_user("alice", "!");

        let ended = run(HALLPASS, database, &["create-user", "alice", "--password-stdin"], "pw\n");

        assert_refused(&ended, "user alice exists already");
        assert_eq!(database.texts("SELECT password FROM auth_user"), ["!"]);
    });
}

#[test]
fn names_addresses_and_passwords_that_cannot_be_are_refused() {
    on_each(|database| {
        let long = "a".repeat(151);
        let cases: [(&[&str], &str, &str); 8] = [
            (&[""], "pw", "NAME: This field may not be blank."),
            (&["two words"], "pw", "NAME: Enter a valid username."),
            (&["a\nb"], "pw", "NAME: Enter a valid username."),
            (&[&long], "pw", "NAME: Ensure this field has no more than 150 characters."),
            (&["alice", "--email", "nobody"], "pw", "--email: Enter a valid email address."),
            (&["alice"], "", "the password may not be blank"),
            (&["alice"], "\nsecond line", "the password may not be blank"),
            (&["alice"], "a\0b", "null characters are not allowed"),
        ];
        for (arguments, password, why) in cases {
            let arguments = [&["create-user", "--password-stdin"], arguments].concat();

            let ended = run(HALLPASS, database, &arguments, password);

            assert_refused(&ended, why);
        }
        assert!(database.texts("SELECT username FROM auth_user").is_empty());
    });
}

#[test]
fn without_a_terminal_the_password_must_be_asked_for_on_standard_input() {
    on_each(|database| {
        database.insert_user("alice", "!");

        for arguments in [["create-user", "bob"], ["change-password", "alice"]] {
            let ended = run(HALLPASS, database, &arguments, "pw\n");

            assert_refused(&ended, "use --password-stdin");
        }
        assert_eq!(database.texts("SELECT username || password FROM auth_user"), ["alice!"]);
    });
}

#[test]
fn a_changed_password_ends_the_old_one_the_token_and_the_refresh_tokens() {
    TestApp::on_each("", |app| {
        config_file(&app.database, "");
        let (alice, bob) = (app.user("alice", "old"), app.user("bob", "old"));
        let (token, token_of_bob) = (app.token("alice", "old"), app.token("bob", "old"));
        insert_refresh_tokens(&app.database, &[(alice, "a1"), (alice, "a2"), (bob, "b1")]);
        app.database.execute(
            "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
             SELECT id, '2026-01-01 00:00:00' FROM token_blacklist_outstandingtoken WHERE jti = 'a1'",
        );

        let ended = run(HALLPASS, &app.database, &["change-password", "alice", "--password-stdin"], "new\n");

        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert_eq!(ended.stdout, "Changed the password of user alice\n");
        assert_eq!((app.login("alice", "old").status, app.login("alice", "new").status), (400, 200));
        assert_eq!(app.whoami(&format!("Token {token}")).detail(), "Invalid token.");
        assert_ne!(app.token("alice", "new"), token);
        assert_eq!(blacklisted(&app.database), ["a1", "a2"]);
        assert_eq!(app.login("bob", "old").status, 200);
        assert_eq!(app.whoami(&format!("Token {token_of_bob}")).status, 200);
    });
}

#[test]
fn a_changed_password_leaves_the_tokens_when_told_to() {
    TestApp::on_each("", |app| {
        config_file(&app.database, "");
        let alice = app.user("alice", "old");
        let token = app.token("alice", "old");
        insert_refresh_tokens(&app.database, &[(alice, "a1")]);
        let arguments = ["change-password", "alice", "--password-stdin", "--keep-tokens"];

        let ended = run(HALLPASS, &app.database, &arguments, "new\n");

        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!((app.login("alice", "old").status, app.token("alice", "new")), (400, token.clone()));
        assert_eq!(app.whoami(&format!("Token {token}")).status, 200);
        assert!(blacklisted(&app.database).is_empty());
    });
}

#[test]
fn a_password_can_be_changed_where_the_project_has_no_blacklist() {
    TestApp::on_each("", |app| {
        config_file(&app.database, "");
        app.user("alice", "old");
        app.database
            .execute("DROP TABLE token_blacklist_blacklistedtoken; DROP TABLE token_blacklist_outstandingtoken");

        let ended = run(HALLPASS, &app.database, &["change-password", "alice", "--password-stdin"], "new\n");

        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert_eq!(app.login("alice", "new").status, 200);
    });
}

#[test]
fn a_password_that_is_refused_changes_nothing() {
    TestApp::on_each("", |app| {
        config_file(&app.database, "");
        app.user("alice", "old");
        let token = app.token("alice", "old");
        let change = |name: &str, password: &str| {
            run(HALLPASS, &app.database, &["change-password", name, "--password-stdin"], password)
        };

        assert_refused(&change("nobody", "new\n"), "user nobody does not exist");
        assert_refused(&change("ALICE", "new\n"), "user ALICE does not exist");
        assert_refused(&change("a\nb", "new\n"), "user a\\nb does not exist");
        assert_refused(&change("alice", "\n"), "the password may not be blank");

        assert_eq!(app.token("alice", "old"), token);
    });
}

#[test]
fn check_finds_nothing_in_a_database_that_is_ready() {
    on_each(|database| {
        let ended = hallpass(database, &["check"]);

        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "Nothing found.\n", ""));
    });
}

#[test]
fn check_tells_each_pending_migration() {
    on_each_empty(|database| {
        if database.kind() == Kind::Sqlite {
            database.execute("CREATE TABLE other (id integer)");
        }

        let ended = hallpass(database, &["check"]);

        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.lines().count() >= 4, "{ended:?}");
        for line in ended.stderr.lines() {
            assert!(line.starts_with("Error: database.url: migration ") && line.ends_with(" is pending"), "{line}");
        }
    });
}

#[test]
fn check_tells_a_database_that_is_not_there() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    config_file(&database, "");

    let no_file = hallpass(&database, &["check"]);
    std::fs::write(database.folder().join("hallpass.toml"), unreachable_postgres()).expect("a file");
    let no_server = hallpass(&database, &["check"]);

    assert_refused(&no_file, "Error: database.url: ");
    assert_refused(&no_server, "Error: database.url: ");
    assert!(no_server.stderr.contains("Connection refused") && !no_server.stderr.contains("pa55word"), "{no_server:?}");
}

#[test]
fn check_for_deployment_tells_a_short_key_and_files_that_others_can_open() {
    let database = TestDatabase::create(Kind::Sqlite);
    let short = &LONG_KEY[..49];
    config_file(&database, "");
    std::fs::write(database.folder().join("key.toml"), format!("secret_key = \"{short}\"")).expect("a file");
    set_mode(&database, "hallpass.sqlite3", 0o644);
    set_mode(&database, "key.toml", 0o600);

    let plain = hallpass(&database, &["check"]);
    let deploy = hallpass(&database, &["check", "--deploy", "--config", "hallpass.toml", "--config", "key.toml"]);

    assert_eq!(plain.code, Some(0), "{plain:?}");
    assert_eq!((deploy.code, deploy.stdout.as_str()), (Some(1), ABOUT_TOKENS));
    let findings: Vec<&str> = deploy.stderr.lines().collect();
    assert_eq!(findings.len(), 2, "{deploy:?}");
    assert!(findings[0].starts_with("Error: database.url: ") && findings[0].contains("mode 644"), "{deploy:?}");
    assert_eq!(findings[1], "Error: secret_key: it has fewer than 50 characters");
    assert!(!deploy.stderr.contains(short));
}

#[test]
fn check_for_deployment_tells_every_file_with_a_secret_that_others_can_open() {
    let database = TestDatabase::create(Kind::Sqlite);
    let settings = database.settings();
    let keyless: Vec<&str> = settings.lines().filter(|line| !line.starts_with("secret_key")).collect();
    let files = [
        ("key", LONG_KEY.to_owned()),
        ("mail", "smtp://me:CANARY@mx.example:587".to_owned()),
        ("server.key.pem", include_str!("tls/renewed.key.pem").to_owned()),
        ("plain.toml", "log.format = \"json\"".to_owned()),
        ("secret.toml", format!("secret_key_fallbacks = [\"{LONG_KEY}\"]")),
        (
            "hallpass.toml",
            format!(
                "secret_key = \"file:key\"\nemail.smtp_url = \"file:mail\"\nserver.tls_certificate = \"server.pem\"\n\
                 server.tls_key = \"server.key.pem\"\n{}",
                keyless.join("\n")
            ),
        ),
    ];
    for (name, text) in files {
        std::fs::write(database.folder().join(name), text).expect("a file");
        set_mode(&database, name, 0o640);
    }
    let check = || {
        let configs = ["hallpass.toml", "plain.toml", "secret.toml"].map(|name| ["--config", name]).concat();
        hallpass(&database, &[&["check", "--deploy"], configs.as_slice()].concat())
    };

    let loose = check();
    for name in ["key", "mail", "server.key.pem", "secret.toml"] {
        set_mode(&database, name, 0o600);
    }
    let tight = check();

    let found: Vec<&str> = loose.stderr.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    let expected = ["server.tls_key:", "email.smtp_url:", "secret_key:", "secret_key_fallbacks:"];
    assert_eq!((loose.code, found.as_slice()), (Some(1), expected.as_slice()), "{loose:?}");
    assert_eq!(loose.stderr.matches("mode 640").count(), 4, "{loose:?}");
    assert!(!loose.stderr.contains("CANARY") && !loose.stderr.contains(LONG_KEY), "{loose:?}");
    assert_eq!((tight.code, tight.stdout), (Some(0), format!("{ABOUT_TOKENS}Nothing found.\n")));
}

#[test]
fn check_for_deployment_tells_a_way_to_postgresql_that_nothing_protects() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let check = |url: &str| {
        let mut program = command(HALLPASS, &database);
        program.args(["check", "--deploy"]).env("HALLPASS__SECRET_KEY", LONG_KEY).env("HALLPASS__DATABASE__URL", url);
        run_command(program, "").stderr
    };
    let words = "passwords and rows go to this server unprotected";

    // The name is nobody's, so that the server is not found either.
    assert!(check("postgres://me:pw@db.invalid/x?connect_timeout=2").contains(words));
    assert!(!check("postgres://me:pw@db.invalid/x?connect_timeout=2&sslmode=disable").contains(words));
}

#[test]
fn check_for_deployment_tells_the_key_that_startproject_made() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "");
    let mut program = command(HALLPASS, &database);
    program.args(["check", "--deploy"]).env("HALLPASS__SECRET_KEY", format!("django-insecure-{LONG_KEY}"));

    let ended = run_command(program, "");

    assert_found(&ended, "secret_key: it is one that startproject made");
}

#[test]
fn check_for_deployment_finds_nothing_in_a_good_one() {
    on_each(|database| {
        let mut program = command(HALLPASS, database);
        program.args(["check", "--deploy"]).env("HALLPASS__SECRET_KEY", LONG_KEY);

        let ended = run_command(program, "");

        // The PostgreSQL server of the tests does not wait for the disk; that is found, and nothing else.
        let of_the_server = "Error: database.url: PostgreSQL runs with ";
        let rest: Vec<&str> = ended.stderr.lines().filter(|line| !line.starts_with(of_the_server)).collect();
        assert!(rest.is_empty(), "{ended:?}");
        if ended.stderr.is_empty() {
            assert_eq!((ended.code, ended.stdout), (Some(0), format!("{ABOUT_TOKENS}Nothing found.\n")));
        }
    });
}

#[test]
fn check_for_deployment_looks_at_the_kept_key_and_does_not_make_one() {
    let database = TestDatabase::create(Kind::Sqlite);
    let settings = database.settings();
    let keyless: Vec<&str> = settings.lines().filter(|line| !line.starts_with("secret_key")).collect();
    std::fs::write(database.folder().join("hallpass.toml"), keyless.join("\n")).expect("a file");
    let kept = database.folder().join("hallpass.sqlite3.secret_key");

    let without = hallpass(&database, &["check", "--deploy"]);
    let made = kept.exists();
    std::fs::write(&kept, format!("{LONG_KEY}{LONG_KEY}\n")).expect("a file");
    set_mode(&database, "hallpass.sqlite3.secret_key", 0o640);
    let loose = hallpass(&database, &["check", "--deploy"]);
    std::fs::write(&kept, "cut short\n").expect("a file");
    set_mode(&database, "hallpass.sqlite3.secret_key", 0o600);
    let short = hallpass(&database, &["check", "--deploy"]);

    assert_eq!((without.code, without.stdout, made), (Some(0), format!("{ABOUT_TOKENS}Nothing found.\n"), false));
    assert_found(&loose, "mode 640");
    assert_found(&short, "it is cut short");
}

#[test]
fn show_settings_is_toml_with_every_value_its_layer_and_no_secret() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let file = "secret_key = \"CANARY-tK3pQz8vWm1xRb6nYc4sJh9gLd2fAe\"\nsecret_key_fallbacks = [\"CANARY-fallback\"]\n\
         database.url = \"postgres://me:CANARY-database@db:5432/x?sslpassword=CANARY-ssl\"\n\
         jwt.signing_key = \"CANARY-signing-tK3pQz8vWm1xRb6nYc4sJ\"\nemail.smtp_url = \"smtp://me:CANARY-mail@mx:25\"\n";
    std::fs::write(database.folder().join("hallpass.toml"), file).expect("a file");
    let mut program = command(HALLPASS, &database);
    program.arg("show-settings").env("HALLPASS__SERVER__WORKERS", "3").env("HALLPASS__AUTH__BACKENDS", "jwt,token");

    let ended = run_command(program, "");

    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for line in [
        "secret_key = \"***\" # hallpass.toml",
        "secret_key_fallbacks = [\"***\"] # hallpass.toml",
        "url = \"postgres://me:***@db:5432/x?sslpassword=***\" # hallpass.toml",
        "signing_key = \"***\" # hallpass.toml",
        "smtp_url = \"***\" # hallpass.toml",
        "bind = \"127.0.0.1:8000\" # default",
        "workers = 3 # HALLPASS__SERVER__WORKERS",
        "backends = [\"jwt\", \"token\"] # HALLPASS__AUTH__BACKENDS",
    ] {
        assert!(ended.stdout.lines().any(|shown| shown == line), "{line} is not in\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains("CANARY"), "{}", ended.stdout);
    let is_toml = |line: &str| {
        let is_section = line.starts_with('[') && line.ends_with(']');
        line.is_empty() || is_section || line.split_once(" = ").is_some_and(|(_, value)| value.contains(" # "))
    };
    assert!(ended.stdout.lines().all(is_toml), "{}", ended.stdout);
}

#[test]
fn shown_settings_can_be_read_again_and_are_the_same() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    std::fs::write(database.folder().join("hallpass.toml"), "token.lifetime = \"1h 30m\"").expect("a file");

    let first = hallpass(&database, &["show-settings"]);
    std::fs::write(database.folder().join("shown.toml"), &first.stdout).expect("a file");
    let second = hallpass(&database, &["show-settings", "--config", "shown.toml"]);

    let values =
        |text: &str| text.lines().map(|l| l.split(" # ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    assert_eq!(values(&second.stdout), values(&first.stdout), "{second:?}");
    assert!(second.stdout.contains("lifetime = \"1h 30m\" # shown.toml"), "{}", second.stdout);
}

#[test]
fn completions_know_the_commands_in_every_shell() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    for shell in ["bash", "zsh", "fish"] {
        let ended = hallpass(&database, &["completions", shell]);

        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{shell}");
        for word in ["migrate", "create-user", "change-password", "show-settings", "password-stdin"] {
            assert!(ended.stdout.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(hallpass(&database, &["completions", "tcl"]).code, Some(2));
}

#[test]
fn help_and_version_need_neither_settings_nor_a_database() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    std::fs::write(database.folder().join("hallpass.toml"), "nonsense").expect("a file");

    let version = hallpass(&database, &["--version"]);
    let help = hallpass(&database, &["--help"]);
    let more = hallpass(&database, &["create-user", "--help"]);

    assert_eq!((version.code, version.stdout), (Some(0), format!("hallpass {}\n", env!("CARGO_PKG_VERSION"))));
    assert!(help.code == Some(0) && help.stdout.contains("change-password"), "{help:?}");
    assert!(more.code == Some(0) && more.stdout.contains("--password-stdin"), "{more:?}");
    assert_eq!(hallpass(&database, &["completions", "bash"]).code, Some(0));
}

#[test]
fn wrong_usage_is_told_with_exit_code_2() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    config_file(&database, "");
    let wrong: [&[&str]; 8] = [
        &["nonsense"],
        &["--nonsense"],
        &["migrate", "--nonsense"],
        &["migrate", "extra"],
        &["create-user"],
        &["create-user", "a", "b"],
        &["change-password"],
        &["completions"],
    ];
    for arguments in wrong {
        let ended = hallpass(&database, arguments);

        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains("Usage: hallpass"), "{ended:?}");
    }
    assert!(!database.folder().join("hallpass.sqlite3").exists());
}

#[test]
fn a_password_is_never_taken_from_the_command_line() {
    let database = TestDatabase::create(Kind::Sqlite);
    config_file(&database, "");

    for arguments in [["create-user", "alice", "--password", "pw"], ["change-password", "alice", "--password", "pw"]] {
        assert_eq!(hallpass(&database, &arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn files_of_settings_stand_before_the_command_and_after_it_and_the_last_one_wins() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    for (name, keyword) in [("a.toml", "A"), ("b.toml", "B"), ("c.toml", "C")] {
        std::fs::write(database.folder().join(name), format!("token.keyword = \"{keyword}\"")).expect("a file");
    }
    std::fs::write(database.folder().join("other.toml"), "server.workers = 7").expect("a file");
    let cases: [(&[&str], &str); 5] = [
        (&["--config", "a.toml", "show-settings"], "A"),
        (&["show-settings", "--config", "a.toml"], "A"),
        (&["--config", "a.toml", "--config", "b.toml", "show-settings"], "B"),
        (&["--config", "a.toml", "show-settings", "--config", "b.toml", "--config=c.toml"], "C"),
        (&["--config", "c.toml", "show-settings", "--config", "a.toml", "--config", "other.toml"], "A"),
    ];
    for (arguments, keyword) in cases {
        let ended = hallpass(&database, arguments);

        let line = format!("keyword = \"{keyword}\" # {}.toml", keyword.to_lowercase());
        assert!(ended.stdout.lines().any(|shown| shown == line), "{arguments:?}: {ended:?}");
        let other = ended.stdout.contains("workers = 7 # other.toml");
        assert_eq!(other, arguments.contains(&"other.toml"), "{arguments:?}");
    }
}

#[test]
fn a_later_place_of_settings_takes_over_from_an_earlier_one() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let write = |name: &str, bind: &str| {
        std::fs::write(database.folder().join(name), format!("server.bind = \"{bind}\"")).expect("a file");
    };
    let bind = |files: &[&str], environment: &[(&str, &str)]| {
        let mut program = command(HALLPASS, &database);
        program.arg("show-settings").args(files).envs(environment.iter().copied());
        let ended = run_command(program, "");
        let line = ended.stdout.lines().find(|line| line.starts_with("bind = ")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{ended:?}"))
    };
    let named = ("HALLPASS_CONFIG", "named.toml");
    let variable = ("HALLPASS__SERVER__BIND", "h:4");

    let nothing = bind(&[], &[]);
    write("hallpass.toml", "h:1");
    write("named.toml", "h:2");
    write("given.toml", "h:3");

    assert_eq!(nothing, "bind = \"127.0.0.1:8000\" # default");
    assert_eq!(bind(&[], &[]), "bind = \"h:1\" # hallpass.toml");
    assert_eq!(bind(&[], &[named]), "bind = \"h:2\" # named.toml");
    assert_eq!(bind(&["--config", "given.toml"], &[named]), "bind = \"h:3\" # given.toml");
    assert_eq!(bind(&["--config", "given.toml"], &[named, variable]), "bind = \"h:4\" # HALLPASS__SERVER__BIND");
    assert_eq!(bind(&[], &[variable]), "bind = \"h:4\" # HALLPASS__SERVER__BIND");
}

/// Runs `test` on every kind of database, with a file of settings beside it.
fn on_each(test: impl Fn(&TestDatabase)) {
    TestDatabase::on_each(|database| {
        config_file(database, "");
        test(database);
    });
}

/// As [`on_each`], on databases without tables.
fn on_each_empty(test: impl Fn(&TestDatabase)) {
    for kind in Kind::available() {
        let database = TestDatabase::create_empty(kind);
        config_file(&database, "");
        test(&database);
    }
}

fn hallpass(database: &TestDatabase, arguments: &[&str]) -> Ended {
    run(HALLPASS, database, arguments, "")
}

/// One line on standard error with `why` in it, exit code 1, and nothing printed.
/// What `check --deploy` found, and nothing else.
fn assert_found(ended: &Ended, what: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ABOUT_TOKENS), "{what}: {ended:?}");
    assert!(ended.stderr.starts_with("Error: ") && ended.stderr.contains(what), "{what}: {ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

fn assert_refused(ended: &Ended, why: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{why}: {ended:?}");
    assert!(ended.stderr.starts_with("Error: ") && ended.stderr.contains(why), "{why}: {ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

/// Settings for a server at a port where nobody listens.
fn unreachable_postgres() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its port").port();
    format!("database.url = \"postgres://me:pa55word@127.0.0.1:{port}/x\"\nsecret_key = \"{SECRET_KEY}\"\n")
}

fn set_mode(database: &TestDatabase, file: &str, mode: u32) {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(database.folder().join(file), permissions).expect("the file");
}

fn insert_refresh_tokens(database: &TestDatabase, tokens: &[(i32, &str)]) {
    for (user_id, jti) in tokens {
        database.execute(&format!(
            "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) \
             VALUES ('token', '2026-01-01 00:00:00', '2036-01-01 00:00:00', {user_id}, '{jti}')"
        ));
    }
}

/// The ids of the refresh tokens that are refused, in order.
fn blacklisted(database: &TestDatabase) -> Vec<String> {
    let refused = "SELECT jti FROM token_blacklist_outstandingtoken AS o \
         JOIN token_blacklist_blacklistedtoken AS b ON b.token_id = o.id";
    let mut ids = database.texts(refused);
    ids.sort_unstable();
    ids
}
