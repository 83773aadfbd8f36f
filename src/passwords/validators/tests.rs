//! The verdicts that the real Django gave, and the limits that it does not have.

use serde::Deserialize;

use super::{UserAttributes, validate};
use crate::settings::{Password, PasswordValidator, Settings};

#[derive(Deserialize)]
struct Verdict {
    password: String,
    /// User name, first name, last name, address.
    user: Option<[String; 4]>,
    refusals: Vec<String>,
}

const SHORT: &str = "This password is too short. It must contain at least 8 characters.";
const COMMON: &str = "This password is too common.";
const NUMERIC: &str = "This password is entirely numeric.";

#[test]
fn verdicts_are_djangos() {
    let verdicts: Vec<Verdict> = serde_json::from_str(include_str!("django.json")).unwrap();
    let rules = rules("");

    for Verdict { password, user, refusals } in verdicts {
        let user = user.as_ref().map(|[username, first_name, last_name, email]| UserAttributes {
            username,
            first_name,
            last_name,
            email,
        });
        assert_eq!(validate(&password, user.as_ref(), &rules), refusals, "{password:?} {user:?}");
    }
}

#[test]
fn refusals_come_in_the_order_of_the_settings() {
    assert_eq!(validate("123456", None, &rules("")), [SHORT, COMMON, NUMERIC]);

    let reversed = rules("validators = [\"numeric_password\", \"common_password\", \"minimum_length\"]");
    assert_eq!(validate("123456", None, &reversed), [NUMERIC, COMMON, SHORT]);

    assert!(validate("1", None, &rules("validators = []")).is_empty());
}

#[test]
fn the_least_length_counts_characters() {
    let least = |length: usize| rules(&format!("min_length = {length}\nvalidators = [\"minimum_length\"]"));

    assert!(validate("pässwörd", None, &least(8)).is_empty());
    assert_eq!(validate("", None, &least(1)), ["This password is too short. It must contain at least 1 character."]);
    assert_eq!(
        validate("12345678901", None, &least(12)),
        ["This password is too short. It must contain at least 12 characters."]
    );
}

#[test]
fn a_password_of_a_megabyte_is_judged_as_well() {
    let user = UserAttributes {
        username: &"ab.".repeat(50),
        first_name: &"x y ".repeat(37),
        last_name: &"\u{3a3}".repeat(150),
        email: &format!("{}@example.com", "a.".repeat(120)),
    };
    for password in ["Ab\u{3a3}.x".repeat(200_000), "\u{3a3}".repeat(500_000), "9".repeat(1_000_000)] {
        let refusals = validate(&password, Some(&user), &rules(""));
        let is_numeric = password.starts_with('9');
        assert_eq!(refusals, if is_numeric { vec![NUMERIC] } else { vec![] });
    }
}

#[test]
fn every_validator_has_a_refusal_of_its_own() {
    let user = UserAttributes { username: "12345", ..UserAttributes::default() };

    let refusals = validate("12345", Some(&user), &rules(""));

    assert_eq!(refusals, ["The password is too similar to the username.", SHORT, COMMON, NUMERIC]);
    assert_eq!(refusals.len(), PasswordValidator::ALL.len());
}

fn rules(text: &str) -> Password {
    Settings::from_toml(&format!("[password]\n{text}")).unwrap().password
}
