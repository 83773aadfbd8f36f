//! `[server]`

use std::path::PathBuf;
use std::time::Duration;

use super::limits::{not_zero, some_bytes, within};
use super::node::section;
use super::values::{Bind, ByteSize};

section! {
    /// Where the service listens and what it puts up with.
    pub struct Server {
        /// Address and port. Default: `127.0.0.1:8000`, `runserver`'s own.
        pub bind: Bind,
        /// Threads that answer requests; 0 is one for each core. Default: 0.
        pub workers: usize => within(0..=1024),
        /// How many reverse proxies stand in front and add to `X-Forwarded-For`. Default: 0, the header is not looked
        /// at. DRF's `NUM_PROXIES`.
        pub trusted_proxies: usize => within(0..=64),
        /// The longest request body. Default: 64 KiB. Django's `DATA_UPLOAD_MAX_MEMORY_SIZE`.
        pub body_limit: ByteSize => some_bytes,
        /// How long one request may take, its body included. Default: 10 seconds.
        pub request_timeout: Duration => not_zero,
        /// How many connections there may be at once. Default: 20,000. No more than the open files that the system allows.
        pub max_connections: usize => within(1..=1_000_000),
        /// How many of them from one address. Default: 256; 0 is no limit.
        pub max_connections_per_address: usize => within(0..=1_000_000),
        /// The certificate to show, and those that vouch for it, as a PEM file. Default: none, and no TLS.
        pub tls_certificate: Option<PathBuf>,
        /// The private key of that certificate, as a PEM file. Default: none.
        pub tls_key: Option<PathBuf>,
        /// How long requests under way may take to finish when the service is told to stop. Default: 10 seconds.
        pub shutdown_timeout: Duration,
    }
}
