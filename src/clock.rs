//! The only reader of time.
//!
//! Everything that asks what time it is takes a [`Clock`], so that a test can hold time still or move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::{DateTime, datetime};
pub use jiff::tz::TimeZone;

/// What moments are counted from.
const EPOCH: DateTime = datetime(1970, 1, 1, 0, 0, 0, 0);

/// A moment in UTC to the microsecond, which is what Django stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01 00:00 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since 1970-01-01 00:00 UTC.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970-01-01 00:00 UTC.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 00:00 UTC, rounded down: a JWT's NumericDate.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds that a wall clock in `zone` shows since it showed 1970-01-01 00:00, rounded down: Python's naive local
    /// time. It jumps where the zone's clocks are put forward or back.
    pub fn as_local_seconds(self, zone: &TimeZone) -> i64 {
        let offset = jiff::Timestamp::from_microsecond(self.0).map_or(0, |instant| zone.to_offset(instant).seconds());
        self.as_seconds().saturating_add(i64::from(offset))
    }

    /// This moment moved by `duration`; stops at the end of time rather than overflow.
    pub fn saturating_add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// As Django writes a `DateTimeField` on SQLite: `YYYY-MM-DD HH:MM:SS[.ffffff]`, the fraction left out when it is
    /// zero. `None` outside the years 1 to 9999, which are all that Python has.
    pub fn to_django_text(self) -> Option<String> {
        let civil = EPOCH.checked_add(SignedDuration::from_micros(self.0)).ok()?;
        let year = u64::try_from(civil.year()).ok().filter(|year| *year > 0)?;
        let mut text = String::with_capacity("2026-11-25 10:00:00.000000".len());
        push_digits(&mut text, 4, year);
        let parts = [civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second()];
        for (part, before) in parts.into_iter().zip(['-', '-', ' ', ':', ':']) {
            text.push(before);
            push_digits(&mut text, 2, part.unsigned_abs().into());
        }
        let micros = self.0.rem_euclid(1_000_000);
        if micros != 0 {
            text.push('.');
            push_digits(&mut text, 6, micros.unsigned_abs());
        }
        Some(text)
    }

    /// As RFC 3339 writes it, to the microsecond: `2026-11-25T10:00:00.000000Z`.
    pub fn to_rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => format!("{instant:.6}"),
            Err(_) => self.0.to_string(),
        }
    }

    /// Reads what RFC 3339 writes, in whichever zone it says. `None` when it is no moment.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        text.parse().ok().map(|instant: jiff::Timestamp| Self(instant.as_microsecond()))
    }

    /// Reads what Django wrote; also takes a `T` between date and time and one to nine digits of fraction. `None` when
    /// it is no date.
    pub fn from_django_text(text: &str) -> Option<Self> {
        let civil: DateTime = text.parse().ok()?;
        i64::try_from(civil.duration_since(EPOCH).as_micros()).ok().map(Self)
    }
}

/// Tells the time: the system's, or one that a test sets.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it. Clones share their time.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_micros()))))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp(micros_since_epoch(SystemTime::now())),
            Source::Manual(micros) => Timestamp(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; the system's clock stays as it is.
    pub fn advance(&self, duration: Duration) {
        if let Source::Manual(micros) = &self.0 {
            let moved = Timestamp(micros.load(Ordering::SeqCst)).saturating_add(duration);
            micros.store(moved.as_micros(), Ordering::SeqCst);
        }
    }
}

/// Adds the last `count` decimal digits of `number`. It is asked for several dates in every write, where `format!` shows.
fn push_digits(text: &mut String, count: u32, number: u64) {
    for place in (0..count).rev() {
        let digit = number / 10_u64.pow(place) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
}

fn micros_since_epoch(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(error) => i64::try_from(error.duration().as_micros()).map_or(i64::MIN, |before| -before),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, Timestamp};

    #[test]
    fn a_timestamp_is_written_as_django_writes_it() {
        let cases = [
            (1_795_405_352_000_000, "2026-11-23 03:42:32"),
            (1_795_405_352_000_001, "2026-11-23 03:42:32.000001"),
            (1_795_405_352_120_000, "2026-11-23 03:42:32.120000"),
            (0, "1970-01-01 00:00:00"),
            (-1, "1969-12-31 23:59:59.999999"),
            (253_402_300_799_000_000, "9999-12-31 23:59:59"),
            (-62_135_596_800_000_000, "0001-01-01 00:00:00"),
        ];
        for (micros, text) in cases {
            assert_eq!(Timestamp::from_micros(micros).to_django_text().as_deref(), Some(text));
            assert_eq!(Timestamp::from_django_text(text), Some(Timestamp::from_micros(micros)));
        }
        for micros in [-62_135_596_800_000_001, 253_402_300_800_000_000, i64::MIN, i64::MAX] {
            assert_eq!(Timestamp::from_micros(micros).to_django_text(), None, "{micros}");
        }
    }

    #[test]
    fn a_line_of_the_log_has_a_time_that_other_programs_read() {
        let moment = Timestamp::from_micros(1_795_405_352_120_000);

        assert_eq!(moment.to_rfc3339(), "2026-11-23T03:42:32.120000Z");
        assert_eq!(Timestamp::from_rfc3339("2026-11-23T04:42:32.12+01:00"), Some(moment));
        assert_eq!(Timestamp::from_rfc3339("2026-11-23T03:42:32"), None);
    }

    #[test]
    fn a_wall_clock_follows_its_zone() {
        let Ok(berlin) = super::TimeZone::get("Europe/Berlin") else {
            panic!("no time zones");
        };
        // The end of summer time in 2026: 03:00 becomes 02:00.
        let change = 1_792_890_000;

        for (seconds, local) in [(change - 1, change - 1 + 7200), (change, change + 3600)] {
            assert_eq!(Timestamp::from_seconds(seconds).as_local_seconds(&berlin), local);
        }
    }

    #[test]
    fn what_is_no_date_is_not_read_as_one() {
        for text in ["", "yesterday", "2026-13-01 00:00:00", "2026-11-23 25:00:00"] {
            assert_eq!(Timestamp::from_django_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(Timestamp::from_seconds(100));
        let twin = clock.clone();

        clock.advance(Duration::from_millis(1500));

        assert_eq!(twin.now(), Timestamp::from_micros(101_500_000));
    }
}
