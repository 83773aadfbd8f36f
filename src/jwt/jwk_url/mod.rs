//! The public keys of another service, fetched from `jwt.jwk_url` and kept for a while.
//!
//! A token is looked up in what is kept; fetching happens before, in [`JwkSource::prepare`], and never more often than
//! the pauses below allow, whatever the tokens say.

mod fetch;
pub(super) mod set;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use self::fetch::Fetcher;
use super::compact::Header;
use super::keys::Key;
use crate::clock::Timestamp;
use crate::settings::{Algorithm, JwkUrl};

/// How long a set is believed: PyJWT's `lifespan`.
const LIFESPAN: Duration = Duration::from_secs(300);

/// How long a name that is not in the set is not asked for again: PyJWT's cooldown.
const COOLDOWN: Duration = Duration::from_secs(30);

/// How long a service that did not answer is left alone when there is no set to go on with.
const PAUSE: Duration = Duration::from_secs(2);

/// Keys by their names.
pub(super) type Keys = BTreeMap<String, Key>;

/// A set of keys that lies elsewhere.
pub(super) struct JwkSource {
    algorithm: Algorithm,
    fetcher: Arc<Fetcher>,
    kept: Mutex<Kept>,
    /// Held while a set is fetched, so that one request fetches and the others wait for it.
    turn: tokio::sync::Mutex<()>,
}

/// What was fetched, and when.
#[derive(Default)]
struct Kept {
    keys: Arc<Keys>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl JwkSource {
    pub(super) fn new(url: &JwkUrl, algorithm: Algorithm) -> Self {
        let (fetcher, kept) = (Arc::new(Fetcher::new(url)), Mutex::default());
        Self { algorithm, fetcher, kept, turn: tokio::sync::Mutex::new(()) }
    }

    /// The keys that are believed at this moment.
    pub(super) fn keys(&self, now: Timestamp) -> Arc<Keys> {
        let kept = self.kept();
        if kept.is_fresh(now) { kept.keys.clone() } else { Arc::default() }
    }

    /// Fetches the set if the key that `header` names may be in a newer one.
    pub(super) async fn prepare(&self, header: &Header, now: Timestamp) {
        let Some(kid) = header.kid.as_ref().filter(|_| header.algorithm == self.algorithm.as_str()) else { return };
        if !self.kept().wants(kid, now) {
            return;
        }
        let _turn = self.turn.lock().await;
        let is_mine = {
            let mut kept = self.kept();
            let is_mine = kept.wants(kid, now);
            if is_mine {
                kept.tried_at = Some(now);
            }
            is_mine
        };
        if is_mine {
            self.fetch(now).await;
        }
    }

    async fn fetch(&self, now: Timestamp) {
        match Fetcher::fetch(&self.fetcher).await.and_then(|text| set::parse(&text, self.algorithm)) {
            Ok(keys) => {
                let mut kept = self.kept();
                kept.keys = Arc::new(keys);
                kept.fetched_at = Some(now);
            }
            Err(error) => log::warn!("jwt.jwk_url: {error}"),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // Each change is one assignment after another of whole values: no panic comes between.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fetched_at.is_some_and(|then| is_within(then, LIFESPAN, now))
    }

    fn wants(&self, kid: &str, now: Timestamp) -> bool {
        let is_fresh = self.is_fresh(now);
        let pause = if is_fresh { COOLDOWN } else { PAUSE };
        let is_known = is_fresh && self.keys.contains_key(kid);
        !is_known && !self.tried_at.is_some_and(|then| is_within(then, pause, now))
    }
}

/// Whether `then` is less than `span` ago. A clock that was set back makes nothing last longer.
fn is_within(then: Timestamp, span: Duration, now: Timestamp) -> bool {
    then <= now && now < then.saturating_add(span)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
