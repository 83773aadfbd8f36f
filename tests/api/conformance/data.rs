//! The files of `tests/conformance/`, as types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::answer::Known;
use crate::support::client::latin1;
use crate::support::database::{Kind, Session, TestDatabase};

/// Everything that is the same for all files of cases.
pub struct Corpus {
    profiles: Profiles,
    seed: Map<String, Value>,
    pub departures: Vec<Departure>,
}

#[derive(Deserialize)]
struct Profiles {
    hallpass: Map<String, Value>,
    profiles: Map<String, Value>,
}

#[derive(Deserialize)]
struct Departures {
    departures: Vec<Departure>,
}

#[derive(Deserialize)]
pub struct Departure {
    pub case: String,
    pub step: usize,
    pub reason: String,
    pub expect: Expected,
}

#[derive(Deserialize)]
pub struct Expected {
    pub status: u16,
    pub body: Option<String>,
    pub body_prefix: Option<String>,
    pub mails: Option<Vec<Mail>>,
    #[serde(default)]
    pub headers: Map<String, Value>,
}

pub struct Case {
    pub name: String,
    pub steps: Vec<Exchange>,
}

pub struct Exchange {
    pub request: Request,
    pub recorded: Recorded,
}

#[derive(Deserialize)]
struct CaseFile<Step> {
    profile: String,
    cases: Vec<NamedSteps<Step>>,
}

#[derive(Deserialize)]
struct NamedSteps<Step> {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct RequestStep {
    request: Request,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    method: String,
    target: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
    body_repeated: Option<Vec<(String, usize)>>,
    #[serde(default)]
    no_content_length: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    pub status: u16,
    pub headers: Map<String, Value>,
    pub body: Option<String>,
    pub body_base64: Option<String>,
    /// What is in the tokens of the body, by the name of their field.
    #[serde(default)]
    pub tokens: BTreeMap<String, Token>,
    /// What the request has mailed, oldest first.
    #[serde(default)]
    pub mails: Vec<Mail>,
}

/// A mail as its reader sees it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html_link: Option<String>,
}

/// A token as it was recorded: its header and its claims, as the text that was signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub header: String,
    pub claims: String,
}

impl Corpus {
    pub fn load() -> Self {
        let departures: Departures = read("departures.json");
        Self { profiles: read("profiles.json"), seed: read("seed.json"), departures: departures.departures }
    }

    /// The names of the files of cases, without their ending.
    pub fn file_names() -> BTreeSet<String> {
        let files = std::fs::read_dir(folder().join("cases")).expect("a folder of cases");
        files
            .map(|file| file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned())
            .collect()
    }

    /// The profile of a file and its cases, each request with the answer that was recorded for it.
    pub fn cases(file: &str) -> (String, Vec<Case>) {
        let asked: CaseFile<RequestStep> = read(&format!("cases/{file}.json"));
        let recorded: CaseFile<Recorded> = read(&format!("recorded/{file}.json"));
        assert_eq!((&asked.profile, asked.cases.len()), (&recorded.profile, recorded.cases.len()), "{file}");
        let cases = asked.cases.into_iter().zip(recorded.cases).map(|(asked, recorded)| {
            assert_eq!((&asked.name, asked.steps.len()), (&recorded.name, recorded.steps.len()), "{file}");
            let steps = asked.steps.into_iter().zip(recorded.steps);
            let steps = steps.map(|(step, recorded)| Exchange { request: step.request, recorded }).collect();
            Case { name: asked.name, steps }
        });
        (asked.profile, cases.collect())
    }

    /// hallpass's settings for a profile, as TOML.
    pub fn settings(&self, profile: &str) -> String {
        let own = self.profiles.profiles[profile]["hallpass"].as_object().expect("settings");
        // What every test has anyway is left out: TOML takes no key twice.
        let common = ["password.bcrypt_cost", "throttle.login", "lockout.failures"];
        let all = self.profiles.hallpass.iter().chain(own).filter(|(key, _)| !common.contains(&key.as_str()));
        all.map(|(key, value)| format!("{key} = {}\n", toml(value))).collect()
    }

    /// Fills the tables of users and tokens.
    pub fn seed(&self, database: &TestDatabase, session: &mut Session) {
        for table in ["auth_user", "authtoken_token"] {
            for row in self.seed[table].as_array().expect("rows") {
                session.execute(&insert(table, row.as_object().expect("a row")));
            }
        }
        if database.kind() == Kind::Postgres {
            session
                .execute("SELECT setval(pg_get_serial_sequence('auth_user', 'id'), (SELECT max(id) FROM auth_user))");
        }
    }

    pub fn departure(&self, case: &str, step: usize) -> Option<&Departure> {
        self.departures.iter().find(|departure| departure.case == case && departure.step == step)
    }
}

impl Request {
    /// Whether this may be the change of a password that ends all tokens of a user.
    pub fn may_end_tokens(&self) -> bool {
        self.target.contains("set_password")
    }

    /// The request as it goes over the wire.
    pub fn bytes(&self, known: &Known) -> Vec<u8> {
        let Self { method, target, .. } = self;
        let target = known.fill_in(target);
        let mut bytes = latin1(&format!("{method} {target} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n"));
        for (name, value) in &self.headers {
            bytes.extend(latin1(&format!("{name}: {}\r\n", known.fill_in(value))));
        }
        let body = self.body(known);
        if let Some(body) = body.as_ref().filter(|_| !self.no_content_length) {
            bytes.extend(latin1(&format!("Content-Length: {}\r\n", body.len())));
        }
        bytes.extend(b"\r\n");
        bytes.extend(body.unwrap_or_default());
        bytes
    }

    fn body(&self, known: &Known) -> Option<Vec<u8>> {
        let text = self.body.as_ref().map(|text| known.fill_in(text).into_bytes());
        let decoded = || self.body_base64.as_ref().map(|text| STANDARD.decode(text).expect("base64"));
        let repeated = || {
            let pieces = self.body_repeated.as_ref()?.iter();
            Some(pieces.flat_map(|(text, times)| text.repeat(*times).into_bytes()).collect())
        };
        text.or_else(decoded).or_else(repeated)
    }
}

fn insert(table: &str, row: &Map<String, Value>) -> String {
    let value = |value: &Value| match value {
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    };
    let columns: Vec<&str> = row.keys().map(String::as_str).collect();
    let values: Vec<String> = row.values().map(value).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// A JSON value as TOML has it, in which `{{keys}}` stands for the folder of keys.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string().replace("{{keys}}", &folder().join("keys").display().to_string()),
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn read<T: DeserializeOwned>(file: &str) -> T {
    let text = std::fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}
