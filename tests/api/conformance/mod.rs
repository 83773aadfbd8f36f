//! What the real Django REST framework answered, and whether hallpass answers the same.
//!
//! The exchanges are in `tests/conformance/`, whose README describes the format. Each file of cases is one test here.

mod answer;
mod data;

use std::collections::BTreeSet;

use crate::support::TestApp;
use crate::support::database::{Kind, Session, TestDatabase};
use answer::{Known, differences};
use data::{Case, Corpus, Exchange};

/// Copies of the seeded tables, from which they are filled again before every case.
const KEEP: &str =
    "CREATE TABLE seed_user AS SELECT * FROM auth_user; CREATE TABLE seed_token AS SELECT * FROM authtoken_token";

const RESET: &str = "BEGIN; DELETE FROM token_blacklist_blacklistedtoken; DELETE FROM token_blacklist_outstandingtoken; \
     DELETE FROM authtoken_token; DELETE FROM auth_user; INSERT INTO auth_user SELECT * FROM seed_user; \
     INSERT INTO authtoken_token SELECT * FROM seed_token; COMMIT";

macro_rules! replay {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })*

        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

replay! {
    basic_header challenges_basic challenges_basic_token challenges_bearer_token_jwt challenges_jwt
    challenges_jwt_bearer_token challenges_jwt_token challenges_token challenges_token_basic challenges_token_jwt
    flows framing jwt_header login_encodings login_form login_json login_malformed_json login_multipart login_users
    media_types methods negotiation routes samples token_header jwt_views
}

/// Recorded for endpoints that this release does not have.
const NOT_YET: &[&str] = &[];

#[test]
fn every_file_of_cases_is_replayed() {
    let known: BTreeSet<String> = REPLAYED.iter().chain(NOT_YET).map(|name| (*name).to_owned()).collect();

    assert_eq!(Corpus::file_names(), known);
}

#[test]
fn every_departure_is_of_a_case_and_says_why() {
    let corpus = Corpus::load();
    let names: BTreeSet<String> = Corpus::file_names()
        .iter()
        .flat_map(|file| Corpus::cases(file).1)
        .flat_map(|case| (1..=case.steps.len()).map(move |step| format!("{} {step}", case.name)))
        .collect();

    for departure in &corpus.departures {
        assert!(!departure.reason.trim().is_empty(), "{} has no reason", departure.case);
        assert!(names.contains(&format!("{} {}", departure.case, departure.step)), "no case {}", departure.case);
    }
}

fn replay(file: &str) {
    let corpus = Corpus::load();
    let (profile, cases) = Corpus::cases(file);
    let mut failures = Vec::new();
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        let mut session = database.session();
        corpus.seed(&database, &mut session);
        session.execute(KEEP);
        let app = TestApp::start_on(database, &corpus.settings(&profile));
        for case in &cases {
            session.execute(RESET);
            failures.extend(run(&corpus, &app, case).into_iter().map(|failure| format!("{kind:?}: {failure}")));
        }
        close(session);
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// A PostgreSQL database cannot be dropped while somebody is connected.
fn close(session: Session) {
    drop(session);
}

fn run(corpus: &Corpus, app: &TestApp, case: &Case) -> Vec<String> {
    let mut known = Known::default();
    let mut failures = Vec::new();
    for (index, Exchange { request, recorded }) in case.steps.iter().enumerate() {
        let response = app.client.send(&request.bytes(&known));
        let departure = corpus.departure(&case.name, index + 1);
        let wrong = differences(&response, recorded, departure, &known);
        known.remember(&response);
        if !wrong.is_empty() {
            failures.push(format!("{:?}, step {}: {}", case.name, index + 1, wrong.join("; ")));
        }
    }
    failures
}
