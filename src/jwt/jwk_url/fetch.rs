//! One request for a set of keys: short, small, and to the one address that the settings name.
//!
//! The only place that uses the `ureq` crate.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::settings::JwkUrl;

/// How long a request may take, from the name's look-up to the last byte.
const LONGEST: Duration = Duration::from_secs(5);

/// No set is larger.
const LARGEST: u64 = 64 * 1024;

/// Asks one address for its keys.
pub(super) struct Fetcher {
    url: String,
    agent: Agent,
}

impl Fetcher {
    pub(super) fn new(url: &JwkUrl) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        // A redirect would let the answer choose where the keys come from.
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(LONGEST))
            .max_redirects(0)
            .max_redirects_will_error(true)
            .user_agent("hallpass");
        let is_local = url.as_str().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let config = if is_local { config.proxy(None) } else { config };
        Self { url: url.as_str().to_owned(), agent: config.build().new_agent() }
    }

    /// The set, as it came. Other requests go on meanwhile.
    pub(super) async fn fetch(fetcher: &Arc<Self>) -> Result<Vec<u8>, String> {
        let fetcher = fetcher.clone();
        match Handle::try_current() {
            Ok(runtime) => {
                let fetched = runtime.spawn_blocking(move || fetcher.get()).await;
                fetched.unwrap_or_else(|error| Err(error.to_string()))
            }
            Err(_) => fetcher.get(),
        }
    }

    fn get(&self) -> Result<Vec<u8>, String> {
        let wrong = |error: ureq::Error| format!("the set cannot be fetched: {error}");
        let mut response = self.agent.get(&self.url).header("accept", "application/json").call().map_err(wrong)?;
        response.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(wrong)
    }
}
