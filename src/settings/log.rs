//! `[log]`

use super::node::section;
use super::values::words;

words! {
    /// What a line of the log looks like.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line, for programs.
        Json = "json",
    }
}

section! {
    /// The log. What is logged is `RUST_LOG`'s business. Django's `LOGGING`.
    pub struct Log {
        /// Default: text.
        pub format: LogFormat,
    }
}
