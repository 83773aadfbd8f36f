//! New tokens.

use super::{NOW, tokens};
use crate::clock::Timestamp;
use crate::jwt::{Stamp, TokenKind};

#[test]
fn an_identifier_is_a_version_4_uuid_and_never_twice_the_same() {
    let stamps = std::iter::repeat_with(|| tokens("").stamp(TokenKind::Refresh, NOW).unwrap().jti);
    let mut identifiers: Vec<String> = stamps.take(200).collect();

    for jti in &identifiers {
        let variant = &jti[16..17];
        assert!(jti.len() == 32 && &jti[12..13] == "4" && "89ab".contains(variant), "{jti}");
        assert!(jti.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{jti}");
    }
    identifiers.sort_unstable();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 200);
}

#[test]
fn identifiers_of_one_second_begin_alike_and_those_of_the_next_come_after() {
    let at = |seconds| tokens("").stamp(TokenKind::Access, Timestamp::from_seconds(seconds)).unwrap().jti;

    let [first, second, later] = [at(0x6b02_f0f7), at(0x6b02_f0f7), at(0x6b02_f0f8)];

    assert!(first.starts_with("6b02f0f7") && second.starts_with("6b02f0f7"), "{first} {second}");
    assert!(later > first && later > second, "{later}");
    assert_ne!(first[8..], second[8..]);
}

#[test]
fn the_same_stamp_makes_the_same_token() {
    let tokens = tokens("");
    let refresh = tokens.refresh_for("1", None, NOW).unwrap();
    let stamp = tokens.stamp(TokenKind::Refresh, Timestamp::from_micros(1_795_318_999_999_999)).unwrap();
    let stored = Stamp {
        jti: stamp.jti.clone(),
        issued_at: Timestamp::from_seconds(1_795_318_999),
        expires_at: Timestamp::from_seconds(stamp.expires_at.as_seconds()),
    };

    let first = tokens.sign(&tokens.rotated_as(&refresh, &stamp)).unwrap();
    let again = tokens.sign(&tokens.rotated_as(&refresh, &stored)).unwrap();

    assert_eq!(first, again);
}

#[test]
fn one_audience_is_a_text_and_several_are_a_list() {
    for (lines, aud) in [
        ("", None),
        ("audience = [\"a\"]", Some(serde_json::json!("a"))),
        ("audience = [\"a\", \"b\"]", Some(serde_json::json!(["a", "b"]))),
    ] {
        let tokens = tokens(lines);
        let token = tokens.sign(&tokens.refresh_for("1", None, NOW).unwrap()).unwrap();
        assert_eq!(tokens.decode(token.as_bytes(), NOW).unwrap().get("aud"), aud.as_ref());
    }
}

#[test]
fn an_access_token_takes_over_what_its_refresh_token_says_of_others() {
    let tokens = tokens("jti_claim = \"tid\"");
    let mut refresh = tokens.refresh_for("1", None, NOW).unwrap();
    refresh.set("jti", "of another");
    refresh.set("nbf", 1);

    let access = tokens.access_from(&refresh, NOW, NOW).unwrap();

    let names: Vec<&str> = access.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["token_type", "exp", "iat", "tid", "user_id", "nbf"]);
    assert_ne!(access.text("tid"), refresh.text("tid"));
}
