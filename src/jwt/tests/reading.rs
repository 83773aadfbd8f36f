//! Every reason against a token.

use super::{NOW, forged, tokens, with_payload};
use crate::clock::Timestamp;
use crate::jwt::{TokenError, TokenKind};

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const PAYLOAD: &str = r#"{"token_type":"access","exp":1795405352,"iat":1795318952,"jti":"a","user_id":"1"}"#;

fn refusal(token: &str) -> TokenError {
    tokens("").verify(token.as_bytes(), TokenKind::Access, NOW).unwrap_err()
}

#[test]
fn a_token_of_ours_is_accepted_with_whatever_else_it_says() {
    let headers = [
        HEADER,
        r#"{"alg":"HS256"}"#,
        " { \"typ\" : 1 ,\n\"alg\":\"HS256\", \"foo\": [1], \"zip\": \"DEF\", \"cty\": \"JWT\" } ",
        r#"{"alg":"HS256","kid":"../../../../dev/null"}"#,
        r#"{"alg":"HS256","kid":""}"#,
        r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"},"jku":"http://127.0.0.1:1/","x5u":"http://127.0.0.1:1/","x5c":["AA"]}"#,
    ];
    for header in headers {
        let token = forged(header.as_bytes(), PAYLOAD.as_bytes());
        assert!(tokens("").verify(token.as_bytes(), TokenKind::Access, NOW).is_ok(), "{header}");
    }
    let payloads = [
        r#"{"token_type":"access","exp":1795405352,"jti":"a"}"#,
        r#"{"token_type":"access","exp":1795405352.75,"iat":-1.5,"nbf":0,"jti":"a"}"#,
        r#"{"token_type":"access","exp":253402300799,"iat":1795318952.9,"jti":"a"}"#,
        r#"{"token_type":"access","exp":1795318953,"iat":1795318952,"nbf":1795318952,"jti":"a","aud":5,"iss":[]}"#,
        r#"{"token_type":"access","exp":1795405352,"jti":"","sub":"","EXP":"x","User_Id":{},"is_staff":true}"#,
    ];
    for payload in payloads {
        let token = with_payload(payload);
        assert!(tokens("").verify(token.as_bytes(), TokenKind::Access, NOW).is_ok(), "{payload}");
    }
}

#[test]
fn a_header_that_is_not_plain_is_refused() {
    let long = format!(r#"{{"alg":"HS256","a":"{}"}}"#, "x".repeat(1024));
    let cases: [(&str, TokenError); 29] = [
        (r#"{"alg":"none"}"#, TokenError::Algorithm),
        (r#"{"alg":"None"}"#, TokenError::Algorithm),
        (r#"{"alg":""}"#, TokenError::Algorithm),
        (r#"{"alg":null}"#, TokenError::Algorithm),
        (r#"{"alg":["HS256"]}"#, TokenError::Algorithm),
        (r#"{"typ":"JWT"}"#, TokenError::Algorithm),
        (r#"{"alg":"hs256"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS384"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS512"}"#, TokenError::Algorithm),
        (r#"{"alg":"RS256"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS256\u0000"}"#, TokenError::Algorithm),
        (r#"{"alg":" HS256"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS256 "}"#, TokenError::Algorithm),
        (r#"{"alg":"HS256","crit":["x"],"x":1}"#, TokenError::Extension),
        (r#"{"alg":"HS256","crit":["exp"]}"#, TokenError::Extension),
        (r#"{"alg":"HS256","crit":[]}"#, TokenError::Extension),
        (r#"{"alg":"HS256","b64":true}"#, TokenError::Extension),
        (r#"{"alg":"HS256","crit":["b64"],"b64":true}"#, TokenError::Extension),
        (r#"{"alg":"HS256","enc":"A256GCM"}"#, TokenError::Extension),
        (r#"{"alg":"HS256","kid":1}"#, TokenError::KeyId),
        (r#"{"alg":"HS256","kid":null}"#, TokenError::KeyId),
        (r#"{"alg":"HS256","kid":{}}"#, TokenError::KeyId),
        (r#"{"alg":"none","alg":"HS256"}"#, TokenError::Header),
        (r#"{"alg":"HS256","typ":"a","typ":"b"}"#, TokenError::Header),
        (r#"{"alg":"HS256",}"#, TokenError::Header),
        ("[]", TokenError::Header),
        ("\"\"", TokenError::Header),
        ("", TokenError::Header),
        (&long, TokenError::Header),
    ];
    for (header, error) in cases {
        assert_eq!(refusal(&forged(header.as_bytes(), PAYLOAD.as_bytes())), error, "{header:.60}");
    }
    for header in [b"\xef\xbb\xbf{\"alg\":\"HS256\"}".as_slice(), b"{\"alg\":\"HS256\",\"a\":\"\xff\"}"] {
        assert_eq!(refusal(&forged(header, PAYLOAD.as_bytes())), TokenError::Header);
    }
}

#[test]
fn a_shape_that_is_not_the_one_is_refused() {
    let good = with_payload(PAYLOAD);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let cases = [
        (String::new(), TokenError::Shape),
        (header.to_owned(), TokenError::Shape),
        (message.to_owned(), TokenError::Shape),
        (format!("{good}."), TokenError::Shape),
        (format!(".{good}"), TokenError::Shape),
        (format!("{good}.a.b"), TokenError::Shape),
        ("..".to_owned(), TokenError::Header),
        (format!("{message}."), TokenError::Signature),
        (format!("{good}="), TokenError::Encoding),
        (format!("{header}=.{payload}.{signature}"), TokenError::Encoding),
        (format!("{header}.{payload}==.{signature}"), TokenError::Encoding),
        (format!("{message}.{}", signature.replace(['-', '_'], "+")), TokenError::Encoding),
        (format!("{message}. {signature}"), TokenError::Encoding),
        (format!("{good}\n"), TokenError::Encoding),
        (format!("{good}\0"), TokenError::Encoding),
        (format!("{good}é"), TokenError::Encoding),
        (format!(r#"{{"payload":"{payload}","signatures":[]}}"#), TokenError::Shape),
        ("a".repeat(8 * 1024 + 1), TokenError::TooLong),
        (format!("{good}{}", "a".repeat(60_000)), TokenError::TooLong),
    ];
    for (token, error) in cases {
        assert_eq!(refusal(&token), error, "{token:.80}");
    }
    assert_eq!(tokens("").decode(&[good.as_bytes(), b"\xff"].concat(), NOW), Err(TokenError::Encoding));
}

#[test]
fn the_longest_token_and_the_longest_header_are_read() {
    let header = |length: usize| {
        let filled = |letters: usize| format!(r#"{{"alg":"HS256","a":"{}"}}"#, "x".repeat(letters));
        forged(filled(length - filled(0).len()).as_bytes(), PAYLOAD.as_bytes())
    };
    let payload = |letters: usize| {
        with_payload(&format!(r#"{{"token_type":"access","exp":1795405352,"jti":"a","x":"{}"}}"#, "x".repeat(letters)))
    };
    let longest = (0..8 * 1024).map(payload).find(|token| token.len() == 8 * 1024).unwrap();

    assert!(tokens("").decode(header(1024).as_bytes(), NOW).is_ok());
    assert_eq!(refusal(&header(1025)), TokenError::Header);
    assert!(tokens("").decode(longest.as_bytes(), NOW).is_ok());
    assert_eq!(refusal(&format!("{longest}A")), TokenError::TooLong);
}

#[test]
fn no_bit_of_a_signature_can_be_changed() {
    let good = with_payload(PAYLOAD);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let bytes = super::super::compact::decode(signature).unwrap();
    for bit in 0..256 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let token = format!("{message}.{}", super::encode(&changed));
        assert_eq!(refusal(&token), TokenError::Signature, "bit {bit}");
    }
    // The last character has bits to spare, and only one spelling of them counts.
    let spare = format!("{}{}", &good[..good.len() - 1], char::from(good.as_bytes()[good.len() - 1] + 1));
    assert!(matches!(refusal(&spare), TokenError::Encoding | TokenError::Signature));
}

#[test]
fn claims_that_cannot_be_relied_on_are_refused() {
    let long = format!(r#"{{"jti":"{}"}}"#, "x".repeat(256));
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(1_500), "]".repeat(1_500));
    let cases = [
        ("[]", TokenError::Payload),
        ("foo", TokenError::Payload),
        (r#"{"jti":"a","jti":"b"}"#, TokenError::Payload),
        (r#"{"exp":NaN}"#, TokenError::Payload),
        (r#"{"exp":1e400}"#, TokenError::Payload),
        (&deep, TokenError::Payload),
        (r#"{"exp":"1893456000"}"#, TokenError::Time),
        (r#"{"exp":null}"#, TokenError::Time),
        (r#"{"exp":true}"#, TokenError::Time),
        (r#"{"exp":[]}"#, TokenError::Time),
        (r#"{"exp":1893456000000}"#, TokenError::Time),
        (r#"{"exp":253402300800}"#, TokenError::Time),
        (r#"{"iat":"x"}"#, TokenError::Time),
        (r#"{"iat":null}"#, TokenError::Time),
        (r#"{"nbf":"1"}"#, TokenError::Time),
        (r#"{"iat":1795318953}"#, TokenError::FromTheFuture),
        (r#"{"iat":1795318953,"exp":1}"#, TokenError::FromTheFuture),
        (r#"{"nbf":1795318953,"exp":1}"#, TokenError::NotYetValid),
        (r#"{"exp":1795318952}"#, TokenError::Expired),
        (r#"{"exp":1795318952.99}"#, TokenError::Expired),
        (r#"{"exp":0}"#, TokenError::Expired),
        (r#"{"exp":-0}"#, TokenError::Expired),
        (r#"{"exp":1e-400}"#, TokenError::Expired),
        (r#"{"exp":-1}"#, TokenError::Expired),
        (r#"{"sub":1}"#, TokenError::Subject),
        (r#"{"sub":null}"#, TokenError::Subject),
        (r#"{"jti":1}"#, TokenError::Identifier),
        (r#"{"jti":null}"#, TokenError::Identifier),
        (r#"{"jti":{}}"#, TokenError::Identifier),
        (r#"{"jti":"a\u0000"}"#, TokenError::Identifier),
        (&long, TokenError::Identifier),
        ("{}", TokenError::NoExpiry("exp".into())),
        (r#"{"exp":1795405352}"#, TokenError::NoId),
        (r#"{"exp":1795405352,"jti":"a"}"#, TokenError::NoType),
        (r#"{"exp":1795405352,"jti":"a","token_type":"refresh"}"#, TokenError::WrongType),
        (r#"{"exp":1795405352,"jti":"a","token_type":"ACCESS"}"#, TokenError::WrongType),
        (r#"{"exp":1795405352,"jti":"a","token_type":"access "}"#, TokenError::WrongType),
        (r#"{"exp":1795405352,"jti":"a","token_type":1}"#, TokenError::WrongType),
        (r#"{"exp":1795405352,"jti":"a","token_type":null}"#, TokenError::WrongType),
        (r#"{"exp":1795405352,"jti":"a","token_type":["access"]}"#, TokenError::WrongType),
    ];
    for (payload, error) in cases {
        assert_eq!(refusal(&with_payload(payload)), error, "{payload:.60}");
    }
}

#[test]
fn the_signature_comes_before_the_claims() {
    let (message, signature) = (with_payload("foo"), with_payload(PAYLOAD));
    let token = format!("{}.{}", message.rsplit_once('.').unwrap().0, signature.rsplit_once('.').unwrap().1);

    assert_eq!(refusal(&token), TokenError::Signature);
}

#[test]
fn issuer_and_audience_are_looked_at_when_they_are_set() {
    let lines = "issuer = \"https://id.example.com\"\naudience = [\"a\", \"b\"]";
    let cases = [
        (r#""iss":"https://id.example.com","aud":"b""#, Ok(())),
        (r#""iss":"https://id.example.com","aud":["x","a"]"#, Ok(())),
        (r#""aud":"a""#, Err(TokenError::Issuer)),
        (r#""iss":"https://id.example.com.evil","aud":"a""#, Err(TokenError::Issuer)),
        (r#""iss":"https://id.example","aud":"a""#, Err(TokenError::Issuer)),
        (r#""iss":["https://id.example.com"],"aud":"a""#, Err(TokenError::Issuer)),
        (r#""iss":1,"aud":"a""#, Err(TokenError::Issuer)),
        (r#""iss":"https://id.example.com""#, Err(TokenError::Audience)),
        (r#""iss":"https://id.example.com","aud":"A""#, Err(TokenError::Audience)),
        (r#""iss":"https://id.example.com","aud":[]"#, Err(TokenError::Audience)),
        (r#""iss":"https://id.example.com","aud":["a",1]"#, Err(TokenError::Audience)),
        (r#""iss":"https://id.example.com","aud":{"a":1}"#, Err(TokenError::Audience)),
        (r#""iss":"x","aud":"x","exp":1"#, Err(TokenError::Expired)),
        (r#""iss":"x","aud":"x","sub":1"#, Err(TokenError::Issuer)),
        (r#""iss":"https://id.example.com","aud":"x","sub":1"#, Err(TokenError::Audience)),
    ];
    for (claims, result) in cases {
        let token = with_payload(&format!("{{{claims}}}"));
        assert_eq!(tokens(lines).decode(token.as_bytes(), NOW).map(drop), result, "{claims}");
    }
}

#[test]
fn leeway_moves_every_limit() {
    let lenient = tokens("leeway = \"1500ms\"");
    let cases = [
        (r#"{"exp":1795318952}"#, Ok(())),
        (r#"{"exp":1795318951}"#, Err(TokenError::Expired)),
        (r#"{"iat":1795318954}"#, Ok(())),
        (r#"{"iat":1795318955}"#, Err(TokenError::FromTheFuture)),
        (r#"{"nbf":1795318954}"#, Ok(())),
        (r#"{"nbf":1795318955}"#, Err(TokenError::NotYetValid)),
    ];
    for (payload, result) in cases {
        assert_eq!(lenient.decode(with_payload(payload).as_bytes(), NOW).map(drop), result, "{payload}");
    }
}

#[test]
fn a_token_expires_at_the_second_it_names() {
    let token = with_payload(PAYLOAD);
    let at = |micros| tokens("").decode(token.as_bytes(), Timestamp::from_micros(micros)).map(drop);

    assert_eq!(at(1_795_405_351_999_999), Ok(()));
    assert_eq!(at(1_795_405_352_000_000), Err(TokenError::Expired));
}

#[test]
fn what_a_token_is_for_is_looked_at_after_it_is_decoded() {
    let tokens = tokens("");
    let claims = tokens.decode(with_payload(r#"{"exp":1795405352,"jti":"a","token_type":"sliding"}"#).as_bytes(), NOW);
    let claims = claims.unwrap();

    for (kind, result) in [
        (TokenKind::Access, Err(TokenError::WrongType)),
        (TokenKind::Refresh, Err(TokenError::WrongType)),
        (TokenKind::Sliding, Ok(())),
        (TokenKind::Untyped, Ok(())),
    ] {
        assert_eq!(tokens.check(&claims, kind, NOW), result);
    }
    let lapsed = tokens.check(&claims, TokenKind::Sliding, Timestamp::from_seconds(1_795_405_352));
    assert_eq!(lapsed.unwrap_err().to_string(), "Token 'exp' claim has expired");
}

#[test]
fn a_sliding_token_is_renewed_as_long_as_its_claim_says() {
    let tokens = tokens("sliding_token_refresh_exp_claim = \"until\"");
    let until = |value: &str| tokens.decode(with_payload(&format!(r#"{{"until":{value}}}"#)).as_bytes(), NOW).unwrap();
    let message = |value: &str| tokens.check_sliding_refresh(&until(value), NOW).map_err(|error| error.to_string());

    assert_eq!(message("1795318952.6"), Ok(()));
    assert_eq!(message("1795318952.5"), Err("Token 'until' claim has expired".to_owned()));
    assert_eq!(message("\"x\""), Err("Token is invalid".to_owned()));
    let without = tokens.decode(with_payload("{}").as_bytes(), NOW).unwrap();
    let error = tokens.check_sliding_refresh(&without, NOW).unwrap_err();
    assert_eq!(error.message(), "Token has no 'until' claim");
}

#[test]
fn a_renamed_identifier_is_held_to_the_same_rules() {
    let tokens = tokens("jti_claim = \"tid\"");
    for (payload, error) in [
        (r#"{"tid":1}"#, TokenError::Identifier),
        (r#"{"tid":"a","jti":1}"#, TokenError::Identifier),
        (r#"{"exp":1795405352,"jti":"a"}"#, TokenError::NoId),
    ] {
        assert_eq!(tokens.verify(with_payload(payload).as_bytes(), TokenKind::Access, NOW), Err(error), "{payload}");
    }
}

#[test]
fn the_sentences_are_simplejwts() {
    let cases = [
        (TokenError::Signature, "Token is invalid"),
        (TokenError::Expired, "Token is expired"),
        (TokenError::Blacklisted, "Token is blacklisted"),
        (TokenError::NoExpiry("exp".into()), "Token has no 'exp' claim"),
        (TokenError::Lapsed("refresh_exp".into()), "Token 'refresh_exp' claim has expired"),
        (TokenError::NoId, "Token has no id"),
        (TokenError::NoType, "Token has no type"),
        (TokenError::WrongType, "Token has wrong type"),
    ];
    for (error, message) in cases {
        assert_eq!(error.message(), message);
    }
}
