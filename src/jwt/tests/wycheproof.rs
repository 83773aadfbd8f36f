//! Project Wycheproof's signatures and keys, where they lie beside the project: its JSON Web Signature and JSON Web Key
//! files are looked for in `$WYCHEPROOF_DIR`, or in `../shared/wycheproof`.

use std::path::PathBuf;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::jwt::compact::{Compact, decode};
use crate::jwt::jwk_url::set;
use crate::jwt::keys::Key;
use crate::settings::Algorithm;

/// One test: the key or set of keys of its group, the token, and what is expected.
struct Case {
    number: u64,
    keys: Value,
    token: String,
    is_valid: bool,
}

/// The cases of a file, whose hash is pinned: another version wants its differences looked at.
fn cases(file: &str, hash: &str) -> Option<Vec<Case>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/wycheproof");
    let path = std::env::var_os("WYCHEPROOF_DIR").map_or_else(beside, PathBuf::from).join(file);
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {file} is not there; set WYCHEPROOF_DIR to where Wycheproof's test vectors are");
        return None;
    };
    let found: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found, hash, "{file} is another version");
    let data: Value = serde_json::from_slice(&text).unwrap();
    Some(data["testGroups"].as_array().unwrap().iter().flat_map(of_group).collect())
}

fn of_group(group: &Value) -> Vec<Case> {
    let keys = group.get("public").or(group.get("private")).unwrap();
    let case = |test: &Value| Case {
        number: test["tcId"].as_u64().unwrap(),
        keys: keys.clone(),
        token: match test.get("jws").or(test.get("jwe")).unwrap() {
            Value::String(token) => token.clone(),
            json => json.to_string(),
        },
        is_valid: test["result"] == "valid",
    };
    group["tests"].as_array().unwrap().iter().map(case).collect()
}

/// The numbers of the cases in which `accepts` says otherwise than the file.
fn differences(cases: &[Case], accepts: impl Fn(&Case) -> bool) -> Vec<u64> {
    cases.iter().filter(|case| accepts(case) != case.is_valid).map(|case| case.number).collect()
}

/// A token under one key, as in a service that knows no other.
fn accepts_under_key(case: &Case) -> bool {
    let key = case.keys.as_object().and_then(key);
    key.is_some_and(|key| Compact::parse(case.token.as_bytes()).is_ok_and(|token| token.verify(&key).is_ok()))
}

fn key(members: &Map<String, Value>) -> Option<Key> {
    let algorithm: Algorithm = members.get("alg")?.as_str()?.parse().ok()?;
    let Some(least) = algorithm.secret_length() else {
        let named = members.iter().map(|(name, value)| (name.clone(), value.clone()));
        let named: Map<String, Value> = named.chain([("kid".to_owned(), "k".into())]).collect();
        let set = serde_json::json!({"keys": [named]}).to_string();
        return set::parse(set.as_bytes(), algorithm).ok()?.remove("k");
    };
    let is_for_signatures = members.get("use").is_none_or(|purpose| purpose == "sig");
    let bytes = members.get("k").filter(|_| is_for_signatures && members["kty"] == "oct")?.as_str()?;
    Key::of_bytes(algorithm, least, &decode(bytes).ok()?).ok()
}

/// A token under a set: of shared secrets all, as a list in the settings, or of public keys, as one that is fetched.
fn accepts_under_set(case: &Case) -> bool {
    let Ok(token) = Compact::parse(case.token.as_bytes()) else { return false };
    let (Some(kid), Ok(algorithm)) = (token.header.kid.clone(), token.header.algorithm.parse::<Algorithm>()) else {
        return false;
    };
    let items = case.keys["keys"].as_array().unwrap();
    let is_shared = |item: &Value| item["kty"] == "oct";
    if !items.iter().all(is_shared) {
        let keys = set::parse(case.keys.to_string().as_bytes(), algorithm);
        return keys.is_ok_and(|keys| keys.get(&kid).is_some_and(|key| token.verify(key).is_ok()));
    }
    // The settings refuse a list in which a key is no good or a name stands twice.
    let keys: Option<Vec<Key>> = items.iter().map(|item| key(item.as_object()?)).collect();
    let named = || items.iter().enumerate().filter(|(_, item)| item["kid"] == kid.as_str());
    let place = named().next().filter(|_| named().count() == 1).map(|(place, _)| place);
    keys.zip(place).is_some_and(|(keys, place)| token.verify(&keys[place]).is_ok())
}

#[test]
fn signatures_are_judged_as_wycheproof_judges_them() {
    let hash = "8e687a06fe8359f4ec51480f1a9f73c8faebd6f4c01b818b843b44eee54fd5d9";
    let Some(cases) = cases("json_web_signature_test.json", hash) else { return };

    assert_eq!(cases.len(), 401);
    let known = [
        // The key is for PS256 and the token is in PS384 or in ES512, which is not available, under the unregistered
        // name ES521.
        346, 347, 350, 351, // One token three times, once valid and twice not.
        367, 370, // Valid although there is a "?" in the base64url.
        372, 373,
    ];
    assert_eq!(differences(&cases, accepts_under_key), known);
}

#[test]
fn keys_are_judged_as_wycheproof_judges_them() {
    let hash = "be983255bce26406f97020ec5458b33930a90d5f868e604fcd569c300aba2862";
    let Some(cases) = cases("json_web_key_test.json", hash) else { return };

    assert_eq!(cases.len(), 26);
    assert_eq!(differences(&cases, accepts_under_set), [0; 0]);
}

#[test]
fn signatures_among_other_cryptography_are_judged_as_wycheproof_judges_them() {
    let hash = "dcd58ac9548a7d6173437a691e4cc307dcd3cec9fd814a39cd2a94531cf4f8ce";
    let Some(cases) = cases("json_web_crypto_test.json", hash) else { return };
    let (sets, single): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(|case| case.keys.get("keys").is_some());
    let (encrypted, signed): (Vec<Case>, Vec<Case>) = single.into_iter().partition(|case| case.keys["use"] == "enc");

    assert_eq!((sets.len(), signed.len(), encrypted.len()), (3, 46, 34));
    assert_eq!(differences(&sets, accepts_under_set), [0; 0]);
    assert_eq!(differences(&signed, accepts_under_key), [0; 0]);
    assert!(!encrypted.iter().any(accepts_under_key));
}

#[test]
fn nothing_encrypted_is_a_token() {
    let hash = "2fee073795830ee029ddb84d2d7bcbad05fde6e55ee2d00b153a0aa40a72d7d2";
    let Some(cases) = cases("json_web_encryption_test.json", hash) else { return };

    assert_eq!(cases.len(), 139);
    assert!(!cases.iter().any(|case| Compact::parse(case.token.as_bytes()).is_ok() || accepts_under_key(case)));
}
