//! Accounts as their owners and others use them: what shows only under races, over time, in the database and in mails.

mod audited;
mod bans;
mod deletion;
mod email_login;
mod links;
mod no_oracle;
mod odd_requests;
mod registration;
mod revocation;
mod unlocking;

use std::fs;
use std::path::PathBuf;
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::mail::mime;
use crate::support::TestApp;
use crate::support::client::Response;
use crate::support::database::{Kind, TestDatabase};

/// Passwords that no validator has anything against.
const OLD: &str = "Tr0mbone-quay";
const NEW: &str = "L4ntern-moss";

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A service whose mails are kept in a folder.
struct Site {
    app: TestApp,
    mail: PathBuf,
}

/// A mail as far as tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mail {
    to: String,
    subject: String,
    text: String,
}

/// The two parts of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    uid: String,
    token: String,
}

impl Site {
    fn start(kind: Kind, settings: &str) -> Self {
        let database = TestDatabase::create(kind);
        let mail = database.folder().join("mail");
        let transport = format!("email.transport = \"file\"\nemail.directory = \"{}\"\n", mail.display());
        Self { app: TestApp::start_on(database, &format!("{transport}{settings}")), mail }
    }

    /// Runs `test` on every kind of database that there is; an address gets as many mails as it likes.
    fn on_each(settings: &str, test: impl Fn(&mut Site)) {
        let unlimited = "email.limit_per_minute = 1000\nemail.limit_per_hour = 1000\n";
        for kind in Kind::available() {
            test(&mut Self::start(kind, &format!("{unlimited}{settings}")));
        }
    }

    fn call(&self, method: &str, path: &str, authorization: &str, body: &Value) -> Response {
        let headers = [JSON, ("Authorization", authorization)];
        let headers = if authorization.is_empty() { &headers[..1] } else { &headers[..] };
        self.app.client.request(method, path, headers, Some(body.to_string().as_bytes()))
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        self.call("POST", path, "", body)
    }

    fn register(&self, body: &Value) -> Response {
        self.post("/auth/users/", body)
    }

    /// Registers somebody whom nothing is the matter with, and gives their id.
    fn registered(&self, username: &str, email: &str) -> i64 {
        let response = self.register(&json!({"username": username, "email": email, "password": OLD}));
        assert_eq!(response.status, 201, "{response:?}");
        response.json()["id"].as_i64().expect("an id")
    }

    /// Adds an active user as another program would, and gives their id.
    fn member(&self, username: &str, email: &str) -> i32 {
        let id = self.app.user(username, OLD);
        self.app.database.execute(&format!("UPDATE auth_user SET email = '{email}' WHERE id = {id}"));
        id
    }

    /// Asks `/auth/users/{what}/` for a mail.
    fn ask(&self, what: &str, email: &str) -> Response {
        self.post(&format!("/auth/users/{what}/"), &json!({"email": email}))
    }

    /// Has all mail sent that waits, and takes it out.
    fn mails(&self) -> Vec<Mail> {
        self.app.hallpass.post().send_due().expect("mail that can be sent");
        let files = fs::read_dir(&self.mail).expect("the folder").map(|file| file.expect("a file").path());
        files
            .map(|file| {
                let (headers, text, _) = mime::parse(&fs::read_to_string(&file).expect("a mail"));
                fs::remove_file(file).expect("a file");
                let (to, subject) = (mime::value(&headers, "to"), mime::value(&headers, "subject"));
                Mail { to, subject, text }
            })
            .collect()
    }

    /// The only mail that waits.
    fn mail(&self) -> Mail {
        let mails = self.mails();
        let [mail] = mails.as_slice() else { panic!("not one mail: {mails:?}") };
        mail.clone()
    }

    /// The link in the only mail that waits.
    fn link(&self) -> Link {
        self.mail().link()
    }

    /// The link of a mail that was asked for at `/auth/users/{what}/`.
    fn link_for(&self, what: &str, email: &str) -> Link {
        let response = self.ask(what, email);
        assert_eq!(response.status, 204, "{response:?}");
        self.link()
    }

    fn activate(&self, link: &Link) -> Response {
        self.post("/auth/users/activation/", &json!({"uid": link.uid, "token": link.token}))
    }

    fn reset_password(&self, link: &Link, password: &str) -> Response {
        let body = json!({"uid": link.uid, "token": link.token, "new_password": password});
        self.post("/auth/users/reset_password_confirm/", &body)
    }

    fn reset_username(&self, link: &Link, username: &str) -> Response {
        let body = json!({"uid": link.uid, "token": link.token, "new_username": username});
        self.post("/auth/users/reset_username_confirm/", &body)
    }

    /// `Authorization` with the token that `/auth/token/login/` gives.
    fn token(&self, username: &str, password: &str) -> String {
        let response = self.post("/auth/token/login/", &json!({"username": username, "password": password}));
        assert_eq!(response.status, 200, "{response:?}");
        format!("Token {}", text(&response, "auth_token"))
    }

    fn me(&self, authorization: &str) -> Response {
        self.app.client.get("/auth/users/me/", &[("Authorization", authorization)])
    }

    /// The one value that `sql` selects.
    fn value(&self, sql: &str) -> String {
        let values = self.app.database.texts(sql);
        let [value] = values.as_slice() else { panic!("{sql}: {values:?}") };
        value.clone()
    }

    fn count(&self, table: &str) -> usize {
        self.value(&format!("SELECT count(*) FROM {table}")).parse().expect("a number")
    }

    fn is_active(&self, id: impl std::fmt::Display) -> bool {
        self.value(&format!("SELECT CASE WHEN is_active THEN 'yes' ELSE 'no' END FROM auth_user WHERE id = {id}"))
            == "yes"
    }
}

impl Mail {
    /// The uid and the token of its link.
    fn link(&self) -> Link {
        let link =
            self.text.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("no link: {self:?}"));
        let [token, uid] = link.rsplit('/').take(2).collect::<Vec<_>>()[..] else { panic!("{link}") };
        Link { uid: uid.to_owned(), token: token.to_owned() }
    }
}

fn text(response: &Response, name: &str) -> String {
    response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

/// Runs `count` of them at the same time, each with its number.
fn at_once<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let started: Vec<_> = (0..count)
            .map(|number| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(number)
                })
            })
            .collect();
        started.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

/// How many of the answers have this status.
fn with_status(answers: &[Response], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn answers(response: &Response, status: u16, body: &Value) {
    assert_eq!((response.status, response.text()), (status, body.to_string()), "{response:?}");
}

fn is_no_content(response: &Response) {
    assert_eq!((response.status, response.text().as_str()), (204, ""), "{response:?}");
}

/// The link is not theirs, not of now, or was used.
fn is_wrong_token(response: &Response) {
    answers(response, 400, &json!({"token": ["Invalid token for given user."]}));
}

fn is_wrong_uid(response: &Response) {
    answers(response, 400, &json!({"uid": ["Invalid user id or user doesn't exist."]}));
}
