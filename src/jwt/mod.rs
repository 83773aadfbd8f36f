//! JSON Web Tokens as SimpleJWT signs them. No HTTP and no database in here: a token is read, or refused with a reason.
//!
//! The cryptography is the `jsonwebtoken` crate's. What may be in a token, and in which order it is looked at, is decided
//! here, since the crate passes over `crit` and repeated names, and leaves `nbf` and `iat` alone.

mod claims;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};

pub use claims::Claims;

use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::settings;

/// A longer token is refused before anything in it is decoded.
const LONGEST_TOKEN: usize = 8 * 1024;

/// A longer header is refused before it is parsed.
const LONGEST_HEADER: usize = 1024;

/// The width of the column that `jti` is kept in.
const LONGEST_JTI: usize = 255;

/// Why a token is refused, in SimpleJWT's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// When it is malformed, its signature is wrong, or a claim is of the wrong type or out of range.
    #[error("Token is invalid")]
    Invalid,
    /// When its time is over.
    #[error("Token is expired")]
    Expired,
    /// When it does not say until when it is valid.
    #[error("Token has no 'exp' claim")]
    NoExpiry,
    /// When it has no identifier.
    #[error("Token has no id")]
    NoId,
    /// When it does not say what it is for.
    #[error("Token has no type")]
    NoType,
    /// When it is for something else.
    #[error("Token has wrong type")]
    WrongType,
}

impl TokenError {
    /// The sentence that a client reads.
    pub fn message(self) -> &'static str {
        match self {
            Self::Invalid => "Token is invalid",
            Self::Expired => "Token is expired",
            Self::NoExpiry => "Token has no 'exp' claim",
            Self::NoId => "Token has no id",
            Self::NoType => "Token has no type",
            Self::WrongType => "Token has wrong type",
        }
    }
}

/// What a token is for: SimpleJWT's token classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Opens protected handlers for a few minutes: `AccessToken`.
    Access,
}

impl TokenKind {
    /// The value of its type claim.
    pub fn token_type(self) -> &'static str {
        match self {
            Self::Access => "access",
        }
    }

    /// SimpleJWT's name for it.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Access => "AccessToken",
        }
    }
}

/// Reads tokens signed with one key and one algorithm.
#[derive(Clone)]
pub struct Verifier {
    algorithm: Algorithm,
    algorithm_name: &'static str,
    key: DecodingKey,
    leeway: i64,
    audience: Vec<String>,
    issuer: Option<String>,
    jti_claim: String,
    token_type_claim: String,
}

impl Verifier {
    /// From the settings; `secret_key` signs where `jwt.signing_key` does not say otherwise.
    pub fn new(settings: &settings::Jwt, secret_key: &Secret) -> Self {
        let key = settings.signing_key.as_ref().unwrap_or(secret_key);
        let (algorithm, algorithm_name) = match settings.algorithm {
            settings::Algorithm::Hs256 => (Algorithm::HS256, "HS256"),
            settings::Algorithm::Hs384 => (Algorithm::HS384, "HS384"),
            settings::Algorithm::Hs512 => (Algorithm::HS512, "HS512"),
        };
        Self {
            algorithm,
            algorithm_name,
            key: DecodingKey::from_secret(key.expose().as_bytes()),
            leeway: i64::try_from(settings.leeway.as_secs()).unwrap_or(i64::MAX),
            audience: settings.audience.clone(),
            issuer: settings.issuer.clone(),
            jti_claim: settings.jti_claim.clone(),
            token_type_claim: settings.token_type_claim.clone(),
        }
    }

    /// The claims of `token`, if it is one of ours, its time has not run out, and it is of this kind.
    ///
    /// # Errors
    /// The first reason against it, in the order in which SimpleJWT looks.
    pub fn verify(&self, token: &[u8], kind: TokenKind, now: Timestamp) -> Result<Claims, TokenError> {
        let claims = self.decode(token)?;
        self.check_times(&claims, now.as_seconds())?;
        self.check_registered(&claims)?;
        if claims.get("exp").is_none() {
            return Err(TokenError::NoExpiry);
        }
        if claims.get(&self.jti_claim).is_none() {
            return Err(TokenError::NoId);
        }
        match claims.get(&self.token_type_claim) {
            None => Err(TokenError::NoType),
            Some(token_type) if token_type.as_str() == Some(kind.token_type()) => Ok(claims),
            Some(_) => Err(TokenError::WrongType),
        }
    }

    /// Length, shape, header, signature, and only then the claims.
    fn decode(&self, token: &[u8]) -> Result<Claims, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Invalid);
        }
        let token = std::str::from_utf8(token).map_err(|_| TokenError::Invalid)?;
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Invalid)?;
        self.check_header(header)?;
        canonical(signature)?;
        let genuine = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.key, self.algorithm);
        if !genuine.unwrap_or(false) {
            return Err(TokenError::Invalid);
        }
        serde_json::from_slice(&canonical(payload)?).map_err(|_| TokenError::Invalid)
    }

    fn check_header(&self, encoded: &str) -> Result<(), TokenError> {
        let json = canonical(encoded)?;
        if json.len() > LONGEST_HEADER {
            return Err(TokenError::Invalid);
        }
        let header: Claims = serde_json::from_slice(&json).map_err(|_| TokenError::Invalid)?;
        // RFC 7515 section 4.1.11: what is critical must be understood, and none of it is.
        let has_extension = ["crit", "b64", "enc"].iter().any(|name| header.get(name).is_some());
        if has_extension || header.text("alg") != Some(self.algorithm_name) {
            return Err(TokenError::Invalid);
        }
        header.require_text_if_present("kid")
    }

    /// `iat`, `nbf`, `exp` in that order: a token from the future is invalid even when it has expired.
    fn check_times(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        let latest = now.saturating_add(self.leeway);
        for name in ["iat", "nbf"] {
            if claims.seconds(name)?.is_some_and(|seconds| seconds > latest) {
                return Err(TokenError::Invalid);
            }
        }
        match claims.seconds("exp")? {
            Some(seconds) if seconds <= now.saturating_sub(self.leeway) => Err(TokenError::Expired),
            _ => Ok(()),
        }
    }

    fn check_registered(&self, claims: &Claims) -> Result<(), TokenError> {
        if self.issuer.is_some() && claims.text("iss") != self.issuer.as_deref() {
            return Err(TokenError::Invalid);
        }
        if !self.audience.is_empty() && !self.is_for_us(claims) {
            return Err(TokenError::Invalid);
        }
        claims.require_text_if_present("sub")?;
        claims.require_text_if_present("jti")?;
        match claims.text("jti") {
            Some(jti) if jti.chars().count() > LONGEST_JTI => Err(TokenError::Invalid),
            _ => Ok(()),
        }
    }

    fn is_for_us(&self, claims: &Claims) -> bool {
        let names = |audience: &serde_json::Value| {
            audience.as_str().is_some_and(|name| self.audience.iter().any(|known| known == name))
        };
        match claims.get("aud") {
            Some(serde_json::Value::Array(audiences)) => {
                audiences.iter().all(serde_json::Value::is_string) && audiences.iter().any(names)
            }
            Some(audience) => names(audience),
            None => false,
        }
    }
}

/// Base64url without padding, in the one spelling that its bytes have.
fn canonical(encoded: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Invalid)
}
