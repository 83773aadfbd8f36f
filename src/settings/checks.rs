//! What each setting may be only because of another one.

use super::cors::Cors;
use super::jwt::Jwt;
use super::lockout::Lockout;
use super::reader::Reader;
use super::{DatabaseUrl, EmailTransport, Origin, Server, Settings, weakness};
use crate::jwt::KeyRing;

/// Complains of settings that do not go together.
pub(crate) fn together(settings: &Settings, reader: &mut Reader) {
    postgres_needs_a_secret(settings, reader);
    secrets_are_strong(settings, reader);
    jwt_keys_are_good(settings, reader);
    names_differ(&settings.jwt, reader);
    mail_can_leave(settings, reader);
    links_lead_somewhere(settings, reader);
    credentials_go_to_named_origins(&settings.cors, reader);
    delays_are_remembered(&settings.lockout, reader);
    a_certificate_has_its_key(&settings.server, reader);
}

/// Else whoever waits for the longest delay would begin anew.
fn delays_are_remembered(lockout: &Lockout, reader: &mut Reader) {
    if lockout.forget_after < lockout.max_delay {
        let what = "must not be shorter than lockout.max_delay, which would end there";
        reader.complain_together(&["lockout.forget_after", "lockout.max_delay"], what);
    }
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
    let clients = settings.oauth.clients.iter().map(|client| ("oauth.clients", &client.secret));
    for (key, secret) in secret_key.chain(fallbacks).chain(signing_key).chain(clients) {
        if let Some(why) = weakness(secret) {
            reader.complain_together(&[key], why);
        }
    }
}

fn jwt_keys_are_good(settings: &Settings, reader: &mut Reader) {
    let others = ["jwt.signing_key", "jwt.verifying_key", "jwt.keys", "jwt.algorithm"];
    let secret_key = settings.secret_key.as_ref().and_then(|key| settings.token_secret(key));
    let mut problems = KeyRing::check(&settings.jwt, secret_key);
    problems.retain(|problem| !reader.is_too_early(&[problem.key]) && !reader.is_too_early(&others));
    for problem in problems {
        reader.complain(problem.key, problem.what);
    }
}

fn names_differ(jwt: &Jwt, reader: &mut Reader) {
    let names = jwt.claim_names();
    for (place, (key, name)) in names.iter().enumerate() {
        if ["exp", "iat", "nbf", "iss", "aud"].contains(name) {
            reader.complain_together(&[key], format!("{name:?} has a meaning of its own in every token"));
        }
        if let Some((other, _)) = names.iter().take(place).find(|(_, earlier)| earlier == name) {
            reader.complain_together(&[key, other], format!("{name:?} is the name in {other} already"));
        }
    }
    if jwt.access_field == jwt.refresh_field {
        let what = format!("{:?} is the name in jwt.refresh_field already", jwt.access_field);
        reader.complain_together(&["jwt.access_field", "jwt.refresh_field"], what);
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

fn links_lead_somewhere(settings: &Settings, reader: &mut Reader) {
    let Settings { email, accounts, .. } = settings;
    if email.transport == EmailTransport::Smtp && accounts.email_frontend_domain.is_none() {
        let keys = ["email.transport", "accounts.email_frontend_domain"];
        let what = "\"smtp\" needs accounts.email_frontend_domain as well, the host in the links of mails";
        reader.complain_together(&keys, what);
    }
}

fn credentials_go_to_named_origins(cors: &Cors, reader: &mut Reader) {
    if cors.allow_credentials && cors.allowed_origins.contains(&Origin::Any) {
        let what = "\"*\" does not go with cors.allow_credentials; name the origins";
        reader.complain_together(&["cors.allowed_origins", "cors.allow_credentials"], what);
    }
}

fn a_certificate_has_its_key(server: &Server, reader: &mut Reader) {
    let (set, missing) = match (&server.tls_certificate, &server.tls_key) {
        (Some(_), None) => ("server.tls_certificate", "server.tls_key"),
        (None, Some(_)) => ("server.tls_key", "server.tls_certificate"),
        _ => return,
    };
    reader.complain_together(&[set, missing], format!("needs {missing} as well"));
}
