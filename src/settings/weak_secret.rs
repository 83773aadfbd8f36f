//! Which secrets are none.

use super::known_secrets::KNOWN_SECRETS;
use crate::secret::Secret;

/// Why `secret` would not keep anybody out, whatever it is used for.
pub(crate) fn weakness(secret: &Secret) -> Option<&'static str> {
    guessable(secret).or_else(|| not_for_hmac(secret))
}

fn guessable(secret: &Secret) -> Option<&'static str> {
    let text = secret.expose().trim().to_lowercase();
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if KNOWN_SECRETS.contains(&text.as_str()) {
        Some("is a well-known placeholder; make one of your own, as with `openssl rand -base64 48`")
    } else if characters.len() < 5 {
        Some("has fewer than five different characters; make one at random, as with `openssl rand -base64 48`")
    } else {
        None
    }
}

// A public key used as a shared secret is one that everybody knows.
fn not_for_hmac(secret: &Secret) -> Option<&'static str> {
    let text = secret.expose().trim_start();
    let is_key_file = text.contains("-----BEGIN")
        || (text.starts_with('{') && text.contains("\"kty\""))
        || ["ssh-", "ecdsa-sha2-"].iter().any(|kind| text.starts_with(kind));
    is_key_file.then_some("is a PEM or JWK key, and HMAC wants a random text instead")
}
