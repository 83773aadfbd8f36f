//! Keys that are fetched, from a server of the test's own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::set;
use crate::clock::Timestamp;
use crate::jwt::{Claims, TokenError, Tokens};
use crate::secret::Secret;
use crate::settings::{Algorithm, Settings};

const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----";

/// A server that gives each request the next of these answers, the last one for ever, and counts them.
fn serve(answers: Vec<String>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/keys", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let number = counter.fetch_add(1, Ordering::SeqCst);
            let answer = answers.get(number).or(answers.last()).unwrap();
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, count)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_318_952 + seconds)
}

fn settings(lines: &str) -> crate::settings::Jwt {
    Settings::from_toml(&format!("[jwt]\nalgorithm = \"EdDSA\"\n{lines}")).unwrap().jwt
}

fn tokens(lines: &str) -> Tokens {
    Tokens::new(&settings(lines), &Secret::new("")).unwrap()
}

/// A token that names its key, and the set with that key in it.
fn signed(kid: &str) -> (String, String) {
    let signer =
        tokens(&format!("[[jwt.keys]]\nkid = \"{kid}\"\nalgorithm = \"EdDSA\"\nprivate_key = '''{PRIVATE}'''"));
    (signer.sign(&Claims::default()).unwrap(), signer.keys().jwks().to_string())
}

/// What happens to `token` at this moment, fetching included.
fn decode(tokens: &Tokens, token: &str, now: Timestamp) -> Result<(), TokenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(tokens.prepare(token.as_bytes(), now));
    tokens.decode(token.as_bytes(), now).map(drop)
}

#[test]
fn a_set_is_fetched_once_and_kept_for_five_minutes() {
    let (token, keys) = signed("a");
    let (url, count) = serve(vec![ok(&keys)]);
    let tokens = tokens(&format!("jwk_url = \"{url}\""));

    assert_eq!(tokens.decode(token.as_bytes(), at(0)), Err(TokenError::UnknownKey));
    for now in [at(0), at(1), at(299)] {
        assert_eq!(decode(&tokens, &token, now), Ok(()));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(tokens.decode(token.as_bytes(), at(300)), Err(TokenError::UnknownKey));
    assert_eq!(decode(&tokens, &token, at(300)), Ok(()));
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn an_unknown_name_is_asked_for_every_half_minute_at_most() {
    let ((_, old), (token, new)) = (signed("old"), signed("new"));
    let (url, count) = serve(vec![ok(&old), ok(&old), ok(&new)]);
    let tokens = tokens(&format!("jwk_url = \"{url}\""));

    for now in [at(0), at(1), at(29)] {
        assert_eq!(decode(&tokens, &token, now), Err(TokenError::UnknownKey));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(decode(&tokens, &token, at(30)), Err(TokenError::UnknownKey));
    assert_eq!(decode(&tokens, &token, at(60)), Ok(()));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[test]
fn whatever_is_no_set_leaves_tokens_invalid() {
    let (token, keys) = signed("a");
    let (elsewhere, _) = serve(vec![ok(&keys)]);
    let large = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(70_000));
    let bad = [
        ok(""),
        ok("[]"),
        ok("{}"),
        ok(r#"{"keys":[]}"#),
        ok(&large),
        ok(&keys).replace("200 OK", "404 Not Found"),
        ok(&keys).replace("200 OK", "500 Oops"),
        format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        "nonsense".to_owned(),
    ];
    for answer in bad {
        let (url, _) = serve(vec![answer.clone()]);
        let result = decode(&tokens(&format!("jwk_url = \"{url}\"")), &token, at(0));
        assert_eq!(result, Err(TokenError::UnknownKey), "{answer:.60}");
    }
}

#[test]
fn a_service_that_is_back_is_asked_again_soon() {
    let (token, keys) = signed("a");
    let (url, count) = serve(vec!["nonsense".to_owned(), ok(&keys)]);
    let tokens = tokens(&format!("jwk_url = \"{url}\""));

    assert!(decode(&tokens, &token, at(0)).is_err());
    assert!(decode(&tokens, &token, at(1)).is_err());
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(decode(&tokens, &token, at(2)), Ok(()));
}

#[test]
fn a_token_that_names_no_key_or_another_algorithm_makes_nobody_fetch() {
    let (url, count) = serve(vec![ok("{}")]);
    let tokens = tokens(&format!("jwk_url = \"{url}\"\nsigning_key = '''{PRIVATE}'''"));
    let own = tokens.sign(&Claims::default()).unwrap();

    assert_eq!(decode(&tokens, &own, at(0)), Ok(()));
    for header in ["eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ", "eyJhbGciOiJub25lIiwia2lkIjoiYSJ9", "e30", "!"] {
        assert!(decode(&tokens, &format!("{header}.e30."), at(0)).is_err());
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn only_keys_that_verify_this_algorithm_are_taken_from_a_set() {
    let (_, good) = signed("a");
    let key: serde_json::Value = serde_json::from_str::<serde_json::Value>(&good).unwrap()["keys"][0].clone();
    let with = |name: &str, value: serde_json::Value| {
        let mut key = key.clone();
        key[name] = value;
        key
    };
    let names = |keys: Vec<serde_json::Value>| {
        let set = serde_json::json!({"keys": keys}).to_string();
        set::parse(set.as_bytes(), Algorithm::EdDsa).map(|keys| keys.into_keys().collect::<Vec<_>>())
    };
    let rest = [
        with("use", "enc".into()),
        with("alg", "ES256".into()),
        with("key_ops", serde_json::json!(["sign"])),
        with("d", "AA".into()),
        with("kid", 1.into()),
        with("x", "AA".into()),
        with("x", format!("{}=", key["x"].as_str().unwrap()).into()),
        with("crv", "Ed448".into()),
        with("kty", "oct".into()),
        5.into(),
    ];
    for bad in &rest {
        assert!(names(vec![bad.clone()]).is_err(), "{bad}");
    }
    let mixed = rest.into_iter().chain([key.clone(), with("kid", "b".into()), with("kid", "b".into())]).collect();
    assert_eq!(names(mixed), Ok(vec!["a".to_owned()]));
    assert!(names(vec![key; 65]).unwrap_err().contains("65 keys"));
}
