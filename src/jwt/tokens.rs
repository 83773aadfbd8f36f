//! The engine: reads tokens and makes them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::claims::Claims;
use super::compact::{Compact, encode};
use super::error::{SignError, TokenError};
use super::jwk_url::JwkSource;
use super::keys::{Key, KeyProblems, KeyRing};
use super::kind::TokenKind;
use super::mint::{Mint, Stamp};
use super::rules::{Rules, Window};
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::settings;

/// Reads tokens and makes them, by the settings of `[jwt]`. Clones share their keys, which can be replaced while
/// requests are under way.
#[derive(Clone)]
pub struct Tokens {
    rules: Arc<Rules>,
    mint: Arc<Mint>,
    audience: Arc<[String]>,
    issuer: Option<Arc<str>>,
    keys: Arc<RwLock<Arc<KeyRing>>>,
    /// How often the keys were replaced.
    generation: Arc<AtomicU64>,
    elsewhere: Option<Arc<JwkSource>>,
}

/// The keys of a time, as far as they are the same ones or others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u64);

impl Tokens {
    /// From the settings; `secret_key` signs where they name no other key.
    ///
    /// # Errors
    /// Everything that is wrong with the keys.
    pub fn new<'s>(settings: &settings::Jwt, secret_key: impl Into<Option<&'s Secret>>) -> Result<Self, KeyProblems> {
        Ok(Self::with_keys(settings, KeyRing::from_settings(settings, secret_key)?))
    }

    /// From the settings, with these keys.
    pub fn with_keys(settings: &settings::Jwt, keys: KeyRing) -> Self {
        Self {
            rules: Arc::new(Rules::new(settings)),
            mint: Arc::new(Mint::new(settings)),
            audience: settings.audience.clone().into(),
            issuer: settings.issuer.as_deref().map(Arc::from),
            keys: Arc::new(RwLock::new(Arc::new(keys))),
            generation: Arc::default(),
            elsewhere: settings.jwk_url.as_ref().map(|url| Arc::new(JwkSource::new(url, settings.algorithm))),
        }
    }

    /// The keys of this moment.
    pub fn keys(&self) -> Arc<KeyRing> {
        // A ring is replaced in one step, so that no panic leaves half of one.
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other keys in their place, for every clone and from the next token on.
    pub fn replace_keys(&self, keys: KeyRing) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Which keys there are; another value once they are replaced. `None` where they come from elsewhere and may change at
    /// any time. For [`Verified`](super::Verified), asked before a token is verified.
    pub fn generation(&self) -> Option<Generation> {
        self.elsewhere.is_none().then(|| Generation(self.generation.load(Ordering::SeqCst)))
    }

    pub(super) fn is_of(&self, generation: Generation) -> bool {
        self.generation() == Some(generation)
    }

    pub(super) fn window(&self, claims: &Claims) -> Option<Window> {
        self.rules.window(claims)
    }

    /// Fetches the keys of `jwt.jwk_url` when `token` may need them; otherwise, and without that setting, does nothing.
    /// To be awaited before [`decode`](Self::decode) and [`verify`](Self::verify), which never wait.
    pub async fn prepare(&self, token: &[u8], now: Timestamp) {
        if let Some(source) = &self.elsewhere
            && let Ok(token) = Compact::parse(token)
        {
            source.prepare(&token.header, now).await;
        }
    }

    /// The claims of `token`, if it is signed by a key of ours, its time has not run out, and it is meant for us. What
    /// it is for is not looked at: that is [`check`](Self::check), which SimpleJWT does after it has looked into its
    /// blacklist.
    ///
    /// # Errors
    /// The first reason against it, in the order in which SimpleJWT looks.
    pub fn decode(&self, token: &[u8], now: Timestamp) -> Result<Claims, TokenError> {
        let token = Compact::parse(token)?;
        self.verify_signature(&token, now)?;
        let claims = token.claims()?;
        self.rules.decoded(&claims, now)?;
        Ok(claims)
    }

    /// Whether decoded claims are those of a token of this kind.
    ///
    /// # Errors
    /// The first reason against it, in the order in which SimpleJWT looks.
    pub fn check(&self, claims: &Claims, kind: TokenKind, now: Timestamp) -> Result<(), TokenError> {
        self.rules.kind(claims, kind, now)
    }

    /// Whether a sliding token, which [`check`](Self::check) has let through, may still be renewed.
    ///
    /// # Errors
    /// When the claim that says so is missing, or its time is over.
    pub fn check_sliding_refresh(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        self.rules.renewable(claims, now)
    }

    /// [`decode`](Self::decode) and [`check`](Self::check) in one, where there is no blacklist to look into.
    ///
    /// # Errors
    /// The first reason against it, in the order in which SimpleJWT looks.
    pub fn verify(&self, token: &[u8], kind: TokenKind, now: Timestamp) -> Result<Claims, TokenError> {
        let claims = self.decode(token, now)?;
        self.check(&claims, kind, now)?;
        Ok(claims)
    }

    /// What tells a new token of this kind from others.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn stamp(&self, kind: TokenKind, now: Timestamp) -> Result<Stamp, SignError> {
        self.mint.stamp(kind, now)
    }

    /// The claims of a user's new refresh token: `RefreshToken.for_user`. `user_id` is the text of
    /// `jwt.user_id_field`, `revoke_mark` the password's mark where `jwt.check_revoke_token` is on.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn refresh_for(&self, user_id: &str, revoke_mark: Option<&str>, now: Timestamp) -> Result<Claims, SignError> {
        self.for_user(TokenKind::Refresh, user_id, revoke_mark, now)
    }

    /// The claims of a user's new sliding token: `SlidingToken.for_user`.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn sliding_for(&self, user_id: &str, revoke_mark: Option<&str>, now: Timestamp) -> Result<Claims, SignError> {
        self.for_user(TokenKind::Sliding, user_id, revoke_mark, now)
    }

    /// The claims of an access token for a refresh token that was made or read at `read_at`:
    /// `RefreshToken.access_token`. It expires by that moment and not by `now`.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn access_from(&self, refresh: &Claims, read_at: Timestamp, now: Timestamp) -> Result<Claims, SignError> {
        self.mint.access_from(refresh, read_at, now)
    }

    /// The claims of the refresh token that takes the place of this one: new `jti`, `exp` and `iat`, all others kept.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn rotated(&self, refresh: &Claims, now: Timestamp) -> Result<Claims, SignError> {
        Ok(self.rotated_as(refresh, &self.stamp(TokenKind::Refresh, now)?))
    }

    /// The same with a stamp that was made before: the same claims again.
    pub fn rotated_as(&self, refresh: &Claims, stamp: &Stamp) -> Claims {
        self.mint.restamped(refresh, stamp)
    }

    /// The claims of a renewed sliding token: new `exp` and `iat`; it keeps its identifier.
    pub fn sliding_refreshed(&self, sliding: &Claims, now: Timestamp) -> Claims {
        self.mint.sliding_refreshed(sliding, now)
    }

    /// The token of these claims. `aud` and `iss` of the settings are added here, as SimpleJWT adds them.
    ///
    /// With HS*, RS* and EdDSA the same claims and the same key give the same token; PS* and ES* sign with chance.
    ///
    /// # Errors
    /// [`SignError::NoSigningKey`] when this service only verifies.
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        let keys = self.keys();
        let key = keys.signer()?;
        let mut claims = claims.clone();
        match &*self.audience {
            [] => {}
            [one] => claims.set("aud", one.as_str()),
            several => claims.set("aud", several.to_vec()),
        }
        if let Some(issuer) = &self.issuer {
            claims.set("iss", &**issuer);
        }
        let payload = claims.to_json().map_err(|_| SignError::Failed)?;
        let message = format!("{}.{}", encode(&header(key)?), encode(&payload));
        let signature = key.sign(message.as_bytes())?;
        Ok(format!("{message}.{signature}"))
    }

    fn verify_signature(&self, token: &Compact<'_>, now: Timestamp) -> Result<(), TokenError> {
        match (&self.elsewhere, &token.header.kid) {
            (Some(source), Some(kid)) => token.verify(source.keys(now).get(kid).ok_or(TokenError::UnknownKey)?),
            _ => token.verify(self.keys().named_in(&token.header)?),
        }
    }

    fn for_user(
        &self,
        kind: TokenKind,
        user_id: &str,
        revoke_mark: Option<&str>,
        now: Timestamp,
    ) -> Result<Claims, SignError> {
        Ok(self.mint.for_user(kind, &self.stamp(kind, now)?, user_id, revoke_mark))
    }
}

/// PyJWT's header: its names sorted.
fn header(key: &Key) -> Result<Vec<u8>, SignError> {
    let mut header = Claims::default();
    header.set("alg", key.algorithm.as_str());
    if let Some(kid) = &key.kid {
        header.set("kid", kid.as_str());
    }
    header.set("typ", "JWT");
    header.to_json().map_err(|_| SignError::Failed)
}
