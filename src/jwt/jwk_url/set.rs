//! A JWK set (RFC 7517) as another service publishes it.

use serde_json::{Map, Value};

use super::Keys;
use crate::jwt::compact::decode;
use crate::jwt::json;
use crate::jwt::keys::{Curve, Key, PublicKey};
use crate::settings::Algorithm;

/// More keys than anybody publishes.
const MOST_KEYS: usize = 64;

/// The keys of a set that verify tokens of this algorithm. Those for another purpose are passed over, and so is a name
/// that two of them share.
pub(in crate::jwt) fn parse(text: &[u8], algorithm: Algorithm) -> Result<Keys, String> {
    let set = json::object(text).map_err(|error| format!("the set is no JSON object: {error}"))?;
    let Some(Value::Array(items)) = set.get("keys") else { return Err("the set has no list of keys".to_owned()) };
    if items.len() > MOST_KEYS {
        return Err(format!("the set has {} keys; the most is {MOST_KEYS}", items.len()));
    }
    let (mut keys, mut twice) = (Keys::new(), Vec::new());
    for (kid, key) in items.iter().filter_map(|item| usable(item, algorithm)) {
        if keys.insert(kid.clone(), key).is_some() {
            twice.push(kid);
        }
    }
    keys.retain(|kid, _| !twice.contains(kid));
    if keys.is_empty() {
        return Err(format!("the set has no key for {algorithm}"));
    }
    Ok(keys)
}

fn usable(item: &Value, algorithm: Algorithm) -> Option<(String, Key)> {
    let members = item.as_object()?;
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let is_or_absent = |name: &str, value: &str| members.get(name).is_none_or(|given| given.as_str() == Some(value));
    let verifies = |operations: &Value| operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
    // A key that has told its private part is everybody's.
    let is_ours = is_or_absent("use", "sig")
        && is_or_absent("alg", algorithm.as_str())
        && members.get("key_ops").is_none_or(verifies)
        && !members.contains_key("d");
    let kid = text("kid").filter(|_| is_ours)?;
    let key = public_key(members).ok_or("is no key".to_owned()).and_then(|key| Key::pair(algorithm, key, None));
    key.map_err(|why| log::warn!("jwt.jwk_url: the key {kid:?} {why}")).ok().map(|key| (kid.to_owned(), key))
}

/// The numbers of a key, each in its one spelling.
pub(in crate::jwt) fn public_key(members: &Map<String, Value>) -> Option<PublicKey> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let bytes = |name: &str| decode(text(name)?).ok();
    let coordinate = |name: &str, curve: Curve| bytes(name).filter(|bytes| bytes.len() == curve.coordinate_length());
    match (text("kty")?, text("crv")) {
        ("RSA", _) => Some(PublicKey::Rsa { n: without_zeros(bytes("n")?), e: without_zeros(bytes("e")?) }),
        ("EC", Some(name)) => {
            let curve = [Curve::P256, Curve::P384].into_iter().find(|curve| curve.name() == name)?;
            Some(PublicKey::Ec { curve, x: coordinate("x", curve)?, y: coordinate("y", curve)? })
        }
        ("OKP", Some("Ed25519")) => Some(PublicKey::Ed { x: bytes("x").filter(|bytes| bytes.len() == 32)? }),
        _ => None,
    }
}

fn without_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}
