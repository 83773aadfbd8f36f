//! Passwords as Django stores them: read, verified, and written.
//!
//! [`Hasher`] is what the rest of the program calls. Each encoding has a file that knows its text, its limits and its
//! arithmetic. A hash is slow on purpose, so calls belong on the threads of [`gate`].
//!
//! A stored text is parsed completely before any work is done. Django writes the password again with the stored
//! parameters and compares the two texts, so only the spelling that Django itself writes can ever match; any other is
//! [`Unverifiable`] here at once. So are parameters that would keep a thread busy for minutes, where Django would obey.
//!
//! A password is its UTF-8 bytes: nothing is normalised, trimmed or cut off. A NUL is the exception that Django does
//! not make, because some encodings cannot tell passwords with one apart. HMAC pads its key with NULs, so under PBKDF2
//! and scrypt `"p"` and `"p\0"` are one, and a password that *ends* in NUL is wrong here. Plain bcrypt repeats its key
//! with a NUL between, so `"a"` and `"a\0a"` are one, and a password that *contains* NUL is wrong here.

mod argon2;
mod bcrypt;
pub mod gate;
mod hasher;
mod pbkdf2;
mod scrypt;
pub mod validators;

use argon2::Argon2Hash;
use bcrypt::BcryptHash;
use pbkdf2::Pbkdf2Hash;
use scrypt::ScryptHash;

pub use hasher::{HashError, Hasher, Verdict, unusable};

/// Longer texts are not looked at. Django's column holds 128 characters.
const MAX_ENCODED_LENGTH: usize = 1024;

/// Why no password can match a stored text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unverifiable {
    /// When no password is set: the text is empty or begins with `!`.
    #[error("no usable password is set")]
    Unusable,
    /// When the text begins with no algorithm that is offered here. Django's `md5` is among those.
    #[error("the stored hash is of an unknown algorithm")]
    UnknownAlgorithm,
    /// When the text is not what the algorithm that it names writes.
    #[error("the stored hash is corrupt")]
    Corrupt,
    /// When its parameters ask for more time or memory than a login may take.
    #[error("the stored hash costs more than is allowed")]
    TooCostly,
}

/// Tells, without hashing, whether a password could match `encoded` at all: for audit lines and for `hallpass check`.
///
/// # Errors
///
/// Why none could.
pub fn inspect(encoded: &str) -> Result<(), Unverifiable> {
    Stored::parse(encoded).map(drop)
}

/// A stored hash whose text is sound and whose cost is within the limits.
#[derive(Debug)]
enum Stored {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Pbkdf2(Pbkdf2Hash),
    Scrypt(ScryptHash),
}

impl Stored {
    fn parse(encoded: &str) -> Result<Self, Unverifiable> {
        if encoded.is_empty() || encoded.starts_with('!') {
            return Err(Unverifiable::Unusable);
        }
        if encoded.len() > MAX_ENCODED_LENGTH {
            return Err(Unverifiable::Corrupt);
        }
        let (algorithm, rest) = encoded.split_once('$').unwrap_or((encoded, ""));
        match algorithm {
            "pbkdf2_sha256" => Pbkdf2Hash::parse_sha256(rest).map(Self::Pbkdf2),
            "pbkdf2_sha1" => Pbkdf2Hash::parse_sha1(rest).map(Self::Pbkdf2),
            "argon2" => Argon2Hash::parse(rest).map(Self::Argon2),
            "bcrypt_sha256" => BcryptHash::parse_sha256(rest).map(Self::Bcrypt),
            "bcrypt" => BcryptHash::parse_plain(rest).map(Self::Bcrypt),
            "scrypt" => ScryptHash::parse(rest).map(Self::Scrypt),
            _ => Err(Unverifiable::UnknownAlgorithm),
        }
    }

    /// Whether this is `password`'s hash. It takes the same time whatever the answer.
    fn matches(&self, password: &str) -> bool {
        let password = password.as_bytes();
        match self {
            Self::Argon2(hash) => hash.matches(password),
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => hash.matches(password),
            Self::Scrypt(hash) => hash.matches(password),
        }
    }
}

/// A number spelled as Python and C print it: no sign, no leading zero. One too large for the type is the largest.
fn decimal(text: &str) -> Result<u64, Unverifiable> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if text.is_empty() || !canonical {
        return Err(Unverifiable::Corrupt);
    }
    Ok(text.parse().unwrap_or(u64::MAX))
}

/// `value`, or [`Unverifiable::TooCostly`] above `limit`.
fn at_most(limit: u32, value: u64) -> Result<u32, Unverifiable> {
    u32::try_from(value).ok().filter(|value| *value <= limit).ok_or(Unverifiable::TooCostly)
}

/// HMAC cannot tell such a password from the one without the NUL.
fn ends_in_nul(password: &[u8]) -> bool {
    password.ends_with(b"\0")
}

#[cfg(test)]
mod tests {
    use super::{Stored, Unverifiable, decimal, inspect};

    #[test]
    fn no_password_is_set_when_the_text_is_empty_or_begins_with_an_exclamation_mark() {
        for encoded in ["", "!", "!abc", "!pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="] {
            assert_eq!(inspect(encoded), Err(Unverifiable::Unusable), "{encoded:?}");
        }
    }

    #[test]
    fn algorithms_that_django_does_not_install_are_unknown() {
        let unsalted_md5 = "91d9868c6562e8ed5fa5908774c5cf90";
        for encoded in [
            "md5$abcdefghijklmnopqrstuv$91d9868c6562e8ed5fa5908774c5cf90",
            "md5$$91d9868c6562e8ed5fa5908774c5cf90",
            unsalted_md5,
            "sha1$$a9993e364706816aba3e25717850c26c9cd0d89d",
            "crypt$$ab1Hv2Lg7ltQo",
            "PBKDF2_SHA256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
            " pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
            "plain",
            "$",
            "$2b$12$abcdefghijklmnopqrstuuFQ4qz5T6c7V5dbv.2BRCmK7xCEgQ.wm",
            "пароль$1$2$3",
        ] {
            assert_eq!(inspect(encoded), Err(Unverifiable::UnknownAlgorithm), "{encoded:?}");
        }
    }

    #[test]
    fn an_algorithm_without_its_fields_is_corrupt() {
        for algorithm in ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"] {
            for fields in ["", "$", "$$", "$$$", "$$$$$", "$x", "$x$y$z", "$é$é$é$é$é", "$\0$\0$\0", "$-1$-1$-1$-1$-1"]
            {
                let encoded = format!("{algorithm}{fields}");
                assert_eq!(inspect(&encoded), Err(Unverifiable::Corrupt), "{encoded:?}");
            }
        }
    }

    #[test]
    fn a_very_long_text_is_corrupt() {
        let salt = "s".repeat(2000);
        let encoded = format!("pbkdf2_sha256$1${salt}$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=");

        assert_eq!(Stored::parse(&encoded).err(), Some(Unverifiable::Corrupt));
    }

    #[test]
    fn numbers_are_read_only_as_python_prints_them() {
        for text in ["", "+5", "-5", "05", "00", " 5", "5 ", "5_0", "5.0", "٥", "0x5", "5\0"] {
            assert_eq!(decimal(text), Err(Unverifiable::Corrupt), "{text:?}");
        }
        assert_eq!(decimal("0"), Ok(0));
        assert_eq!(decimal("1000000"), Ok(1_000_000));
        assert_eq!(decimal("99999999999999999999999999"), Ok(u64::MAX));
    }
}
