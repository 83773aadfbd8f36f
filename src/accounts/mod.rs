//! What an account is made of: the rules that Django has for a user name and an address.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The width of the column, in characters.
const LONGEST_USERNAME: usize = 150;

/// The width of the column, in characters.
const LONGEST_EMAIL: usize = 254;

/// A user name that Django would take: NFKC, up to 150 letters, digits and `@ . + - _`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// An address that Django would store, its domain in lower case; or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email(String);

/// Why a name or an address is not taken, in Django's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAccount {
    /// When the name is empty.
    #[error("This field may not be blank.")]
    BlankUsername,
    /// When the name is too long.
    #[error("Ensure this field has no more than 150 characters.")]
    LongUsername,
    /// When the name has other characters.
    #[error("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.")]
    Username,
    /// When the address is none.
    #[error("Enter a valid email address.")]
    Email,
}

impl Username {
    /// Normalises and checks a name as `create_user` and its forms do.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidAccount> {
        let name: String = text.nfkc().collect();
        let is_allowed =
            |c: char| (c.is_alphanumeric() && !is_combining_mark(c)) || matches!(c, '_' | '.' | '@' | '+' | '-');
        match name.chars().count() {
            0 => Err(InvalidAccount::BlankUsername),
            1..=LONGEST_USERNAME if name.chars().all(is_allowed) => Ok(Self(name)),
            1..=LONGEST_USERNAME => Err(InvalidAccount::Username),
            _ => Err(InvalidAccount::LongUsername),
        }
    }

    /// The name as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Email {
    /// Checks an address and puts its domain in lower case, as `normalize_email` does. The empty text is no address.
    ///
    /// # Errors
    /// [`InvalidAccount::Email`] when it could not be one.
    pub fn parse(text: &str) -> Result<Self, InvalidAccount> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAccount::Email)?;
        let is_plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
        if !is_plain(local) || !is_plain(domain) || text.chars().count() > LONGEST_EMAIL {
            return Err(InvalidAccount::Email);
        }
        Ok(Self(format!("{local}@{}", domain.to_lowercase())))
    }

    /// The address as it is stored; empty when there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, InvalidAccount, Username};

    #[test]
    fn a_user_name_follows_djangos_rules() {
        for name in ["alice", "zoë", "a.b@c+d-e_f", "用户", "x²"] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
        assert_eq!(Username::parse("zoe\u{308}"), Username::parse("zoë"), "NFKC composes");
        assert_eq!(Username::parse(""), Err(InvalidAccount::BlankUsername));
        assert_eq!(Username::parse(&"a".repeat(151)), Err(InvalidAccount::LongUsername));
        for name in ["a b", "a/b", "<script>", "a\0", "a\n", "😀"] {
            assert_eq!(Username::parse(name), Err(InvalidAccount::Username), "{name:?}");
        }
    }

    #[test]
    fn the_domain_of_an_address_is_put_in_lower_case() {
        assert_eq!(
            Email::parse("Al@Example.COM").map(|email| email.as_str().to_owned()),
            Ok("Al@example.com".to_owned())
        );
        assert_eq!(Email::parse(""), Ok(Email::default()));
        for text in ["a", "@b", "a@", "a b@c", "a@b\r\nBcc: c"] {
            assert_eq!(Email::parse(text), Err(InvalidAccount::Email), "{text:?}");
        }
    }
}
