//! What somebody who reads the database can do with it.

mod conversion;
mod conversion_under_load;
mod deletion;
mod digests;
mod races;
mod refresh;
mod secret_keys;

use crate::support::TestApp;
use crate::support::client::{Client, Response};
use crate::support::database::{Kind, TestDatabase};

const HASHED: &str = "token.storage = \"hashed\"\n";
const PLAIN: &str = "token.storage = \"plain\"\n";

/// Whether a request with this key is answered.
fn is_good(app: &TestApp, key: &str) -> bool {
    let response = app.whoami(&format!("Token {key}"));
    if response.status != 200 {
        assert_eq!((response.status, response.detail().as_str()), (401, "Invalid token."));
    }
    response.status == 200
}

/// The token of a login that comes again when it is told that the database is busy, as it may be where others write all the
/// time.
fn patient_token(app: &TestApp, username: &str) -> String {
    for _ in 0..50 {
        let response = app.login(username, "pw");
        match response.status {
            503 => assert!(response.header("retry-after").is_some(), "{response:?}"),
            _ => return field(&response, "token"),
        }
    }
    panic!("no login in fifty got through");
}

/// What Django's table has for keys, by the id of their user.
fn stored(database: &TestDatabase) -> Vec<String> {
    database.texts("SELECT key FROM authtoken_token ORDER BY user_id")
}

fn sealed(database: &TestDatabase) -> Vec<String> {
    database.texts("SELECT sealed FROM hallpass_sealed_token ORDER BY user_id")
}

/// Users who cannot log in, each with a token, and the keys of those.
fn users_with_tokens(app: &TestApp, many: usize) -> Vec<String> {
    let keys: Vec<String> = (0..many).map(|number| format!("{:040x}", 0xabc_def0_1234_u64 + number as u64)).collect();
    let mut session = app.database.session();
    session.execute("BEGIN");
    for (number, key) in keys.iter().enumerate() {
        session.execute(&format!(
            "INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, \
             date_joined) VALUES ('!', false, 'user{number}', '', '', '', false, true, '2026-01-02 03:04:05.678901'); \
             INSERT INTO authtoken_token (key, created, user_id) \
             SELECT '{key}', '2026-01-02 03:04:05', id FROM auth_user WHERE username = 'user{number}'"
        ));
    }
    session.execute("COMMIT");
    keys
}

fn post(client: Client, path: &str, body: &serde_json::Value) -> Response {
    client.post(path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

fn field(response: &Response, name: &str) -> String {
    response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

/// The whole SQLite file with its log, or every row of every table.
fn everything(database: &TestDatabase) -> String {
    if database.kind() == Kind::Sqlite {
        let files = ["hallpass.sqlite3", "hallpass.sqlite3-wal"].map(|name| database.folder().join(name));
        return files.map(|file| String::from_utf8_lossy(&std::fs::read(file).expect("a file")).into_owned()).concat();
    }
    let tables = database.texts("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    tables.iter().flat_map(|table| database.texts(&format!("SELECT CAST(t AS text) FROM \"{table}\" AS t"))).collect()
}
