//! The service against a model of it: users, tokens, families and the clock, in sequences that nobody thought of.
//!
//! Each sequence is played to a running service and to [`World`], which is some two hundred lines without a database. After
//! every step the answer is the one that the model expects, and the rows are those that the model has. A sequence that
//! shows a difference is shortened, printed, and kept in `regressions.txt`, which is played first from then on.
//! `HALLPASS_TEST_MODEL_CASES` is the number of sequences for each setting on SQLite; on PostgreSQL it is a tenth of that.

mod player;
mod rows;
mod step;
mod world;

use proptest::collection::vec;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestError, TestRunner};

use crate::support::TestApp;
use crate::support::database::Kind;
use player::Player;
use world::Rules;

const CASES: &str = "HALLPASS_TEST_MODEL_CASES";

/// Sequences that take a few seconds together.
const FEW: u32 = 100;

const LONGEST: usize = 60;

#[test]
fn without_grace_the_service_does_what_the_model_does() {
    compare(Rules { grace: 0, ends_on_change: false });
}

#[test]
fn with_grace_the_service_does_what_the_model_does() {
    compare(Rules { grace: 10, ends_on_change: true });
}

fn compare(rules: Rules) {
    let cases = std::env::var(CASES).ok().and_then(|number| number.parse().ok()).unwrap_or(FEW);
    let settings = format!(
        "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\njwt.refresh_reuse_grace = \"{}s\"\n\
         jwt.auth_token_types = [\"access\", \"sliding\"]\naccounts.logout_on_password_change = {}\n",
        rules.grace, rules.ends_on_change
    );
    for kind in Kind::available() {
        let app = TestApp::start(kind, &settings);
        let config = Config {
            cases: if kind == Kind::Sqlite { cases } else { cases.div_ceil(10) },
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/api/model/regressions.txt"))),
            max_shrink_iters: 2000,
            ..Config::default()
        };
        let played = TestRunner::new(config).run(&vec(step::any(), 1..LONGEST), |steps| {
            let mut player = Player::new(&app, rules);
            steps.iter().try_for_each(|step| player.play(step)).map_err(TestCaseError::fail)
        });
        match played {
            Ok(()) => {}
            Err(TestError::Fail(reason, steps)) => panic!("{kind:?}, {rules:?}: {reason}\nafter {steps:#?}"),
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
    }
}
