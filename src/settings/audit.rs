//! `[audit]`

use std::time::Duration;

use super::limits::at_least;
use super::node::section;

section! {
    /// What is written down of logins, changes and commands. Django has nothing like it.
    pub struct Audit {
        /// Whether anything is. Default: true.
        pub enabled: bool,
        /// How old a row grows before `hallpass audit --prune` deletes it. At least a day. Default: 90 days.
        pub retention: Duration => at_least(Duration::from_secs(86_400)),
    }
}
