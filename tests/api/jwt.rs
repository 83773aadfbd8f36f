//! JWT mode beyond the recorded answers: key sets, keys that change while the service runs, renamed fields, and the end of
//! expired tokens.

use std::path::PathBuf;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::TestApp;
use crate::support::client::{Client, Response};
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{HALLPASS, Service, command, config_file, run};

fn post(client: Client, path: &str, body: Value) -> Response {
    client.post(path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

fn login(client: Client) -> Value {
    let pair = post(client, "/api/token/", serde_json::json!({"username": "alice", "password": "pw"}));
    assert_eq!(pair.status, 200, "{pair:?}");
    pair.json()
}

fn access(client: Client) -> String {
    login(client)["access"].as_str().expect("an access token").to_owned()
}

fn whoami(client: Client, token: &str) -> u16 {
    client.get("/whoami/", &[("Authorization", &format!("Bearer {token}"))]).status
}

fn header(token: &str) -> Value {
    let part = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[test]
fn the_fields_of_a_pair_can_be_renamed() {
    let settings = "jwt.access_field = \"access_token\"\njwt.refresh_field = \"refresh_token\"\n\
                    jwt.rotate_refresh_tokens = true";
    TestApp::on_each(settings, |app| {
        app.user("alice", "pw");

        let pair = login(app.client);
        let refreshed = post(app.client, "/api/token/refresh/", serde_json::json!({"refresh": pair["refresh_token"]}));

        let names = |answer: &Value| answer.as_object().expect("fields").keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&pair), ["refresh_token", "access_token"]);
        assert_eq!(names(&refreshed.json()), ["access_token", "refresh_token"]);
    });
}

#[test]
fn answers_with_tokens_are_kept_by_nobody() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");

        for path in
            ["/api/token/", "/api/token/sliding/", "/api-token-auth/", "/auth/jwt/create/", "/auth/token/login/"]
        {
            let answer = post(app.client, path, serde_json::json!({"username": "alice", "password": "pw"}));
            assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{path}");
        }
    });
}

#[test]
fn shared_secrets_are_in_no_key_set() {
    TestApp::on_each("", |app| {
        let answer = app.client.get("/.well-known/jwks.json", &[]);

        assert_eq!((answer.status, answer.text().as_str()), (404, "{\"detail\":\"Not found.\"}"));
    });
}

/// A key that `hallpass generate-key` made, in a file of the test's.
struct MadeKey {
    kid: String,
    file: PathBuf,
}

fn made_key(database: &TestDatabase, name: &str, algorithm: &str) -> MadeKey {
    let ended = run(HALLPASS, database, &["generate-key", "--algorithm", algorithm], "");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let (kid, pem) = ended.stdout.split_once('\n').expect("a kid and a key");
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{pem}");
    let file = database.folder().join(name);
    std::fs::write(&file, pem).expect("a file");
    MadeKey { kid: kid.strip_prefix("kid: ").expect("the kid").to_owned(), file }
}

fn key_list(keys: &[(&MadeKey, &str, &str)]) -> String {
    keys.iter()
        .map(|(key, algorithm, status)| {
            format!(
                "[[jwt.keys]]\nkid = \"{}\"\nalgorithm = \"{algorithm}\"\nprivate_key = \"file:{}\"\nstatus = \"{status}\"\n",
                key.kid,
                key.file.display()
            )
        })
        .collect()
}

#[test]
fn a_key_set_has_the_public_keys_and_their_tokens_name_them() {
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        let keys: Vec<(MadeKey, &str)> = ["EdDSA", "ES256", "RS256"]
            .into_iter()
            .map(|algorithm| (made_key(&database, algorithm, algorithm), algorithm))
            .collect();
        let statuses = ["active", "verify", "retired"];
        let list: Vec<_> =
            keys.iter().zip(statuses).map(|((key, algorithm), status)| (key, *algorithm, status)).collect();
        let app = TestApp::start_on(database, &key_list(&list));
        app.user("alice", "pw");

        let set = app.client.get("/.well-known/jwks.json", &[]);
        let token = access(app.client);

        assert_eq!(set.status, 200);
        assert!(set.header("cache-control").is_some_and(|value| value.contains("max-age=")), "{set:?}");
        let set = set.json();
        let shown: Vec<&str> =
            set["keys"].as_array().expect("keys").iter().filter_map(|key| key["kid"].as_str()).collect();
        let mut expected = [keys[0].0.kid.as_str(), keys[1].0.kid.as_str()];
        expected.sort_unstable();
        assert_eq!(shown, expected, "a retired key is not shown");
        for key in set["keys"].as_array().expect("keys") {
            assert_eq!(key["use"], "sig");
            assert!(key.get("d").is_none() && key.get("k").is_none(), "{key}");
        }
        assert_eq!(header(&token)["kid"], keys[0].0.kid.as_str());
        assert_eq!(whoami(app.client, &token), 200);
    }
}

#[test]
fn keys_rotate_at_a_hangup_without_refusing_a_good_token() {
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        let (old, new) = (made_key(&database, "old", "EdDSA"), made_key(&database, "new", "EdDSA"));
        let config = config_file(&database, &key_list(&[(&old, "EdDSA", "active")]));
        let encoded = hallpass::passwords::Hasher::new(4).hash("pw").expect("a hash");
        database.insert_user("alice", &encoded);
        let mut server = command(HALLPASS, &database);
        server.arg("--config").arg(&config);
        let service = Service::start(server);
        let first = access(service.client);
        assert_eq!(header(&first)["kid"], old.kid.as_str());

        config_file(&database, &key_list(&[(&old, "EdDSA", "verify"), (&new, "EdDSA", "active")]));
        service.signal("HUP");
        let second = until(|| Some(access(service.client)).filter(|token| header(token)["kid"] == new.kid.as_str()));
        assert_eq!(whoami(service.client, &first), 200, "the old key still verifies");
        assert_eq!(whoami(service.client, &second), 200);

        config_file(&database, &key_list(&[(&old, "EdDSA", "retired"), (&new, "EdDSA", "active")]));
        service.signal("HUP");
        until(|| (whoami(service.client, &first) == 401).then_some(()));
        assert_eq!(whoami(service.client, &second), 200);

        config_file(&database, "[[jwt.keys]]\nkid = \"broken\"\n");
        service.signal("HUP");
        assert_eq!(whoami(service.client, &second), 200, "keys that are no good change nothing");
    }
}

/// Asks until there is an answer: a signal is heeded when the process comes to it.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(answer) = ask() {
            return answer;
        }
        thread::yield_now();
    }
    panic!("it never came")
}

#[test]
fn expired_tokens_are_forgotten_and_the_others_are_not() {
    let settings = "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\n\
                    jwt.refresh_token_lifetime = \"1h\"";
    TestApp::on_each(settings, |app| {
        app.user("alice", "pw");
        for _ in 0..5 {
            let pair = login(app.client);
            let refreshed = post(app.client, "/api/token/refresh/", serde_json::json!({"refresh": pair["refresh"]}));
            assert_eq!(refreshed.status, 200, "{refreshed:?}");
        }
        // What the test's clock calls tomorrow is long past for the command, which asks the machine's.
        app.database.execute("UPDATE token_blacklist_outstandingtoken SET expires_at = '2026-01-01 00:00:00'");
        app.database.execute("UPDATE hallpass_refresh_member SET expires_at = '2026-01-01 00:00:00'");
        login(app.client);
        let config = config_file(&app.database, settings);
        let config = config.to_str().expect("a path");
        let count = |table: &str| app.database.texts(&format!("SELECT count(*) FROM {table}"))[0].clone();

        let told = run(HALLPASS, &app.database, &["flush-expired-tokens", "--dry-run", "--config", config], "");
        let before = count("token_blacklist_outstandingtoken");
        let flushed = run(HALLPASS, &app.database, &["flush-expired-tokens", "--batch", "3", "--config", config], "");
        let again = run(HALLPASS, &app.database, &["flush-expired-tokens", "--config", config], "");

        assert_eq!((told.code, told.stdout.as_str()), (Some(0), "10 tokens have expired\n"), "{told:?}");
        assert_eq!(before, "11");
        assert_eq!((flushed.code, flushed.stdout.as_str()), (Some(0), "Forgot 10 expired tokens\n"), "{flushed:?}");
        assert_eq!(again.stdout, "Forgot 0 expired tokens\n");
        assert_eq!(count("token_blacklist_outstandingtoken"), "1");
        for table in ["token_blacklist_blacklistedtoken", "hallpass_refresh_member", "hallpass_refresh_family"] {
            assert_eq!(count(table), "0", "{table}");
        }
    });
}

#[test]
fn logins_go_on_while_expired_tokens_are_forgotten() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        let rows: Vec<String> =
            (0..2000).map(|number| format!("('t', NULL, '2026-01-01 00:00:00', NULL, 'jti{number}')")).collect();
        app.database.execute(&format!(
            "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) VALUES {}",
            rows.join(", ")
        ));
        let config = config_file(&app.database, "");
        let config = config.to_str().expect("a path");

        let flushed = thread::scope(|scope| {
            let flush = scope.spawn(|| {
                run(HALLPASS, &app.database, &["flush-expired-tokens", "--batch", "20", "--config", config], "")
            });
            while !flush.is_finished() {
                login(app.client);
            }
            flush.join().expect("an end")
        });

        assert_eq!(flushed.stdout, "Forgot 2000 expired tokens\n", "{flushed:?}");
    });
}

#[test]
fn a_service_with_a_public_key_alone_reads_tokens_and_makes_none() {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/keys");
    let public = format!("jwt.algorithm = \"EdDSA\"\njwt.verifying_key = \"file:{keys}/ed25519.pub.pem\"\n");
    let private = format!("{public}jwt.signing_key = \"file:{keys}/ed25519.pem\"\n");
    for kind in Kind::available() {
        let (signer, reader) = (TestApp::start(kind, &private), TestApp::start(kind, &public));
        signer.user("alice", "pw");
        reader.user("alice", "pw");

        let token = access(signer.client);
        let refused = post(reader.client, "/api/token/", serde_json::json!({"username": "alice", "password": "pw"}));

        assert_eq!(whoami(reader.client, &token), 200);
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(header(&token).get("kid").is_none(), "only a list of keys names them");
    }
}
