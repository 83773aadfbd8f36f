//! One key and its one algorithm: what signs and what verifies.
//!
//! The only place that calls the `jsonwebtoken` crate's signing and verifying. That crate prepares a shared secret anew for
//! every token; here HMAC is keyed once, by the library that it uses itself.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{sign, verify};
use jsonwebtoken::{Algorithm as LibraryAlgorithm, DecodingKey, EncodingKey};

use super::public::PublicKey;
use crate::jwt::error::SignError;
use crate::secret::Secret;
use crate::settings::{Algorithm, weakness};

/// A key, bound to the one algorithm that it may be used with.
#[derive(Clone)]
pub(in crate::jwt) struct Key {
    /// The one algorithm.
    pub(in crate::jwt) algorithm: Algorithm,
    /// The name that tokens repeat in `kid`.
    pub(in crate::jwt) kid: Option<String>,
    pub(super) public: Option<PublicKey>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    /// HS256, HS384 and HS512.
    Shared(Box<hmac::Key>),
    /// All others. Without a private key it verifies only.
    Pair { signing: Option<Box<EncodingKey>>, verifying: Box<DecodingKey> },
}

impl Key {
    /// A shared secret of HS256, HS384 or HS512.
    pub(super) fn shared(algorithm: Algorithm, least: usize, secret: &Secret) -> Result<Self, String> {
        if let Some(why) = weakness(secret) {
            return Err(why.to_owned());
        }
        Self::of_bytes(algorithm, least, secret.expose().as_bytes())
    }

    /// The same of any bytes.
    pub(in crate::jwt) fn of_bytes(algorithm: Algorithm, least: usize, bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() < least {
            return Err(format!("is shorter than the {least} bytes that {algorithm} needs"));
        }
        let mac = mac(algorithm).ok_or_else(|| format!("is no key of {algorithm}"))?;
        let key = Self {
            algorithm,
            kid: None,
            public: None,
            material: Material::Shared(Box::new(hmac::Key::new(mac, bytes))),
        };
        key.test()?;
        Ok(key)
    }

    /// A public key that suits `algorithm`, and the private one if this service signs.
    pub(in crate::jwt) fn pair(
        algorithm: Algorithm,
        public: PublicKey,
        signing: Option<EncodingKey>,
    ) -> Result<Self, String> {
        public.check(algorithm)?;
        let material = Material::Pair { signing: signing.map(Box::new), verifying: Box::new(public.decoding_key()) };
        let key = Self { algorithm, kid: None, public: Some(public), material };
        key.test()?;
        Ok(key)
    }

    /// The same key under a name.
    pub(in crate::jwt) fn named(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Whether it signs.
    pub(super) fn can_sign(&self) -> bool {
        match &self.material {
            Material::Shared(_) => true,
            Material::Pair { signing, .. } => signing.is_some(),
        }
    }

    /// The signature of `message` in base64url.
    pub(in crate::jwt) fn sign(&self, message: &[u8]) -> Result<String, SignError> {
        match &self.material {
            Material::Shared(key) => Ok(URL_SAFE_NO_PAD.encode(hmac::sign(key, message))),
            Material::Pair { signing, .. } => {
                let signing = signing.as_ref().ok_or(SignError::NoSigningKey)?;
                sign(message, signing, library(self.algorithm)).map_err(|_| SignError::Failed)
            }
        }
    }

    /// Whether `signature` is this key's for `message`.
    pub(in crate::jwt) fn has_signed(&self, message: &[u8], signature: &str) -> bool {
        match &self.material {
            // In constant time.
            Material::Shared(key) => match URL_SAFE_NO_PAD.decode(signature) {
                Ok(signature) => hmac::verify(key, message, &signature).is_ok(),
                Err(_) => false,
            },
            Material::Pair { verifying, .. } => {
                verify(signature, message, verifying, library(self.algorithm)).unwrap_or(false)
            }
        }
    }

    /// Signs and verifies once, so that a broken pair is found at the start and not at the first login.
    fn test(&self) -> Result<(), String> {
        if !self.can_sign() {
            return Ok(());
        }
        let message = b"eyJhbGciOiJub25lIn0.e30";
        let signature = self.sign(message).map_err(|_| "cannot sign".to_owned())?;
        match self.has_signed(message, &signature) && !self.has_signed(b"eyJhbGciOiJub25lIn0.e31", &signature) {
            true => Ok(()),
            false => Err("signs what its public key does not verify; the two are no pair".to_owned()),
        }
    }
}

/// The MAC of an algorithm with a shared secret.
fn mac(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

/// What `jsonwebtoken` calls it.
fn library(algorithm: Algorithm) -> LibraryAlgorithm {
    match algorithm {
        Algorithm::Hs256 => LibraryAlgorithm::HS256,
        Algorithm::Hs384 => LibraryAlgorithm::HS384,
        Algorithm::Hs512 => LibraryAlgorithm::HS512,
        Algorithm::Rs256 => LibraryAlgorithm::RS256,
        Algorithm::Rs384 => LibraryAlgorithm::RS384,
        Algorithm::Rs512 => LibraryAlgorithm::RS512,
        Algorithm::Ps256 => LibraryAlgorithm::PS256,
        Algorithm::Ps384 => LibraryAlgorithm::PS384,
        Algorithm::Ps512 => LibraryAlgorithm::PS512,
        Algorithm::Es256 => LibraryAlgorithm::ES256,
        Algorithm::Es384 => LibraryAlgorithm::ES384,
        Algorithm::EdDsa => LibraryAlgorithm::EdDSA,
    }
}
