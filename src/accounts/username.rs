//! What a user name may be: `auth.User.username`, as REST framework's serializers and Django's forms check it.

use unicode_normalization::UnicodeNormalization;

use super::{InvalidAccount, NULL_CHARACTERS};
use crate::python::is_word;

/// The width of the column, in characters.
const LONGEST: usize = 150;

/// A user name that Django's forms would take: NFKC, up to 150 letters, digits and `@ . + - _`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Normalises and then checks a name, as Django's forms do.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidAccount> {
        let name = normalize_username(text);
        if name.is_empty() {
            return Err(InvalidAccount::BlankUsername);
        }
        if is_too_long(&name) {
            return Err(InvalidAccount::LongUsername);
        }
        if has_forbidden(&name) { Err(InvalidAccount::Username) } else { Ok(Self(name)) }
    }

    /// The name as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a serializer has against `text`, which is not empty and has no blanks around it, in its order. A name that is
/// taken comes after the forbidden characters and before the length.
///
/// A serializer checks the text as it was sent; [`normalize_username`] comes later and may make it longer. PostgreSQL
/// then refuses the row and Django answers 500: here a name that is otherwise good counts as too long at once.
pub fn validate_username(text: &str) -> Vec<String> {
    let forbidden = has_forbidden(text);
    let too_long = is_too_long(text) || (!forbidden && is_too_long(&normalize_username(text)));
    let messages = [
        forbidden.then(|| InvalidAccount::Username.to_string()),
        too_long.then(|| InvalidAccount::LongUsername.to_string()),
        text.contains('\0').then(|| NULL_CHARACTERS.to_owned()),
    ];
    messages.into_iter().flatten().collect()
}

/// The name as `create_user` stores it. Logins and searches take a name as it is sent.
pub fn normalize_username(text: &str) -> String {
    text.nfkc().collect()
}

/// `^[\w.@+-]+\Z` does not match.
fn has_forbidden(name: &str) -> bool {
    !name.chars().all(|c| is_word(c) || matches!(c, '.' | '@' | '+' | '-'))
}

fn is_too_long(name: &str) -> bool {
    name.chars().nth(LONGEST).is_some()
}

#[cfg(test)]
mod tests {
    use super::{InvalidAccount, Username, normalize_username, validate_username};

    const FORBIDDEN: &str =
        "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
    const LONG: &str = "Ensure this field has no more than 150 characters.";
    const NULL: &str = "Null characters are not allowed.";

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
    fn a_serializer_says_everything_that_is_wrong_in_its_order() {
        let long = "a".repeat(151);
        let cases: [(&str, &[&str]); 10] = [
            ("alice", &[]),
            ("\u{fdfa}", &[]),
            ("½⑴Ⅳ", &[]),
            ("a b", &[FORBIDDEN]),
            ("ⓐ", &[FORBIDDEN]),
            ("zoe\u{308}", &[FORBIDDEN]),
            ("a\n", &[FORBIDDEN]),
            (&long, &[LONG]),
            ("a\0", &[FORBIDDEN, NULL]),
            (&format!("{long}/\0"), &[FORBIDDEN, LONG, NULL]),
        ];
        for (name, messages) in cases {
            assert_eq!(validate_username(name), messages, "{name:?}");
        }
        assert!(validate_username(&"ë".repeat(150)).is_empty());
    }

    #[test]
    fn a_name_that_grows_out_of_its_column_is_too_long() {
        let name = "\u{fdfa}".repeat(9);

        assert_eq!(normalize_username(&name).chars().count(), 162);
        assert_eq!(validate_username(&name), [LONG]);
    }
}
