//! How often anybody may ask at all: REST framework's `AnonRateThrottle` and `UserRateThrottle`.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest};

use super::client::Client;
use super::scheme::Authenticated;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::settings::{Rate, Settings};
use crate::store::counters::{CounterKey, CounterKeys};
use crate::store::{Store, throttle as rows};

/// `throttle.anon` and `throttle.user`. Each request that they count is a transaction that writes.
pub(crate) struct RequestThrottle {
    store: Store,
    clock: Clock,
    keys: CounterKeys,
    trusted_proxies: usize,
    anon: Option<Rate>,
    user: Option<Rate>,
}

/// Marks a request that is counted already, or is not to be.
struct Counted;

/// Has nobody count this request: `throttle_classes = ()`.
pub(crate) fn exempt(request: &HttpRequest) {
    request.extensions_mut().insert(Counted);
}

/// What is to be counted of a request once its caller is let in.
pub(crate) struct Due(Option<(Arc<RequestThrottle>, Counters)>);

/// Where a request counts, and up to how often.
type Counters = Vec<(CounterKey, Rate)>;

impl Due {
    /// What `throttle` counts of a request of this caller's, or of anybody's.
    pub(super) fn of(
        throttle: Option<&Arc<RequestThrottle>>,
        request: &HttpRequest,
        caller: Option<&Authenticated>,
    ) -> Self {
        let throttle = throttle.filter(|_| !request.extensions().contains::<Counted>());
        Self(throttle.map(|throttle| (Arc::clone(throttle), throttle.counters(request, caller))))
    }

    /// Counts it: `APIView.check_throttles`.
    ///
    /// # Errors
    /// [`ApiError::Throttled`] when they asked too often; 503 when the database gives no answer.
    pub(crate) async fn count(self, request: &HttpRequest) -> Result<(), ApiError> {
        let Some((throttle, counters)) = self.0.filter(|(_, counters)| !counters.is_empty()) else { return Ok(()) };
        let now = throttle.clock.now();
        let waits = throttle.store.write(move |transaction| {
            // As in REST framework, one that is used up does not keep the other from counting.
            let waits = counters.iter().map(|(key, rate)| rows::take(transaction, key, *rate, now));
            waits.collect::<Result<Vec<Option<Duration>>, _>>()
        });
        match waits.await?.into_iter().flatten().max() {
            Some(wait) => Err(ApiError::Throttled { cause: "throttle.anon or throttle.user is used up", wait }),
            None => {
                exempt(request);
                Ok(())
            }
        }
    }
}

impl RequestThrottle {
    /// `None` when the settings limit nothing.
    pub(crate) fn from_settings(store: Store, clock: Clock, settings: &Settings, keys: CounterKeys) -> Option<Self> {
        let (anon, user) = (settings.throttle.anon, settings.throttle.user);
        let trusted_proxies = settings.server.trusted_proxies;
        (anon.is_some() || user.is_some()).then_some(Self { store, clock, keys, trusted_proxies, anon, user })
    }

    /// Where this request counts. The order is the same for all, so that no two wait for each other.
    fn counters(&self, request: &HttpRequest, caller: Option<&Authenticated>) -> Counters {
        let client = Client::of(request, self.trusted_proxies);
        let anon =
            self.anon.filter(|_| caller.is_none()).map(|rate| (self.keys.of_rate("anon", client.address()), rate));
        let user = self.user.map(|rate| match caller {
            Some(caller) => (self.keys.of_rate("user", &caller.user.id.to_string()), rate),
            None => (self.keys.of_rate("nobody", client.address()), rate),
        });
        anon.into_iter().chain(user).collect()
    }
}
