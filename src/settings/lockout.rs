//! `[lockout]`

use std::time::Duration;

use super::limits::{at_least, not_zero, within};
use super::node::section;

section! {
    /// What guessing at one account's password costs. Django has nothing like it.
    pub struct Lockout {
        /// Wrong passwords in a row that cost nothing; 0 switches the lockout off. Up to 100. Default: 5.
        pub failures: u32 => within(0..=100),
        /// The longest wait before the next try. Default: 15 minutes.
        pub max_delay: Duration => not_zero,
        /// How long after the last wrong password all of them are forgotten. At least a minute, and not less than
        /// `max_delay`. Default: a day.
        pub forget_after: Duration => at_least(Duration::from_secs(60)),
    }
}
