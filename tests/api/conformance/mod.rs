//! What the real Django REST framework answered, and whether hallpass answers the same.
//!
//! The exchanges are in `tests/conformance/`, whose README describes the format. Each file of cases is one test here.

mod answer;
mod data;
mod mails;

use std::collections::BTreeSet;
use std::time::Duration;

use hallpass::settings::TokenStorage;

use crate::support::TestApp;
use crate::support::database::{Kind, Session, TestDatabase};
use crate::support::program::{HALLPASS, config_file, run as run_program};
use answer::{Known, differences};
use data::{Case, Corpus, Exchange};
use mails::Mailbox;

/// Copies of the seeded tables, from which they are filled again before every case.
const KEEP: &str = "CREATE TABLE seed_user AS SELECT * FROM auth_user; \
     CREATE TABLE seed_token AS SELECT * FROM authtoken_token; \
     CREATE TABLE seed_sealed AS SELECT * FROM hallpass_sealed_token";

const RESET: &str = "BEGIN; DELETE FROM hallpass_refresh_member; \
     DELETE FROM hallpass_refresh_family; DELETE FROM hallpass_user_state; DELETE FROM hallpass_outbox; \
     DELETE FROM hallpass_mail_count; DELETE FROM hallpass_lockout; DELETE FROM hallpass_throttle; DELETE FROM token_blacklist_blacklistedtoken; DELETE FROM token_blacklist_outstandingtoken; \
     DELETE FROM hallpass_sealed_token; DELETE FROM authtoken_token; DELETE FROM auth_user; INSERT INTO auth_user SELECT * FROM seed_user; \
     INSERT INTO authtoken_token SELECT * FROM seed_token; \
     INSERT INTO hallpass_sealed_token SELECT * FROM seed_sealed; COMMIT";

/// The files that are about opaque tokens or give one out.
const ABOUT_TOKENS: [&str; 12] = [
    "accounts_delete",
    "accounts_logout",
    "accounts_set_password",
    "accounts_stale",
    "accounts_token",
    "challenges_token",
    "flows",
    "login_form",
    "login_json",
    "login_users",
    "token_header",
    "token_jwt_stateless",
];

macro_rules! replay {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name), TokenStorage::Plain);
        })*

        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

replay! {
    accounts_activation accounts_activation_confirmation accounts_activation_off accounts_bodies accounts_changes
    accounts_confirmation accounts_create accounts_delete accounts_jwt accounts_links accounts_logout
    accounts_long_passwords accounts_methods accounts_negotiation accounts_no_validators accounts_open
    accounts_permissions accounts_permissions_visible accounts_reset_password accounts_reset_username
    accounts_retype accounts_routes accounts_set_password accounts_set_username accounts_show_password_email
    accounts_show_username_email accounts_stale accounts_token accounts_token_jwt accounts_users accounts_visible
    basic_header challenges_basic challenges_basic_token challenges_bearer_token_jwt challenges_jwt
    challenges_jwt_bearer_token challenges_jwt_token challenges_token challenges_token_basic challenges_token_jwt
    flows framing jwt_access_sliding jwt_audience jwt_audiences jwt_blacklist_verify jwt_claim_names jwt_eddsa
    jwt_es256 jwt_es384 jwt_header jwt_header_name jwt_header_types jwt_hs384 jwt_hs512 jwt_inactive jwt_issuer
    jwt_last_login jwt_leeway jwt_lifetimes jwt_ps256 jwt_ps384 jwt_ps512 jwt_refresh_type jwt_revoke
    jwt_revoke_claim jwt_rotation jwt_rotation_blacklist jwt_rotation_grace jwt_rs256 jwt_rs384 jwt_rs512
    jwt_sliding jwt_stateless jwt_sub jwt_untyped jwt_username jwt_views jwt_views_lives jwt_views_requests
    jwt_views_tokens login_encodings login_form login_json login_malformed_json login_multipart login_users
    media_types methods negotiation routes samples throttle token_header token_jwt_stateless
}

#[test]
fn every_file_of_cases_is_replayed() {
    let known: BTreeSet<String> = REPLAYED.iter().map(|name| (*name).to_owned()).collect();

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

/// Whoever looks at answers cannot see how tokens are kept.
#[test]
fn with_digests_of_tokens_everything_is_answered_as_without() {
    for file in ABOUT_TOKENS {
        replay(file, TokenStorage::Hashed);
    }
}

fn replay(file: &str, storage: TokenStorage) {
    let corpus = Corpus::load();
    let (profile, cases) = Corpus::cases(file);
    let mut failures = Vec::new();
    for kind in Kind::available() {
        let database = TestDatabase::create(kind);
        let mut session = database.session();
        corpus.seed(&database, &mut session);
        let stored = format!("token.storage = \"{storage}\"\n");
        if storage == TokenStorage::Hashed {
            config_file(&database, &stored);
            let ended = run_program(HALLPASS, &database, &["convert-tokens", "--to", "hashed"], "");
            assert!(ended.stdout.starts_with("Converted 18 tokens"), "{ended:?}");
        }
        session.execute(KEEP);
        let mailbox = Mailbox::create(&database);
        let settings = format!("{}{}{stored}", corpus.settings(&profile), mailbox.settings());
        let app = TestApp::start_on(database, &settings);
        for case in &cases {
            session.execute(RESET);
            failures
                .extend(run(&corpus, &app, &mailbox, case).into_iter().map(|failure| format!("{kind:?}: {failure}")));
        }
        close(session);
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// A PostgreSQL database cannot be dropped while somebody is connected.
fn close(session: Session) {
    drop(session);
}

fn run(corpus: &Corpus, app: &TestApp, mailbox: &Mailbox, case: &Case) -> Vec<String> {
    let mut known = Known::default();
    let mut failures = Vec::new();
    for (index, Exchange { request, recorded }) in case.steps.iter().enumerate() {
        if index > 0 && case.steps[index - 1].request.may_end_tokens() {
            // What is issued in the second in which a user's tokens were ended would wait for the next one.
            app.clock.advance(Duration::from_secs(1));
        }
        known.tell_time(app.clock.now());
        let response = app.client.send(&request.bytes(&known));
        let departure = corpus.departure(&case.name, index + 1);
        let mails = mailbox.take(app);
        let wrong = differences(&response, &mails, recorded, departure, &known);
        known.remember(&response, mails::last_link(&mails));
        if !wrong.is_empty() {
            failures.push(format!("{:?}, step {}: {}", case.name, index + 1, wrong.join("; ")));
        }
    }
    failures
}
