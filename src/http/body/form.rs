//! `application/x-www-form-urlencoded` as Django's `QueryDict` reads it.

use super::charset::Charset;
use super::{BodyError, Fields, MAX_FIELDS, Text, Value};

/// Reads `body`, whose text and percent escapes are both in `charset`.
///
/// # Errors
/// When there are more than 1000 fields.
pub(super) fn parse(body: &[u8], charset: Charset) -> Result<Fields, BodyError> {
    // Some clients send other bytes than they say; Django takes those for Latin-1.
    let text = charset.decode(body).unwrap_or_else(|_| Charset::Latin1.decode_lossy(body));
    let mut fields = Fields::default();
    // Empty pieces count too.
    if text.split('&').count() > MAX_FIELDS {
        return Err(BodyError::TooManyFields);
    }
    for piece in text.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let decode = |text: &str| charset.percent_decode(&text.replace('+', " "));
        fields.push(decode(name), Value::Text(Text::from(decode(value))));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::super::{BodyError, Text, Value};
    use super::{Charset, parse};

    #[test]
    fn a_form_is_read_as_django_reads_it() {
        let cases: [(&[u8], Charset, &str, Option<&str>); 16] = [
            (b"name=a+b%20c", Charset::Utf8, "name", Some("a b c")),
            (b"name=%41%zz%4", Charset::Utf8, "name", Some("A%zz%4")),
            (b"n%61me=a=b=c", Charset::Utf8, "name", Some("a=b=c")),
            (b"name=a;other=b", Charset::Utf8, "name", Some("a;other=b")),
            (b"name=a&name=b", Charset::Utf8, "name", Some("b")),
            (b"&&name&", Charset::Utf8, "name", Some("")),
            (b"name=a%26b", Charset::Utf8, "name", Some("a&b")),
            (b"name =a", Charset::Utf8, "name", None),
            (b"name=%ff", Charset::Utf8, "name", Some("\u{fffd}")),
            (b"name=\xc3\xa9%C3%A9", Charset::Utf8, "name", Some("éé")),
            // One byte that is no UTF-8 makes all of the raw ones Latin-1.
            (b"name=\xc3\xa9\xff%C3%A9", Charset::Utf8, "name", Some("Ã©ÿé")),
            (b"name=\xe9%E9", Charset::Latin1, "name", Some("éé")),
            (b"\xef\xbb\xbfname=a", Charset::Utf8, "name", None),
            (b"\xef\xbb\xbfname=a", Charset::Utf8Sig, "name", Some("a")),
            (b"name=a%00", Charset::Utf8, "name", Some("a\0")),
            (b"=x", Charset::Utf8, "", Some("x")),
        ];
        for (body, charset, name, text) in cases {
            let value = text.map(|text| Value::Text(Text::from(text)));
            assert_eq!(parse(body, charset).map(|fields| fields.get(name).cloned()), Ok(value), "{body:?}");
        }
    }

    #[test]
    fn a_thousand_fields_are_enough() {
        assert!(parse("&".repeat(999).as_bytes(), Charset::Utf8).is_ok());
        assert_eq!(parse("&".repeat(1000).as_bytes(), Charset::Utf8), Err(BodyError::TooManyFields));
    }
}
