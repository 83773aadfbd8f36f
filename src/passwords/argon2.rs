//! `argon2$argon2id$v=19$m=102400,t=2,p=8$salt$hash`: the three varieties, in both versions.
//!
//! What follows `argon2` is the text that the reference library in C writes, and its reader is as strict as this one:
//! the parameters in this order, base64 without padding, no unused bits.

use ::argon2::{Algorithm, Argon2, MIN_SALT_LEN, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::{Unverifiable, at_most, decimal};

/// In KiB: one GiB, ten times what Django 5.2 writes.
const MAX_MEMORY: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 64;

/// A stored Argon2 hash.
#[derive(Debug)]
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    expected: Vec<u8>,
}

impl Argon2Hash {
    pub(super) fn parse(fields: &str) -> Result<Self, Unverifiable> {
        let fields: Vec<&str> = fields.split('$').collect();
        let (variety, version, params, salt, hash) = match fields[..] {
            [variety, version, params, salt, hash] => (variety, version, params, salt, hash),
            // The first release of the library wrote no version.
            [variety, params, salt, hash] => (variety, "v=16", params, salt, hash),
            _ => return Err(Unverifiable::Corrupt),
        };
        let (salt, expected) = (decode(salt)?, decode(hash)?);
        if salt.len() < MIN_SALT_LEN {
            return Err(Unverifiable::Corrupt);
        }
        Ok(Self {
            algorithm: Algorithm::new(variety).map_err(|_| Unverifiable::Corrupt)?,
            version: parse_version(version)?,
            params: parse_params(params, expected.len())?,
            salt,
            expected,
        })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut computed = vec![0; self.expected.len()];
        Argon2::new(self.algorithm, self.version, self.params.clone())
            .hash_password_into(password, &self.salt, &mut computed)
            .is_ok_and(|()| computed.ct_eq(&self.expected).into())
    }
}

fn parse_version(text: &str) -> Result<Version, Unverifiable> {
    match text {
        "v=16" => Ok(Version::V0x10),
        "v=19" => Ok(Version::V0x13),
        _ => Err(Unverifiable::Corrupt),
    }
}

fn parse_params(text: &str, output_length: usize) -> Result<Params, Unverifiable> {
    let mut parts = text.split(',');
    let mut next = |prefix| {
        let value = parts.next().and_then(|part| part.strip_prefix(prefix)).ok_or(Unverifiable::Corrupt)?;
        decimal(value)
    };
    let (memory, passes, lanes) = (next("m=")?, next("t=")?, next("p=")?);
    if parts.next().is_some() {
        return Err(Unverifiable::Corrupt);
    }
    let (memory, passes, lanes) =
        (at_most(MAX_MEMORY, memory)?, at_most(MAX_PASSES, passes)?, at_most(MAX_LANES, lanes)?);
    // Refuses zeros, less memory than the lanes need, and outputs below four bytes.
    Params::new(memory, passes, lanes, Some(output_length)).map_err(|_| Unverifiable::Corrupt)
}

fn decode(text: &str) -> Result<Vec<u8>, Unverifiable> {
    STANDARD_NO_PAD.decode(text).map_err(|_| Unverifiable::Corrupt)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Stored, Unverifiable, inspect};

    /// Made by Django 5.2.19 with argon2-cffi 25.1.0 and bcrypt 5.0.0.
    #[rustfmt::skip]
    const VECTORS: &[(&str, &str)] = &[
        ("pässwörd", "argon2$argon2id$v=19$m=102400,t=2,p=8$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$5JfuCpjfyPTTGDyx3yeL8RrqhJLP9x7Ogz45GbfNukg"),
        ("p", "argon2$argon2i$m=8,t=1,p=1$MTIzNDU2Nzg$asyV0w"),
        ("", "argon2$argon2d$v=16$m=8,t=1,p=1$MTIzNDU2Nzg$DGZIqWi2KXR9UNWebGuhWKzkLpKorvi/UR1QdXq3mCk"),
        ("secret", "argon2$argon2d$v=16$m=64,t=2,p=2$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$QSocaIKOrWT/keUMPC+O4A"),
        ("pässwörd", "argon2$argon2d$v=19$m=100,t=3,p=3$5aGp5aGp5aGp$VFcKdQ"),
        ("é", "argon2$argon2d$v=19$m=256,t=1,p=4$MTIzNDU2Nzg$koXFW4G+wg"),
        ("e\u{301}", "argon2$argon2i$v=16$m=8,t=2,p=1$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$OGSZElBqv0XLzIaiaEnjJYSn/3dFCk33pgWIN4f7AWp+DlWwsXOD0gpTucjl7skL+B1WQk8plXBwDPhWvlXk5g"),
        ("пароль 🔑", "argon2$argon2i$v=16$m=64,t=3,p=2$5aGp5aGp5aGp$SutmpYyaupOi7lCpourrsgw3RRdf2uJ78YGuiwVcaSE"),
        (" pw ", "argon2$argon2i$v=19$m=100,t=1,p=3$MTIzNDU2Nzg$9uwPEoBso/3WPddodFnXCw"),
        ("a$b!c", "argon2$argon2i$v=19$m=256,t=2,p=4$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$NZojMQ"),
        ("", "argon2$argon2id$v=19$m=100,t=2,p=3$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$6oeg+sH90kSP5mo7Ku9xjZwL2D637LCkz9Z4wa8jacU"),
        ("secret", "argon2$argon2id$v=19$m=256,t=3,p=4$5aGp5aGp5aGp$usZqFgUMv/lEzKmu8dAVEA"),
    ];

    /// The same, of passwords that are one letter repeated.
    #[rustfmt::skip]
    const LONG_VECTORS: &[(&str, usize, &str)] = &[
        ("x", 128, "argon2$argon2id$v=16$m=8,t=3,p=1$5aGp5aGp5aGp$8jbk/jQHGg"),
        ("ü", 4096, "argon2$argon2id$v=16$m=64,t=1,p=2$MTIzNDU2Nzg$6i9AE8ttyx076q8oGXN3g1g8QWfgjwP7dP8DCCFMP6T8QQR/W6aKkOpaqIh+0gALYdTvV5kLuAF4jTJqT+FVaQ"),
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
    fn a_password_with_a_nul_is_not_the_one_without() {
        // Of "p\0q".
        let encoded = "argon2$argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$Z22y87uEABIoHhjIzX08I0vjkwXFi1eFgXpO4tBWhq8";
        let stored = Stored::parse(encoded).unwrap();

        assert!(stored.matches("p\0q"));
        assert!(!stored.matches("p"));
        assert!(!stored.matches("p\0q\0"));
    }

    #[test]
    fn a_spelling_that_the_library_does_not_write_is_corrupt() {
        for fields in [
            "argon2id$v=19$m=08,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=+8,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=7,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=8,t=1,p=2$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=8,t=0,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=8,t=1,p=0$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$t=1,m=8,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=8,t=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=8,t=1,p=1,x=2$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=20$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=13$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "Argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "$argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg",
            "argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg=",
            "argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dh",
            "argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4",
            "argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$",
            "argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nw$T0n4dg",
            "argon2id$v=19$m=8,t=1,p=1$$T0n4dg",
            "argon2id$v=19$m=8,t=1,p=1$MTIzNDU2Nzg$T0n4dg$",
            "argon2id$v=19$m=8,t=1,p=1",
        ] {
            let encoded = format!("argon2${fields}");
            assert_eq!(inspect(&encoded), Err(Unverifiable::Corrupt), "{encoded:?}");
        }
    }

    #[test]
    fn too_much_memory_too_many_passes_and_too_many_lanes_are_too_costly() {
        let encoded = |params: &str| format!("argon2$argon2id$v=19${params}$MTIzNDU2Nzg$T0n4dg");

        for params in
            ["m=1048577,t=1,p=1", "m=4194304,t=1,p=1", "m=8,t=11,p=1", "m=1024,t=1,p=65", "m=8,t=99999999999,p=1"]
        {
            assert_eq!(inspect(&encoded(params)), Err(Unverifiable::TooCostly), "{params}");
        }
        assert_eq!(inspect(&encoded("m=1048576,t=10,p=64")), Ok(()));
    }
}
