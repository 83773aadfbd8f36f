//! What each setting may be only because of another one.

use super::jwt::Jwt;
use super::known_secrets::KNOWN_SECRETS;
use super::reader::Reader;
use super::{Backend, DatabaseUrl, EmailTransport, Settings};
use crate::secret::Secret;

/// Complains of settings that do not go together.
pub(crate) fn together(settings: &Settings, reader: &mut Reader) {
    postgres_needs_a_secret(settings, reader);
    secrets_are_strong(settings, reader);
    claims_differ(&settings.jwt, reader);
    mail_can_leave(settings, reader);
}

fn postgres_needs_a_secret(settings: &Settings, reader: &mut Reader) {
    if matches!(settings.database.url, DatabaseUrl::Postgres(_)) && settings.secret_key.is_none() {
        let what = "PostgreSQL needs a secret_key, the same for every server: set it, or HALLPASS__SECRET_KEY";
        reader.complain_together(&["database.url", "secret_key"], what);
    }
}

fn secrets_are_strong(settings: &Settings, reader: &mut Reader) {
    let signing_key = settings.jwt.signing_key.as_ref();
    let secret_key = settings.secret_key.as_ref();
    let fallbacks = settings.secret_key_fallbacks.iter().map(|secret| ("secret_key_fallbacks", secret));
    let secrets = secret_key.map(|secret| ("secret_key", secret)).into_iter().chain(fallbacks);
    for (key, secret) in secrets.chain(signing_key.map(|secret| ("jwt.signing_key", secret))) {
        if let Some(why) = guessable(secret).or_else(|| not_for_hmac(secret)) {
            reader.complain_together(&[key], why);
        }
    }
    match (signing_key, secret_key) {
        (Some(secret), _) => signing_key_is_long("jwt.signing_key", secret, settings, reader),
        (None, Some(secret)) => signing_key_is_long("secret_key", secret, settings, reader),
        (None, None) => {}
    }
}

fn signing_key_is_long(key: &str, secret: &Secret, settings: &Settings, reader: &mut Reader) {
    let signs = |backend: &Backend| matches!(backend, Backend::Jwt | Backend::JwtStateless);
    let algorithm = settings.jwt.algorithm;
    let least = algorithm.hash_length();
    if settings.auth.backends.iter().any(signs) && secret.expose().len() < least {
        let keys = [key, "jwt.signing_key", "jwt.algorithm", "auth.backends"];
        reader.complain_together(&keys, format!("is shorter than the {least} bytes that {algorithm} needs"));
    }
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
    let text = secret.expose();
    let is_key_file = text.contains("-----BEGIN") || (text.trim_start().starts_with('{') && text.contains("\"kty\""));
    is_key_file.then_some("is a PEM or JWK key, and HMAC wants a random text instead")
}

fn claims_differ(jwt: &Jwt, reader: &mut Reader) {
    let names = jwt.claim_names();
    for (place, (key, name)) in names.iter().enumerate() {
        if ["exp", "iat", "nbf", "iss", "aud"].contains(name) {
            reader.complain_together(&[key], format!("{name:?} has a meaning of its own in every token"));
        }
        if let Some((other, _)) = names.iter().take(place).find(|(_, earlier)| earlier == name) {
            reader.complain_together(&[key, other], format!("{name:?} is the name in {other} already"));
        }
    }
}

fn mail_can_leave(settings: &Settings, reader: &mut Reader) {
    let email = &settings.email;
    let missing = match email.transport {
        EmailTransport::File if email.directory.is_none() => "email.directory",
        EmailTransport::Smtp if email.smtp_url.is_none() => "email.smtp_url",
        _ => return,
    };
    reader.complain_together(&["email.transport", missing], format!("\"{}\" needs {missing} as well", email.transport));
}
