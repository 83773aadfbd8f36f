//! The words of every kind of complaint: one line, the layer, the key, and what to write instead.

use super::{Directory, complaints, under};
use crate::settings::{Backend, Settings};

#[test]
fn an_unknown_setting_is_told_the_nearest_one() {
    let cases = [
        ("server.bnid = 1", "server.bnid: no such setting; the nearest is server.bind"),
        ("bind = 1", "bind: no such setting; the nearest is server.bind"),
        (
            "jwt.ACCESS_TOKEN_LIFETIME = 1",
            "jwt.ACCESS_TOKEN_LIFETIME: no such setting; the nearest is jwt.access_token_lifetime",
        ),
        ("[sever]", "sever: no such setting; the nearest is server.bind"),
        ("SECRET_KEY = \"x\"", "SECRET_KEY: no such setting; the nearest is secret_key"),
        ("secret_key.file = \"x\"", "secret_key: wants text in quotes, not a table"),
        ("\"server.bind\" = \"x\"", "\"server.bind\": no such setting; the nearest is server.bind"),
        ("server = 3", "server: is a section; write its settings under [server]"),
    ];
    for (text, line) in cases {
        assert_eq!(complaints(text), [format!("the text given: {line}")]);
    }
}

#[test]
fn an_unknown_variable_is_told_the_nearest_one() {
    let cases = [
        ("HALLPASS__SERVER__BNID", "server.bnid", "server.bind (HALLPASS__SERVER__BIND)"),
        ("HALLPASS__SERVER_BIND", "server_bind", "server.bind (HALLPASS__SERVER__BIND)"),
        ("HALLPASS__server__bind", "server.bind", "server.bind (HALLPASS__SERVER__BIND)"),
        ("HALLPASS__CONFIG", "config", "jwt.keys (HALLPASS__JWT__KEYS)"),
    ];
    for (name, key, nearest) in cases {
        let line = format!("environment variable {name}: {key}: no such setting; the nearest is {nearest}");
        assert_eq!(under(&[(name, "x")]).unwrap_err().to_string(), line);
    }
}

#[test]
fn a_value_of_the_wrong_type_is_told_the_right_one() {
    let cases = [
        ("server.bind = 8000", "server.bind: wants text in quotes, not a number"),
        ("server.workers = \"4\"", "server.workers: wants a whole number, not text"),
        ("server.workers = 1.5", "server.workers: wants a whole number, not a number with a fraction"),
        ("server.workers = -1", "server.workers: -1 must not be negative"),
        ("routes.samples = \"yes\"", "routes.samples: wants true or false, not text"),
        ("auth.backends = \"token\"", "auth.backends: wants a list in brackets, not text"),
        ("auth.backends = [1]", "auth.backends: wants text in quotes, not a number"),
        ("time_zone = {}", "time_zone: wants text in quotes, not a table"),
        ("jwt.issuer = \"a\\nb\"", "jwt.issuer: has a control character in it"),
    ];
    for (text, line) in cases {
        assert_eq!(complaints(text), [format!("the text given: {line}")]);
    }
}

#[test]
fn a_variable_of_the_wrong_type_is_told_the_right_one() {
    let cases = [
        ("HALLPASS__SERVER__WORKERS", "four", "server.workers: wants a whole number, and \"four\" is none"),
        ("HALLPASS__ROUTES__SAMPLES", "yes", "routes.samples: wants true or false, not \"yes\""),
        ("HALLPASS__JWT__LEEWAY", "10", "jwt.leeway: 10 has no unit; write \"10s\" for seconds, \"10m\" for minutes"),
    ];
    for (name, value, line) in cases {
        let line = format!("environment variable {name}: {line}");
        assert_eq!(under(&[(name, value)]).unwrap_err().to_string(), line);
    }
}

#[test]
fn an_impossible_value_is_told_what_is_possible() {
    let cases = [
        ("time_zone = \"Mars\"", "time_zone: \"Mars\" is no time zone; write UTC or one such as Europe/Berlin"),
        ("server.request_timeout = \"0s\"", "server.request_timeout: \"0s\" is too short; the least is \"1ms\""),
        (
            "jwt.access_token_lifetime = \"999ms\"",
            "jwt.access_token_lifetime: \"999ms\" is too short; the least is \"1s\"",
        ),
        ("database.max_connections = 0", "database.max_connections: 0 is not in 1 to 1000"),
        ("password.bcrypt_cost = 31", "password.bcrypt_cost: 31 is not in 4 to 15"),
        ("auth.backends = []", "auth.backends: must name at least one"),
        ("auth.backends = [\"jwt\", \"jwt\"]", "auth.backends: names \"jwt\" twice"),
        ("auth.backends = [\"api_key\"]", "auth.backends: \"api_key\" is not available in this release"),
        ("auth.backends = [\"x\"]", "auth.backends: \"x\" is not one of token, jwt, jwt_stateless, basic, api_key"),
        ("jwt.algorithm = \"ES512\"", "jwt.algorithm: \"ES512\" is not available in this release"),
        (
            "jwt.algorithm = \"none\"",
            "jwt.algorithm: \"none\" is not one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, \
             ES384, EdDSA",
        ),
        ("jwt.jti_claim = \"\"", "jwt.jti_claim: must not be empty"),
        ("jwt.jti_claim = \"exp\"", "jwt.jti_claim: \"exp\" has a meaning of its own in every token"),
        ("jwt.jti_claim = \"user_id\"", "jwt.jti_claim: \"user_id\" is the name in jwt.user_id_claim already"),
        ("jwt.access_field = \"refresh\"", "jwt.access_field: \"refresh\" is the name in jwt.refresh_field already"),
        ("oauth.clients = [{secret = \"x\"}]", "oauth.clients: id is missing"),
        ("oauth.clients = [{id = \"a\"}]", "oauth.clients: the client \"a\": secret is missing"),
        (
            "oauth.clients = [{id = \"a\", secret = \"short\"}]",
            "oauth.clients: the client \"a\": secret is shorter than 32 bytes; make one with `openssl rand -base64 48`",
        ),
        (
            "oauth.clients = [{id = \"a:b\", secret = \"x\"}]",
            "oauth.clients: the client \"a:b\": id has a blank, a colon, or a letter that is not ASCII",
        ),
        (
            "oauth.clients = [{id = \"a\", secrets = \"x\"}]",
            "oauth.clients: the client \"a\": no such setting \"secrets\"; the nearest is secret",
        ),
        (
            "oauth.clients = [{id = \"a\", secret = \"orders-9dS3k+Vq/8Zp=41xLwTn27CbYfRu\"}, {id = \"a\", secret = \"orders-9dS3k+Vq/8Zp=41xLwTn27CbYfRu\"}]",
            "oauth.clients: names \"a\" twice",
        ),
        ("routes.prefix_forward_auth = \"/\"", "routes.prefix_forward_auth: \"/\" has every path below it"),
        ("routes.aliases = [\"/a = /b\", \"/a/ = /c\"]", "routes.aliases: sends \"/a/\" two ways"),
        (
            "email.from = \"Example\"",
            "email.from: \"Example\" is no sender; write accounts@example.com, or Example <accounts@example.com>",
        ),
        ("email.timeout = \"0s\"", "email.timeout: \"0s\" is too short; the least is \"1ms\""),
        ("email.retry_for = \"10ms\"", "email.retry_for: \"10ms\" is too short; the least is \"1s\""),
        ("email.limit_per_minute = 0", "email.limit_per_minute: 0 is not in 1 to 1000"),
        ("email.limit_per_hour = 1001", "email.limit_per_hour: 1001 is not in 1 to 1000"),
        ("email.transport = \"file\"", "email.transport: \"file\" needs email.directory as well"),
        ("email.transport = \"smtp\"", "email.transport: \"smtp\" needs email.smtp_url as well"),
    ];
    for (text, line) in cases {
        assert_eq!(complaints(text), [format!("the text given: {line}")]);
    }
}

#[test]
fn every_backend_that_is_there_can_be_named() {
    for backend in Backend::ALL.iter().filter(|backend| backend.is_available()) {
        let settings = Settings::from_toml(&format!("auth.backends = [\"{backend}\"]")).unwrap();
        assert_eq!(settings.auth.backends, [*backend]);
    }
}

#[test]
fn a_file_that_is_no_toml_is_told_where_in_one_line() {
    let directory = Directory::new().with("bad.toml", "[server]\nworkers = = 3\n");

    let line = directory.load(&["bad.toml"], &[]).unwrap_err().to_string();

    assert!(line.starts_with("bad.toml: is no TOML, at line 2 column 11: "), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn a_key_that_is_given_twice_is_refused() {
    let line = complaints("server.workers = 1\nserver.workers = 2").concat();

    assert!(line.starts_with("the text given: is no TOML, at line 2 column 8: duplicate key"), "{line}");
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let directory = Directory::new();

    let given = directory.load(&["gone.toml"], &[]).unwrap_err().to_string();
    let named = directory.load(&[], &[("HALLPASS_CONFIG", "gone.toml")]).unwrap_err().to_string();

    assert!(given.starts_with("gone.toml: cannot be read: "), "{given}");
    assert_eq!(named, given);
}

#[test]
fn everything_is_complained_of_at_once_by_layer_and_key() {
    let directory = Directory::new()
        .with("b.toml", "token.keyword = \"two words\"\nauth.backend = []\n[email]\ntransport = \"file\"")
        .with("a.toml", "server.workers = true");
    let environment = [("HALLPASS__LOG__FORMAT", "xml"), ("HALLPASS__DATABASE__URL", "mysql://root:hunter2@db")];

    let complaints = directory.load(&["b.toml", "gone.toml", "a.toml"], &environment).unwrap_err();

    let keys: Vec<Option<&str>> = complaints.iter().map(|complaint| complaint.key()).collect();
    let expected = ["auth.backend", "token.keyword", "", "server.workers", "database.url", "log.format"];
    assert_eq!(keys, expected.map(|key| Some(key).filter(|key| !key.is_empty())));
    assert_eq!(complaints.to_string().lines().count(), expected.len());
}

#[test]
fn what_does_not_go_together_is_complained_of_beside_the_rest() {
    let lines = complaints("server.workers = true\ndatabase.url = \"postgres://db/x\"\nemail.transport = \"smtp\"");

    let keys: Vec<&str> = lines.iter().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(keys, ["database.url", "email.transport", "server.workers"]);
}

#[test]
fn settings_that_are_wrong_already_are_not_held_against_each_other() {
    for text in
        ["email = { transport = \"file\", directory = 5 }", "secret_key = 5\ndatabase.url = \"postgres://db/x\""]
    {
        assert_eq!(complaints(text).len(), 1, "{text}");
    }
    let directory = Directory::new().with("bad.toml", "secret_key = ");
    let environment = [("HALLPASS__DATABASE__URL", "postgres://db/x")];
    assert_eq!(directory.load(&["bad.toml"], &environment).unwrap_err().iter().count(), 1);
}
