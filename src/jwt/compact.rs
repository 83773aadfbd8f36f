//! The compact serialisation: `header.payload.signature`, taken apart without believing any of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;
use super::keys::Key;

/// A longer token is refused before anything in it is decoded.
const LONGEST_TOKEN: usize = 8 * 1024;

/// A longer header is refused before it is parsed.
const LONGEST_HEADER: usize = 1024;

/// A token in its parts. Nothing here is verified yet.
pub(super) struct Compact<'t> {
    /// What the header says of the key.
    pub(super) header: Header,
    /// What is signed.
    pub(super) message: &'t str,
    /// The signature in base64url.
    pub(super) signature: &'t str,
    payload: Vec<u8>,
}

/// What the header says of the key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// `alg`
    pub(super) algorithm: String,
    /// `kid`
    pub(super) kid: Option<String>,
}

impl<'t> Compact<'t> {
    /// Takes a token apart.
    pub(super) fn parse(token: &'t [u8]) -> Result<Self, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::TooLong);
        }
        let token = std::str::from_utf8(token).map_err(|_| TokenError::Encoding)?;
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Shape)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Shape)?;
        if payload.contains('.') {
            return Err(TokenError::Shape);
        }
        let (header, payload) = (decode(header)?, decode(payload)?);
        decode(signature)?;
        Ok(Self { header: Header::parse(&header)?, message, signature, payload })
    }

    /// Whether it was signed with this key, in the key's own algorithm.
    pub(super) fn verify(&self, key: &Key) -> Result<(), TokenError> {
        if self.header.algorithm != key.algorithm.as_str() {
            return Err(TokenError::Algorithm);
        }
        match key.has_signed(self.message.as_bytes(), self.signature) {
            true => Ok(()),
            false => Err(TokenError::Signature),
        }
    }

    /// What the token says. Only for whoever has looked at its signature.
    pub(super) fn claims(&self) -> Result<Claims, TokenError> {
        Claims::from_json(&self.payload).map_err(|_| TokenError::Payload)
    }
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, TokenError> {
        if json.len() > LONGEST_HEADER {
            return Err(TokenError::Header);
        }
        let mut header = Claims::from_json(json).map_err(|_| TokenError::Header)?;
        // RFC 7515 section 4.1.11: what is critical must be understood, and none of it is.
        if ["crit", "b64", "enc"].iter().any(|name| header.get(name).is_some()) {
            return Err(TokenError::Extension);
        }
        let kid = match header.remove("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid),
            Some(_) => return Err(TokenError::KeyId),
        };
        match header.remove("alg") {
            Some(Value::String(algorithm)) => Ok(Self { algorithm, kid }),
            _ => Err(TokenError::Algorithm),
        }
    }
}

/// Base64url without padding, in the one spelling that its bytes have.
pub(super) fn decode(encoded: impl AsRef<[u8]>) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Encoding)
}

/// The part of a token that these bytes become.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
