//! Several keys at once, and one in another's place.

use serde_json::{Value, json};

use super::{NOW, SECRET, forged, pyjwt, settings, tokens, toml};
use crate::jwt::{Claims, KeyRing, TokenError, Tokens};
use crate::secret::Secret;

/// A table of the list.
fn key(kid: &str, algorithm: &str, material: &str, status: &str) -> String {
    format!("[[jwt.keys]]\nkid = \"{kid}\"\nalgorithm = \"{algorithm}\"\n{material}\nstatus = \"{status}\"\n")
}

fn private(kind: &str) -> String {
    format!("private_key = {}", toml(kind, "private"))
}

fn decoded(tokens: &Tokens, token: &str) -> Result<Claims, TokenError> {
    tokens.decode(token.as_bytes(), NOW)
}

#[test]
fn the_active_key_signs_and_the_others_verify() {
    let before =
        tokens(&(key("old", "RS256", &private("rsa"), "active") + &key("new", "EdDSA", &private("ed25519"), "verify")));
    let after =
        tokens(&(key("old", "RS256", &private("rsa"), "verify") + &key("new", "EdDSA", &private("ed25519"), "active")));
    let later = tokens(&(key("old", "RS256", "", "retired") + &key("new", "EdDSA", &private("ed25519"), "active")));
    let [old, new] = [&before, &after].map(|tokens| tokens.sign(&Claims::default()).unwrap());

    assert!(new.starts_with(&super::encode(br#"{"alg":"EdDSA","kid":"new","typ":"JWT"}"#)));
    for tokens in [&before, &after] {
        assert!(decoded(tokens, &old).is_ok() && decoded(tokens, &new).is_ok());
    }
    assert_eq!(decoded(&later, &old), Err(TokenError::UnknownKey));
    assert!(decoded(&later, &new).is_ok());
}

#[test]
fn a_token_is_looked_up_by_its_kid_and_held_to_that_keys_algorithm() {
    let lines = key("a", "HS256", &format!("secret = \"{SECRET}\""), "active")
        + &key("b", "EdDSA", &private("ed25519"), "verify");
    let named = tokens(&lines);
    let token = |header: &str| forged(header.as_bytes(), b"{}");

    assert!(decoded(&named, &token(r#"{"alg":"HS256","kid":"a"}"#)).is_ok());
    for (header, error) in [
        (r#"{"alg":"HS256","kid":"b"}"#, TokenError::Algorithm),
        (r#"{"alg":"EdDSA","kid":"b"}"#, TokenError::Signature),
        (r#"{"alg":"EdDSA","kid":"a"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS256","kid":"A"}"#, TokenError::UnknownKey),
        (r#"{"alg":"HS256","kid":""}"#, TokenError::UnknownKey),
        (r#"{"alg":"HS256","kid":"../a"}"#, TokenError::UnknownKey),
        (r#"{"alg":"HS256"}"#, TokenError::UnknownKey),
    ] {
        assert_eq!(decoded(&named, &token(header)), Err(error), "{header}");
    }
}

#[test]
fn a_token_without_kid_is_for_the_key_without_a_name() {
    let lines = key("b", "EdDSA", &private("ed25519"), "active");
    let both = tokens(&format!("signing_key = \"{SECRET}\"\n{lines}"));

    assert!(decoded(&both, &forged(br#"{"alg":"HS256"}"#, b"{}")).is_ok());
    assert_eq!(decoded(&both, &forged(br#"{"alg":"HS256","kid":"x"}"#, b"{}")), Err(TokenError::UnknownKey));
    assert!(
        both.sign(&Claims::default()).unwrap().starts_with(&super::encode(br#"{"alg":"EdDSA","kid":"b","typ":"JWT"}"#))
    );
}

#[test]
fn a_public_key_is_no_secret() {
    let rsa = tokens(&format!("algorithm = \"RS256\"\nsigning_key = {}", toml("rsa", "private")));
    let data = pyjwt();
    for form in ["public", "public_pkcs1"] {
        let pem = data["keys"]["rsa"][form].as_str().unwrap();
        for secret in [pem, pem.trim_end()] {
            let forged = forged_with(secret, br#"{"alg":"HS256"}"#);
            assert_eq!(decoded(&rsa, &forged), Err(TokenError::Algorithm));
            let forged = forged_with(secret, br#"{"alg":"RS256"}"#);
            assert_eq!(decoded(&rsa, &forged), Err(TokenError::Signature));
        }
    }
}

fn forged_with(secret: &str, header: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let message = format!("{}.{}", super::encode(header), super::encode(b"{}"));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", super::encode(&mac.finalize().into_bytes()))
}

#[test]
fn keys_are_replaced_while_others_use_them() {
    let tokens = tokens("");
    let clone = tokens.clone();
    let old = tokens.sign(&Claims::default()).unwrap();
    let settings = settings("");

    let other = Secret::new("another-secret-key-of-fifty-characters-0123456789");
    tokens.replace_keys(KeyRing::from_settings(&settings, &other).unwrap());

    assert_eq!(decoded(&clone, &old), Err(TokenError::Signature));
    assert!(decoded(&clone, &tokens.sign(&Claims::default()).unwrap()).is_ok());
}

#[test]
fn public_keys_are_published_and_nothing_else() {
    let lines = key("r", "RS256", &private("rsa"), "active")
        + &key("e", "ES256", &format!("public_key = {}", toml("p256", "public")), "verify")
        + &key("p", "ES384", &private("p384"), "verify")
        + &key("d", "EdDSA", &private("ed25519"), "verify")
        + &key("s", "HS256", &format!("secret = \"{SECRET}\""), "verify")
        + &key("x", "HS256", "", "retired");
    let data = pyjwt();

    let keys = tokens(&lines).keys().jwks();

    let published = [("d", "EdDSA", "ed25519"), ("e", "ES256", "p256"), ("p", "ES384", "p384"), ("r", "RS256", "rsa")];
    assert_eq!(keys, json!({"keys": published.map(|(kid, algorithm, kind)| expected(&data, kid, algorithm, kind))}));
    assert_eq!(tokens("").keys().jwks(), json!({"keys": []}));
}

#[test]
fn a_key_without_a_name_is_published_under_its_thumbprint() {
    for (algorithm, kind) in [("RS256", "rsa"), ("ES256", "p256"), ("ES384", "p384"), ("EdDSA", "ed25519")] {
        let ring = tokens(&format!("algorithm = \"{algorithm}\"\nsigning_key = {}", toml(kind, "private"))).keys();
        assert_eq!(ring.jwks()["keys"][0]["kid"], pyjwt()["keys"][kind]["thumbprint"]);
    }
}

fn expected(data: &Value, kid: &str, algorithm: &str, kind: &str) -> Value {
    let mut jwk = data["keys"][kind]["jwk"].clone();
    for (name, value) in [("use", "sig"), ("alg", algorithm), ("kid", kid)] {
        jwk[name] = json!(value);
    }
    jwk
}
