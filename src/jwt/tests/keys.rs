//! Keys that are none, and new ones.

use super::{SECRET, complaints, settings, tokens, toml};
use crate::jwt::{Claims, KeyRing, Tokens, generate_key};
use crate::secret::Secret;
use crate::settings::Algorithm;

fn pair(algorithm: &str, kind: &str, form: &str) -> String {
    format!("algorithm = \"{algorithm}\"\nsigning_key = {}", toml(kind, form))
}

#[test]
fn a_key_that_does_not_suit_its_algorithm_is_told_what_would() {
    let damaged = toml("p256", "private").replace("MIG", "MIH");
    let cases = [
        (pair("RS256", "p256", "private"), "jwt.signing_key: is a P-256 key, and RS256 needs an RSA key"),
        (pair("PS256", "ed25519", "private"), "jwt.signing_key: is an Ed25519 key, and PS256 needs an RSA key"),
        (pair("ES256", "p384", "private"), "jwt.signing_key: is a P-384 key, and ES256 needs a P-256 key"),
        (pair("ES384", "p256", "private"), "jwt.signing_key: is a P-256 key, and ES384 needs a P-384 key"),
        (pair("EdDSA", "rsa", "private"), "jwt.signing_key: is an RSA key, and EdDSA needs an Ed25519 key"),
        (
            pair("RS256", "rsa1024", "private"),
            "jwt.signing_key: is no RSA key of 2048 to 8192 bits, no P-256, P-384 or Ed25519 key, or is damaged",
        ),
        (
            pair("ES256", "p521", "private"),
            "jwt.signing_key: is no RSA key of 2048 to 8192 bits, no P-256, P-384 or Ed25519 key, or is damaged",
        ),
        (
            pair("ES256", "secp256k1", "private"),
            "jwt.signing_key: is no RSA key of 2048 to 8192 bits, no P-256, P-384 or Ed25519 key, or is damaged",
        ),
        (
            pair("EdDSA", "encrypted", "private"),
            "jwt.signing_key: is encrypted, and nobody could type its password at the start",
        ),
        (pair("EdDSA", "ssh", "private"), "jwt.signing_key: is no PEM; it begins with -----BEGIN"),
        (pair("RS256", "rsa", "public"), "jwt.signing_key: is a PEM of \"PUBLIC KEY\", and a private key is needed"),
        (
            format!("algorithm = \"ES256\"\nsigning_key = {damaged}"),
            "jwt.signing_key: is no RSA key of 2048 to 8192 bits, no P-256, P-384 or Ed25519 key, or is damaged",
        ),
        (
            format!("algorithm = \"EdDSA\"\nsigning_key = \"{SECRET}\""),
            "jwt.signing_key: is no PEM; it begins with -----BEGIN",
        ),
        (pair("HS256", "rsa", "public"), "jwt.signing_key: is a PEM or JWK key, and HMAC wants a random text instead"),
        (pair("HS256", "ssh", "private"), "jwt.signing_key: is a PEM or JWK key, and HMAC wants a random text instead"),
        ("algorithm = \"HS512\"".to_owned(), "secret_key: is shorter than the 64 bytes that HS512 needs"),
    ];
    for (lines, complaint) in cases {
        assert_eq!(complaints(&lines), [complaint], "{lines}");
    }
}

#[test]
fn a_public_key_that_does_not_suit_is_told_so() {
    let verifying = |algorithm: &str, kind: &str, form: &str| {
        format!("algorithm = \"{algorithm}\"\nverifying_key = {}", toml(kind, form))
    };
    let cases = [
        (verifying("RS256", "rsa1024", "public"), "jwt.verifying_key: has 1024 bits; RSA takes 2048 to 8192"),
        (verifying("ES256", "p384", "public"), "jwt.verifying_key: is a P-384 key, and ES256 needs a P-256 key"),
        (verifying("ES256", "secp256k1", "public"), "jwt.verifying_key: is no point on its curve"),
        (
            verifying("RS256", "rsa", "private"),
            "jwt.verifying_key: is a PEM of \"PRIVATE KEY\", and a public key is needed",
        ),
        (
            verifying("HS256", "rsa", "public"),
            "jwt.verifying_key: is for key pairs, and HS256 signs and verifies with jwt.signing_key",
        ),
        (
            format!("{}\nverifying_key = {}", pair("RS256", "rsa", "private"), toml("rsa_e3", "public")),
            "jwt.verifying_key: signs what its public key does not verify; the two are no pair",
        ),
        (
            "algorithm = \"EdDSA\"".to_owned(),
            "jwt.algorithm: EdDSA needs jwt.signing_key, or jwt.verifying_key or jwt.jwk_url to verify only",
        ),
        (
            "jwk_url = \"https://id.example.com/\"".to_owned(),
            "jwt.jwk_url: has public keys, and HS256 takes a shared secret",
        ),
    ];
    for (lines, complaint) in cases {
        assert_eq!(complaints(&lines), [complaint], "{lines}");
    }
    tokens(&verifying("RS256", "rsa_e3", "public"));
    tokens(&format!("{}\nverifying_key = {}", pair("RS256", "rsa", "private"), toml("rsa", "public")));
}

fn entry(kid: &str, rest: &str) -> String {
    format!("[[jwt.keys]]\nkid = \"{kid}\"\n{rest}\n")
}

#[test]
fn a_list_of_keys_has_names_and_exactly_one_that_signs() {
    let good = format!("algorithm = \"HS256\"\nsecret = \"{SECRET}\"");
    let verify = format!("{good}\nstatus = \"verify\"");
    let seventeen: String =
        (0..17).map(|number| entry(&format!("k{number}"), if number == 0 { &good } else { &verify })).collect();
    let long = "x".repeat(256);
    let cases = [
        (entry("a", &good) + &entry("a", &verify), "jwt.keys: two keys go by \"a\""),
        (entry("a", &good) + &entry("b", &good), "jwt.keys: has 2 active keys, and exactly one must sign"),
        (entry("a", &verify), "jwt.keys: has 0 active keys, and exactly one must sign"),
        (seventeen, "jwt.keys: has 17 keys; the most is 16"),
        (entry(&long, &good), "jwt.keys: a kid is longer than 255 bytes"),
        (entry("", &good), "jwt.keys: the key \"\": kid must not be empty"),
        (format!("[[jwt.keys]]\n{good}"), "jwt.keys: kid is missing"),
        (entry("a", "secret = \"x\""), "jwt.keys: the key \"a\": algorithm is missing"),
        (
            entry("a", "algorithm = \"none\""),
            "jwt.keys: the key \"a\": algorithm \"none\" is not one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
        ),
        (
            entry("a", "algorithm = \"ES512\""),
            "jwt.keys: the key \"a\": algorithm \"ES512\" is not available in this release",
        ),
        (
            entry("a", &format!("{good}\nstate = \"active\"")),
            "jwt.keys: the key \"a\": no such setting \"state\"; the nearest is status",
        ),
        (
            entry("a", &format!("{good}\nstatus = \"on\"")),
            "jwt.keys: the key \"a\": status \"on\" is not one of active, verify, retired",
        ),
        (
            entry("a", "algorithm = \"HS256\"\nsecret = 5"),
            "jwt.keys: the key \"a\": secret wants text in quotes, not a number",
        ),
        (
            entry("a", "algorithm = \"HS256\"\nsecret = \"short-secret\""),
            "jwt.keys: the key \"a\" is shorter than the 32 bytes that HS256 needs",
        ),
        (
            entry("a", "algorithm = \"HS256\"\nsecret = \"changeme\""),
            "jwt.keys: the key \"a\" is a well-known placeholder; make one of your own, as with `openssl rand -base64 48`",
        ),
        (
            entry("a", "algorithm = \"HS256\""),
            "jwt.keys: the key \"a\" needs a secret for HS256, and no private_key or public_key",
        ),
        (
            entry("a", &format!("algorithm = \"EdDSA\"\nsecret = \"{SECRET}\"")),
            "jwt.keys: the key \"a\" needs a private_key or a public_key for EdDSA, and no secret",
        ),
        (
            entry("a", &format!("algorithm = \"EdDSA\"\npublic_key = {}", toml("ed25519", "public"))),
            "jwt.keys: the key \"a\" is active and has no private_key to sign with",
        ),
        (
            entry("a", &format!("algorithm = \"EdDSA\"\nprivate_key = {}", toml("p256", "private"))),
            "jwt.keys: the key \"a\" is a P-256 key, and EdDSA needs an Ed25519 key",
        ),
        ("keys = [\"a\"]".to_owned(), "jwt.keys: wants a table, not text"),
        ("[jwt.keys]\nkid = \"a\"".to_owned(), "jwt.keys: wants a list in brackets, not a table"),
    ];
    for (lines, complaint) in cases {
        assert_eq!(complaints(&lines), [complaint], "{lines:.120}");
    }
}

#[test]
fn every_key_that_is_wrong_is_complained_of_at_once() {
    let short = "algorithm = \"HS256\"\nsecret = \"short-secret\"";

    let lines = complaints(&(entry("b", short) + &entry("a", short)));

    assert_eq!(
        lines,
        [
            "jwt.keys: has 2 active keys, and exactly one must sign",
            "jwt.keys: the key \"a\" is shorter than the 32 bytes that HS256 needs",
            "jwt.keys: the key \"b\" is shorter than the 32 bytes that HS256 needs",
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let file = std::env::temp_dir().join(format!("hallpass-jwt-key-{}", std::process::id()));
    std::fs::write(&file, generate_key(Algorithm::EdDsa).unwrap().text.expose()).unwrap();
    let lines = format!("algorithm = \"EdDSA\"\nsigning_key = \"file:{}\"", file.display());
    let warned = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let ring = KeyRing::from_settings(&settings(&lines), &Secret::new(SECRET)).unwrap();
        ring.warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };

    let (loose, tight) = (warned(0o644), warned(0o600));
    std::fs::remove_file(&file).unwrap();

    let line = format!("jwt.signing_key: {} has mode 644; others can open it, and 600 keeps them out", file.display());
    assert_eq!((loose, tight), (vec![line], vec![]));
}

#[test]
fn a_new_key_signs_and_is_named_after_itself() {
    for algorithm in Algorithm::ALL {
        let key = generate_key(*algorithm).unwrap();
        let lines = format!("algorithm = \"{algorithm}\"\nsigning_key = '''{}'''", key.text.expose());

        let tokens = Tokens::new(&settings(&lines), &Secret::new("")).unwrap();
        let token = tokens.sign(&Claims::default()).unwrap();

        assert!(tokens.decode(token.as_bytes(), super::NOW).is_ok(), "{algorithm}");
        match algorithm.secret_length() {
            Some(length) => assert!(key.text.expose().len() >= length),
            None => assert_eq!(tokens.keys().jwks()["keys"][0]["kid"], key.kid),
        }
        assert!(!format!("{key:?}").contains(key.text.expose()));
    }
}
