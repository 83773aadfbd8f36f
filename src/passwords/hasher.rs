//! Which encoding new passwords get, and how long a refusal takes.
//!
//! A wrong password, an unknown user and an account without a usable hash must not be told apart by the clock, so each
//! costs what verifying a hash of the preferred encoding costs. Django does so while the algorithm stays the same and
//! gives up when it differs; here an older, cheaper hash is topped up too:
//!
//! * a bcrypt hash of lower cost by exactly the rounds that it lacks;
//! * one of another algorithm by time, since their work has no common unit. The time that the old hash took is turned
//!   into rounds of bcrypt at the pace at which this call itself is running them.
//!
//! A hash that takes longer than the preferred one answers later, until a login with the right password replaces it.

use std::time::{Duration, Instant};

use super::Stored;
use super::bcrypt::{self, BcryptHash, MAX_COST, MIN_COST};

/// What is known of a password after comparing it with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password, or no password can match the stored text.
    Wrong,
    /// It is the password.
    Right {
        /// Whether it should be hashed anew and saved, since the hasher would write another algorithm or cost.
        outdated: bool,
    },
}

/// When a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// When the system gives no random bytes for a salt.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// When bcrypt refuses its parameters.
    #[error("bcrypt failed")]
    Bcrypt(#[from] ::bcrypt::BcryptError),
}

/// Verifies every encoding and writes `bcrypt_sha256` at one cost.
#[derive(Clone, Debug)]
pub struct Hasher {
    cost: u32,
    decoy: BcryptHash,
}

impl Hasher {
    /// A hasher that writes at `bcrypt_cost`, or at the nearest of 4 to 15. Each step doubles the time.
    pub fn new(bcrypt_cost: u32) -> Self {
        let cost = bcrypt_cost.clamp(MIN_COST, MAX_COST);
        Self { cost, decoy: BcryptHash::decoy(cost) }
    }

    /// `password` encoded with a new salt, as Django's `BCryptSHA256PasswordHasher` does it.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn hash(&self, password: &str) -> Result<String, HashError> {
        bcrypt::hash(password, self.cost)
    }

    /// Compares `password` with what is stored. A wrong one takes as long as it would against a new hash.
    pub fn verify(&self, password: &str, encoded: &str) -> Verdict {
        let Ok(stored) = Stored::parse(encoded) else {
            self.waste(password);
            return Verdict::Wrong;
        };
        let started = Instant::now();
        if stored.matches(password) {
            return Verdict::Right { outdated: !self.would_write(&stored) };
        }
        self.top_up(&stored, started.elapsed());
        Verdict::Wrong
    }

    /// Takes as long as a wrong password against a new hash, for a user who does not exist.
    pub fn waste(&self, password: &str) {
        std::hint::black_box(self.decoy.matches(password.as_bytes()));
    }

    fn would_write(&self, stored: &Stored) -> bool {
        matches!(stored, Stored::Bcrypt(hash) if hash.is_written_at(self.cost))
    }

    fn top_up(&self, stored: &Stored, spent: Duration) {
        match stored {
            // One hash of each cost between: 2^a + … + 2^(b-1) = 2^b - 2^a rounds.
            Stored::Bcrypt(hash) => (hash.cost()..self.cost).for_each(bcrypt::burn),
            Stored::Argon2(_) | Stored::Pbkdf2(_) | Stored::Scrypt(_) => self.burn_what_lacks(spent),
        }
    }

    /// Burns the rest of a preferred hash's time when `spent` of it is gone. It begins with a 32nd to learn the pace,
    /// then goes on in steps of up to half of what is left, each time with a better measure of the pace.
    fn burn_what_lacks(&self, spent: Duration) {
        let started = Instant::now();
        let mut pace = Pace { rounds: 0, time: Duration::ZERO };
        let mut step = self.cost.saturating_sub(5).max(MIN_COST);
        loop {
            bcrypt::burn(step);
            pace = Pace { rounds: pace.rounds + (1 << step), time: started.elapsed() };
            let lacking = pace.lacking(1 << self.cost, spent);
            // Less than the smallest hash cannot be burnt.
            let Some(left) = lacking.checked_ilog2().filter(|left| *left >= MIN_COST) else { return };
            step = (left - 1).max(MIN_COST);
        }
    }
}

/// How many rounds of bcrypt took how long.
#[derive(Clone, Copy)]
struct Pace {
    rounds: u64,
    time: Duration,
}

impl Pace {
    /// Rounds still to do for a total of `goal`, with these done and with `spent` counted at the same pace.
    fn lacking(self, goal: u64, spent: Duration) -> u64 {
        let spent = spent.as_nanos().saturating_mul(self.rounds.into()) / self.time.as_nanos().max(1);
        goal.saturating_sub(self.rounds).saturating_sub(u64::try_from(spent).unwrap_or(u64::MAX))
    }
}

/// What Django's `make_password(None)` stores for an account that no password may open: `!` and 40 random letters and
/// digits. They differ so that links for a password reset, which are bound to it, differ.
///
/// # Errors
///
/// When the system gives no random bytes.
pub fn unusable() -> Result<String, HashError> {
    const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut text = String::from("!");
    while text.len() <= 40 {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).map_err(HashError::Random)?;
        // Six bits choose one of 64; the last two choices are thrown again, so that all 62 are equally likely.
        let chosen = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        text.extend(chosen.take(41 - text.len()).map(|letter| char::from(*letter)));
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::{Hasher, Pace, Verdict, unusable};

    const RIGHT: Verdict = Verdict::Right { outdated: false };
    const OUTDATED: Verdict = Verdict::Right { outdated: true };

    #[test]
    fn what_the_hasher_writes_verifies_and_is_not_outdated() {
        let hasher = Hasher::new(4);
        let long = "pässwörd".repeat(512);
        for password in ["", " ", "secret", "pässwörd", "\u{1f511}\u{301}", "a\0b", "a\0", &"x".repeat(72), &long] {
            let encoded = hasher.hash(password).unwrap();

            assert!(encoded.starts_with("bcrypt_sha256$$2b$04$"), "{encoded}");
            assert_eq!(encoded.len(), 74);
            assert_eq!(hasher.verify(password, &encoded), RIGHT, "{password:?}");
            for other in [format!("{password}x"), format!("{password}\0"), format!(" {password}")] {
                assert_eq!(hasher.verify(&other, &encoded), Verdict::Wrong, "{other:?}");
            }
        }
    }

    #[test]
    fn each_hash_has_its_own_salt() {
        let hasher = Hasher::new(4);

        assert_ne!(hasher.hash("secret").unwrap(), hasher.hash("secret").unwrap());
    }

    #[test]
    fn a_lower_and_a_higher_cost_are_outdated() {
        let (four, five) = (Hasher::new(4), Hasher::new(5));

        assert_eq!(five.verify("secret", &four.hash("secret").unwrap()), OUTDATED);
        assert_eq!(four.verify("secret", &five.hash("secret").unwrap()), OUTDATED);
    }

    #[test]
    fn another_algorithm_is_outdated() {
        let hasher = Hasher::new(4);
        for (password, encoded) in [
            ("lètmein", "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="),
            ("a", "bcrypt$$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC"),
            ("p", "argon2$argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg"),
        ] {
            assert_eq!(hasher.verify(password, encoded), OUTDATED, "{encoded}");
            assert_eq!(hasher.verify("other", encoded), Verdict::Wrong, "{encoded}");
        }
    }

    #[test]
    fn what_cannot_be_verified_is_wrong() {
        let hasher = Hasher::new(4);
        for encoded in [
            "",
            "!",
            "!abc",
            "plain",
            "md5$a$0cc175b9c0f1b6a831c399e269772661",
            "pbkdf2_sha256$abc",
            "pbkdf2_sha256$2000000000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
            "bcrypt$$2b$12$short",
        ] {
            for password in ["", "!", "a", encoded] {
                assert_eq!(hasher.verify(password, encoded), Verdict::Wrong, "{encoded:?}");
            }
        }
    }

    #[test]
    fn no_password_matches_the_decoy() {
        let hasher = Hasher::new(4);

        for password in ["", "0", "secret"] {
            assert!(!hasher.decoy.matches(password.as_bytes()));
        }
    }

    #[test]
    fn the_cost_is_kept_within_the_limits() {
        for (asked, given) in [(0, 4), (3, 4), (4, 4), (12, 12), (15, 15), (16, 15), (u32::MAX, 15)] {
            assert_eq!(Hasher::new(asked).cost, given);
        }
    }

    #[test]
    fn time_already_spent_counts_as_rounds_at_the_present_pace() {
        let pace = Pace { rounds: 128, time: Duration::from_millis(10) };

        assert_eq!(pace.lacking(4096, Duration::ZERO), 4096 - 128);
        assert_eq!(pace.lacking(4096, Duration::from_millis(100)), 4096 - 128 - 1280);
        assert_eq!(pace.lacking(4096, Duration::from_millis(320)), 0);
        assert_eq!(pace.lacking(4096, Duration::MAX), 0);
        assert_eq!(Pace { rounds: 16, time: Duration::ZERO }.lacking(16, Duration::MAX), 0);
    }

    #[test]
    fn an_unusable_password_is_an_exclamation_mark_and_forty_letters_and_digits() {
        let texts: HashSet<String> = (0..100).map(|_| unusable().unwrap()).collect();

        assert_eq!(texts.len(), 100);
        for text in &texts {
            let suffix = text.strip_prefix('!').unwrap();
            assert_eq!(suffix.len(), 40);
            assert!(suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
        let letters: HashSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
        assert_eq!(letters.len(), 63, "every letter and digit occurs");
    }
}
