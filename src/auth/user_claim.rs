//! Which user a claim names.

use serde_json::Value;

use crate::jwt::TokenError;
use crate::settings::UserIdField;
use crate::store::users::Key;

/// The user that `claim` names; `None` when no user can have that key.
///
/// A primary key is an integer or its canonical decimal text. Python's `int()`, to which SimpleJWT leaves this, also takes
/// `true`, `1.5`, `" 1 "` and digits of other scripts: here the first fails a client's mistake instead of guessing.
///
/// # Errors
/// [`TokenError::Invalid`] when the claim is no key at all.
pub(crate) fn user_key(claim: &Value, field: UserIdField) -> Result<Option<Key>, TokenError> {
    match (field, claim) {
        (_, Value::Null) => Ok(None),
        (UserIdField::Username, Value::String(name)) => Ok(Some(Key::Username(name.clone()))),
        (UserIdField::Id, Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(id(number.as_i64())),
        (UserIdField::Id, Value::String(text)) if is_canonical_decimal(text) => Ok(id(text.parse().ok())),
        _ => Err(TokenError::Invalid),
    }
}

/// The claim that names this user, as SimpleJWT writes it: always a text.
pub(crate) fn user_claim(user: &crate::store::users::User, field: UserIdField) -> String {
    match field {
        UserIdField::Id => user.id.to_string(),
        UserIdField::Username => user.username.clone(),
    }
}

fn id(number: Option<i64>) -> Option<Key> {
    number.and_then(|number| i32::try_from(number).ok()).map(Key::Id)
}

fn is_canonical_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !digits.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::user_key;
    use crate::jwt::TokenError;
    use crate::settings::UserIdField;
    use crate::store::users::Key;

    #[test]
    fn a_primary_key_has_one_spelling() {
        let id = |claim| user_key(&claim, UserIdField::Id);

        for claim in [json!(1), json!("1")] {
            assert_eq!(id(claim), Ok(Some(Key::Id(1))));
        }
        for claim in [json!(null), json!(1_u64 << 40), json!("99999999999999999999")] {
            assert_eq!(id(claim), Ok(None));
        }
        for text in ["", " 1", "1 ", "01", "+1", "1.0", "1_0", "-", "-0", "٣", "１", "abc", "1\0"] {
            assert_eq!(id(json!(text)), Err(TokenError::Invalid), "{text:?}");
        }
        for claim in [json!(true), json!(1.5), json!([1]), json!({"a": 1})] {
            assert_eq!(id(claim), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn a_name_is_a_text() {
        assert_eq!(user_key(&json!("alice"), UserIdField::Username), Ok(Some(Key::Username("alice".to_owned()))));
        assert_eq!(user_key(&json!(1), UserIdField::Username), Err(TokenError::Invalid));
    }
}
