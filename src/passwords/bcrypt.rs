//! `bcrypt_sha256$$2b$12$…`, which hallpass writes, and `bcrypt$$2b$12$…`.
//!
//! bcrypt reads 72 bytes at most. `bcrypt_sha256` hashes the hexadecimal SHA-256 of the password instead, so that all
//! of it counts; plain `bcrypt` hashes the password itself, and a longer one is wrong here where Django crashes.

use std::hint::black_box;

use ::bcrypt::{HashParts, Version};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{HashError, Unverifiable, at_most};

/// The least that bcrypt knows.
pub(super) const MIN_COST: u32 = 4;
/// Eight times Django's: some seconds.
pub(super) const MAX_COST: u32 = 15;
/// The most that bcrypt knows.
const BCRYPT_MAX_COST: u32 = 31;

/// Passwords that plain bcrypt takes whole.
const MAX_PLAIN_LENGTH: usize = 72;

/// The length of `$2b$12$`.
const PREFIX_LENGTH: usize = 7;

/// A stored bcrypt hash.
#[derive(Clone, Debug)]
pub(super) struct BcryptHash {
    key: Key,
    cost: u32,
    salt: [u8; 16],
    /// Salt and checksum in bcrypt's own base64, as they stand in the text.
    expected: String,
}

/// What of the password bcrypt gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Sha256,
    Plain,
}

impl BcryptHash {
    pub(super) fn parse_sha256(text: &str) -> Result<Self, Unverifiable> {
        Self::parse(Key::Sha256, text)
    }

    pub(super) fn parse_plain(text: &str) -> Result<Self, Unverifiable> {
        Self::parse(Key::Plain, text)
    }

    fn parse(key: Key, text: &str) -> Result<Self, Unverifiable> {
        // Takes `2a`, `2b`, `2x` and `2y` alike, as Python's bcrypt does, and no base64 with unused bits set.
        let parts: HashParts = text.parse().map_err(|_| Unverifiable::Corrupt)?;
        let (prefix, expected) = text.split_at_checked(PREFIX_LENGTH).ok_or(Unverifiable::Corrupt)?;
        let cost = parts.get_cost();
        // The crate's parser lets `+4` pass.
        if prefix.contains('+') || !(MIN_COST..=BCRYPT_MAX_COST).contains(&cost) {
            return Err(Unverifiable::Corrupt);
        }
        let cost = at_most(MAX_COST, cost.into())?;
        Ok(Self { key, cost, salt: parts.get_salt_raw(), expected: expected.to_owned() })
    }

    /// A hash that no password has, to be verified where there is none.
    pub(super) fn decoy(cost: u32) -> Self {
        Self { key: Key::Sha256, cost, salt: [0; 16], expected: "0".repeat(53) }
    }

    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// Whether it is written as [`hash`] would at `cost`. A higher cost differs too: Django lowers it as well.
    pub(super) fn is_written_at(&self, cost: u32) -> bool {
        self.key == Key::Sha256 && self.cost == cost
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        match self.key {
            Key::Sha256 => self.matches_key(hex_sha256(password).as_slice()),
            // What bcrypt cannot tell from another password is wrong, but takes as long.
            Key::Plain if password.len() > MAX_PLAIN_LENGTH || password.contains(&0) => {
                burn(self.cost);
                false
            }
            Key::Plain => self.matches_key(password),
        }
    }

    fn matches_key(&self, key: &[u8]) -> bool {
        let Ok(computed) = ::bcrypt::hash_with_salt(key, self.cost, self.salt) else { return false };
        let computed = computed.format_for_version(Version::TwoB);
        computed.as_bytes()[PREFIX_LENGTH..].ct_eq(self.expected.as_bytes()).into()
    }
}

/// `bcrypt_sha256` of `password` with a new salt.
pub(super) fn hash(password: &str, cost: u32) -> Result<String, HashError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(HashError::Random)?;
    let key = hex_sha256(password.as_bytes());
    let parts = ::bcrypt::hash_with_salt(key.as_slice(), cost, salt)?;
    Ok(format!("bcrypt_sha256${}", parts.format_for_version(Version::TwoB)))
}

/// Does what one hash at `cost` does, for nothing.
pub(super) fn burn(cost: u32) {
    let _ = black_box(::bcrypt::hash_with_salt(black_box([0; 64]), cost, [0; 16]));
}

fn hex_sha256(password: &[u8]) -> Zeroizing<[u8; 64]> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest: Zeroizing<[u8; 32]> = Zeroizing::new(Sha256::digest(password).into());
    let mut hex = Zeroizing::new([0; 64]);
    for (pair, byte) in hex.chunks_exact_mut(2).zip(digest.iter()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    hex
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Stored, Unverifiable, inspect};
    use super::hex_sha256;

    /// Made by Django 5.2.19 with argon2-cffi 25.1.0 and bcrypt 5.0.0.
    #[rustfmt::skip]
    const VECTORS: &[(&str, &str)] = &[
        ("pässwörd", "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuu6SRFVhSwhanYauYEAcIzhLoyUCMWBNC"),
        ("pässwörd", "bcrypt$$2b$12$abcdefghijklmnopqrstuuFQ4qz5T6c7V5dbv.2BRCmK7xCEgQ.wm"),
        ("", "bcrypt_sha256$$2b$04$a..r/EwnmFUy8vzxil64AOCd0QtbwQsZHV7STJG7dE96ZNgMty5/S"),
        ("", "bcrypt$$2b$04$a..r/EwnmFUy8vzxil64AOXKae8xG4I1dm/42JXhyCk190XgyxDm6"),
        ("secret", "bcrypt_sha256$$2a$05$luBNAbyDuWNvTZk7v/vd9.4DqOb.hEL0BYijndWCEsrifP2jEB/Ta"),
        ("secret", "bcrypt$$2a$05$luBNAbyDuWNvTZk7v/vd9.7ywafVLdcRpfTZr3vlaaoBHo7o5DfFW"),
        ("pässwörd", "bcrypt_sha256$$2y$06$bopBlxxQj.X2FOu7DjLyYuCG4nmjFFaxz4K.cJSZrEzhBRwD.alfC"),
        ("pässwörd", "bcrypt$$2y$06$bopBlxxQj.X2FOu7DjLyYumfVweWQBcKqM8LO7B389P/3NIKHYcaq"),
        ("é", "bcrypt_sha256$$2x$04$gcjEsEbIFX07KzQAY/tCZ.QBpDsriwl198cLDuR4iIZqnOwXCw1zm"),
        ("é", "bcrypt$$2x$04$gcjEsEbIFX07KzQAY/tCZ.xafVKDqG1KKISMt2ZWlisBQ1DJsYhoK"),
        ("e\u{301}", "bcrypt_sha256$$2b$05$VzAp8QQjGy5WPmcD3wdvDOiRek2u9z1eSFM/AX1M0z4oeq/Xi/yHa"),
        ("e\u{301}", "bcrypt$$2b$05$VzAp8QQjGy5WPmcD3wdvDOv58LOoKS3k5d5sEwh1oisKBJdNh2.JG"),
        ("пароль 🔑", "bcrypt_sha256$$2a$06$Bs1Ab7SzoBgTesjUFRzV3u0ouYw8Y41CpSboXOR0IzrJamcyqxsXG"),
        ("пароль 🔑", "bcrypt$$2a$06$Bs1Ab7SzoBgTesjUFRzV3urQqsbUwDubQWOPlPIenKzcEYe3hhm6O"),
        (" pw ", "bcrypt_sha256$$2y$04$vXA3iL2tGMPhvvbUZAzMEucbtx5NSErBCydcJeCI9Fb4RLLPZLTi6"),
        (" pw ", "bcrypt$$2y$04$vXA3iL2tGMPhvvbUZAzMEu9pNJgsprUg9h1sMVc41c3BlJYsr3YI2"),
        ("a$b!c", "bcrypt_sha256$$2x$05$MtTC9MFTBTJNQ1uV68XiDO0ZM69QZjLAW4ZXwCqOPDd3BpqWuF1c."),
        ("a$b!c", "bcrypt$$2x$05$MtTC9MFTBTJNQ1uV68XiDO7tQL8.1IZbu9a69y05SNjZ8B0eTImzK"),
        ("a\0b", "bcrypt_sha256$$2y$05$E.dWA8NykH.QIzeZjD5ep.UqhKyk9r4Tj4mu1Edk45tK7CS4RqhsW"),
        ("a\0", "bcrypt_sha256$$2x$06$1JAoViLXvfCtpbFwztu9Ieu5.4z1NL57tq3VpvcX/HxAFTbqRJoTy"),
    ];

    /// The same, of passwords that are one letter repeated.
    #[rustfmt::skip]
    const LONG_VECTORS: &[(&str, usize, &str)] = &[
        ("x", 128, "bcrypt_sha256$$2b$06$aedi5K2tmuHKRWFXtR1cF.RX/o0/OBR7ZRDbnhdn60DOIbe3qSVVa"),
        ("ü", 4096, "bcrypt_sha256$$2a$04$dlIGnrklblXRys2u9oy83O7uKU8eqnWkkQ6w2S6cV7IN27q88Vy2e"),
    ];

    #[test]
    fn every_letter_of_a_long_password_counts() {
        for (letter, count, encoded) in LONG_VECTORS {
            let stored = Stored::parse(encoded).unwrap();

            assert!(stored.matches(&letter.repeat(*count)), "{encoded}");
            assert!(!stored.matches(&letter.repeat(count - 1)), "{encoded}");
            assert!(!stored.matches(&(letter.repeat(count - 1) + "y")), "{encoded}");
        }
    }

    #[test]
    fn what_django_writes_verifies() {
        for (password, encoded) in VECTORS {
            let stored = Stored::parse(encoded).unwrap();

            assert!(stored.matches(password), "{encoded}");
            assert!(!stored.matches(&format!("{password}x")), "{encoded}");
        }
    }

    #[test]
    fn plain_bcrypt_takes_72_bytes_and_no_more() {
        // Of 72 times "x".
        let stored = Stored::parse("bcrypt$$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i").unwrap();

        assert!(stored.matches(&"x".repeat(72)));
        assert!(!stored.matches(&"x".repeat(73)));
        assert!(!stored.matches(&"x".repeat(71)));
        assert!(!stored.matches(&"x".repeat(4096)));
    }

    #[test]
    fn plain_bcrypt_refuses_nul_and_is_not_fooled_by_repetition() {
        // Of "a", and as bcrypt repeats its key of "a\0a" too.
        let stored = Stored::parse("bcrypt$$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC").unwrap();

        assert!(stored.matches("a"));
        for password in ["a\0a", "a\0", "a\0b", "\0", ""] {
            assert!(!stored.matches(password), "{password:?}");
        }
    }

    #[test]
    fn a_spelling_that_bcrypt_does_not_write_is_corrupt() {
        for text in [
            "$2b$04$abcdefghijklmnopqrstuvMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JD",
            "$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9J",
            "$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JCC",
            "$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9J=",
            "$2b$4$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$4$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JCx",
            "$2b$+4$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$ 4$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$00$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$03$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$32$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$99$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2c$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC0",
            "2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
            "$2b$12$short",
            "$2b$04$éééééééééééééééééééééééééé0",
        ] {
            for algorithm in ["bcrypt", "bcrypt_sha256"] {
                let encoded = format!("{algorithm}${text}");
                assert_eq!(inspect(&encoded), Err(Unverifiable::Corrupt), "{encoded:?}");
            }
        }
    }

    #[test]
    fn a_cost_above_15_is_too_costly() {
        let encoded = |cost| format!("bcrypt_sha256$$2b${cost}$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC");

        for cost in 16..=31 {
            assert_eq!(inspect(&encoded(cost)), Err(Unverifiable::TooCostly), "{cost}");
        }
        assert_eq!(inspect(&encoded(15)), Ok(()));
    }

    #[test]
    fn the_digest_is_written_in_lower_case() {
        let expected = b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

        assert_eq!(*hex_sha256(b"abc"), *expected);
    }
}
