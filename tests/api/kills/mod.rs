//! Programs that are killed in the middle of their work: what was answered has happened, and nothing has happened by half.
//!
//! Callers log in, register, exchange, blacklist, log out and change passwords, and have `create_token` run, each on accounts
//! of its own. Each writes down what it was answered. Then the service, `create_token` or PostgreSQL is killed at a random
//! moment, everything is started again, and what they wrote down is compared with what holds. So are
//! the changes with the rows of the audit.
//!
//! A few cycles run with every test; `scripts/faults` runs as many as it is told. That a loss would be noticed is a test too:
//! it lets the database lose what it had acknowledged.

mod account;
mod audited;
mod caller;
mod check;
mod http;
mod random;
mod scene;

use std::time::{Duration, Instant};

use crate::support::database::Kind;
use random::Random;
use scene::{Scene, Victim};

/// How many cycles to run on each database, and the name of the variable that says so.
const CYCLES: (&str, usize) = ("HALLPASS_FAULT_CYCLES", 3);

/// The variable that says from which number all that is random begins.
const SEED: &str = "HALLPASS_FAULT_SEED";

/// In how many cycles a loss must have been noticed.
const CONTROL_CYCLES: usize = 12;

#[test]
fn what_was_answered_outlives_the_service() {
    for kind in Kind::available() {
        outlives(kind, |_| Victim::Service);
    }
}

#[test]
fn what_was_answered_outlives_postgresql() {
    if Kind::available().contains(&Kind::Postgres) {
        outlives(Kind::Postgres, |cycle| if cycle % 2 == 0 { Victim::Database } else { Victim::Both });
    }
}

#[test]
fn a_loss_is_noticed() {
    for kind in Kind::available() {
        let mut random = Random::new(seed());
        let Some(mut scene) = Scene::forgetful(kind, &mut random) else { return };
        let victim = if kind == Kind::Postgres { Victim::Both } else { Victim::Service };

        let findings = (0..CONTROL_CYCLES).map(|_| scene.cycle(victim, &mut random)).find(|found| !found.is_empty());

        println!("{kind:?} that forgets: {:?}", findings.as_ref().map(|findings| &findings[0]));
        assert!(findings.is_some(), "{kind:?}: nothing was noticed in {CONTROL_CYCLES} cycles, seed {}", random.seed());
    }
}

/// Runs the cycles and shows everything that does not hold.
fn outlives(kind: Kind, victim: impl Fn(usize) -> Victim) {
    let cycles = std::env::var(CYCLES.0).map_or(CYCLES.1, |cycles| cycles.parse().expect("a number of cycles"));
    let mut random = Random::new(seed());
    let Some(mut scene) = Scene::new(kind, &mut random) else { return };
    let started = Instant::now();
    for cycle in 0..cycles {
        let victim = victim(cycle);
        let findings = scene.cycle(victim, &mut random);
        assert!(
            findings.is_empty(),
            "{kind:?}, cycle {cycle}, {victim:?} killed, seed {}:\n{}",
            random.seed(),
            findings.join("\n")
        );
        if cycle % 50 == 49 {
            println!("{kind:?}: {} cycles in {:.0?}; {}", cycle + 1, started.elapsed(), scene.tally());
        }
    }
    println!("{kind:?}: {cycles} cycles in {:.0?}, seed {}; {}", started.elapsed(), random.seed(), scene.tally());
}

fn seed() -> u64 {
    std::env::var(SEED).map_or_else(|_| random::seed(), |seed| seed.parse().expect("a number"))
}

/// How long after a fault everything must work again.
const RECOVERY: Duration = Duration::from_secs(10);
