//! Spans of time: `"5m"`, `"1h 30m"`, `"0s"`.

use std::path::Path;
use std::time::Duration;

use toml::Value;

use super::InvalidValue;
use crate::settings::node::Setting;
use crate::settings::raw::Raw;

/// The units, longest first, in milliseconds.
const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A hundred years: what is longer is a slip, and would run off Django's calendar.
const LONGEST: u64 = 36_525 * 86_400_000;

impl Setting for Duration {
    fn parse(raw: &Raw, _: &Path) -> Result<Self, InvalidValue> {
        match raw {
            Raw::Integer(number) => read(&number.to_string()),
            other => read(other.text()?),
        }
    }

    fn show(&self) -> Value {
        Value::String(text(*self))
    }
}

/// As it is written in the settings, from the longest unit to the shortest.
pub(crate) fn text(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    // Nobody writes weeks for days.
    for (unit, length) in UNITS.into_iter().skip(1) {
        if rest >= length {
            parts.push(format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// The span of time that `text` names.
pub(crate) fn read(text: &str) -> Result<Duration, InvalidValue> {
    let why = "is no span of time; write \"90s\", \"15m\", \"14d\" or \"1h 30m\"";
    let wrong = || InvalidValue::new(format!("{text:?} {why}"));
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidValue::new(format!(
            "{rest} has no unit; write \"{rest}s\" for seconds, \"{rest}m\" for minutes"
        )));
    }
    let (mut total, mut shortest) = (0_u64, u64::MAX);
    while !rest.is_empty() {
        // Falling units only: "5m 5m" and "30m 1h" are slips.
        let (number, unit, after) = part(rest).filter(|(_, unit, _)| *unit < shortest).ok_or_else(wrong)?;
        total = total.saturating_add(number.saturating_mul(unit));
        (shortest, rest) = (unit, after);
    }
    match total > LONGEST {
        true => Err(InvalidValue::new(format!("{text:?} is longer than a hundred years"))),
        false => Ok(Duration::from_millis(total)),
    }
}

/// The number and the length of the unit that `text` begins with, and what follows.
fn part(text: &str) -> Option<(u64, u64, &str)> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (unit, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len()));
    let (_, length) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    Some((number.parse().ok()?, length, rest.trim_start()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{read, text};

    #[test]
    fn a_span_of_time_is_read_and_written() {
        let cases = [
            ("5m", 300_000, "5m"),
            ("300s", 300_000, "5m"),
            ("14d", 1_209_600_000, "14d"),
            ("2w", 1_209_600_000, "14d"),
            ("1h 30m", 5_400_000, "1h 30m"),
            ("1h30m", 5_400_000, "1h 30m"),
            (" 250ms ", 250, "250ms"),
            ("0s", 0, "0s"),
        ];
        for (given, millis, written) in cases {
            let duration = read(given).unwrap();
            assert_eq!((duration.as_millis(), text(duration).as_str()), (millis, written), "{given:?}");
        }
    }

    #[test]
    fn what_is_no_span_of_time_is_refused() {
        let wrong =
            ["", " ", "s", "5x", "5M", "1.5h", "-5s", "5m 5m", "30m 1h", "1h 30", "5 minutes", "99999999999999999999s"];
        for given in wrong.into_iter().chain(["10", "36526d", "9999999999999w"]) {
            assert!(read(given).is_err(), "{given:?}");
        }
    }
}
