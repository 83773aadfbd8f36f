//! Secrets with a mark on them, sent in every way in, and looked for in everything that comes out.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::client::{Client, Response};
use crate::support::database::{Kind, TestDatabase};
use crate::support::program::{Ended, HALLPASS, Service, command, config_file, run_command};

/// The secrets of the settings, each in one of them.
const SETTINGS: &str = r#"
secret_key_fallbacks = ["CANARY-fallback-mK2x9rt0zh5vn8cj3yp6ds1glwq7b4"]
jwt.signing_key = "CANARY-signing-wq7b4m-k2x9rt0zh5vn8cj3yp6ds1gl"
auth.backends = ["token", "jwt", "basic"]
email.transport = "file"
email.directory = "mails"
email.smtp_url = "smtp://postman:CANARY-smtp-pa55@mail.example:587"
email.limit_per_minute = 1000
accounts.email_frontend_domain = "app.example"
"#;

const PASSWORD: &str = "CANARY-password-7Xq2";

/// What is sent and is no secret of anybody's.
const SENT: [&str; 5] = [
    "Token CANARY-token",
    "Bearer CANARY-token",
    "Bearer CANARY.token.x",
    "Basic Q0FOQVJZOkNBTkFSWQ==",
    "CANARY-token",
];

const ROUTES: [&str; 27] = [
    "/",
    "/livez",
    "/readyz",
    "/hello/",
    "/whoami/",
    "/read-only/",
    "/.well-known/jwks.json",
    "/api-token-auth/",
    "/api/auth-token",
    "/api/token/",
    "/api/token/refresh/",
    "/api/token/verify/",
    "/api/token/blacklist/",
    "/api/token/sliding/",
    "/api/token/sliding/refresh/",
    "/auth/users/",
    "/auth/users/me/",
    "/auth/users/activation/",
    "/auth/users/resend_activation/",
    "/auth/users/set_password/",
    "/auth/users/reset_password/",
    "/auth/users/reset_password_confirm/",
    "/auth/users/set_username/",
    "/auth/users/reset_username_confirm/",
    "/auth/token/login/",
    "/auth/token/logout/",
    "/nowhere/CANARY-path",
];

#[test]
fn a_secret_comes_out_nowhere() {
    for kind in Kind::available() {
        for format in ["text", "json"] {
            let database = TestDatabase::create(kind);
            let mails = database.folder().join("mails");
            std::fs::create_dir(&mails).expect("a folder");
            config_file(&database, &format!("{SETTINGS}log.format = \"{format}\""));
            let service = Service::start(noted(&database));
            let client = service.client;

            let (mut answers, issued) = live(client);
            answers.extend(knock(client));
            let line = std::fs::read_to_string(format!("/proc/{}/cmdline", service.id())).expect("its command line");
            let rows = rows(&database);
            let audited = database.texts(
                "SELECT event || outcome || COALESCE(reason, '') || COALESCE(account, '') || client \
                 || COALESCE(request_id, '') || COALESCE(token, '') FROM hallpass_audit",
            );
            assert!(audited.len() > 9, "{audited:?}");
            service.signal("TERM");
            let (code, log) = service.wait();
            let commands = [&["show-settings"][..], &["check"], &["audit", "--limit", "9999"]]
                .map(|arguments| run_command(with(&database, arguments), ""));
            assert_eq!(commands[2].stdout.lines().count(), audited.len(), "{:?}", commands[2]);
            let deploy = run_command(with(&database, &["check", "--deploy"]), "");

            assert_eq!(code, Some(0), "{log}");
            assert!(
                log.contains("TRACE") && log.contains("/auth/users/reset_password_confirm/"),
                "everything was logged"
            );
            let printed =
                commands.iter().chain([&deploy]).map(|Ended { stdout, stderr, .. }| format!("{stdout}{stderr}"));
            let mut places: Vec<(String, String)> = vec![
                ("the log".to_owned(), log),
                ("standard output".to_owned(), text(&database.folder().join("stdout.txt"))),
                ("the command line".to_owned(), line),
                ("the mails".to_owned(), mail_text(&mails)),
            ];
            places.push(("the audit".to_owned(), audited.join("\n")));
            places.extend(printed.map(|text| ("a command".to_owned(), text)));
            assert!(places[3].1.contains("Subject: "), "mails were sent");
            for (place, text) in &places {
                for secret in issued.iter().map(String::as_str).chain(password_of(&database).as_deref()) {
                    assert!(!text.contains(secret), "{kind:?} {format}: {secret} is in {place}:\n{text}");
                }
            }
            places.push(("the tables".to_owned(), rows));
            places
                .extend(answers.iter().map(|answer| ("an answer".to_owned(), format!("{answer:?}{}", answer.text()))));
            for (place, text) in places {
                assert!(!text.contains("CANARY") && !text.contains("Q0FOQVJZ"), "{kind:?} {format}: {place}:\n{text}");
            }
        }
    }
}

/// The service, with its standard output in a file and everything in its log.
fn noted(database: &TestDatabase) -> std::process::Command {
    let mut program = command("sh", database);
    program.args(["-c", "exec \"$0\" > stdout.txt", HALLPASS]).env("RUST_LOG", "trace");
    program.env("HALLPASS__SECRET_KEY", "CANARY-secret-key-wq7b4m-k2x9rt0zh5vn8cj3yp6ds1gl");
    program
}

fn with(database: &TestDatabase, arguments: &[&str]) -> std::process::Command {
    let mut program = command(HALLPASS, database);
    program.args(arguments).env("HALLPASS__SECRET_KEY", "CANARY-secret-key-wq7b4m-k2x9rt0zh5vn8cj3yp6ds1gl");
    program
}

/// What a user does, with a marked password; gives the answers without secrets of their own, and the tokens of the others.
fn live(client: Client) -> (Vec<Response>, Vec<String>) {
    let user = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    let login = json!({"username": "alice", "password": PASSWORD});
    let mut answers = vec![post(client, "/auth/users/", &user, None)];
    assert_eq!(answers[0].status, 201, "{:?}", answers[0]);
    let key = field(&post(client, "/api-token-auth/", &login, None), "token");
    let pair = post(client, "/api/token/", &login, None);
    let (access, refresh) = (field(&pair, "access"), field(&pair, "refresh"));
    let new_access = field(&post(client, "/api/token/refresh/", &json!({"refresh": refresh}), None), "access");
    let header = format!("Token {key}");
    answers.push(client.get("/whoami/", &[("Authorization", &header)]));
    answers.push(client.get("/whoami/", &[("Authorization", &format!("Bearer {access}"))]));
    answers.push(post(client, "/api/token/verify/", &json!({"token": access}), None));
    let change = json!({"current_password": PASSWORD, "new_password": "CANARY-other-9Zk4"});
    answers.push(post(client, "/auth/users/set_password/", &change, Some(&header)));
    answers.push(post(client, "/auth/users/reset_password/", &json!({"email": "alice@example.org"}), None));
    answers.push(post(client, "/api/token/blacklist/", &json!({"refresh": refresh}), None));
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201, 200, 200, 200, 204, 204, 200]);
    (answers, vec![key, access, refresh, new_access])
}

/// Marked passwords and tokens at every route, in every place of a request, well-formed and not.
fn knock(client: Client) -> Vec<Response> {
    let names = [
        "password",
        "new_password",
        "current_password",
        "re_password",
        "token",
        "refresh",
        "access",
        "uid",
        "username",
    ];
    let fields: Value = names.iter().map(|name| (name.to_string(), json!("CANARY-\u{0}field"))).collect();
    let mut answers = Vec::new();
    for route in ROUTES {
        let target = format!("{route}?password=CANARY-query&token=CANARY-query");
        for header in SENT {
            let headers = [
                ("Authorization", header),
                ("Content-Type", "application/json"),
                ("Cookie", "sessionid=CANARY-cookie"),
                ("X-Request-ID", "CANARY request"),
                ("X-Forwarded-For", "CANARY-address"),
            ];
            answers.push(client.get(&target, &headers));
            answers.push(client.post(&target, &headers, fields.to_string().as_bytes()));
        }
        for body in [fields.to_string(), "{\"password\": \"CANARY-cut".to_owned(), "[\"CANARY-list\"]".to_owned()] {
            let json = [("Content-Type", "application/json")];
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                answers.push(client.request(method, &target, &json, Some(body.as_bytes())));
            }
        }
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        answers.push(client.post(&target, &form, b"username=alice&password=CANARY-form&token=CANARY%00form"));
    }
    answers.push(client.send(b"GET /CANARY-path HTTP/9\r\nAuthorization: CANARY-header\r\n\r\n"));
    assert!(answers.iter().all(|answer| answer.status < 500), "nothing broke");
    answers
}

fn post(client: Client, path: &str, body: &Value, authorization: Option<&str>) -> Response {
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(authorization.map(|value| ("Authorization", value)));
    client.post(path, &headers, body.to_string().as_bytes())
}

fn field(response: &Response, name: &str) -> String {
    response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

/// Everything in the database, as text.
fn rows(database: &TestDatabase) -> String {
    if database.kind() == Kind::Sqlite {
        return ["hallpass.sqlite3", "hallpass.sqlite3-wal"].map(|name| text(&database.folder().join(name))).concat();
    }
    let tables = database.texts("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    assert!(tables.len() > 5, "{tables:?}");
    tables.iter().flat_map(|table| database.texts(&format!("SELECT CAST(t AS text) FROM \"{table}\" AS t"))).collect()
}

fn mail_text(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).expect("the folder of mails");
    files.map(|file| text(&file.expect("a file").path())).collect()
}

fn text(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).expect("a file")).into_owned()
}

fn password_of(database: &TestDatabase) -> Option<String> {
    let (login, _) = database.url().rsplit_once('@')?;
    login.rsplit_once(':').map(|(_, password)| password.to_owned()).filter(|password| password.len() > 4)
}
