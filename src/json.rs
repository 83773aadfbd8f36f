//! JSON as REST framework's `JSONRenderer` writes it.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter};

use crate::python::float_repr;

/// `value` in compact JSON.
pub(crate) fn render(value: &impl Serialize) -> Vec<u8> {
    let mut compact = Vec::new();
    match value.serialize(&mut Serializer::with_formatter(&mut compact, PythonFormatter)) {
        Ok(()) => compact,
        Err(error) => {
            // Only maps with keys that are no text can fail, and no type of ours is one.
            log::error!("an answer could not be written as JSON: {error}");
            b"null".to_vec()
        }
    }
}

/// Lays out `compact` JSON over lines, by `indent` blanks a level, as `json.dumps(indent=…)` does.
pub(crate) fn pretty_json(compact: &[u8], indent: u8) -> Vec<u8> {
    let mut pretty = Vec::with_capacity(compact.len() * 2);
    let (mut depth, mut in_string, mut previous) = (0, false, 0);
    for byte in compact.iter().copied() {
        let after_open = !in_string && matches!(previous, b'{' | b'[');
        let is_close = !in_string && matches!(byte, b'}' | b']');
        depth -= usize::from(is_close && depth > 0);
        // Nothing stands between the brackets of an empty list or object.
        if after_open != is_close {
            pretty.push(b'\n');
            pretty.resize(pretty.len() + depth * usize::from(indent), b' ');
        }
        pretty.push(byte);
        match byte {
            b'"' if !(in_string && previous == b'\\') => in_string = !in_string,
            b':' if !in_string => pretty.push(b' '),
            b',' if !in_string => {
                pretty.push(b'\n');
                pretty.resize(pretty.len() + depth * usize::from(indent), b' ');
            }
            b'{' | b'[' if !in_string => depth += 1,
            _ => {}
        }
        // The second of two backslashes escapes nothing.
        previous = if previous == b'\\' && byte == b'\\' { 0 } else { byte };
    }
    pretty
}

/// serde_json's compact form with Python's floats, and without the two line breaks that JavaScript sees in a string.
struct PythonFormatter;

impl Formatter for PythonFormatter {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float_repr(value).as_bytes())
    }

    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for piece in fragment.split_inclusive(['\u{2028}', '\u{2029}']) {
            let (text, escape) = match piece.chars().next_back() {
                Some('\u{2028}') => (piece.trim_end_matches('\u{2028}'), "\\u2028"),
                Some('\u{2029}') => (piece.trim_end_matches('\u{2029}'), "\\u2029"),
                _ => (piece, ""),
            };
            CompactFormatter.write_string_fragment(writer, text)?;
            CompactFormatter.write_string_fragment(writer, escape)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{pretty_json, render};

    fn rendered(value: &serde_json::Value) -> String {
        String::from_utf8(render(value)).unwrap_or_default()
    }

    #[test]
    fn text_is_escaped_as_python_escapes_it() {
        let text = "\0\u{1}\u{8}\t\n\u{c}\r\u{1f}\u{7f}\u{80}é😀\u{2028}\u{2029}\u{2028}x\"\\/<>&'";

        let escaped =
            r#""\u0000\u0001\b\t\n\f\r\u001f"#.to_owned() + "\u{7f}\u{80}é😀" + r#"\u2028\u2029\u2028x\"\\/<>&'""#;

        assert_eq!(rendered(&text.into()), escaped);
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        assert_eq!(rendered(&serde_json::json!([1.5, 100.0, 1e16, 1e-7, -0.0])), "[1.5,100.0,1e+16,1e-07,-0.0]");
    }

    #[test]
    fn json_is_laid_out_as_python_lays_it_out() {
        let cases = [
            ("{}", "{}"),
            ("[[]]", "[\n  []\n]"),
            ("[{},1]", "[\n  {},\n  1\n]"),
            (
                r#"{"b":1,"a":[1,{"c":{}}]}"#,
                "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    {\n      \"c\": {}\n    }\n  ]\n}",
            ),
            (r#"["x,y:{}[]\"\\","\\\"","{"]"#, "[\n  \"x,y:{}[]\\\"\\\\\",\n  \"\\\\\\\"\",\n  \"{\"\n]"),
            (r#""{""#, r#""{""#),
        ];
        for (compact, pretty) in cases {
            assert_eq!(String::from_utf8_lossy(&pretty_json(compact.as_bytes(), 2)), pretty);
        }
        assert_eq!(pretty_json(b"[1]", 8), b"[\n        1\n]");
    }
}
