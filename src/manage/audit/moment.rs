//! A time as it is typed: so long ago, or a date.

use std::str::FromStr;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::settings;

/// A moment, before now or by its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Ago(Duration),
    At(Timestamp),
}

impl Moment {
    /// When that is, if it is `now`.
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(duration) => ago(now, duration),
            Self::At(moment) => moment,
        }
    }
}

/// `duration` before `now`.
pub(super) fn ago(now: Timestamp, duration: Duration) -> Timestamp {
    let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Without a zone it is UTC; with one, the second would not look at it.
        let date = || Timestamp::from_rfc3339(text).or_else(|| Timestamp::from_django_text(text)).map(Self::At);
        settings::parse_duration(text)
            .map(Self::Ago)
            .ok()
            .or_else(date)
            .ok_or("neither a span of time such as 2h or 7d nor a time such as 2026-11-25T10:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Moment;
    use crate::clock::Timestamp;

    #[test]
    fn a_span_and_what_is_printed_are_read() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let before = |text: &str| text.parse::<Moment>().map(|moment| moment.before(now));

        assert_eq!(before("2h"), Ok(Timestamp::from_seconds(1_800_000_000 - 7200)));
        assert_eq!(before(&now.to_rfc3339()), Ok(now));
        assert_eq!(before("2027-01-15 08:00:00"), Ok(now));
        assert_eq!(before("2027-01-15"), Ok(Timestamp::from_seconds(1_800_000_000 - 8 * 3600)));
        assert_eq!(before("2027-01-15T09:00:00+01:00"), Ok(now));
        for text in ["", "soon", "2026-13-01", "-1h"] {
            assert!(text.parse::<Moment>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn before_the_beginning_of_time_is_its_beginning() {
        let moment = Moment::Ago(Duration::MAX);

        assert_eq!(moment.before(Timestamp::from_micros(-2)), Timestamp::from_micros(i64::MIN));
    }
}
