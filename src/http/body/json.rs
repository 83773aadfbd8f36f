//! `application/json` as Python's `json` reads it.
//!
//! What is too much, and how an error is said, is `json_check`'s business.

use std::fmt;
use std::str::Chars;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::charset::Charset;
use super::json_check::{check_limits, is_integer, syntax_error, wrong};
use super::{BodyError, Data, Fields, Text, Value};
use crate::python::float_repr;

/// Reads `body`, which is in `charset`.
///
/// # Errors
/// When it is no text in `charset`, no JSON, or beyond the limits.
pub(super) fn parse(body: &[u8], charset: Charset) -> Result<Data, BodyError> {
    if charset.misses_byte_order_mark(body) {
        return Err(wrong("Missing byte order mark", "", 0));
    }
    let text = charset.decode(body).map_err(|before| wrong("Not text in its charset", &before, before.len()))?;
    if text.starts_with('\u{feff}') {
        return Err(wrong("Unexpected byte order mark", &text, 0));
    }
    check_limits(&text)?;
    document(&text).map_err(|error| syntax_error(&text, &error))
}

/// serde_json skips a raw value without recursion, and without a look at surrogates, which we want to see ourselves.
fn document(text: &str) -> serde_json::Result<Data> {
    let whole: &RawValue = serde_json::from_str(text)?;
    Ok(match value(whole.get()) {
        Value::Object => Data::Fields(Deserializer::from_str(whole.get()).deserialize_map(FieldsVisitor)?),
        Value::Null => Data::Null,
        Value::Bool => Data::NotAMapping("bool"),
        Value::Text(_) => Data::NotAMapping("str"),
        Value::Number(_) if is_integer(whole.get()) => Data::NotAMapping("int"),
        Value::Number(_) => Data::NotAMapping("float"),
        Value::List | Value::File(_) => Data::NotAMapping("list"),
    })
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, raw)) = map.next_entry::<&RawValue, &RawValue>()? {
            let name = string(name.get());
            // No field of ours is called by half a character.
            if name.lone_surrogate().is_none() {
                fields.push(name.as_str().to_owned(), value(raw.get()));
            }
        }
        Ok(fields)
    }
}

/// The kind of a valid JSON value, by its first character.
fn value(json: &str) -> Value {
    match json.as_bytes().first() {
        Some(b'{') => Value::Object,
        Some(b'[') => Value::List,
        Some(b'"') => Value::Text(string(json)),
        Some(b't' | b'f') => Value::Bool,
        Some(b'n') | None => Value::Null,
        Some(_) => Value::Number(number(json)),
    }
}

/// A valid JSON number as Python's `str` writes it.
fn number(json: &str) -> String {
    match json.parse() {
        Ok(float) if !is_integer(json) => float_repr(float),
        _ if json == "-0" => "0".to_owned(),
        _ => json.to_owned(),
    }
}

/// The text of a valid JSON string.
fn string(json: &str) -> Text {
    let inner = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json);
    if !inner.contains('\\') {
        return Text::from(inner);
    }
    let mut units = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => units.push(escape(&mut rest)),
            other => units.extend_from_slice(other.encode_utf16(&mut [0; 2])),
        }
    }
    Text::from_units(units)
}

/// The UTF-16 unit that a valid escape stands for; `rest` is what follows its backslash.
fn escape(rest: &mut Chars<'_>) -> u16 {
    match rest.next() {
        Some('u') => {
            let (hex, after) = rest.as_str().split_at_checked(4).unwrap_or_default();
            *rest = after.chars();
            u16::from_str_radix(hex, 16).unwrap_or_default()
        }
        Some('b') => 0x08,
        Some('f') => 0x0c,
        Some('n') => 0x0a,
        Some('r') => 0x0d,
        Some('t') => 0x09,
        Some('"') => 0x22,
        Some('/') => 0x2f,
        _ => 0x5c,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BodyError, Data, Text, Value};
    use super::{Charset, parse};

    fn field(json: &str) -> Option<Value> {
        let body = format!("{{\"x\":[{{}}],\"a\":1,\"a\":{json}}}");
        parse(body.as_bytes(), Charset::Utf8).ok()?.into_fields().ok()?.get("a").cloned()
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        let cases = [
            ("1", "1"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("1.50", "1.5"),
            ("1e3", "1000.0"),
            ("1E+3", "1000.0"),
            ("1e16", "1e+16"),
            ("1e-7", "1e-07"),
            ("0.0001", "0.0001"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("9007199254740993.0", "9007199254740992.0"),
            ("1e999", "inf"),
            ("-1e999", "-inf"),
            ("1e-400", "0.0"),
        ];
        for (json, number) in cases {
            assert_eq!(field(json), Some(Value::Number(number.to_owned())), "{json}");
        }
    }

    #[test]
    fn values_have_their_kinds() {
        assert_eq!(field("null"), Some(Value::Null));
        assert_eq!(field("false"), Some(Value::Bool));
        assert_eq!(field("[\"}\"]"), Some(Value::List));
        assert_eq!(field("{\"a\":1}"), Some(Value::Object));
        assert_eq!(field(r#""\u00e9\n\/\b\f\r\t\"\\é""#), Some(Value::Text(Text::from("é\n/\u{8}\u{c}\r\t\"\\é"))));
    }

    #[test]
    fn half_a_character_survives() {
        let cases = [
            (r#""\ud83d\ude00""#, "😀", None),
            (r#""\ud800""#, "\u{fffd}", Some(0xd800)),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}", Some(0xde00)),
            (r#""\ud800\ud800\udc00x""#, "\u{fffd}\u{10000}x", Some(0xd800)),
            (r#""\ud800x\udc00""#, "\u{fffd}x\u{fffd}", Some(0xd800)),
        ];
        for (json, text, surrogate) in cases {
            let halves = match field(json) {
                Some(Value::Text(value)) => Some((value.as_str().to_owned(), value.lone_surrogate())),
                _ => None,
            };
            assert_eq!(halves, Some((text.to_owned(), surrogate)), "{json}");
        }
    }

    #[test]
    fn names_are_decoded_too() {
        let body = br#"{"\u0061":"b","a\ud800":"c"}"#;

        let fields = parse(body, Charset::Utf8).map(|data| data.into_fields().unwrap_or_default().get("a").cloned());

        assert_eq!(fields, Ok(Some(Value::Text(Text::from("b")))));
    }

    #[test]
    fn what_is_no_object_is_named_as_python_names_it() {
        let cases = [("true", "bool"), ("-1", "int"), ("1e3", "float"), (" \"\\ud800\" ", "str"), ("[{}]", "list")];
        for (json, kind) in cases {
            assert_eq!(parse(json.as_bytes(), Charset::Utf8), Ok(Data::NotAMapping(kind)));
        }
        assert_eq!(parse(b" null\n", Charset::Utf8), Ok(Data::Null));
    }

    #[test]
    fn wide_charsets_tell_their_byte_order() {
        let missing = BodyError::Malformed("JSON parse error - Missing byte order mark: line 1 column 1".to_owned());

        assert_eq!(parse(b"\xff\xfe1\0", Charset::Utf16), Ok(Data::NotAMapping("int")));
        assert_eq!(parse(b"1\0", Charset::Utf16), Err(missing));
    }
}
