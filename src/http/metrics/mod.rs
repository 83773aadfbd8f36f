//! What Prometheus is told: how many requests there were and how they ended, and how full whatever can be full is.
//!
//! No label is anything that a client chose: routes are the paths of the settings, methods and reasons are closed sets. What is
//! counted elsewhere, or is a state, is read when somebody asks.

mod listener;
mod state;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub(super) use self::listener::Listener;
use self::state::State;
use super::Hallpass;
use super::request_log::Entry;

/// Upper bounds of the times of requests, in seconds. A lookup takes microseconds and a login a good part of a second.
const TIMES: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// So many reasons are told apart: a scheme of somebody's own may have many.
const MOST_REASONS: usize = 64;

/// The methods that are told apart.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SchemeLabels {
    scheme: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: String,
}

/// How the page is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The older text of Prometheus, 0.0.4.
    Text,
}

/// In OpenMetrics a counter is called without the `_total` that its samples have, in the older text with it.
fn with_counters_called_as_their_samples(page: &str) -> String {
    let counter = |line: &str| line.strip_prefix("# TYPE ")?.strip_suffix(" counter").map(ToOwned::to_owned);
    let counters: BTreeSet<String> = page.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(page.len() + 1024);
    for line in page.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(kind), Some(name), Some(rest)) if counters.contains(name) => {
                text.extend(["# ", kind, " ", name, "_total ", rest]);
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// Everything that is counted.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    times: Histogram,
    authenticated: Family<SchemeLabels, Counter>,
    refused: Family<ReasonLabels, Counter>,
    reasons: Mutex<BTreeSet<String>>,
    state: State,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("hallpass");
        let requests = Family::<RequestLabels, Counter>::default();
        registry.register("requests", "Requests that were answered, by route, method and status", requests.clone());
        let times = Histogram::new(TIMES);
        registry.register("request_duration_seconds", "How long requests took, their bodies included", times.clone());
        let authenticated = Family::<SchemeLabels, Counter>::default();
        registry.register("authentications", "Callers who were recognised, by scheme", authenticated.clone());
        let refused = Family::<ReasonLabels, Counter>::default();
        registry.register(
            "refusals",
            "Requests that were refused for their credentials, or too many of them",
            refused.clone(),
        );
        let state = State::register(&mut registry);
        Self { registry, requests, times, authenticated, refused, reasons: Mutex::default(), state }
    }

    /// Counts a request that was answered.
    pub(super) fn count(&self, entry: &Entry<'_>) {
        let method = METHODS.into_iter().find(|known| *known == entry.method).unwrap_or("other");
        let labels = RequestLabels { route: entry.route.to_owned(), method, status: entry.status.as_u16() };
        self.requests.get_or_create(&labels).inc();
        self.times.observe(entry.seconds);
        if let Some(caller) = entry.caller {
            self.authenticated.get_or_create(&SchemeLabels { scheme: caller.scheme }).inc();
        }
        if let (401 | 403 | 429, Some(cause)) = (labels.status, &entry.cause) {
            self.refused.get_or_create(&ReasonLabels { reason: self.reason(cause) }).inc();
        }
    }

    /// The page that Prometheus reads.
    async fn page(&self, hallpass: &Hallpass, form: Form) -> Result<String, std::fmt::Error> {
        self.state.read(hallpass).await;
        let mut page = String::new();
        encode_registry(&mut page, &self.registry)?;
        match form {
            Form::OpenMetrics => encode_eof(&mut page)?,
            Form::Text => page = with_counters_called_as_their_samples(&page),
        }
        Ok(page)
    }

    fn reason(&self, cause: &str) -> String {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if reasons.contains(cause) {
            return cause.to_string();
        }
        if reasons.len() >= MOST_REASONS {
            return "other".to_owned();
        }
        reasons.insert(cause.to_string());
        cause.to_string()
    }
}
