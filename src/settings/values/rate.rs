//! How often: DRF's `"60/min"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::InvalidValue;

/// The most that are counted in a period: when each of them was is in one row, which is written for each of them.
const MOST: u32 = 10_000;

/// So many requests in such a period: a second, a minute, an hour or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many; 1 to 10,000.
    pub requests: u32,
    /// In how long.
    pub period: Duration,
}

impl FromStr for Rate {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new(format!("{text:?} is no rate; write \"60/min\", or \"\" for no limit"));
        let (requests, period) = text.split_once('/').ok_or_else(wrong)?;
        if period.contains('/') {
            return Err(wrong());
        }
        let requests = number(requests).filter(|requests| *requests > 0).ok_or_else(wrong)?;
        if requests > MOST {
            return Err(InvalidValue::new(format!("{requests} is more than {MOST}; write it for a shorter period")));
        }
        // DRF looks at the first letter only: "5/month" is five a minute.
        let seconds = match period.chars().next().ok_or_else(wrong)? {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        Ok(Self { requests, period: Duration::from_secs(seconds) })
    }
}

/// As Python's `int` reads it: blanks around it and single underscores within are allowed.
fn number(text: &str) -> Option<u32> {
    let groups: Vec<&str> = text.trim().split('_').collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    groups.iter().all(digits).then(|| groups.concat().parse().ok())?
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = match self.period.as_secs() {
            1 => "sec",
            60 => "min",
            3_600 => "hour",
            _ => "day",
        };
        write!(formatter, "{}/{period}", self.requests)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Rate;

    #[test]
    fn a_rate_is_read_as_rest_framework_reads_it() {
        let cases = [
            ("60/min", 60, 60, "60/min"),
            ("5/month", 5, 60, "5/min"),
            ("1/s", 1, 1, "1/sec"),
            ("1_000/hour", 1000, 3_600, "1000/hour"),
            (" 7 /day", 7, 86_400, "7/day"),
        ];
        for (given, requests, period, written) in cases {
            let rate: Rate = given.parse().unwrap();
            assert_eq!((rate.requests, rate.period.as_secs(), rate.to_string().as_str()), (requests, period, written));
        }
    }

    #[test]
    fn what_breaks_rest_framework_is_refused() {
        for given in ["10", "5/", "/min", "5/M", "5/2m", "5/ min", "5/week", "5/min/x", "x/min", "1__0/min", "_1/min"] {
            assert!(given.parse::<Rate>().is_err(), "{given:?}");
        }
    }

    #[test]
    fn a_rate_that_a_row_would_be_too_long_for_is_refused() {
        assert!("10_000/d".parse::<Rate>().is_ok());
        assert!("10001/d".parse::<Rate>().is_err());
    }

    // REST framework takes them, and then nobody gets in.
    #[test]
    fn a_rate_that_lets_nobody_in_is_refused() {
        for given in ["0/min", "-1/min"] {
            assert!(given.parse::<Rate>().is_err(), "{given:?}");
        }
    }
}
