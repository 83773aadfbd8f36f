//! What PyJWT signed is read, and what is signed here is what PyJWT signs.

use super::{NOW, SECRET, pyjwt, tokens, toml};
use crate::clock::Timestamp;
use crate::jwt::{Claims, TokenKind, Tokens};
use crate::secret::Secret;

const GOLDEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTc5NTQwNTM1MiwiaWF0Ijox\
                      Nzk1MzE4OTUyLCJqdGkiOiJlODM1MzgxZDJjNzE0MTg5OWZjMWIxNDY1NDExMzc0NSIsInVzZXJfaWQiOiIxIn0.\
                      NvRzlx-E_h32CNx5HP25A06MP-VR-4HY-BnUIKdKt0g";

/// `[jwt]` with this key of PyJWT's file, under a name or without.
fn lines(algorithm: &str, kind: &str, form: &str, kid: Option<&str>) -> String {
    let key = toml(kind, form);
    let name = if kind == "secret" { "secret" } else { "private_key" };
    match kid {
        None => format!("algorithm = \"{algorithm}\"\nsigning_key = {key}"),
        Some(kid) => format!("[[jwt.keys]]\nkid = \"{kid}\"\nalgorithm = \"{algorithm}\"\n{name} = {key}"),
    }
}

#[test]
fn the_golden_token_is_read_and_written_again() {
    let claims = tokens("").verify(GOLDEN.as_bytes(), TokenKind::Refresh, NOW).unwrap();

    assert_eq!(claims.text("user_id"), Some("1"));
    assert_eq!(tokens("").sign(&claims).unwrap(), GOLDEN);
}

#[test]
fn what_pyjwt_signed_is_read_and_signed_alike() {
    let data = pyjwt();
    let payload = data["payload"].as_str().unwrap();
    for token in data["tokens"].as_array().unwrap() {
        let [algorithm, kind, given] = ["algorithm", "key", "token"].map(|name| token[name].as_str().unwrap());
        let tokens = tokens(&lines(algorithm, kind, "private", token["kid"].as_str()));

        let claims = tokens.verify(given.as_bytes(), TokenKind::Access, NOW).unwrap();
        let again = tokens.sign(&claims).unwrap();

        assert_eq!(claims.to_json().unwrap(), payload.as_bytes(), "{algorithm}");
        assert_eq!(again.rsplit_once('.').unwrap().0, given.rsplit_once('.').unwrap().0, "{algorithm}");
        if token["repeatable"] == true {
            assert_eq!(again, given, "{algorithm}");
        }
        assert!(tokens.verify(again.as_bytes(), TokenKind::Access, NOW).is_ok(), "{algorithm}");
    }
}

#[test]
fn a_private_key_is_read_in_each_of_its_forms() {
    for (algorithm, kind, form) in [
        ("RS256", "rsa", "private_pkcs1"),
        ("PS512", "rsa", "private_pkcs1"),
        ("ES256", "p256", "private_sec1"),
        ("ES384", "p384", "private_sec1"),
    ] {
        let other = tokens(&lines(algorithm, kind, "private", None));
        let token = tokens(&lines(algorithm, kind, form, None)).sign(&Claims::default()).unwrap();
        assert!(other.decode(token.as_bytes(), NOW).is_ok(), "{algorithm}");
    }
}

#[test]
fn a_public_key_verifies_and_does_not_sign() {
    for (algorithm, kind, form) in [
        ("RS256", "rsa", "public"),
        ("PS384", "rsa", "public_pkcs1"),
        ("ES256", "p256", "public"),
        ("ES384", "p384", "public"),
        ("EdDSA", "ed25519", "public"),
    ] {
        let token = tokens(&lines(algorithm, kind, "private", None)).sign(&Claims::default()).unwrap();
        let tokens = tokens(&format!("algorithm = \"{algorithm}\"\nverifying_key = {}", toml(kind, form)));

        assert!(tokens.decode(token.as_bytes(), NOW).is_ok(), "{algorithm}");
        assert!(!tokens.keys().can_sign());
        assert!(tokens.sign(&Claims::default()).unwrap_err().to_string().contains("jwt.signing_key"));
    }
}

const PLAIN: &str = "";
const FULL: &str = "check_revoke_token = true\naudience = [\"a\", \"b\"]\nissuer = \"https://id.example.com/é\"\n\
                    jti_claim = \"tid\"\nuser_id_claim = \"sub\"\ntoken_type_claim = \"use\"\n\
                    revoke_token_claim = \"mark\"\nsliding_token_refresh_exp_claim = \"until\"";

#[test]
fn the_tokens_of_a_user_are_simplejwts_byte_for_byte() {
    let data: serde_json::Value = serde_json::from_str(include_str!("simplejwt.json")).unwrap();
    let mark = super::super::revoke_mark("md5$RPZOCHrQN41CyKm6cCV8jr$24e153dae21a8bf9f77da1ba1d0ce01f");
    for (name, lines, jti, mark) in [("plain", PLAIN, "jti", None), ("full", FULL, "tid", Some(mark.as_str()))] {
        for (step, token) in walk(&tokens(lines), jti, mark) {
            assert_eq!(token, data[name][step].as_str().unwrap(), "{name} {step}");
        }
    }
}

/// What the file's maker did: each step with the clock moved and the next number for an identifier.
fn walk(tokens: &Tokens, jti: &str, mark: Option<&str>) -> Vec<(&'static str, String)> {
    let at = |millis: i64| Timestamp::from_micros(1_795_318_952_900_000 + millis * 1_000);
    let numbered = |mut claims: Claims, number: u8| {
        assert_eq!(claims.text(jti).map(str::len), Some(32));
        claims.set(jti, format!("{number:032}"));
        claims
    };
    let read = |token: &str| tokens.decode(token.as_bytes(), at(3_601_200)).unwrap();
    let mut refresh = numbered(tokens.refresh_for("1", mark, at(0)).unwrap(), 1);
    refresh.set("plan", "pé");
    refresh.set("nested", serde_json::json!({"z": 1, "a": [1.5]}));
    let access = numbered(tokens.access_from(&refresh, at(0), at(200)).unwrap(), 2);
    let back = read(&tokens.sign(&refresh).unwrap());
    let later = numbered(tokens.access_from(&back, at(3_600_200), at(3_600_200)).unwrap(), 3);
    let rotated = numbered(tokens.rotated(&back, at(3_600_200)).unwrap(), 4);
    let sliding = numbered(tokens.sliding_for("1", mark, at(3_601_200)).unwrap(), 5);
    let renewed = tokens.sliding_refreshed(&read(&tokens.sign(&sliding).unwrap()), at(3_701_200));
    let steps = [
        ("refresh", refresh),
        ("access", access),
        ("access_later", later),
        ("rotated", rotated),
        ("sliding", sliding),
        ("sliding_refreshed", renewed),
    ];
    steps.into_iter().map(|(step, claims)| (step, tokens.sign(&claims).unwrap())).collect()
}

#[test]
fn a_key_that_does_not_suit_opens_nothing() {
    let short = Secret::new("short");

    assert!(Tokens::new(&super::settings(""), &short).is_err());
    assert!(Tokens::new(&super::settings(&format!("signing_key = \"{SECRET}\"")), &short).is_ok());
}

#[test]
fn the_secret_key_signs_unless_a_signing_key_is_set() {
    let other = Secret::new("another-secret-key-of-fifty-characters-0123456789");
    let settings = super::settings(&format!("signing_key = \"{SECRET}\""));

    let tokens = Tokens::new(&settings, &other).unwrap();

    assert!(tokens.keys().can_sign());
    assert!(tokens.decode(GOLDEN.as_bytes(), NOW).is_ok());
    assert!(Tokens::new(&super::settings(""), &other).unwrap().decode(GOLDEN.as_bytes(), NOW).is_err());
}
