//! The keys that tokens are signed and verified with.
//!
//! Which keys there are is settled when the settings are read. A token's `kid` is looked up in a map of at most sixteen
//! names and nowhere else, and a key never meets another algorithm than its own.

mod generate;
mod key;
mod load;
mod pem;
mod problem;
mod public;
mod roca;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use self::generate::{GeneratedKey, generate_key};
pub(super) use self::key::Key;
pub use self::problem::{KeyProblem, KeyProblems};
pub(super) use self::public::{Curve, PublicKey};
use super::compact::Header;
use super::error::{SignError, TokenError};
use crate::secret::Secret;
use crate::settings;

/// Every key of the settings: one that goes by no name, as SimpleJWT has it, or several by theirs, or both.
pub struct KeyRing {
    plain: Option<Key>,
    named: BTreeMap<String, Key>,
    signer: Option<String>,
    warnings: Vec<KeyProblem>,
}

impl KeyRing {
    /// The keys of `settings`; `secret_key` signs with HS256, HS384 and HS512 where no other key is named, and without it
    /// nothing is signed then. Every key is checked and tried once.
    ///
    /// # Errors
    /// Everything that is wrong with the keys.
    pub fn from_settings<'s>(
        settings: &settings::Jwt,
        secret_key: impl Into<Option<&'s Secret>>,
    ) -> Result<Self, KeyProblems> {
        match load::ring(settings, secret_key.into()) {
            (ring, problems) if problems.is_empty() => Ok(ring),
            (_, problems) => Err(KeyProblems(problems)),
        }
    }

    /// What is wrong with the keys of `settings`, when the secret key may not be there yet.
    pub(crate) fn check(settings: &settings::Jwt, secret_key: Option<&Secret>) -> Vec<KeyProblem> {
        load::ring(settings, secret_key).1
    }

    /// What is no reason to stop, and should be otherwise: key files that others can read.
    pub fn warnings(&self) -> &[KeyProblem] {
        &self.warnings
    }

    /// Whether this service signs tokens, or only verifies those of another.
    pub fn can_sign(&self) -> bool {
        self.signer().is_ok()
    }

    /// The public keys as a JWK set (RFC 7517), for whoever verifies our tokens. Shared secrets are not in it, so that
    /// it is empty with HS256.
    pub fn jwks(&self) -> Value {
        let keys = self.named.values().chain(&self.plain).filter_map(|key| {
            let public = key.public.as_ref()?;
            let mut jwk = public.jwk();
            jwk["use"] = json!("sig");
            jwk["alg"] = json!(key.algorithm.as_str());
            jwk["kid"] = json!(key.kid.clone().unwrap_or_else(|| public.thumbprint()));
            Some(jwk)
        });
        json!({"keys": keys.collect::<Vec<Value>>()})
    }

    /// The key that signs.
    pub(super) fn signer(&self) -> Result<&Key, SignError> {
        let key = match &self.signer {
            Some(kid) => self.named.get(kid),
            None => self.plain.as_ref(),
        };
        key.filter(|key| key.can_sign()).ok_or(SignError::NoSigningKey)
    }

    /// The key that a token says it was signed with. Where no key goes by a name, `kid` is not looked at.
    pub(super) fn named_in(&self, header: &Header) -> Result<&Key, TokenError> {
        let key = match &header.kid {
            Some(kid) if !self.named.is_empty() => self.named.get(kid),
            _ => self.plain.as_ref(),
        };
        key.ok_or(TokenError::UnknownKey)
    }
}
