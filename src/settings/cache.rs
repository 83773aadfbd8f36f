//! `[cache]`

use std::time::Duration;

use super::node::section;
use super::values::ByteSize;

section! {
    /// What is remembered from one request to the next, so that it need not be found out again.
    pub struct Cache {
        /// How much each worker may remember of each kind: tokens that it has verified, rows that it has read. Default:
        /// 2 MiB; no bytes at all switch it off.
        pub memory: ByteSize,
        /// For how long a row of PostgreSQL's is believed without asking again. Default: zero, every request asks.
        pub max_staleness: Duration,
    }
}
