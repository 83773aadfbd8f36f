//! `[metrics]`

use super::node::section;
use super::values::Bind;

section! {
    /// What Prometheus is told.
    pub struct Metrics {
        /// Address and port at which `/metrics` answers, beside `server.bind`. Default: none, and nothing is counted.
        pub bind: Option<Bind>,
    }
}
