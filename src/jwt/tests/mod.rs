//! Tokens made by hand, by PyJWT and by SimpleJWT, and keys of every kind.
#![allow(clippy::unwrap_used)]

mod keys;
mod minting;
mod reading;
mod ring;
mod vectors;
mod wycheproof;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::Tokens;
use super::compact::encode;
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::settings::{self, Settings};

/// The key of the golden token.
const SECRET: &str = "django-insecure-test-key-0123456789abcdefghijklmnopqrstuvwxyz";

/// The second at which the golden token was made, and half of the next one.
const NOW: Timestamp = Timestamp::from_micros(1_795_318_952_500_000);

/// `[jwt]` with these lines in it, checks left out: the keys are what is tested here.
fn settings(lines: &str) -> settings::Jwt {
    Settings::from_toml(&format!("[jwt]\n{lines}")).unwrap().jwt
}

fn tokens(lines: &str) -> Tokens {
    Tokens::new(&settings(lines), &Secret::new(SECRET)).unwrap()
}

/// What the settings complain of, without the layer.
fn complaints(lines: &str) -> Vec<String> {
    let complaints = Settings::from_toml(&format!("secret_key = \"{SECRET}\"\n[jwt]\n{lines}")).unwrap_err();
    complaints.iter().map(|complaint| complaint.to_string().replace("the text given: ", "")).collect()
}

/// A token of this header and payload, whatever they are, signed with the golden key.
fn forged(header: &[u8], payload: &[u8]) -> String {
    let message = format!("{}.{}", encode(header), encode(payload));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", encode(&mac.finalize().into_bytes()))
}

/// The same with the usual header.
fn with_payload(payload: &str) -> String {
    forged(br#"{"alg":"HS256","typ":"JWT"}"#, payload.as_bytes())
}

/// The keys and tokens that PyJWT made.
fn pyjwt() -> Value {
    serde_json::from_str(include_str!("pyjwt.json")).unwrap()
}

/// A key of that file as a TOML text of several lines.
fn toml(kind: &str, form: &str) -> String {
    format!("'''{}'''", pyjwt()["keys"][kind][form].as_str().unwrap())
}
