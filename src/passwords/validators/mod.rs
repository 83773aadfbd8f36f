//! Which new passwords are good enough: Django's four validators, with its verdicts and its words.
//!
//! They are asked where a password is chosen, never at a login. Each takes time in proportion to the lengths of the
//! password and of the user's attributes, and none looks at anything else.

mod common;
mod similarity;
#[cfg(test)]
mod tests;

use self::common::is_common;
use self::similarity::similar_attribute;
use crate::python::is_digit;
use crate::settings::{Password, PasswordValidator};

/// What a password must not be too like. Empty texts are passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserAttributes<'a> {
    /// The name they log in with.
    pub username: &'a str,
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The address.
    pub email: &'a str,
}

/// What is wrong with `password`, a sentence for each of the settings' validators that refuses it, in their order.
/// Without a user nothing can be similar to them.
pub fn validate(password: &str, user: Option<&UserAttributes<'_>>, rules: &Password) -> Vec<String> {
    rules.validators.iter().filter_map(|validator| refusal(*validator, password, user, rules.min_length)).collect()
}

fn refusal(
    validator: PasswordValidator,
    password: &str,
    user: Option<&UserAttributes<'_>>,
    min_length: usize,
) -> Option<String> {
    match validator {
        PasswordValidator::UserAttributeSimilarity => user
            .and_then(|user| similar_attribute(password, user))
            .map(|name| format!("The password is too similar to the {name}.")),
        PasswordValidator::MinimumLength => (password.chars().count() < min_length).then(|| too_short(min_length)),
        PasswordValidator::CommonPassword => is_common(password).then(|| "This password is too common.".to_owned()),
        PasswordValidator::NumericPassword => {
            is_numeric(password).then(|| "This password is entirely numeric.".to_owned())
        }
    }
}

fn too_short(min_length: usize) -> String {
    let characters = if min_length == 1 { "character" } else { "characters" };
    format!("This password is too short. It must contain at least {min_length} {characters}.")
}

/// `str.isdigit()`, which is false for the empty text.
fn is_numeric(password: &str) -> bool {
    !password.is_empty() && password.chars().all(is_digit)
}
