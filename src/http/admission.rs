//! How many connections there may be at once, all together and from one address.
//!
//! Counted here and not by the server's own limit, which stops to accept: a client would wait without a word.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::process;
use crate::settings::Server;

/// Files that are open beside the connections: the log, the listener, and what SQLite and the mail server take.
const OTHER_FILES: usize = 64;

/// How often at most the log tells that connections are refused.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// The connections of all workers.
#[derive(Clone)]
pub(super) struct Admissions {
    most: usize,
    /// `None` where addresses are not counted.
    most_of_one: Option<usize>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    told: Option<Instant>,
}

/// A connection's place, given back when dropped.
pub(super) struct Admission {
    counts: Arc<Mutex<Counts>>,
    address: Option<IpAddr>,
}

impl Admissions {
    pub(super) fn new(server: &Server, database_connections: usize) -> Self {
        let others = OTHER_FILES + 2 * database_connections;
        let room = process::open_files().map_or(usize::MAX, |files| files.saturating_sub(others).max(1));
        if room < server.max_connections {
            log::warn!("the system's limit of open files leaves room for {room} connections (server.max_connections)");
        }
        // Behind proxies every client has the address of one of them.
        let counts_addresses = server.trusted_proxies == 0 && server.max_connections_per_address > 0;
        let most_of_one = counts_addresses.then_some(server.max_connections_per_address);
        Self { most: server.max_connections.min(room), most_of_one, counts: Arc::default() }
    }

    /// A place for a connection from `address`, or `None` when there is none.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Option<Admission> {
        let address = address.and_then(counted).filter(|_| self.most_of_one.is_some());
        let mut counts = locked(&self.counts);
        let of_one = address.and_then(|address| counts.by_address.get(&address).copied()).unwrap_or(0);
        if counts.all >= self.most || self.most_of_one.is_some_and(|most| of_one >= most) {
            counts.tell();
            return None;
        }
        counts.all += 1;
        if let Some(address) = address {
            counts.by_address.insert(address, of_one + 1);
        }
        Some(Admission { counts: Arc::clone(&self.counts), address })
    }
}

impl Counts {
    fn tell(&mut self) {
        let now = Instant::now();
        if self.told.is_none_or(|told| now.duration_since(told) >= TELL_EVERY) {
            self.told = Some(now);
            log::warn!("connections are refused: {} are open (server.max_connections)", self.all);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = locked(&self.counts);
        counts.all = counts.all.saturating_sub(1);
        let Some(address) = self.address else { return };
        match counts.by_address.get(&address) {
            Some(&count) if count > 1 => counts.by_address.insert(address, count - 1),
            _ => counts.by_address.remove(&address),
        };
    }
}

fn locked(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an address is counted as. This machine's own are not: a proxy here speaks for everybody. In IPv6 whoever has one
/// address has the 2^64 of its network.
fn counted(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
        }
        address => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::Admissions;
    use crate::settings::Settings;

    fn admissions(text: &str) -> Admissions {
        let settings = Settings::from_toml(text).unwrap();
        Admissions::new(&settings.server, 1)
    }

    fn admit(admissions: &Admissions, address: &str) -> Option<super::Admission> {
        admissions.admit(address.parse().ok())
    }

    #[test]
    fn one_address_has_its_share_and_gives_it_back() {
        let admissions = admissions("server.max_connections_per_address = 2");
        let first = admit(&admissions, "192.0.2.1");
        let second = admit(&admissions, "::ffff:192.0.2.1");

        assert!(first.is_some() && second.is_some());
        assert!(admit(&admissions, "192.0.2.1").is_none());
        assert!(admit(&admissions, "192.0.2.2").is_some());
        drop(first);
        let third = admit(&admissions, "192.0.2.1");
        assert!(third.is_some() && admit(&admissions, "192.0.2.1").is_none());
        drop((second, third));
        assert!(super::locked(&admissions.counts).by_address.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let admissions = admissions("server.max_connections_per_address = 1");
        let _first = admit(&admissions, "2001:db8::1");

        assert!(admit(&admissions, "2001:db8::2").is_none());
        assert!(admit(&admissions, "2001:db8:0:1::2").is_some());
    }

    #[test]
    fn this_machine_and_proxies_are_not_counted_by_address() {
        let near = admissions("server.max_connections_per_address = 1\nserver.max_connections = 3");
        let places = ["127.0.0.1", "127.0.0.1", "::1"].map(|address| admit(&near, address));
        let proxied = admissions("server.max_connections_per_address = 1\nserver.trusted_proxies = 1");
        let behind = ["192.0.2.1", "192.0.2.1"].map(|address| admit(&proxied, address));

        assert!(places.iter().chain(&behind).all(Option::is_some));
        assert!(admit(&near, "127.0.0.1").is_none(), "the limit of all holds for them too");
    }
}
