//! Under which key the counters of guesses are kept.
//!
//! It is a digest keyed with the secret key: the tables collect neither what people typed into a login nor where they
//! were. Where the secret key is changed, every count begins anew.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// What the key is good for, so that no digest is of use elsewhere.
const SALT: &[u8] = b"hallpass.counters";

/// Makes the keys of one service, the same at each of its servers.
#[derive(Clone)]
pub struct CounterKeys(Hmac<Sha256>);

/// Whose password is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account<'a> {
    /// A user's, by whichever name or address they were found.
    User(i32),
    /// Nobody's: the name as it was looked up.
    Nobody(&'a str),
}

/// The key of one counter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CounterKey(pub(super) String);

impl CounterKeys {
    /// Keys that only whoever knows `secret_key` can make.
    pub fn new(secret_key: &Secret) -> Self {
        let mut mac = keyed(secret_key.expose().as_bytes());
        mac.update(SALT);
        Self(keyed(&mac.finalize().into_bytes()))
    }

    /// Where the wrong passwords of an account are counted.
    pub fn of_account(&self, account: Account<'_>) -> CounterKey {
        match account {
            Account::User(id) => self.digest("user", &id.to_string()),
            Account::Nobody(name) => self.digest("nobody", name),
        }
    }

    /// Where the requests of `whom` are counted that the rate `scope` is about.
    pub fn of_rate(&self, scope: &str, whom: &str) -> CounterKey {
        self.digest(&format!("rate {scope}"), whom)
    }

    fn digest(&self, kind: &str, value: &str) -> CounterKey {
        let mut mac = self.0.clone();
        mac.update(kind.as_bytes());
        mac.update(b"\0");
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        CounterKey(digest.iter().fold(String::new(), |mut text, byte| {
            // Writing to a String never fails.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of every length.
    Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("a key of any length will do"))
}

#[cfg(test)]
mod tests {
    use super::{Account, CounterKeys};
    use crate::secret::Secret;

    #[test]
    fn a_user_and_a_name_that_reads_like_their_id_are_counted_apart() {
        let keys = CounterKeys::new(&Secret::new("one"));

        assert_ne!(keys.of_account(Account::User(1)), keys.of_account(Account::Nobody("1")));
        assert_ne!(keys.of_rate("anon", "1"), keys.of_rate("user", "1"));
    }

    #[test]
    fn a_key_depends_on_the_secret_and_tells_nothing_of_the_name() {
        let [one, other] = ["one", "other"].map(|secret| CounterKeys::new(&Secret::new(secret)));

        assert_ne!(one.of_account(Account::Nobody("alice")), other.of_account(Account::Nobody("alice")));
        assert_eq!(one.of_account(Account::Nobody("alice")).0.len(), 64);
    }
}
