//! `[database]`

use std::time::Duration;

use super::limits::{not_zero, within};
use super::node::section;
use super::values::DatabaseUrl;

section! {
    /// Where the rows are, and how many connections lead there. Django's `DATABASES`.
    pub struct Database {
        /// Default: `sqlite://hallpass.sqlite3`, in the working directory.
        pub url: DatabaseUrl,
        /// Connections kept open, at most. Default: 8.
        pub max_connections: u32 => within(1..=1000),
        /// How long a command waits for a connection. A request waits for less, so that it is answered 503 within two seconds.
        /// Default: 3 seconds.
        pub connection_timeout: Duration => not_zero,
        /// How many writes may share one commit, SQLite only. Default: 256.
        pub max_writes_per_commit: usize => within(1..=10_000),
        /// Whether the start is given up when the server cannot be reached. If not, everything is answered 503 until it
        /// can. Default: true.
        pub required_at_start: bool,
    }
}
