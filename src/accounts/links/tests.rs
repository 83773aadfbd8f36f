//! Tokens and ids that the real Django made, and what it said of ours.

use std::time::Duration;

use serde::Deserialize;

use super::{LinkTokens, UserState, decode_uid, encode_uid};
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::settings::Settings;

const PASSWORD: &str = "pbkdf2_sha256$1000000$abcdefghijklmnop$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// 2026-05-09 06:13:20, which is 800,000,000 seconds after 2001.
const NOW: Timestamp = Timestamp::from_seconds(978_307_200 + 800_000_000);

const DAY: Duration = Duration::from_secs(86_400);

/// `make_token` under the settings, and `check_token` of another token, which may be signed with a fallback.
#[derive(Deserialize)]
struct Vector {
    time_zone: String,
    secret_key: String,
    fallbacks: Vec<String>,
    timeout: u64,
    id: i32,
    password: String,
    last_login: Option<String>,
    email: String,
    made_at: String,
    made: String,
    token: String,
    checked_at: String,
    valid: bool,
}

#[test]
fn tokens_are_djangos_in_every_time_zone() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("django.json")).unwrap();
    let time = |text: &str| Timestamp::from_django_text(text).unwrap();

    for vector in &vectors {
        let tokens = LinkTokens::new(&settings(vector), &Secret::new(&*vector.secret_key));
        let last_login = vector.last_login.as_deref().map(time);
        let user = UserState { id: vector.id, encoded_password: &vector.password, last_login, email: &vector.email };

        assert_eq!(tokens.make(&user, time(&vector.made_at)), vector.made);
        assert_eq!(tokens.check(&user, &vector.token, time(&vector.checked_at)), vector.valid, "{}", vector.token);
    }
}

#[test]
fn known_tokens_are_made() {
    let last_login = Timestamp::from_django_text("2026-01-02 03:04:05.678901");
    let cases = [
        (1, None, "a@x.io", "d8ary8-2b351e72dcfc3eb8638d9f558ccb4cf4"),
        (1, None, "", "d8ary8-903f7dc67c1344bac023782320fae1a4"),
        (42, last_login, "bob@example.com", "d8ary8-6093bf18916f492b0e5dd2a8bcc14678"),
    ];
    for (id, last_login, email, token) in cases {
        let user = UserState { id, encoded_password: PASSWORD, last_login, email };
        assert_eq!(tokens("").make(&user, NOW), token);
        assert!(tokens("").check(&user, token, NOW));
    }
}

#[test]
fn a_token_is_good_until_the_last_second_of_its_time() {
    let (tokens, user) = (tokens(""), user());
    let token = tokens.make(&user, NOW);

    assert!(tokens.check(&user, &token, NOW.saturating_add(3 * DAY)));
    assert!(tokens.check(&user, &token, NOW.saturating_add(3 * DAY + Duration::from_micros(999_999))));
    assert!(!tokens.check(&user, &token, NOW.saturating_add(3 * DAY + Duration::from_secs(1))));
    assert!(tokens.check(&user, &token, Timestamp::from_seconds(0)), "clocks may differ");
}

#[test]
fn a_token_dies_with_the_state_it_was_made_for() {
    let user = user();
    let tokens = tokens("");
    let token = tokens.make(&user, NOW);
    let later = Timestamp::from_seconds(1);

    for changed in [
        UserState { id: 2, ..user },
        UserState { encoded_password: "!", ..user },
        UserState { last_login: Some(later), ..user },
        UserState { email: "A@x.io", ..user },
    ] {
        assert!(!tokens.check(&changed, &token, NOW));
    }
}

#[test]
fn only_the_exact_text_of_a_token_is_accepted() {
    let (tokens, user) = (tokens(""), user());
    let token = tokens.make(&user, NOW);
    assert!(tokens.check(&user, &token, NOW));

    let (time, signature) = token.split_once('-').unwrap();
    let wrong = [
        String::new(),
        "-".to_owned(),
        token.to_uppercase(),
        format!(" {token}"),
        format!("{token}\n"),
        format!("0{token}"),
        format!("+{token}"),
        format!("{token}-"),
        format!("{time}-"),
        format!("-{signature}"),
        format!("zzzzzzzzzzzzz-{signature}"),
        format!("zzzzzzzzzzzzzz-{signature}"),
        format!("{time}-{}", "é".repeat(16)),
        token.replacen('-', "_", 1),
        token.repeat(100_000),
    ];
    for text in wrong {
        assert!(!tokens.check(&user, &text, NOW), "{text:.60}");
    }
}

#[test]
fn an_earlier_key_still_verifies_and_no_longer_signs() {
    let user = user();
    let earlier = tokens("").make(&user, NOW);
    let settings = |fallbacks: &str| Settings::from_toml(fallbacks).unwrap();
    let next = |fallbacks| LinkTokens::new(&settings(fallbacks), &Secret::new("the-next-key"));

    let both = next("secret_key_fallbacks = [\"test-secret-key\"]");

    assert!(both.check(&user, &earlier, NOW));
    assert!(!next("").check(&user, &earlier, NOW));
    assert_eq!(both.make(&user, NOW), next("").make(&user, NOW));
}

#[test]
fn ids_are_written_as_django_writes_them() {
    let cases =
        [(1, "MQ"), (2, "Mg"), (10, "MTA"), (42, "NDI"), (100, "MTAw"), (1000, "MTAwMA"), (i32::MAX, "MjE0NzQ4MzY0Nw")];
    for (id, uid) in cases {
        assert_eq!((encode_uid(id).as_str(), decode_uid(uid)), (uid, Some(id)));
    }
    for (padded, id) in [("MQ==", 1), ("MTA=", 10), ("MTAwMA==", 1000)] {
        assert_eq!(decode_uid(padded), Some(id));
    }
}

#[test]
fn other_spellings_of_an_id_are_none() {
    let wrong = [
        "",
        "=",
        "MQ===",
        "MQ==junk",
        "MR",
        "M!Q",
        "M Q",
        "MQ ",
        "M",
        "MDE",
        "KzE",
        "IDE",
        "LTE_",
        "MjE0NzQ4MzY0OA",
        "_w",
    ];
    for uid in wrong.into_iter().chain([&*"MTAw".repeat(100_000)]) {
        assert_eq!(decode_uid(uid), None, "{uid:.60}");
    }
}

fn user() -> UserState<'static> {
    UserState { id: 1, encoded_password: PASSWORD, last_login: None, email: "a@x.io" }
}

fn tokens(text: &str) -> LinkTokens {
    LinkTokens::new(&Settings::from_toml(text).unwrap(), &Secret::new("test-secret-key"))
}

fn settings(vector: &Vector) -> Settings {
    let Vector { time_zone, fallbacks, timeout, .. } = vector;
    let text = format!(
        "time_zone = \"{time_zone}\"\nsecret_key_fallbacks = {fallbacks:?}\n\
         accounts.password_reset_timeout = \"{timeout}s\""
    );
    Settings::from_toml(&text).unwrap()
}
