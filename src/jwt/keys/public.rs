//! Public keys: whether one suits an algorithm, and how it is published.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};
use jsonwebtoken::DecodingKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::roca::is_roca;
use crate::jwt::compact::encode;
use crate::settings::Algorithm;

/// The shortest modulus of RFC 7518 section 3.3, and the longest that the cryptography takes.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key in its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jwt) enum PublicKey {
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point on P-256 or P-384, by the length of its coordinates.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    /// A point on Ed25519.
    Ed { x: Vec<u8> },
}

/// A curve of ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jwt) enum Curve {
    P256,
    P384,
}

impl Curve {
    pub(in crate::jwt) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    pub(in crate::jwt) fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

/// The kind of key that an algorithm takes.
pub(in crate::jwt) fn wanted(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => "a shared secret",
        Algorithm::Es256 => "a P-256 key",
        Algorithm::Es384 => "a P-384 key",
        Algorithm::EdDsa => "an Ed25519 key",
        _ => "an RSA key",
    }
}

impl PublicKey {
    /// Why this key is none for `algorithm`.
    pub(in crate::jwt) fn check(&self, algorithm: Algorithm) -> Result<(), String> {
        if self.kind() != wanted(algorithm) {
            return Err(format!("is {}, and {algorithm} needs {}", self.kind(), wanted(algorithm)));
        }
        match self {
            Self::Rsa { n, e } => check_rsa(n, e),
            Self::Ec { curve: Curve::P256, .. } => self.check_point(&ECDSA_P256_SHA256_FIXED),
            Self::Ec { curve: Curve::P384, .. } => self.check_point(&ECDSA_P384_SHA384_FIXED),
            Self::Ed { .. } => self.check_point(&ED25519),
        }
    }

    /// The key as `jsonwebtoken` takes it.
    pub(in crate::jwt) fn decoding_key(&self) -> DecodingKey {
        match self {
            Self::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            Self::Ec { .. } => DecodingKey::from_ec_der(&self.point()),
            Self::Ed { .. } => DecodingKey::from_ed_der(&self.point()),
        }
    }

    /// RFC 7517's form of it: the members that make it this key, in the order of their names.
    pub(in crate::jwt) fn jwk(&self) -> Value {
        match self {
            Self::Rsa { n, e } => json!({"e": encode(e), "kty": "RSA", "n": encode(n)}),
            Self::Ec { curve, x, y } => json!({"crv": curve.name(), "kty": "EC", "x": encode(x), "y": encode(y)}),
            Self::Ed { x } => json!({"crv": "Ed25519", "kty": "OKP", "x": encode(x)}),
        }
    }

    /// RFC 7638's name for it, which anybody who has the key can compute.
    pub(in crate::jwt) fn thumbprint(&self) -> String {
        encode(&Sha256::digest(self.jwk().to_string().as_bytes()))
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "an RSA key",
            Self::Ec { curve: Curve::P256, .. } => "a P-256 key",
            Self::Ec { curve: Curve::P384, .. } => "a P-384 key",
            Self::Ed { .. } => "an Ed25519 key",
        }
    }

    /// The uncompressed point of SEC 1, or the one form that Ed25519 has.
    fn point(&self) -> Vec<u8> {
        match self {
            Self::Ec { x, y, .. } => [[4].as_slice(), x, y].concat(),
            Self::Ed { x } => x.clone(),
            Self::Rsa { .. } => Vec::new(),
        }
    }

    fn check_point(&self, algorithm: &'static dyn VerificationAlgorithm) -> Result<(), String> {
        let parsed = UnparsedPublicKey::new(algorithm, self.point()).parse();
        parsed.map(drop).map_err(|_| "is no point on its curve".to_owned())
    }
}

fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), String> {
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        return Err(format!("has {bits} bits; RSA takes {} to {}", RSA_BITS.start(), RSA_BITS.end()));
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if !is_odd(n) || !is_odd(e) || e == [1] || e.len() > 8 {
        return Err("has an exponent that RSA cannot have; 65537 is the usual one".to_owned());
    }
    match is_roca(n) {
        true => Err("was made by a chip whose keys can be factored (CVE-2017-15361)".to_owned()),
        false => Ok(()),
    }
}
