//! Where a request comes from: the address that the rates count.

use std::cell::Cell;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};

use super::findings::Findings;
use super::header;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who tries a password, for the time of one request.
#[derive(Debug)]
pub struct Client {
    address: String,
    request_id: Option<HeaderValue>,
    is_counted: Cell<bool>,
}

impl Client {
    /// The client of a request that came through so many proxies of ours, each of which added the address that it saw to
    /// `X-Forwarded-For`: REST framework's `get_ident` with `NUM_PROXIES`.
    ///
    /// Without proxies it is who is connected, whatever headers say. So it is where the header has no address in the place
    /// that counts: REST framework takes any text there, which would give whoever can write it as many counters as they like.
    pub fn of(request: &HttpRequest, trusted_proxies: usize) -> Self {
        let forwarded = match trusted_proxies {
            0 => None,
            _ => header::joined(request, &X_FORWARDED_FOR).and_then(|value| forwarded(&value, trusted_proxies)),
        };
        let address = forwarded.or_else(|| request.peer_addr().map(|peer| peer.ip()));
        // Only a request that came over no network has none.
        let address = address.map_or_else(|| "local".to_owned(), counted_as);
        let request_id = request.extensions().get().map(|findings: &Findings| findings.id.clone());
        Self { address, request_id, is_counted: Cell::new(false) }
    }

    /// The address, or the part of it that is counted.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The request's id, where somebody gave it one.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref()?.to_str().ok()
    }

    /// Whether this request has been counted as one that tries a password.
    pub(super) fn is_counted(&self) -> bool {
        self.is_counted.get()
    }

    pub(super) fn set_counted(&self) {
        self.is_counted.set(true);
    }
}

/// The address that the outermost of our proxies saw: so many places from the right, or the leftmost when there are fewer.
pub(crate) fn forwarded(value: &[u8], trusted_proxies: usize) -> Option<IpAddr> {
    let places = value.rsplit(|byte| *byte == b',').take(trusted_proxies);
    address(std::str::from_utf8(places.last()?).ok()?.trim())
}

/// An address with or without a port, as the various proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// An IPv4 address however it is written, and of an IPv6 address the network: whoever has one address of a /64 has all.
pub(crate) fn counted_as(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use actix_web::test::TestRequest;

    use super::Client;

    const PEER: &str = "192.0.2.9:4711";

    fn client(trusted_proxies: usize, headers: &[&str]) -> String {
        let request = TestRequest::default().peer_addr(PEER.parse().unwrap());
        let request = headers.iter().fold(request, |request, value| request.append_header(("X-Forwarded-For", *value)));
        Client::of(&request.to_http_request(), trusted_proxies).address().to_owned()
    }

    // Expected values: BaseThrottle.get_ident of REST framework 3.18, where the text is an address.
    #[test]
    fn the_place_in_the_header_is_the_one_that_num_proxies_names() {
        let cases: [(usize, &[&str], &str); 8] = [
            (0, &["203.0.113.7"], "192.0.2.9"),
            (1, &[], "192.0.2.9"),
            (1, &["203.0.113.7"], "203.0.113.7"),
            (1, &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            (2, &["198.51.100.1, 203.0.113.7"], "198.51.100.1"),
            (2, &["1.2.3.4,198.51.100.1 ,203.0.113.7"], "198.51.100.1"),
            (9, &["1.2.3.4, 198.51.100.1, 203.0.113.7"], "1.2.3.4"),
            (2, &["1.2.3.4, 198.51.100.1", "203.0.113.7"], "198.51.100.1"),
        ];
        for (trusted_proxies, headers, expected) in cases {
            assert_eq!(client(trusted_proxies, headers), expected, "{trusted_proxies} {headers:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_not_looked_at() {
        let long = format!("1.2.3.4, {}", "x".repeat(10 * 1024));
        let many = "9.9.9.9,".repeat(10_000);
        for value in [
            "",
            "a",
            "unknown",
            "_hidden",
            "1.2.3",
            "1.2.3.4.5",
            "999.1.1.1",
            "fe80::1%eth0",
            "[::1",
            ",",
            &long,
            &many,
        ] {
            assert_eq!(client(1, &[value]), "192.0.2.9", "{value:.40}");
        }
    }

    #[test]
    fn one_address_counts_as_one_however_it_is_written() {
        for value in
            ["203.0.113.7", "203.0.113.7:443", "::ffff:203.0.113.7", "[::ffff:203.0.113.7]:443", "::FFFF:cb00:7107"]
        {
            assert_eq!(client(1, &[value]), "203.0.113.7", "{value}");
        }
    }

    #[test]
    fn an_ipv6_network_counts_as_one_client() {
        for value in
            ["2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "[2001:db8:1:2::3]", "[2001:db8:1:2::4]:80"]
        {
            assert_eq!(client(1, &[value]), "2001:db8:1:2::/64", "{value}");
        }
        assert_eq!(client(1, &["2001:db8:1:3::1"]), "2001:db8:1:3::/64");
    }
}
