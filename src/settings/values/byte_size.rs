//! Sizes in bytes: `"64KiB"`.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use toml::Value;

use super::InvalidValue;
use crate::settings::node::Setting;
use crate::settings::raw::Raw;

const UNITS: [(&str, usize); 5] = [("MiB", 1024 * 1024), ("MB", 1_000_000), ("KiB", 1024), ("KB", 1000), ("B", 1)];

/// A number of bytes; written with a unit (`B`, `KB`, `KiB`, `MB`, `MiB`) or as a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(usize);

impl ByteSize {
    /// No bytes.
    pub(crate) const NONE: Self = Self(0);

    /// How many bytes.
    pub const fn bytes(self) -> usize {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let unit = unit.trim();
        let factor =
            UNITS.iter().find(|(name, _)| *name == unit || unit.is_empty() && *name == "B").map(|(_, size)| *size);
        let size =
            factor.zip(number.parse().ok()).and_then(|(factor, number): (usize, usize)| factor.checked_mul(number));
        match size {
            Some(size) => Ok(Self(size)),
            None => {
                Err(InvalidValue::new(format!("{text:?} is no size; write \"64KiB\", \"1MB\" or a number of bytes")))
            }
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.into_iter().find(|(_, size)| self.0 > 0 && self.0.is_multiple_of(*size));
        let (unit, size) = whole.unwrap_or(("B", 1));
        write!(formatter, "{}{unit}", self.0 / size)
    }
}

impl Setting for ByteSize {
    fn parse(raw: &Raw, _: &Path) -> Result<Self, InvalidValue> {
        match raw {
            Raw::Integer(number) => number.to_string().parse(),
            other => other.text()?.parse(),
        }
    }

    fn show(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::ByteSize;

    #[test]
    fn a_size_is_read_and_written() {
        let cases = [
            ("64KiB", 65_536, "64KiB"),
            ("65536", 65_536, "64KiB"),
            ("64 KB", 64_000, "64KB"),
            ("2MB", 2_000_000, "2MB"),
            ("2MiB", 2_097_152, "2MiB"),
            ("7B", 7, "7B"),
            ("0KiB", 0, "0B"),
        ];
        for (given, bytes, written) in cases {
            let size: ByteSize = given.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, written), "{given:?}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for given in ["", "KiB", "64kib", "1.5MB", "-1", "1GB", "99999999999999999999", "99999999999999999MiB"] {
            assert!(given.parse::<ByteSize>().is_err(), "{given:?}");
        }
    }
}
