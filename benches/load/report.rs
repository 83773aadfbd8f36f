//! What came back, and how fast.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

#[derive(Default)]
pub struct Report {
    /// Requests without an answer.
    pub failures: u64,
    statuses: BTreeMap<u16, u64>,
    times: Vec<Duration>,
}

impl Report {
    pub fn answer(&mut self, status: u16, time: Duration) {
        *self.statuses.entry(status).or_default() += 1;
        self.times.push(time);
    }

    pub fn sum(reports: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self::default();
        for report in reports {
            sum.failures += report.failures;
            sum.times.extend(report.times);
            for (status, count) in report.statuses {
                *sum.statuses.entry(status).or_default() += count;
            }
        }
        sum.times.sort_unstable();
        sum
    }

    /// Times are in milliseconds; without an answer there are none.
    pub fn to_json(&self, elapsed: Duration) -> Value {
        json!({
            "seconds": elapsed.as_secs_f64(),
            "answers": self.times.len(),
            "failures": self.failures,
            "statuses": self.statuses,
            "p50": self.percentile(50),
            "p99": self.percentile(99),
            "max": self.percentile(100),
        })
    }

    fn percentile(&self, percent: usize) -> Option<f64> {
        let index = (self.times.len() * percent).div_ceil(100).checked_sub(1)?;
        Some(self.times.get(index)?.as_secs_f64() * 1000.0)
    }
}
