//! The words of an `Authorization` header. Whose keyword the first one is, is the schemes' business.

use std::borrow::Cow;
use std::ops::Deref;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

/// ASCII white space as Python has it: Rust leaves the vertical tab out.
const BLANKS: [u8; 6] = [b' ', b'\t', 0x0b, 0x0c, b'\n', b'\r'];

/// A header's value as Django's server hands it on: several headers of one name are one value, joined by commas.
///
/// `None` when the header is not there at all.
pub(crate) fn joined<'r>(request: &'r HttpRequest, name: &HeaderName) -> Option<Cow<'r, [u8]>> {
    let mut values = request.headers().get_all(name);
    let first = values.next()?.as_bytes();
    let mut joined = Cow::Borrowed(first);
    for value in values {
        let joined = joined.to_mut();
        joined.push(b',');
        joined.extend_from_slice(value.as_bytes());
    }
    Some(joined)
}

/// The first words of a value: as many as anybody needs to know that there are too many.
#[derive(Debug)]
pub(crate) struct Words<'h> {
    words: [&'h [u8]; 3],
    count: usize,
}

impl<'h> Deref for Words<'h> {
    type Target = [&'h [u8]];

    fn deref(&self) -> &Self::Target {
        self.words.get(..self.count).unwrap_or_default()
    }
}

/// The value's words, as Python's `bytes.split()` finds them; of more than three, the first three.
pub(crate) fn words(value: &[u8]) -> Words<'_> {
    let mut words = Words { words: [&[]; 3], count: 0 };
    let mut rest = value;
    for place in &mut words.words {
        let Some(start) = rest.iter().position(|byte| !BLANKS.contains(byte)) else { break };
        let word = rest.get(start..).unwrap_or_default();
        (*place, rest) = word.split_at_checked(word_length(word)).unwrap_or_default();
        words.count += 1;
    }
    words
}

/// How long the word is that `text` begins with.
fn word_length(text: &[u8]) -> usize {
    let [space, tab, vertical, form, newline, carriage] = BLANKS;
    // A token has hundreds of characters, which are looked through many at a time, by three kinds of blanks in one go.
    let end = memchr::memchr3(space, tab, vertical, text).unwrap_or(text.len());
    memchr::memchr3(form, newline, carriage, text.get(..end).unwrap_or(text)).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::AUTHORIZATION;
    use actix_web::test::TestRequest;

    use super::{BLANKS, joined, words};

    #[test]
    fn blanks_of_every_kind_part_words() {
        assert_eq!(*words(b" Token \t key\x0b\x0c\r\n"), [b"Token".as_slice(), b"key"]);
        assert_eq!(*words(b"Token\xa0key"), [b"Token\xa0key"]);
        assert_eq!(*words(b"a b c d"), [b"a", b"b", b"c"]);
        for blank in BLANKS {
            let value = [b"one".as_slice(), b"two", b"three"].join(&blank);
            assert_eq!(*words(&value), [b"one".as_slice(), b"two", b"three"], "{blank}");
        }
        assert!(words(b"  ").is_empty());
    }

    #[test]
    fn two_headers_are_one_value() {
        let request = TestRequest::default()
            .append_header((AUTHORIZATION, "Token a"))
            .append_header((AUTHORIZATION, "Token b"))
            .to_http_request();

        assert_eq!(joined(&request, &AUTHORIZATION).as_deref(), Some(b"Token a,Token b".as_slice()));
    }

    #[test]
    fn no_header_is_not_an_empty_one() {
        assert_eq!(joined(&TestRequest::default().to_http_request(), &AUTHORIZATION), None);
    }
}
