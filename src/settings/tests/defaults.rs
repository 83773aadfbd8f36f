//! `config/default.toml` against the types.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::settings::names::variable;
use crate::settings::{
    Algorithm, Backend, DatabaseUrl, EmailTransport, Hasher, LogFormat, PasswordValidator, Rate, Settings,
    TokenStorage, TokenType, UserIdField,
};

const DEFAULTS: &str = include_str!("../../../config/default.toml");
const PRODUCTION: &str = include_str!("../../../config/production.toml");

/// The dotted keys of `config/default.toml` in order, each with the comment above it and its value.
fn documented() -> Vec<(String, Vec<String>, String)> {
    let mut section = String::new();
    let mut comment = Vec::new();
    let mut keys = Vec::new();
    for line in DEFAULTS.lines() {
        if let Some(words) = line.strip_prefix("# ") {
            comment.push(words.to_owned());
        } else if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
        } else if let Some((name, value)) = line.split_once(" = ") {
            keys.push((format!("{section}{name}"), std::mem::take(&mut comment), value.to_owned()));
        } else {
            comment.clear();
        }
    }
    keys
}

#[test]
fn the_documented_settings_are_the_ones_there_are() {
    let documented: Vec<String> = documented().into_iter().map(|(key, ..)| key).collect();

    assert_eq!(documented, Settings::known_keys());
}

#[test]
fn each_setting_documents_its_default_its_variable_and_its_counterpart() {
    for (key, comment, value) in documented() {
        let has = |line: &str| comment.iter().any(|words| words == line);
        assert!(has(&format!("Default: {value}")), "{key}: {comment:?}");
        assert!(has(&format!("Variable: {}", variable(&key))), "{key}: {comment:?}");
        assert!(comment.iter().any(|words| words.starts_with("Django: ")), "{key}: {comment:?}");
        assert!(comment.len() > 3, "{key} does not say what it does");
    }
}

#[test]
fn no_two_settings_have_one_variable() {
    let keys = Settings::known_keys();

    let variables: BTreeMap<String, &String> = keys.iter().map(|key| (variable(key), key)).collect();

    assert_eq!(variables.len(), keys.len());
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let Settings { secret_key, secret_key_fallbacks, time_zone, server, database, auth, token, .. } =
        Settings::defaults().unwrap();

    assert_eq!((secret_key, secret_key_fallbacks), (None, vec![]));
    assert_eq!(time_zone, TimeZone::get("UTC").unwrap());
    assert_eq!((server.bind.host(), server.bind.port()), ("127.0.0.1", 8000));
    assert_eq!((server.workers, server.trusted_proxies, server.body_limit.bytes()), (0, 0, 65_536));
    assert_eq!((server.request_timeout, server.shutdown_timeout), (seconds(10), seconds(10)));
    assert_eq!(database.url, DatabaseUrl::Sqlite("hallpass.sqlite3".into()));
    assert_eq!((database.max_connections, database.connection_timeout), (8, seconds(3)));
    assert!(database.required_at_start);
    assert_eq!(auth.backends, [Backend::Token, Backend::Jwt]);
    assert!(!auth.ignore_credentials_on_public);
    assert_eq!((token.keyword.as_str(), token.lifetime, token.storage), ("Token", None, TokenStorage::Plain));
}

#[test]
fn the_defaults_of_jwt_are_the_documented_ones() {
    let jwt = Settings::defaults().unwrap().jwt;

    assert_eq!((jwt.access_token_lifetime, jwt.refresh_token_lifetime), (seconds(300), seconds(86_400)));
    assert_eq!((jwt.algorithm, jwt.signing_key, jwt.leeway), (Algorithm::Hs256, None, Duration::ZERO));
    assert_eq!((jwt.audience, jwt.issuer), (vec![], None));
    assert_eq!(jwt.auth_header_types.iter().map(|word| word.as_str()).collect::<Vec<_>>(), ["Bearer"]);
    assert_eq!((jwt.auth_header_name.as_str(), jwt.user_id_field), ("Authorization", UserIdField::Id));
    assert_eq!((jwt.user_id_claim, jwt.token_type_claim, jwt.jti_claim), claims("user_id", "token_type", "jti"));
    assert_eq!(jwt.auth_token_types, [TokenType::Access]);
    assert_eq!((jwt.check_revoke_token, jwt.revoke_token_claim), (false, "hash_password".to_owned()));
    assert!(jwt.check_user_is_active && jwt.store_token_text);
    assert_eq!((jwt.rotate_refresh_tokens, jwt.blacklist_after_rotation, jwt.update_last_login), (false, false, false));
    assert_eq!((jwt.verifying_key, jwt.keys, jwt.jwk_url), (None, vec![], None));
    assert_eq!((jwt.sliding_token_lifetime, jwt.sliding_token_refresh_lifetime), (seconds(300), seconds(86_400)));
    assert_eq!((jwt.sliding_token_refresh_exp_claim.as_str(), jwt.refresh_reuse_grace), ("refresh_exp", seconds(10)));
    assert_eq!((jwt.access_field.as_str(), jwt.refresh_field.as_str()), ("access", "refresh"));
}

#[test]
fn the_defaults_of_the_rest_are_the_documented_ones() {
    let Settings { password, email, throttle, lockout, audit, routes, log, .. } = Settings::defaults().unwrap();

    assert_eq!((password.hasher, password.bcrypt_cost, password.min_length), (Hasher::BcryptSha256, 12, 8));
    assert_eq!((password.validators.as_slice(), password.queue_timeout), (PasswordValidator::ALL, seconds(30)));
    assert_eq!((email.transport, email.directory, email.smtp_url), (EmailTransport::Console, None, None));
    assert_eq!((email.from.to_string().as_str(), email.templates), ("webmaster@localhost", None));
    assert_eq!((email.timeout, email.retry_for), (seconds(10), seconds(86_400)));
    assert_eq!((email.limit_per_minute, email.limit_per_hour), (1, 5));
    assert_eq!(throttle.login, Some(Rate { requests: 60, period: seconds(60) }));
    assert_eq!((throttle.anon, throttle.user), (None, None));
    assert_eq!((lockout.failures, lockout.max_delay), (5, seconds(900)));
    assert_eq!(lockout.forget_after, seconds(86_400));
    assert_eq!((audit.enabled, audit.retention), (true, seconds(90 * 86_400)));
    assert_eq!(routes.prefix_authtoken.unwrap().as_str(), "/api-token-auth/");
    assert_eq!(routes.prefix_simplejwt.unwrap().as_str(), "/api/token/");
    assert_eq!(routes.prefix_forward_auth.unwrap().as_str(), "/forward-auth/");
    assert_eq!(routes.prefix_samples.unwrap().as_str(), "/");
    assert!(routes.samples);
    assert_eq!(routes.aliases, ["/api/auth-token = /api-token-auth/".parse().unwrap()]);
    assert_eq!(log.format, LogFormat::Text);
}

#[test]
fn the_production_file_is_accepted_once_its_secret_is_there() {
    let secret = format!("secret_key = \"{}\"", "0123456789".repeat(5));
    let text = PRODUCTION.replace("secret_key = \"file:/run/secrets/hallpass_secret_key\"", &secret);

    let settings = Settings::from_toml(&text).unwrap();

    assert_eq!(settings.log.format, LogFormat::Json);
    assert!(matches!(settings.database.url, DatabaseUrl::Postgres(_)));
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn claims(user: &str, kind: &str, jti: &str) -> (String, String, String) {
    (user.to_owned(), kind.to_owned(), jti.to_owned())
}
