//! Keys as files hold them: PEM, of PKCS #8, SEC 1, PKCS #1 and SPKI.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm as LibraryAlgorithm, DecodingKey, EncodingKey};
use zeroize::Zeroizing;

use super::public::{Curve, PublicKey};
use crate::jwt::compact;
use crate::secret::Secret;

/// Reads a private key, and the public one that belongs to it.
pub(super) fn private(text: &Secret) -> Result<(EncodingKey, PublicKey), String> {
    let pem = text.expose();
    match label(pem)? {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => {}
        "ENCRYPTED PRIVATE KEY" => {
            return Err("is encrypted, and nobody could type its password at the start".to_owned());
        }
        label => return Err(format!("is a PEM of {label:?}, and a private key is needed")),
    }
    rsa(pem).or_else(|| ed(pem)).or_else(|| ec(pem)).ok_or_else(|| UNKNOWN.to_owned())
}

/// Reads a public key.
pub(super) fn public(text: &Secret) -> Result<PublicKey, String> {
    let pem = text.expose();
    match label(pem)? {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {}
        label => return Err(format!("is a PEM of {label:?}, and a public key is needed")),
    }
    let bytes = pem.as_bytes();
    let readers = [DecodingKey::from_rsa_pem, DecodingKey::from_ec_pem, DecodingKey::from_ed_pem];
    let read = |reader: fn(&[u8]) -> jsonwebtoken::errors::Result<DecodingKey>| {
        of_library(&Jwk::from_decoding_key(&reader(bytes).ok()?, None).ok()?)
    };
    readers.into_iter().find_map(read).ok_or_else(|| UNKNOWN.to_owned())
}

const UNKNOWN: &str = "is no RSA key of 2048 to 8192 bits, no P-256, P-384 or Ed25519 key, or is damaged";

/// What the PEM says it holds. Openssl writes a curve's parameters before its key, and they say nothing new.
fn label(pem: &str) -> Result<&str, String> {
    let labels = pem.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
    let labels: Vec<&str> = labels.filter(|label| *label != "EC PARAMETERS").collect();
    match labels.as_slice() {
        [label] => Ok(label),
        [] => Err("is no PEM; it begins with -----BEGIN".to_owned()),
        _ => Err("has several keys in it, and one is needed".to_owned()),
    }
}

fn rsa(pem: &str) -> Option<(EncodingKey, PublicKey)> {
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
    let public = of_library(&Jwk::from_encoding_key(&key, LibraryAlgorithm::RS256).ok()?)?;
    Some((key, public))
}

fn ed(pem: &str) -> Option<(EncodingKey, PublicKey)> {
    let key = EncodingKey::from_ed_pem(pem.as_bytes()).ok()?;
    let public = of_library(&Jwk::from_encoding_key(&key, LibraryAlgorithm::EdDSA).ok()?)?;
    Some((key, public))
}

/// PKCS #8 and SEC 1; the library takes the former only.
fn ec(pem: &str) -> Option<(EncodingKey, PublicKey)> {
    let der = contents(pem)?;
    let curves: [(Curve, &'static EcdsaSigningAlgorithm); 2] =
        [(Curve::P256, &ECDSA_P256_SHA256_FIXED_SIGNING), (Curve::P384, &ECDSA_P384_SHA384_FIXED_SIGNING)];
    let read = |(curve, algorithm)| {
        let pair =
            EcdsaKeyPair::from_pkcs8(algorithm, &der).or_else(|_| EcdsaKeyPair::from_private_key_der(algorithm, &der));
        let pair = pair.ok()?;
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().ok()?.as_ref());
        let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(Curve::coordinate_length(curve))?;
        Some((key, PublicKey::Ec { curve, x: x.to_vec(), y: y.to_vec() }))
    };
    curves.into_iter().find_map(read)
}

/// The bytes of the last block.
fn contents(pem: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, block) = pem.rsplit_once("-----BEGIN ")?;
    let (_, block) = block.split_once("-----")?;
    let (encoded, _) = block.split_once("-----END ")?;
    let encoded = Zeroizing::new(encoded.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(encoded.as_bytes()).ok().map(Zeroizing::new)
}

/// Writes a key as `openssl` would.
pub(super) fn write(label: &str, der: &[u8]) -> Secret {
    let encoded = Zeroizing::new(STANDARD.encode(der));
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (place, character) in encoded.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str(&format!("\n-----END {label}-----\n"));
    Secret::new(pem)
}

fn of_library(jwk: &Jwk) -> Option<PublicKey> {
    let number = |text: &str| compact::decode(text).ok();
    match &jwk.algorithm {
        AlgorithmParameters::RSA(key) => Some(PublicKey::Rsa { n: number(&key.n)?, e: number(&key.e)? }),
        AlgorithmParameters::EllipticCurve(key) => {
            let curve = match key.curve {
                EllipticCurve::P256 => Curve::P256,
                EllipticCurve::P384 => Curve::P384,
                _ => return None,
            };
            Some(PublicKey::Ec { curve, x: number(&key.x)?, y: number(&key.y)? })
        }
        AlgorithmParameters::OctetKeyPair(key) => Some(PublicKey::Ed { x: number(&key.x)? }),
        _ => None,
    }
}
