//! The programs in `examples/`, run as their readers run them.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::BCRYPT_COST;
use crate::support::client::Client;
use crate::support::database::{Kind, SECRET_KEY, TestDatabase};

/// An example on a database and a port of its own, stopped when dropped.
struct Example {
    child: Child,
    client: Client,
}

impl Example {
    fn start(name: &str, database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(program(name))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("HALLPASS__DATABASE__URL", database.url())
            .env("HALLPASS__SERVER__BIND", "127.0.0.1:0")
            .env("HALLPASS__SECRET_KEY", SECRET_KEY)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`cargo test` builds the examples");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening at http://").expect("where it listens");
        Self { client: Client::new(address.parse().expect("an address")), child }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this program");
    test.ancestors().nth(2).expect("the folder of the build").join("examples").join(name)
}

fn user(database: &TestDatabase, name: &str) {
    let encoded = hallpass::passwords::Hasher::new(BCRYPT_COST).hash("pw").expect("a hash");
    database.insert_user(name, &encoded);
}

#[test]
fn hello_greets_whoever_logs_in_and_nobody_else() {
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        user(&database, "alice");
        let example = Example::start("hello", &database, &[]);

        let anonymous = example.client.get("/", &[]);
        let login = example.client.post(
            "/api-token-auth/",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            b"username=alice&password=pw",
        );
        let token = login.json()["token"].as_str().expect("a token").to_owned();
        let known = example.client.get("/", &[("Authorization", &format!("Token {token}"))]);

        assert_eq!((anonymous.status, anonymous.header("www-authenticate")), (401, Some("Token")));
        assert_eq!((known.status, known.text().as_str()), (200, "Hello, alice!"));
    }
}

#[test]
fn a_scheme_of_ones_own_stands_beside_the_others() {
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        user(&database, "robot");
        user(&database, "alice");
        database.execute(
            "INSERT INTO authtoken_token (key, created, user_id) \
             SELECT 'k', '2026-01-02 03:04:05', id FROM auth_user WHERE username = 'alice'",
        );
        let example = Example::start("custom_scheme", &database, &[("API_KEY", "opensesame")]);

        let by_key = example.client.get("/", &[("X-Api-Key", "opensesame")]);
        let by_token = example.client.get("/", &[("Authorization", "Token k")]);
        let wrong_key = example.client.get("/", &[("X-Api-Key", "opensesam")]);
        let nothing = example.client.get("/", &[]);

        assert_eq!(by_key.text(), "Hello, robot, by api_key!");
        assert_eq!(by_token.text(), "Hello, alice, by token!");
        assert_eq!((wrong_key.status, wrong_key.detail().as_str()), (401, "Invalid API key."));
        assert_eq!((nothing.status, nothing.header("www-authenticate")), (401, Some("Token")));
    }
}
