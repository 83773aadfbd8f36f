//! What each setting may be only because of another one.

use super::jwt::Jwt;
use super::reader::Reader;
use super::{Backend, DatabaseUrl, EmailTransport, Settings, weakness};
use crate::jwt::KeyRing;

/// Complains of settings that do not go together.
pub(crate) fn together(settings: &Settings, reader: &mut Reader) {
    postgres_needs_a_secret(settings, reader);
    secrets_are_strong(settings, reader);
    jwt_keys_are_good(settings, reader);
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
    let jwt = &settings.jwt;
    let fallbacks = settings.secret_key_fallbacks.iter().map(|secret| ("secret_key_fallbacks", secret));
    let secret_key = settings.secret_key.iter().map(|secret| ("secret_key", secret));
    // With the other algorithms it is a private key, which no rule for secrets fits.
    let signing_key = jwt.signing_key.iter().filter(|_| jwt.algorithm.secret_length().is_some());
    let signing_key = signing_key.map(|key| ("jwt.signing_key", key.secret()));
    for (key, secret) in secret_key.chain(fallbacks).chain(signing_key) {
        if let Some(why) = weakness(secret) {
            reader.complain_together(&[key], why);
        }
    }
}

fn jwt_keys_are_good(settings: &Settings, reader: &mut Reader) {
    let jwt = &settings.jwt;
    let signs = |backend: &Backend| matches!(backend, Backend::Jwt | Backend::JwtStateless);
    let is_used = settings.auth.backends.iter().any(signs);
    for problem in KeyRing::check(jwt, settings.secret_key.as_ref()) {
        // A secret that no token is signed with may be as short as it likes.
        let is_secret = problem.key == "secret_key" || problem.key == "jwt.signing_key";
        if is_used || !is_secret || jwt.algorithm.secret_length().is_none() {
            let keys =
                [problem.key, "jwt.signing_key", "jwt.verifying_key", "jwt.keys", "jwt.algorithm", "auth.backends"];
            reader.complain_together(&keys, problem.what);
        }
    }
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
