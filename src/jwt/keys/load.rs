//! The keys of the settings, read and tested one by one.

use std::collections::BTreeMap;

use super::key::Key;
use super::problem::KeyProblem;
use super::{KeyRing, pem, public};
use crate::secret::Secret;
use crate::settings::{Jwt, JwtKey, KeyStatus, KeyText, loose_mode};

/// More keys than anybody rotates through.
const MOST_KEYS: usize = 16;

/// The longest `kid`, so that it fits into a header with room to spare.
const LONGEST_KID: usize = 255;

const LIST: &str = "jwt.keys";
const SIGNING: &str = "jwt.signing_key";
const VERIFYING: &str = "jwt.verifying_key";

/// The ring of these settings, and what is wrong with them.
pub(super) fn ring(settings: &Jwt, secret_key: Option<&Secret>) -> (KeyRing, Vec<KeyProblem>) {
    let mut problems = Vec::new();
    let mut take = |result: Result<Option<Key>, KeyProblem>| {
        result.unwrap_or_else(|problem| {
            problems.push(problem);
            None
        })
    };
    let plain = take(plain(settings, secret_key));
    let mut named = BTreeMap::new();
    let mut signer = None;
    for entry in settings.keys.iter().filter(|entry| entry.status != KeyStatus::Retired) {
        let key = take(listed(entry).map(Some));
        if entry.status == KeyStatus::Active {
            signer = Some(entry.kid.clone());
        }
        named.extend(key.map(|key| (entry.kid.clone(), key)));
    }
    problems.extend(together(settings));
    (KeyRing { plain, named, signer, warnings: warnings(settings) }, problems)
}

/// The one key that goes by no name.
fn plain(settings: &Jwt, secret_key: Option<&Secret>) -> Result<Option<Key>, KeyProblem> {
    let algorithm = settings.algorithm;
    let Some(least) = algorithm.secret_length() else { return plain_pair(settings) };
    let (key, secret) = match (&settings.signing_key, secret_key) {
        (Some(text), _) => (SIGNING, text.secret()),
        // Where keys go by names, one that goes by none has to be asked for.
        (None, Some(secret)) if settings.keys.is_empty() => ("secret_key", secret),
        _ => return Ok(None),
    };
    Key::shared(algorithm, least, secret).map(Some).map_err(|what| KeyProblem::new(key, what))
}

fn plain_pair(settings: &Jwt) -> Result<Option<Key>, KeyProblem> {
    let signing = settings.signing_key.as_ref().map(|text| pem::private(text.secret()));
    let signing = signing.transpose().map_err(|what| KeyProblem::new(SIGNING, what))?;
    let verifying = settings.verifying_key.as_ref().map(|text| pem::public(text.secret()));
    let verifying = verifying.transpose().map_err(|what| KeyProblem::new(VERIFYING, what))?;
    let (at_fault, public, signing) = match (signing, verifying) {
        (Some((signing, derived)), None) => (SIGNING, derived, Some(signing)),
        (Some((signing, derived)), Some(public)) => {
            derived.check(settings.algorithm).map_err(|what| KeyProblem::new(SIGNING, what))?;
            (VERIFYING, public, Some(signing))
        }
        (None, Some(public)) => (VERIFYING, public, None),
        (None, None) => return Ok(None),
    };
    Key::pair(settings.algorithm, public, signing).map(Some).map_err(|what| KeyProblem::new(at_fault, what))
}

/// A key of the list.
fn listed(entry: &JwtKey) -> Result<Key, KeyProblem> {
    let key = match entry.algorithm.secret_length() {
        Some(least) => listed_secret(entry, least),
        None => listed_pair(entry),
    };
    let key = key.map_err(|what| KeyProblem::new(LIST, format!("the key {:?} {what}", entry.kid)))?;
    Ok(key.named(entry.kid.clone()))
}

fn listed_secret(entry: &JwtKey, least: usize) -> Result<Key, String> {
    match (&entry.secret, &entry.private_key, &entry.public_key) {
        (Some(secret), None, None) => Key::shared(entry.algorithm, least, secret.secret()),
        _ => Err(format!("needs a secret for {}, and no private_key or public_key", entry.algorithm)),
    }
}

fn listed_pair(entry: &JwtKey) -> Result<Key, String> {
    let signing = entry.private_key.as_ref().map(|text| pem::private(text.secret())).transpose()?;
    let verifying = entry.public_key.as_ref().map(|text| pem::public(text.secret())).transpose()?;
    let (public, signing) = match (signing, verifying, &entry.secret) {
        (Some((signing, derived)), None, None) => (derived, Some(signing)),
        (Some((signing, derived)), Some(public), None) => {
            derived.check(entry.algorithm)?;
            (public, Some(signing))
        }
        (None, Some(public), None) => (public, None),
        _ => return Err(format!("needs a private_key or a public_key for {}, and no secret", entry.algorithm)),
    };
    let key = Key::pair(entry.algorithm, public, signing)?;
    match entry.status == KeyStatus::Active && !key.can_sign() {
        true => Err("is active and has no private_key to sign with".to_owned()),
        false => Ok(key),
    }
}

/// What the settings of keys may be only because of one another.
fn together(settings: &Jwt) -> Vec<KeyProblem> {
    let mut problems = Vec::new();
    let mut complain = |key, what: String| problems.push(KeyProblem::new(key, what));
    let (algorithm, keys) = (settings.algorithm, &settings.keys);
    let is_shared = algorithm.secret_length().is_some();
    if is_shared && settings.verifying_key.is_some() {
        complain(VERIFYING, format!("is for key pairs, and {algorithm} signs and verifies with jwt.signing_key"));
    }
    if is_shared && settings.jwk_url.is_some() {
        complain("jwt.jwk_url", format!("has public keys, and {algorithm} takes {}", public::wanted(algorithm)));
    }
    if !keys.is_empty() && settings.jwk_url.is_some() {
        complain("jwt.jwk_url", "does not go with jwt.keys: a kid would be looked for in two places".to_owned());
    }
    let has_key = is_shared || settings.signing_key.is_some() || settings.verifying_key.is_some();
    if !has_key && keys.is_empty() && settings.jwk_url.is_none() {
        let what = format!("{algorithm} needs jwt.signing_key, or jwt.verifying_key or jwt.jwk_url to verify only");
        complain("jwt.algorithm", what);
    }
    problems.extend(listed_together(keys));
    problems
}

fn listed_together(keys: &[JwtKey]) -> Vec<KeyProblem> {
    let mut problems = Vec::new();
    let mut complain = |what: String| problems.push(KeyProblem::new(LIST, what));
    for (place, key) in keys.iter().enumerate() {
        if keys.iter().take(place).any(|other| other.kid == key.kid) {
            complain(format!("two keys go by {:?}", key.kid));
        }
        if key.kid.len() > LONGEST_KID {
            complain(format!("a kid is longer than {LONGEST_KID} bytes"));
        }
    }
    if keys.len() > MOST_KEYS {
        complain(format!("has {} keys; the most is {MOST_KEYS}", keys.len()));
    }
    let active = keys.iter().filter(|key| key.status == KeyStatus::Active).count();
    if active != 1 && !keys.is_empty() {
        complain(format!("has {active} active keys, and exactly one must sign"));
    }
    problems
}

/// The key files that others on the machine can read.
fn warnings(settings: &Jwt) -> Vec<KeyProblem> {
    let plain = [(SIGNING, settings.signing_key.as_ref())];
    let listed = settings.keys.iter().flat_map(|key| [(LIST, key.private_key.as_ref()), (LIST, key.secret.as_ref())]);
    let files = plain.into_iter().chain(listed).filter_map(|(key, text)| Some((key, text.and_then(KeyText::file)?)));
    files.filter_map(|(key, file)| Some(KeyProblem::new(key, loose_mode(file)?))).collect()
}
