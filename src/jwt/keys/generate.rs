//! New keys, for `hallpass generate-key`.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::pem;
use crate::jwt::compact::encode;
use crate::jwt::error::SignError;
use crate::secret::Secret;
use crate::settings::Algorithm;

/// A new key and a name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedKey {
    /// The private key in PEM (PKCS #8), or the shared secret of HS256, HS384 or HS512.
    pub text: Secret,
    /// RFC 7638's thumbprint of the public key; at random for a shared secret, of which not even a hash is told.
    pub kid: String,
}

/// Makes a key for `algorithm`: RSA of 3072 bits, or what the algorithm leaves no choice about.
///
/// # Errors
/// When the system gives no random bytes.
pub fn generate_key(algorithm: Algorithm) -> Result<GeneratedKey, SignError> {
    let text = match (algorithm.secret_length(), algorithm) {
        (Some(length), _) => return shared(length),
        (None, Algorithm::Es256) => ec(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
        (None, Algorithm::Es384) => ec(&ECDSA_P384_SHA384_FIXED_SIGNING)?,
        (None, Algorithm::EdDsa) => ed()?,
        (None, _) => rsa()?,
    };
    let (_, public) = pem::private(&text).map_err(|_| SignError::Failed)?;
    Ok(GeneratedKey { text, kid: public.thumbprint() })
}

fn shared(length: usize) -> Result<GeneratedKey, SignError> {
    Ok(GeneratedKey { text: Secret::new(encode(&random(length)?)), kid: encode(&random(12)?) })
}

fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    getrandom::fill(&mut bytes).map_err(|_| SignError::Random)?;
    Ok(bytes)
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Secret, SignError> {
    let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| SignError::Random)?;
    Ok(pem::write("PRIVATE KEY", pair.to_pkcs8v1().map_err(|_| SignError::Failed)?.as_ref()))
}

fn ed() -> Result<Secret, SignError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| SignError::Random)?;
    Ok(pem::write("PRIVATE KEY", pair.to_pkcs8v1().map_err(|_| SignError::Failed)?.as_ref()))
}

fn rsa() -> Result<Secret, SignError> {
    let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(|_| SignError::Random)?;
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| SignError::Failed)?;
    Ok(pem::write("PRIVATE KEY", der.as_ref()))
}
