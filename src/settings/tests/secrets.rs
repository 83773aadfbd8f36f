//! Where secrets come from, which are refused, and that none is ever printed.

use super::{Directory, complaints, under};
use crate::secret::Secret;
use crate::settings::Settings;

const GOOD: &str = "kV3nB8xQ1sZ6wT0yR4uJ7mP2dF5gH9cL-hunter2";

#[test]
fn a_secret_is_taken_as_it_is_written() {
    for text in ["0012345", "1.5073e5", "0x1234", "+12345", " a,b =\"c\"#d ' é "] {
        let text = format!("{text}{GOOD}{text}");
        let settings = under(&[("HALLPASS__SECRET_KEY", &text)]).unwrap();
        assert_eq!(settings.secret_key, Some(Secret::new(text)));
    }
}

#[test]
fn a_secret_in_a_file_loses_the_newline_at_its_end() {
    for end in ["", "\n", "\r\n"] {
        let directory = Directory::new().with("key", &format!("{GOOD}{end}"));

        let settings = directory.load(&[], &[("HALLPASS__SECRET_KEY", "file:key")]).unwrap();

        assert_eq!(settings.secret_key, Some(Secret::new(GOOD)));
    }
}

#[test]
fn a_secret_file_that_is_of_no_use_is_complained_of() {
    let directory = Directory::new().with("empty", "\n").with("long", &"x".repeat(70_000));
    let cases = [
        ("file:gone", "the file \"gone\" cannot be read: "),
        ("file:empty", "is empty"),
        ("file:long", "the file \"long\" is too long"),
    ];
    for (value, why) in cases {
        let line = directory.load(&[], &[("HALLPASS__SECRET_KEY", value)]).unwrap_err().to_string();
        assert!(line.starts_with(&format!("environment variable HALLPASS__SECRET_KEY: secret_key: {why}")), "{line}");
    }
}

#[test]
fn postgresql_needs_a_secret_that_all_servers_share() {
    let url = "database.url = \"postgres://hallpass:hunter2@db/hallpass\"";

    let what =
        "database.url: PostgreSQL needs a secret_key, the same for every server: set it, or HALLPASS__SECRET_KEY";
    assert_eq!(complaints(url), [format!("the text given: {what}")]);
    Settings::from_toml(&format!("secret_key = \"{GOOD}\"\n{url}")).unwrap();
}

#[test]
fn a_guessable_secret_is_refused() {
    let placeholder = "is a well-known placeholder; make one of your own, as with `openssl rand -base64 48`";
    let monotonous = "has fewer than five different characters; make one at random, as with `openssl rand -base64 48`";
    let key_file = "is a PEM or JWK key, and HMAC wants a random text instead";
    let cases = [
        ("a-string-secret-at-least-256-bits-long", placeholder),
        ("A-String-Secret-At-Least-256-Bits-Long", placeholder),
        ("xoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxox", monotonous),
        ("-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQ", key_file),
        ("{'kty':'oct','k':'AyM1SysPpbyDfgZld3umj1qzKObwV'}", key_file),
    ];
    for (secret, why) in cases {
        let secret = secret.replace('\'', "\\\"");
        for key in ["secret_key", "jwt.signing_key"] {
            assert_eq!(complaints(&format!("{key} = \"{secret}\"")), [format!("the text given: {key}: {why}")]);
        }
    }
    for secret in ["changeme", "secret", "your-256-bit-secret"] {
        let text = format!("secret_key_fallbacks = [\"{secret}\"]");
        assert_eq!(complaints(&text), [format!("the text given: secret_key_fallbacks: {placeholder}")]);
    }
}

#[test]
fn a_signing_key_shorter_than_its_hash_is_refused() {
    let cases = [
        ("HS256", "secret_key", "0123456789abcdef0123456789abcde", 32),
        ("HS384", "secret_key", GOOD, 48),
        ("HS512", "jwt.signing_key", GOOD, 64),
    ];
    for (algorithm, key, secret, least) in cases {
        let text = format!("{key} = \"{secret}\"\njwt.algorithm = \"{algorithm}\"");
        let line = format!("the text given: {key}: is shorter than the {least} bytes that {algorithm} needs");
        assert_eq!(complaints(&text), [line]);
    }
    Settings::from_toml(&format!("secret_key = \"abcdef\"\njwt.signing_key = \"{GOOD}\"")).unwrap();
}

#[test]
fn no_complaint_tells_a_secret() {
    let cases = [
        "secret_key = hunter2",
        "secret_key = \"hunter2",
        "secret_key = 'a' hunter2",
        "secret_key = hunter2 hunter2",
        "'hunter2' = 1\n'hunter2' = 2",
        "secret_key = [\"hunter2\"]",
        "secret_key = \"hunter2\"",
        "secret_key.hunter = \"hunter2\"",
        "secret_keys = \"hunter2\"",
        "jwt.signing_key = \"hunter2\"",
        "email.smtp_url = \"me:hunter2@mail\"",
        "database.url = \"mysql://root:hunter2@db\"",
        "database.url = \"host=db password=hunter2\"",
        "database.url = \"postgres://root:hunter2@db\"",
    ];
    for text in cases {
        let lines = complaints(text);
        assert!(!lines.is_empty() && !lines.concat().contains("hunter2"), "{text}: {lines:?}");
    }
}

#[test]
fn no_complaint_tells_a_number_that_may_be_a_secret() {
    for number in ["99999999999999999999999999999999999999999", "123456789012345678901234567890", "1e999", "12345678"] {
        let lines = complaints(&format!("secret_key = {number}"));
        assert!(!lines.is_empty() && !lines.concat().contains(number), "{number}: {lines:?}");
    }
}

#[test]
fn settings_do_not_print_their_secrets() {
    let text = format!(
        "secret_key = \"{GOOD}\"\nsecret_key_fallbacks = [\"{GOOD}\"]\njwt.signing_key = \"{GOOD}\"\n\
         email.smtp_url = \"smtp://me:hunter2@mail\"\ndatabase.url = \"postgres://me:hunter2@db/hallpass\"\n"
    );

    let settings = Settings::from_toml(&text).unwrap();

    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(!settings.show().contains("hunter2"));
}
