//! `pbkdf2_sha256$iterations$salt$hash` and `pbkdf2_sha1$…`: Django's default, and its elder.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{Unverifiable, at_most, decimal, ends_in_nul};

/// Ten times what Django 5.2 writes.
const MAX_ITERATIONS: u32 = 10_000_000;

/// A stored PBKDF2 hash.
#[derive(Debug)]
pub(super) struct Pbkdf2Hash {
    iterations: u32,
    salt: String,
    expected: Digest,
}

#[derive(Debug)]
enum Digest {
    Sha1([u8; 20]),
    Sha256([u8; 32]),
}

impl Pbkdf2Hash {
    pub(super) fn parse_sha1(fields: &str) -> Result<Self, Unverifiable> {
        Self::parse(fields, |hash| decode(hash).map(Digest::Sha1))
    }

    pub(super) fn parse_sha256(fields: &str) -> Result<Self, Unverifiable> {
        Self::parse(fields, |hash| decode(hash).map(Digest::Sha256))
    }

    fn parse(fields: &str, digest: impl Fn(&str) -> Result<Digest, Unverifiable>) -> Result<Self, Unverifiable> {
        let mut fields = fields.splitn(3, '$');
        let mut next = || fields.next().ok_or(Unverifiable::Corrupt);
        let (iterations, salt, hash) = (next()?, next()?, next()?);
        let iterations = decimal(iterations)?;
        // For 0 Django computes its default count, writes that count, and finds that the texts differ: never a match.
        if iterations == 0 || salt.is_empty() {
            return Err(Unverifiable::Corrupt);
        }
        let expected = digest(hash)?;
        Ok(Self { iterations: at_most(MAX_ITERATIONS, iterations)?, salt: salt.to_owned(), expected })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let salt = self.salt.as_bytes();
        let same = match &self.expected {
            Digest::Sha1(expected) => {
                ::pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password, salt, self.iterations).ct_eq(expected)
            }
            Digest::Sha256(expected) => {
                ::pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, self.iterations).ct_eq(expected)
            }
        };
        bool::from(same) && !ends_in_nul(password)
    }
}

fn decode<const LENGTH: usize>(hash: &str) -> Result<[u8; LENGTH], Unverifiable> {
    let bytes = STANDARD.decode(hash).map_err(|_| Unverifiable::Corrupt)?;
    bytes.try_into().map_err(|_| Unverifiable::Corrupt)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Stored, Unverifiable, inspect};

    /// Made by Django 5.2.19 with argon2-cffi 25.1.0 and bcrypt 5.0.0.
    #[rustfmt::skip]
    const VECTORS: &[(&str, &str)] = &[
        ("pässwörd", "pbkdf2_sha256$1000000$abcdefghijklmnopqrstuv$6kXTBJO93Fln1DfNcY8MzyKFa84AGGdwHD2uNx42gOE="),
        ("lètmein", "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="),
        ("pässwörd", "pbkdf2_sha1$1000000$abcdefghijklmnopqrstuv$VgTIkzqjBKNF8nYdZ76eft36goE="),
        ("", "pbkdf2_sha1$1$a$Ogqhf6DMQ5uYYHkgCz6xj3x/028="),
        ("secret", "pbkdf2_sha256$2$seasalt$IURJKwlTheIsLyNc8R78ODq4bFDZeQrzrEFI3pgaLvo="),
        ("pässwörd", "pbkdf2_sha1$3$sél 'x' $Za2b2FE+6UbbyhnGnaEC+4cJdCc="),
        ("é", "pbkdf2_sha256$4$abcdefghijklmnopqrstuv$q79i5I/T2pj2OffMJNdoDGM68bbtXCDCGkC0ThxzgPc="),
        ("e\u{301}", "pbkdf2_sha1$5$a$+l0Yh9M+4UsBBcVl8Ai0JoDgxTg="),
        ("пароль 🔑", "pbkdf2_sha256$6$seasalt$t9qfXa30ds96mhNCTFWCSeoOZL92gmBVk7yA+CJxYbg="),
        (" pw ", "pbkdf2_sha1$7$sél 'x' $LBotWH/u+eE5SvjCkFilymDHcVs="),
        ("a$b!c", "pbkdf2_sha256$8$abcdefghijklmnopqrstuv$9sIWkc8k9W+Wppd18+o5uiNRjateV0sdSkFEwKFxaCI="),
        ("a\0b", "pbkdf2_sha256$7$塩$0q7g83aKP4FHIh+8MW50Q/eYRtbckJWZclrWesiVAGM="),
    ];

    /// The same, of passwords that are one letter repeated.
    #[rustfmt::skip]
    const LONG_VECTORS: &[(&str, usize, &str)] = &[
        ("x", 128, "pbkdf2_sha1$9$a$/YhQMVDsN/P/IXq3Mvx2HAWxG0c="),
        ("ü", 4096, "pbkdf2_sha256$10$seasalt$lkfV/iLdGmjaKqBHZ6ykxYatE43C7o0mAkisdDfAhuQ="),
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
    fn a_password_that_ends_in_nul_is_not_the_one_without() {
        // Of "p", and by HMAC's padding of "p\0" too.
        let stored = Stored::parse("pbkdf2_sha256$5$seasalt$2PQpBAW3xJkJFPUN1xjvTQCFec/iEMH8f+IGqC+nG5E=").unwrap();

        assert!(stored.matches("p"));
        assert!(!stored.matches("p\0"));
    }

    #[test]
    fn a_spelling_that_django_does_not_write_is_corrupt() {
        let hash = "2PQpBAW3xJkJFPUN1xjvTQCFec/iEMH8f+IGqC+nG5E=";
        for fields in [
            format!("0$seasalt${hash}"),
            format!("05$seasalt${hash}"),
            format!("+5$seasalt${hash}"),
            format!("-5$seasalt${hash}"),
            format!(" 5$seasalt${hash}"),
            format!("5_0$seasalt${hash}"),
            format!("5.0$seasalt${hash}"),
            format!("$seasalt${hash}"),
            format!("5$${hash}"),
            format!("5$seasalt${hash}$"),
            format!("5$seasalt${hash}\n"),
            "5$seasalt$".to_owned(),
            "5$seasalt".to_owned(),
            "5$seasalt$2PQpBAW3xJkJFPUN1xjvTQCFec/iEMH8f+IGqC+nG5E".to_owned(),
            "5$seasalt$2PQpBAW3xJkJFPUN1xjvTQCFec/iEMH8f+IGqC+nG5F=".to_owned(),
            "5$seasalt$2PQpBAW3xJkJFPUN1xjvTQCFec_iEMH8f-IGqC-nG5E=".to_owned(),
            "5$seasalt$AAAA".to_owned(),
        ] {
            let encoded = format!("pbkdf2_sha256${fields}");
            assert_eq!(inspect(&encoded), Err(Unverifiable::Corrupt), "{encoded:?}");
        }
    }

    #[test]
    fn the_digests_are_not_mixed_up() {
        let sha256_as_sha1 = "pbkdf2_sha1$5$seasalt$2PQpBAW3xJkJFPUN1xjvTQCFec/iEMH8f+IGqC+nG5E=";

        assert_eq!(inspect(sha256_as_sha1), Err(Unverifiable::Corrupt));
    }

    #[test]
    fn more_than_ten_million_iterations_are_too_costly() {
        let encoded = |count: &str| format!("pbkdf2_sha256${count}$s$2PQpBAW3xJkJFPUN1xjvTQCFec/iEMH8f+IGqC+nG5E=");

        for count in ["10000001", "2000000000", "4294967297", "99999999999999999999999"] {
            assert_eq!(inspect(&encoded(count)), Err(Unverifiable::TooCostly), "{count}");
        }
        assert_eq!(inspect(&encoded("10000000")), Ok(()));
    }
}
