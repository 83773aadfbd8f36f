//! `[lockout]`

use std::time::Duration;

use super::limits::not_zero;
use super::node::section;

section! {
    /// What guessing at one account's password costs. Django has nothing like it.
    pub struct Lockout {
        /// Wrong passwords in a row that cost nothing; 0 switches the lockout off. Default: 5.
        pub failures: u32,
        /// The longest wait before the next try. Default: 15 minutes.
        pub max_delay: Duration => not_zero,
    }
}
