//! What the address of an account may be: `auth.User.email`, as REST framework's serializers check it and
//! `create_user` stores it.

use super::email_address::is_address;
use super::{InvalidAccount, NULL_CHARACTERS};
use crate::python::strip;

/// The width of the column, in characters.
const LONGEST: usize = 254;

/// An address that Django would store, its domain in lower case; or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Checks an address and puts its domain in lower case, as `normalize_email` does. The empty text is no address.
    ///
    /// # Errors
    /// [`InvalidAccount::Email`] when it could not be one, [`InvalidAccount::LongEmail`] when it is too long.
    pub fn parse(text: &str) -> Result<Self, InvalidAccount> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if !is_address(text) {
            return Err(InvalidAccount::Email);
        }
        let email = Self::normalized(text);
        if is_too_long(&email.0) { Err(InvalidAccount::LongEmail) } else { Ok(email) }
    }

    /// `normalize_email`: whatever `text` is, what follows its last `@` in lower case.
    pub fn normalized(text: &str) -> Self {
        match strip(text).rsplit_once('@') {
            Some((local, domain)) => Self(format!("{local}@{}", domain.to_lowercase())),
            None => Self(text.to_owned()),
        }
    }

    /// The address as it is stored; empty when there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a serializer has against `text`, which has no blanks around it, in its order. The empty text is allowed.
///
/// Lower case may be longer than upper case. Such an address Django fails to store in PostgreSQL, with a 500; here it
/// counts as too long.
pub fn validate_email(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let is_address = is_address(text);
    let too_long = is_too_long(text) || (is_address && is_too_long(Email::normalized(text).as_str()));
    let messages = [
        too_long.then(|| InvalidAccount::LongEmail.to_string()),
        text.contains('\0').then(|| NULL_CHARACTERS.to_owned()),
        (!is_address).then(|| InvalidAccount::Email.to_string()),
    ];
    messages.into_iter().flatten().collect()
}

fn is_too_long(text: &str) -> bool {
    text.chars().nth(LONGEST).is_some()
}

#[cfg(test)]
mod tests {
    use super::{Email, InvalidAccount, validate_email};

    const LONG: &str = "Ensure this field has no more than 254 characters.";
    const NULL: &str = "Null characters are not allowed.";
    const WRONG: &str = "Enter a valid email address.";

    #[test]
    fn the_domain_of_an_address_is_put_in_lower_case() {
        assert_eq!(Email::parse("Al@Example.COM").as_ref().map(Email::as_str), Ok("Al@example.com"));
        assert_eq!(Email::parse(""), Ok(Email::default()));
        for text in ["a", "@b", "a@", "a b@c", "a@b\r\nBcc: c", "a@b"] {
            assert_eq!(Email::parse(text), Err(InvalidAccount::Email), "{text:?}");
        }
        assert_eq!(Email::normalized("A@B@C").as_str(), "A@B@c");
        assert_eq!(Email::normalized("A").as_str(), "A");
    }

    #[test]
    fn a_serializer_says_everything_that_is_wrong_in_its_order() {
        let local = "a".repeat(250);
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("al@example.com", &[]),
            ("nobody", &[WRONG]),
            ("a\0@example.com", &[NULL, WRONG]),
            (&format!("{}@example.com", "a".repeat(242)), &[]),
            (&format!("{local}@example.com"), &[LONG]),
            (&format!("{local}{local}@example.com"), &[LONG, WRONG]),
            (&format!("{local}\0@x"), &[NULL, WRONG]),
        ];
        for (text, messages) in cases {
            assert_eq!(validate_email(text), messages, "{text:?}");
        }
    }

    #[test]
    fn an_address_that_grows_out_of_its_column_is_too_long() {
        let text = format!("{}@\u{130}\u{130}.example", "a".repeat(243));

        assert_eq!(text.chars().count(), 254);
        assert_eq!(validate_email(&text), [LONG]);
        assert_eq!(Email::parse(&text), Err(InvalidAccount::LongEmail));
    }
}
