//! When an account's password may be tried again.
//!
//! The first wrong passwords in a row cost nothing. Then each one makes the next attempt wait, twice as long as the one
//! before. An attempt that is under way counts as a wrong one until it turns out to be right: however many come at once,
//! no more are let through than could all be wrong.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::settings;
use crate::store::audit::Reason;
use crate::store::lockout::{Attempts, UnderWay};

/// After so many wrong passwords in a row nobody gets in until the password is reset, the account is unlocked, or
/// `lockout.forget_after` is over: what NIST SP 800-63B allows at most.
const MOST_IN_A_ROW: u32 = 100;

/// What `[lockout]` says.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    free: u32,
    max_delay: Duration,
    forget_after: Duration,
    /// An attempt that has not said how it ended by then never will: its process died.
    lasts: Duration,
}

/// Whether an attempt may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It has begun.
    Begun,
    /// It is up to those under way whether it may.
    Undecided,
    /// Not before so long.
    Locked(Duration),
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The password was right.
    Right,
    /// It was wrong, or is to be taken for wrong, for this reason.
    Wrong(Reason),
    /// It was never looked at.
    Untried,
}

impl Rules {
    /// `None` when the lockout is switched off. Whoever tries a password has done so after `lasts`.
    pub(super) fn of(settings: &settings::Lockout, lasts: Duration) -> Option<Self> {
        let settings::Lockout { failures, max_delay, forget_after } = *settings;
        (failures > 0).then_some(Self { free: failures, max_delay, forget_after, lasts })
    }

    /// Until when what is known of an account has to be kept.
    pub(super) fn expiry(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.forget_after)
    }

    /// Begins the attempt `id` if it may.
    pub(super) fn admit(&self, attempts: &mut Attempts, id: &str, now: Timestamp) -> Admission {
        self.count_the_lost(attempts, now);
        let wait = rest(self.wait(attempts.failures), attempts.failed_at, now);
        if !wait.is_zero() {
            return Admission::Locked(wait);
        }
        let room = self.free.min(MOST_IN_A_ROW).saturating_sub(attempts.failures).max(1);
        if attempts.under_way.len() >= usize::try_from(room).unwrap_or(usize::MAX) {
            return Admission::Undecided;
        }
        attempts.under_way.push(UnderWay { id: id.to_owned(), began: now });
        Admission::Begun
    }

    /// Ends the attempt `id`. A right password ends the row of wrong ones; those under way still count when they fail.
    pub(super) fn end(attempts: &mut Attempts, id: &str, end: End, now: Timestamp) {
        let before = attempts.under_way.len();
        attempts.under_way.retain(|one| one.id != id);
        let was_under_way = attempts.under_way.len() < before;
        match end {
            End::Right => (attempts.failures, attempts.failed_at) = (0, None),
            // One that was counted as lost is not counted twice.
            End::Wrong(_) if was_under_way => fail(attempts, now),
            End::Wrong(_) | End::Untried => {}
        }
    }

    /// Why an account is locked that had `before` wrong passwords in a row and has `after` now; `None` when it is not, or was
    /// before. The wait between is longer after each one, and that is not told again.
    pub(super) fn locks(&self, before: u32, after: u32) -> Option<Reason> {
        let reaches = |limit: u32| before < limit && limit <= after;
        if reaches(MOST_IN_A_ROW) {
            return Some(Reason::HundredFailures);
        }
        reaches(self.free).then_some(Reason::TooManyFailures)
    }

    /// Counts those as wrong of which nothing was heard in time.
    fn count_the_lost(&self, attempts: &mut Attempts, now: Timestamp) {
        let (lost, under_way) = attempts.under_way.drain(..).partition(|one| distance(one.began, now) >= self.lasts);
        attempts.under_way = under_way;
        let lost: Vec<UnderWay> = lost;
        for one in lost {
            let ended = one.began.saturating_add(self.lasts).min(now);
            fail(attempts, attempts.failed_at.map_or(ended, |at| at.max(ended)));
        }
    }

    /// How long the next attempt waits after the last of so many wrong passwords.
    fn wait(&self, failures: u32) -> Duration {
        if failures >= MOST_IN_A_ROW {
            return self.forget_after;
        }
        match failures.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(doublings) => {
                let seconds = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
                // A shift drops what does not fit.
                let seconds = if doublings >= u64::BITS - 1 { u64::MAX } else { seconds };
                Duration::from_secs(seconds).min(self.max_delay)
            }
        }
    }
}

fn fail(attempts: &mut Attempts, at: Timestamp) {
    attempts.failures = attempts.failures.saturating_add(1);
    attempts.failed_at = Some(at);
}

/// What is left of a wait that began at `since`. The clock of another server may be ahead a little; but one that was set
/// back must not lock an account for as long as it was ahead.
fn rest(wait: Duration, since: Option<Timestamp>, now: Timestamp) -> Duration {
    match since {
        None => Duration::ZERO,
        Some(since) if since > now && distance(since, now) <= wait => wait,
        Some(since) => wait.saturating_sub(distance(since, now)),
    }
}

fn distance(one: Timestamp, other: Timestamp) -> Duration {
    Duration::from_micros(one.as_micros().abs_diff(other.as_micros()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Admission, Attempts, End, MOST_IN_A_ROW, Rules, distance};
    use crate::clock::Timestamp;
    use crate::store::audit::Reason;

    const DAY: Duration = Duration::from_secs(86_400);

    fn rules() -> Rules {
        Rules { free: 5, max_delay: Duration::from_secs(900), forget_after: DAY, lasts: Duration::from_secs(60) }
    }

    const WRONG: End = End::Wrong(Reason::WrongPassword);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn fail(attempts: &mut Attempts, now: Timestamp) {
        assert_eq!(rules().admit(attempts, "a", now), Admission::Begun);
        Rules::end(attempts, "a", WRONG, now);
    }

    #[test]
    fn after_the_free_failures_the_wait_doubles_up_to_its_limit() {
        let (mut attempts, mut now) = (Attempts::default(), at(0));
        for _ in 0..5 {
            fail(&mut attempts, now);
        }

        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
            let wait = Duration::from_secs(wait);
            assert_eq!(rules().admit(&mut attempts, "b", now), Admission::Locked(wait));
            now = now.saturating_add(wait);
            fail(&mut attempts, now);
        }
    }

    #[test]
    fn a_hundred_in_a_row_are_the_end_until_the_day_is_over() {
        let (mut attempts, mut now) = (Attempts::default(), at(0));
        for _ in 0..MOST_IN_A_ROW {
            fail(&mut attempts, now);
            now = now.saturating_add(rules().wait(attempts.failures).min(Duration::from_secs(900)));
        }

        let waited = attempts.failed_at.map(|at| distance(at, now));
        let left = DAY.saturating_sub(waited.unwrap_or_default());
        assert_eq!(rules().admit(&mut attempts, "b", now), Admission::Locked(left));
    }

    #[test]
    fn no_more_are_under_way_than_could_all_be_wrong() {
        let mut attempts = Attempts { failures: 3, failed_at: Some(at(0)), under_way: Vec::new() };

        assert_eq!(rules().admit(&mut attempts, "a", at(0)), Admission::Begun);
        assert_eq!(rules().admit(&mut attempts, "b", at(0)), Admission::Begun);
        assert_eq!(rules().admit(&mut attempts, "c", at(0)), Admission::Undecided);

        Rules::end(&mut attempts, "a", WRONG, at(0));
        assert_eq!(rules().admit(&mut attempts, "c", at(0)), Admission::Undecided);
        Rules::end(&mut attempts, "b", WRONG, at(0));
        assert_eq!(rules().admit(&mut attempts, "c", at(0)), Admission::Locked(Duration::from_secs(1)));
    }

    #[test]
    fn an_account_is_locked_once_and_once_for_good() {
        let locks = |before| rules().locks(before, before + 1);

        assert_eq!((locks(3), locks(4), locks(5)), (None, Some(Reason::TooManyFailures), None));
        assert_eq!((locks(98), locks(99), locks(100)), (None, Some(Reason::HundredFailures), None));
        assert_eq!(rules().locks(2, 7), Some(Reason::TooManyFailures));
        assert_eq!(rules().locks(5, 0), None);
    }

    #[test]
    fn after_a_wait_there_is_one_attempt_at_a_time() {
        let mut attempts = Attempts { failures: 7, failed_at: Some(at(0)), under_way: Vec::new() };

        assert_eq!(rules().admit(&mut attempts, "a", at(4)), Admission::Begun);
        assert_eq!(rules().admit(&mut attempts, "b", at(4)), Admission::Undecided);
    }

    #[test]
    fn a_right_password_ends_the_row_but_not_what_is_under_way() {
        let mut attempts = Attempts { failures: 3, failed_at: Some(at(0)), under_way: Vec::new() };
        for id in ["guess", "owner"] {
            assert_eq!(rules().admit(&mut attempts, id, at(0)), Admission::Begun);
        }

        Rules::end(&mut attempts, "owner", End::Right, at(0));
        Rules::end(&mut attempts, "guess", WRONG, at(1));

        assert_eq!((attempts.failures, attempts.failed_at), (1, Some(at(1))));
    }

    #[test]
    fn an_attempt_that_never_ends_is_a_wrong_one() {
        let mut attempts = Attempts::default();
        for id in ["a", "b", "c", "d", "e"] {
            assert_eq!(rules().admit(&mut attempts, id, at(0)), Admission::Begun);
        }

        assert_eq!(rules().admit(&mut attempts, "f", at(59)), Admission::Undecided);
        assert_eq!(rules().admit(&mut attempts, "f", at(60)), Admission::Locked(Duration::from_secs(1)));
        // What was counted once is not counted again, should it end after all.
        Rules::end(&mut attempts, "a", WRONG, at(61));
        assert_eq!(attempts.failures, 5);
    }

    #[test]
    fn what_was_never_hashed_does_not_count() {
        let mut attempts = Attempts::default();
        assert_eq!(rules().admit(&mut attempts, "a", at(0)), Admission::Begun);

        Rules::end(&mut attempts, "a", End::Untried, at(0));

        assert_eq!(attempts, Attempts::default());
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_for_longer() {
        let mut attempts = Attempts { failures: 5, failed_at: Some(at(1_000_000)), under_way: Vec::new() };

        assert_eq!(rules().admit(&mut attempts, "a", at(0)), Admission::Begun);
    }

    #[test]
    fn a_server_whose_clock_is_behind_lets_nobody_in_too_early() {
        let mut attempts = Attempts { failures: 7, failed_at: Some(at(3)), under_way: Vec::new() };

        assert_eq!(rules().admit(&mut attempts, "a", at(0)), Admission::Locked(Duration::from_secs(4)));
    }
}
