//! Wrong settings, as an administrator meets them: every mistake at once, and nothing started.

use crate::support::database::{Kind, SECRET_KEY, TestDatabase};
use crate::support::program::{CREATE_TOKEN, Ended, HALLPASS, command, run_command};

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_layer_and_key() {
    let environment = [("HALLPASS__SERVER__WORKRS", "3"), ("HALLPASS__JWT__LEEWAY", "long")];
    let file =
        "server.bnid = \"127.0.0.1:0\"\ntoken.lifetime = 5\npassword.bcrypt_cost = 99\nserver.workers = \"two\"\n";

    let ended = started(file, &environment, HALLPASS, &[]);

    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert_eq!(
        ended.stderr.lines().collect::<Vec<_>>(),
        [
            "Error: hallpass.toml: password.bcrypt_cost: 99 is not in 4 to 15",
            "Error: hallpass.toml: server.bnid: no such setting; the nearest is server.bind",
            "Error: hallpass.toml: server.workers: wants a whole number, not text",
            "Error: hallpass.toml: token.lifetime: 5 has no unit; write \"5s\" for seconds, \"5m\" for minutes",
            "Error: environment variable HALLPASS__JWT__LEEWAY: jwt.leeway: \"long\" is no span of time; \
             write \"90s\", \"15m\", \"14d\" or \"1h 30m\"",
            "Error: environment variable HALLPASS__SERVER__WORKRS: server.workrs: no such setting; the nearest is \
             server.workers (HALLPASS__SERVER__WORKERS)",
        ]
    );
}

#[test]
fn nothing_is_started_or_made_with_wrong_settings() {
    let commands: [(&str, &[&str]); 6] = [
        (HALLPASS, &[]),
        (HALLPASS, &["serve"]),
        (HALLPASS, &["migrate"]),
        (HALLPASS, &["create-user", "alice", "--password-stdin"]),
        (HALLPASS, &["check", "--deploy"]),
        (CREATE_TOKEN, &["alice"]),
    ];
    for (program, arguments) in commands {
        // It asserts that no file was made.
        let ended = started("server.bnid = \"127.0.0.1:0\"", &[], program, arguments);

        let why = "Error: hallpass.toml: server.bnid: no such setting; the nearest is server.bind\n";
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(1), "", why), "{arguments:?}");
    }
}

#[test]
fn a_misspelt_setting_is_answered_with_the_nearest_that_there_is() {
    for (line, nearest) in [
        ("secret_kye = \"x\"", "secret_kye: no such setting; the nearest is secret_key"),
        ("[server]\nport = 8000", "server.port: no such setting; the nearest is server."),
        ("lifetime = \"1h\"", "lifetime: no such setting; the nearest is token.lifetime"),
        (
            "[database]\nmax_conections = 3",
            "database.max_conections: no such setting; the nearest is database.max_connections",
        ),
        ("[tokens]\nkeyword = \"Bearer\"", "tokens.keyword: no such setting; the nearest is token.keyword"),
        ("[tokens]", "tokens: no such setting; the nearest is "),
        ("server = 3", "server: is a section; write its settings under [server]"),
    ] {
        assert_one_line(&started(line, &[], HALLPASS, &["serve"]), nearest);
    }
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_the_type_that_is_wanted() {
    for (line, why) in [
        ("server.workers = \"2\"", "server.workers: wants a whole number, not text"),
        ("server.workers = 2.5", "server.workers: wants a whole number, not a number with a fraction"),
        ("routes.samples = \"yes\"", "routes.samples: wants true or false, not text"),
        ("routes.samples = 1", "routes.samples: wants true or false, not a number"),
        ("auth.backends = \"token\"", "auth.backends: wants a list in brackets, not text"),
        ("auth.backends = [1]", "auth.backends: wants text in quotes, not a number"),
        ("token.keyword = [\"Token\"]", "token.keyword: wants text in quotes, not a list"),
        ("token.keyword = { a = 1 }", "token.keyword: wants text in quotes, not a table"),
    ] {
        assert_one_line(&started(line, &[], HALLPASS, &["serve"]), why);
    }
}

#[test]
fn a_variable_of_the_wrong_type_is_told_with_its_name() {
    for (name, value, why) in [
        ("HALLPASS__SERVER__WORKERS", "many", "server.workers: wants a whole number, and \"many\" is none"),
        ("HALLPASS__ROUTES__SAMPLES", "yes", "routes.samples: wants true or false, not \"yes\""),
        ("HALLPASS__AUTH__BACKENDS", "token,,jwt", "auth.backends: "),
        ("HALLPASS__TOKEN__LIFETIME", "5", "token.lifetime: 5 has no unit"),
    ] {
        let ended = started("", &[(name, value)], HALLPASS, &["serve"]);

        assert_one_line(&ended, &format!("Error: environment variable {name}: {why}"));
    }
}

#[test]
fn a_value_that_cannot_be_is_told_with_what_could() {
    for (line, why) in [
        ("server.workers = 100000", "server.workers: 100000 is not in 0 to 1024"),
        ("server.workers = -1", "server.workers: "),
        ("server.bind = \"8000\"", "server.bind: "),
        ("server.body_limit = \"64 lines\"", "server.body_limit: "),
        ("server.request_timeout = \"0s\"", "server.request_timeout: "),
        ("auth.backends = []", "auth.backends: must name at least one"),
        ("auth.backends = [\"token\", \"token\"]", "auth.backends: names \"token\" twice"),
        ("auth.backends = [\"tokn\"]", "auth.backends: "),
        ("token.keyword = \"two words\"", "token.keyword: "),
        ("throttle.login = \"many\"", "throttle.login: \"many\" is no rate; write \"60/min\""),
        ("throttle.login = \"1000000/d\"", "throttle.login: 1000000 is more than 10000"),
        ("lockout.failures = 101", "lockout.failures: 101 is not in 0 to 100"),
        ("lockout.forget_after = \"10m\"", "lockout.forget_after: must not be shorter than lockout.max_delay"),
        ("time_zone = \"Mars/Olympus\"", "time_zone: "),
        ("log.format = \"xml\"", "log.format: "),
        ("database.url = \"mysql://db/x\"", "database.url: is no database that is known here"),
        ("database.url = \"sqlite::memory:\"", "database.url: a database in memory"),
        ("email.transport = \"smtp\"", "email.transport: \"smtp\" needs email.smtp_url as well"),
        ("jwt.algorithm = \"none\"", "jwt.algorithm: "),
    ] {
        assert_one_line(&started(line, &[], HALLPASS, &["serve"]), why);
    }
}

#[test]
fn a_secret_that_everybody_knows_or_can_guess_is_refused() {
    for (secret, why) in [
        ("changeme", "is a well-known placeholder"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "has fewer than five different characters"),
        ("tK3pQz8vWm1xRb6nYc4sJh9gLd2fAe7", "is shorter than the 32 bytes that HS256 needs"),
        ("-----BEGIN PUBLIC KEY----- and so on and so on", "is a PEM or JWK key"),
    ] {
        let ended = started("", &[("HALLPASS__SECRET_KEY", secret)], HALLPASS, &["serve"]);

        assert_one_line(&ended, &format!("environment variable HALLPASS__SECRET_KEY: secret_key: {why}"));
        assert!(!ended.stderr.contains(secret), "{ended:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_its_name() {
    let nonsense = started("secret_key = \"tK3pQz8v", &[], HALLPASS, &["check"]);
    let missing = started("", &[], HALLPASS, &["check", "--config", "missing.toml"]);
    let folder = started("", &[], HALLPASS, &["check", "--config", "."]);
    let named = started("", &[("HALLPASS_CONFIG", "missing.toml")], HALLPASS, &["check"]);

    assert_one_line(&nonsense, "Error: hallpass.toml: is no TOML, at line 1 column ");
    assert_one_line(&missing, "Error: missing.toml: cannot be read: ");
    assert_one_line(&folder, "Error: .: cannot be read: ");
    assert_one_line(&named, "Error: missing.toml: cannot be read: ");
}

#[test]
fn the_file_with_the_mistake_is_named_among_several() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    std::fs::write(database.folder().join("good.toml"), "server.workers = 1").expect("a file");
    std::fs::write(database.folder().join("bad.toml"), "server.worker = 1").expect("a file");
    let mut program = command(HALLPASS, &database);
    program.args(["--config", "good.toml", "check", "--config", "bad.toml"]);

    let ended = run_command(program, "");

    assert_one_line(&ended, "Error: bad.toml: server.worker: no such setting; the nearest is server.workers");
}

#[test]
fn no_message_shows_a_secret_even_one_in_the_wrong_place() {
    let files = [
        "secret_key = \"CANARY\"",
        "secret_key = \"CANARY",
        "secret_key = CANARY",
        "secret_key = [\"CANARY\"]",
        "secret_key_fallbacks = \"CANARY\"",
        "secret_kye = \"CANARY\"",
        "jwt.signing_key = \"CANARY\"",
        "email.smtp_url = \"me:CANARY@mx\"",
        "database.url = \"mysql://me:CANARY@db/x\"",
        "database.url = \"postgres://me:CANARY@db/x\"",
        "database.url = \"postgres://me:CANARY/@db/x\"",
        "database.url = \"sqlite://me:CANARY?x\"",
        "database = \"postgres://me:CANARY@db/x\"",
        "server = \"CANARY\"",
    ];
    for file in files {
        let ended = started(file, &[], HALLPASS, &["serve"]);

        assert_eq!(ended.code, Some(1), "{file}: {ended:?}");
        assert!(!ended.stderr.contains("CANARY"), "{file}: {ended:?}");
    }
    for name in
        ["HALLPASS__SECRET_KEY", "HALLPASS__JWT__SIGNING_KEY", "HALLPASS__SECRET_KYE", "HALLPASS__EMAIL__SMTP_URL"]
    {
        let ended = started("", &[(name, "CANARY")], HALLPASS, &["serve"]);

        assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
        assert!(!ended.stderr.contains("CANARY"), "{name}: {ended:?}");
    }
}

#[test]
fn postgresql_without_a_secret_key_is_refused_in_one_line() {
    let file = "database.url = \"postgres://me:pa55word@127.0.0.1:1/x\"";

    let ended = started(file, &[], HALLPASS, &["serve"]);

    assert_one_line(&ended, "database.url: PostgreSQL needs a secret_key");
    assert!(ended.stderr.contains("HALLPASS__SECRET_KEY") && !ended.stderr.contains("pa55word"), "{ended:?}");
}

#[test]
fn a_password_that_makes_no_url_is_refused_and_not_quoted() {
    for url in [
        "postgres://me:CANARY/CANARY@127.0.0.1:1/x",
        "postgres://me:CANARY?CANARY@127.0.0.1:1/x",
        "postgres://me:CANARY#CANARY@127.0.0.1:1@CANARY/x",
        "postgres://me:CANARY@CANARY@127.0.0.1:1/x",
        "postgres://me:CANARY@CANARY?CANARY@127.0.0.1:1/x",
        "postgres://me:%ZZCANARY@127.0.0.1:1/x",
        "postgres://me:CANARY@[CANARY/x",
    ] {
        let variables = [("HALLPASS__DATABASE__URL", url), ("HALLPASS__SECRET_KEY", SECRET_KEY)];
        for (program, arguments) in [(HALLPASS, ["check"]), (CREATE_TOKEN, ["alice"])] {
            let ended = started("", &variables, program, &arguments);

            assert_one_line(&ended, "Error: environment variable HALLPASS__DATABASE__URL: database.url: ");
            assert!(ended.stderr.contains("%2F") && !ended.stderr.contains("CANARY"), "{url}: {ended:?}");
        }
    }
}

#[test]
fn an_alias_of_a_route_that_is_not_there_is_refused() {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    let file = format!("secret_key = \"{SECRET_KEY}\"\nroutes.aliases = [\"/login/ = /nowhere/\"]");
    std::fs::write(database.folder().join("hallpass.toml"), file).expect("a file");
    let mut program = command(HALLPASS, &database);
    program.env("RUST_LOG", "off");

    let ended = run_command(program, "");

    assert_one_line(&ended, "routes.aliases: there is no route /nowhere");
}

/// Runs a program with this `hallpass.toml` and these variables, and asserts that it made no file.
fn started(file: &str, environment: &[(&str, &str)], program: &str, arguments: &[&str]) -> Ended {
    let database = TestDatabase::create_empty(Kind::Sqlite);
    std::fs::write(database.folder().join("hallpass.toml"), file).expect("a file");
    let mut program = command(program, &database);
    program.args(arguments).envs(environment.iter().copied());

    let ended = run_command(program, "pw\n");

    let files = std::fs::read_dir(database.folder()).expect("the folder").count();
    assert_eq!(files, 1, "{file}: only hallpass.toml is there");
    ended
}

/// One line on standard error with `why` in it, exit code 1, and nothing printed.
fn assert_one_line(ended: &Ended, why: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{why}: {ended:?}");
    assert!(ended.stderr.starts_with("Error: ") && ended.stderr.contains(why), "{why}: {ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}
