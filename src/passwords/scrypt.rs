//! `scrypt$N$salt$r$p$hash`, in Django's order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

use super::{Unverifiable, at_most, decimal, ends_in_nul};

/// Bytes: sixteen times what Django's parameters take.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;
/// N·r·p, to which the time is proportional: 25 times what Django's parameters come to.
const MAX_WORK: u64 = 1 << 24;

const OUTPUT_LENGTH: usize = 64;

/// A stored scrypt hash.
#[derive(Debug)]
pub(super) struct ScryptHash {
    params: ::scrypt::Params,
    salt: String,
    expected: [u8; OUTPUT_LENGTH],
}

impl ScryptHash {
    pub(super) fn parse(fields: &str) -> Result<Self, Unverifiable> {
        let fields: Vec<&str> = fields.split('$').collect();
        let [n, salt, r, p, hash] = fields[..] else { return Err(Unverifiable::Corrupt) };
        let (n, r, p) = (decimal(n)?, decimal(r)?, decimal(p)?);
        // Django puts its defaults for zeros, and then finds that the texts differ.
        if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 || salt.is_empty() {
            return Err(Unverifiable::Corrupt);
        }
        let expected = STANDARD.decode(hash).map_err(|_| Unverifiable::Corrupt)?;
        let expected = expected.try_into().map_err(|_| Unverifiable::Corrupt)?;
        Ok(Self { params: affordable(n, r, p)?, salt: salt.to_owned(), expected })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut computed = [0; OUTPUT_LENGTH];
        ::scrypt::scrypt(password, self.salt.as_bytes(), &self.params, &mut computed)
            .is_ok_and(|()| computed.ct_eq(&self.expected).into())
            && !ends_in_nul(password)
    }
}

/// The parameters, unless they would take too much memory or time.
fn affordable(n: u64, r: u64, p: u64) -> Result<::scrypt::Params, Unverifiable> {
    let work = n.saturating_mul(r).saturating_mul(p);
    let memory = r.saturating_mul(n.saturating_add(p)).saturating_mul(128);
    if work > MAX_WORK || memory > MAX_MEMORY {
        return Err(Unverifiable::TooCostly);
    }
    let log_n = u8::try_from(n.ilog2()).map_err(|_| Unverifiable::TooCostly)?;
    ::scrypt::Params::new(log_n, at_most(u32::MAX, r)?, at_most(u32::MAX, p)?).map_err(|_| Unverifiable::Corrupt)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Stored, Unverifiable, inspect};
    use super::affordable;

    /// Made by Django 5.2.19 with argon2-cffi 25.1.0 and bcrypt 5.0.0.
    #[rustfmt::skip]
    const VECTORS: &[(&str, &str)] = &[
        ("pässwörd", "scrypt$16384$abcdefghijklmnopqrstuv$8$5$oTdP6EEAd9G9JobMK7VoN9TiZXxFh47SGVKxlB51Zbx6zZAGkKPRcm/cCsLEgeyiNx3IBDUTd3Z1e3YpCHGH1A=="),
        ("", "scrypt$2$seasalt$8$1$qVotyKnIEo1v70R2TXFdlXvplEubqvTay2H8f+a4h+BGYyS5bjU7vdaJIJNu4dS3G2hylAn5rbbLKWXFQPm8NA=="),
        ("secret", "scrypt$4$a$1$2$PEZKHNX3DlVzx8TlLWZ8M+Z+HpFskPan6Gc+KV7n/EFH/gZmnwkW0+rvfJDpjEIQb/yViurSgMo3MO72N7Wh9w=="),
        ("pässwörd", "scrypt$8$塩$4$3$/BfFGDVELiBHULClA0T9oorgGL/f3Qat059bvgzc0cQpVWC+uK1HZQ5OkaAY+IAXVkHJKf/3cSdeDFygOuc0BQ=="),
        ("é", "scrypt$16$abcdefghijklmnopqrstuv$3$4$LozMdPMsAOWGLgeZ0o7jsQKdQXgs3Qw//a1Wn9PxGA1p/lTutIG/4cu26lPDJrF7SOSWFRKc8WvhULBuGIWasQ=="),
        ("e\u{301}", "scrypt$32$seasalt$8$5$+YKdsT4CM3KTpqMUBqIYnWPULosV8U4r7yi8wbcwNMx7YK5jApEfBRRnZlrSLVMjbYNtHaXYBYd2vQGC8CSVig=="),
        ("пароль 🔑", "scrypt$64$a$1$1$HMZQdsuFcAf2OXvhB50zmLnZQbJ/ipt513QIpkSBTmnvuEWyQYb+9+TJYphP88gV0lLrjQzQJbGFO2HQ/1OdLg=="),
        (" pw ", "scrypt$128$塩$4$2$JeF7jhyKK9HbgyYcHlwDKX4HTuyqEZ/pjU1H17LRLoteUR9bnTbjr5VfoaFuT43w4/FH8tqAbOsHCFzs9eONaQ=="),
        ("a$b!c", "scrypt$256$abcdefghijklmnopqrstuv$3$3$LKO+Fko90TfrTEopUabHyLzNEISSIjPRiC4/hXVoUzHmcASx/SZjq3uszGmZ6cFIoQemhsMVivJVXkNtd7dFQw=="),
        ("a\0b", "scrypt$16$seasalt$1$1$Cbpe3PrU+9k1JzPVKDj43qKFRN1iCogepTnjgLIe9nIdmC/5qvE9611qMHjJ8ff515CGzHPxWEDCS1v/Ofoj0A=="),
    ];

    /// The same, of passwords that are one letter repeated.
    #[rustfmt::skip]
    const LONG_VECTORS: &[(&str, usize, &str)] = &[
        ("x", 128, "scrypt$512$seasalt$8$4$V87sun0D4zRR9YOlXQ77aQGeavf204iA6ftv+5qTTT4FRDWxf/qBRFgWmOsEm+xZnt6FvGVpUZl9iJBWrlj8Vg=="),
        ("ü", 4096, "scrypt$1024$a$1$5$ZGTN58MfD+xV98qlYmf8Tm4x8N4WxEoSM8b8B2bYv6vQ1cVvBfGe5ux53HKOA22v8lt0p+QI4w66CttXhb25zA=="),
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
        let (password, encoded) = VECTORS[1];
        let stored = Stored::parse(encoded).unwrap();

        assert!(!stored.matches(&format!("{password}\0")));
    }

    #[test]
    fn a_spelling_that_django_does_not_write_is_corrupt() {
        let hash = "A".repeat(86) + "==";
        for params in [
            "0$salt$8$1",
            "1$salt$8$1",
            "3$salt$8$1",
            "+16$salt$8$1",
            "016$salt$8$1",
            "16.0$salt$8$1",
            "1e4$salt$8$1",
            "-16$salt$8$1",
            "16$salt$0$1",
            "16$salt$8$0",
            "16$$8$1",
            "16$8$1",
            "16$salt$8$1$1",
        ] {
            let encoded = format!("scrypt${params}${hash}");
            assert_eq!(inspect(&encoded), Err(Unverifiable::Corrupt), "{encoded:?}");
        }
        for hash in ["", "AAAA", "=", &"A".repeat(86), &("A".repeat(85) + "B=="), &format!("{hash}$")] {
            let encoded = format!("scrypt$16$salt$8$1${hash}");
            assert_eq!(inspect(&encoded), Err(Unverifiable::Corrupt), "{encoded:?}");
        }
    }

    #[test]
    fn too_much_memory_and_too_much_work_are_too_costly() {
        for (n, r, p) in [
            (1 << 30, 8, 1),
            (1 << 18, 9, 1),
            (1 << 62, 1, 1),
            (1 << 63, u64::MAX, u64::MAX),
            (2, 1 << 20, 2),
            (2, 1, 1 << 24),
            (2, u64::MAX, 1),
            (2, 1, u64::MAX),
            (1 << 14, 8, 200),
        ] {
            assert_eq!(affordable(n, r, p).err(), Some(Unverifiable::TooCostly), "{n} {r} {p}");
        }
        for (n, r, p) in [(1 << 14, 8, 5), (1 << 17, 8, 1), (1 << 17, 8, 10), (2, 1, 1)] {
            assert!(affordable(n, r, p).is_ok(), "{n} {r} {p}");
        }
        let encoded = format!("scrypt$1073741824$salt$8$1${}==", "A".repeat(86));
        assert_eq!(inspect(&encoded), Err(Unverifiable::TooCostly));
    }
}
