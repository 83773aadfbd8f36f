//! What is read when somebody asks: states, and what is counted elsewhere.

use std::sync::atomic::Ordering;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::http::Hallpass;
use crate::store::census;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

/// What is full to which degree.
#[derive(Default)]
pub(super) struct State {
    hashing_waiting: Gauge,
    hashing_running: Gauge,
    hashed: Counter,
    hashing_refused: Counter,
    connections: Gauge,
    idle_connections: Gauge,
    cache_hits: Counter,
    cache_misses: Counter,
    mails_sent: Counter,
    mails_failed: Counter,
    is_up: Gauge,
    mails_waiting: Gauge,
    outstanding: Gauge,
    blacklisted: Gauge,
}

impl State {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let state = Self::default();
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "Which version this is", build);
        let mut gauge = |name: &str, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("hashing_waiting", "Passwords that wait for a thread to be hashed on", &state.hashing_waiting);
        gauge("hashing_running", "Passwords that are being hashed", &state.hashing_running);
        gauge("database_connections", "Connections of the pool to the database", &state.connections);
        gauge("database_connections_idle", "Those of them that nobody uses", &state.idle_connections);
        gauge("database_up", "Whether the database answered when this was asked for", &state.is_up);
        gauge("mails_waiting", "Mails that are still to be sent, of all servers on the database", &state.mails_waiting);
        gauge("outstanding_tokens", "About how many refresh and sliding tokens are kept", &state.outstanding);
        gauge("blacklisted_tokens", "About how many of them are refused", &state.blacklisted);
        let mut counter = |name: &str, help: &str, counter: &Counter| registry.register(name, help, counter.clone());
        counter("passwords_hashed", "Passwords that were hashed", &state.hashed);
        counter("hashing_refused", "Passwords that were not hashed because too many waited", &state.hashing_refused);
        counter("cache_hits", "Lookups of a row that was remembered", &state.cache_hits);
        counter("cache_misses", "Lookups of a row that had to be read", &state.cache_misses);
        counter("mails_sent", "Mails that this server has sent", &state.mails_sent);
        counter("mails_failed", "Tries to send a mail that failed", &state.mails_failed);
        state
    }

    /// Brings all of it up to date.
    pub(super) async fn read(&self, hallpass: &Hallpass) {
        let load = hallpass.backend().hashing_load();
        set(&self.hashing_waiting, load.waiting);
        set(&self.hashing_running, load.running);
        raise(&self.hashed, load.done);
        raise(&self.hashing_refused, load.refused);
        let (connections, idle) = hallpass.store().connections();
        set(&self.connections, connections);
        set(&self.idle_connections, idle);
        let (hits, misses) = hallpass.store().lookups();
        raise(&self.cache_hits, hits);
        raise(&self.cache_misses, misses);
        let (sent, failed) = hallpass.post().counts();
        raise(&self.mails_sent, sent);
        raise(&self.mails_failed, failed);
        let census = hallpass.store().run(census::take).await;
        self.is_up.set(i64::from(census.is_ok()));
        if let Ok(census) = census {
            self.mails_waiting.set(census.mails_waiting);
            self.outstanding.set(census.outstanding);
            self.blacklisted.set(census.blacklisted);
        }
    }
}

fn set(gauge: &Gauge, value: usize) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}

/// What is counted elsewhere never falls.
fn raise(counter: &Counter, value: u64) {
    counter.inner().store(value, Ordering::Relaxed);
}
