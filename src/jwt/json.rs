//! The JSON inside a token: written as Python's `json.dumps` writes it, and read more strictly than Python reads it.

use std::fmt;
use std::io;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::{Map, Number, Value};

use crate::python::float_repr;

/// `json.dumps(value, separators=(",", ":"))`.
pub(super) fn dumps(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, Ascii))?;
    Ok(text)
}

/// The JSON object in `text`. A name that stands twice in any object is an error: RFC 7519 section 4 lets a reader
/// refuse such a token, and two readers that choose differently can be played against each other.
pub(super) fn object(text: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::from_slice(text)? {
        Strict(Value::Object(members)) => Ok(members),
        _ => Err(serde_json::Error::custom("no object")),
    }
}

/// Python's floats, and an escape for whatever is not printable ASCII.
struct Ascii;

impl Formatter for Ascii {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float_repr(value).as_bytes())
    }

    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_plain = |c: char| (' '..='~').contains(&c);
        for piece in fragment.split_inclusive(|c| !is_plain(c)) {
            let escaped = piece.chars().next_back().filter(|c| !is_plain(*c));
            let plain = piece.strip_suffix(|c| !is_plain(c)).unwrap_or(piece);
            CompactFormatter.write_string_fragment(writer, plain)?;
            for unit in escaped.iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// A value in which no object has a name twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without repeated names")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{dumps, object};

    #[test]
    fn what_is_written_is_what_python_writes() {
        let cases = [
            ("\"\\/\u{8}\t\n\u{c}\r\0\u{1f}", r#""\"\\/\b\t\n\f\r\u0000\u001f""#),
            (" ~\u{7f}\u{80}é\u{2028}😀<>&'", r#"" ~\u007f\u0080\u00e9\u2028\ud83d\ude00<>&'""#),
        ];
        for (text, json) in cases {
            assert_eq!(String::from_utf8(dumps(&text).unwrap()).unwrap(), json);
        }
        let numbers = serde_json::json!([1.5, 100.0, 1e16, 1e-7, -1, u64::MAX, null, true, {}]);
        let json = "[1.5,100.0,1e+16,1e-07,-1,18446744073709551615,null,true,{}]";
        assert_eq!(String::from_utf8(dumps(&numbers).unwrap()).unwrap(), json);
    }

    #[test]
    fn an_object_keeps_its_order_at_every_depth() {
        let json = r#"{"z":1,"a":{"y":[{"c":1,"b":2}],"x":null},"m":"\u00e9"}"#;

        assert_eq!(String::from_utf8(dumps(&object(json.as_bytes()).unwrap()).unwrap()).unwrap(), json);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let deep = "[".repeat(1_500);
        let cases = [
            "",
            "[]",
            "\"\"",
            "{",
            "null",
            "1",
            "{\"a\":1,}",
            "{\"a\":1}{}",
            "{'a':1}",
            "\u{feff}{}",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"o":{"a":1,"a":2}}"#,
            r#"{"l":[{"a":1,"a":2}]}"#,
            r#"{"a":NaN}"#,
            r#"{"a":Infinity}"#,
            r#"{"a":1e400}"#,
            r#"{"a":01}"#,
            r#"{"a":"\ud800"}"#,
            deep.as_str(),
        ];
        for json in cases {
            assert!(object(json.as_bytes()).is_err(), "{json:.40}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
        assert!(object(b"{\0\"\0a\0\"\0:\x001\0}\0").is_err());
    }
}
