//! The limits of JSON that is read, and the words for what is wrong with it.

use serde_json::error::Category;

use super::BodyError;

/// How deep lists and objects may nest: where CPython gives up, less what Django's own calls take.
const MAX_DEPTH: usize = 945;

/// CPython reads no integer of more digits.
const MAX_DIGITS: usize = 4300;

/// Looks for too deep a nesting and too long an integer, without judging the rest.
pub(super) fn check_limits(text: &str) -> Result<(), BodyError> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        let end = match byte {
            b'"' => string_end(bytes, at),
            b'-' | b'0'..=b'9' => number_end(bytes, at),
            _ => at + 1,
        };
        match byte {
            b'[' | b'{' if depth == MAX_DEPTH => return Err(wrong("Nested more than 945 levels deep", text, at)),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' if is_too_long(&text[at..end]) => {
                return Err(wrong("Integer of more than 4300 digits", text, at));
            }
            _ => {}
        }
        at = end;
    }
    Ok(())
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn number_end(bytes: &[u8], start: usize) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = bytes[start..].iter().take_while(|byte| is_part(byte)).count();
    start + length
}

/// Whether a valid number is one of Python's `int`s.
pub(super) fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

fn is_too_long(number: &str) -> bool {
    is_integer(number) && number.trim_start_matches('-').len() > MAX_DIGITS
}

/// serde_json's `error` in our words.
pub(super) fn syntax_error(text: &str, error: &serde_json::Error) -> BodyError {
    let line_start = match error.line().checked_sub(2) {
        Some(breaks) => text.match_indices('\n').nth(breaks).map_or(0, |(at, _)| at + 1),
        None => 0,
    };
    let at = char_start(text, (line_start + error.column()).saturating_sub(1));
    if let Some(name) = not_finite(text, at) {
        let detail = format!("JSON parse error - Out of range float values are not JSON compliant: '{name}'");
        return BodyError::Malformed(detail);
    }
    match error.classify() {
        Category::Eof => wrong("The text ends too early", text, text.len()),
        Category::Syntax | Category::Data | Category::Io => wrong("Not valid JSON", text, at),
    }
}

fn char_start(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Python's constants, which JSON does not have.
fn not_finite(text: &str, at: usize) -> Option<&'static str> {
    let (before, rest) = text.split_at_checked(at)?;
    match () {
        () if rest.starts_with("NaN") => Some("NaN"),
        () if rest.starts_with("Infinity") && before.ends_with('-') => Some("-Infinity"),
        () if rest.starts_with("Infinity") => Some("Infinity"),
        () => None,
    }
}

/// Says `what` is wrong and where, in lines and characters from 1.
pub(super) fn wrong(what: &str, text: &str, at: usize) -> BodyError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    BodyError::Malformed(format!("JSON parse error - {what}: line {line} column {column}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::charset::Charset;
    use super::super::json::parse;

    fn error(body: &[u8]) -> String {
        parse(body, Charset::Utf8).map_or_else(|error| error.to_string(), |data| format!("{data:?}"))
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases: [(&[u8], &str); 17] = [
            (b" ", "The text ends too early: line 1 column 2"),
            (b"{", "The text ends too early: line 1 column 2"),
            (b"{\"a\":\"b", "The text ends too early: line 1 column 8"),
            (b"{\"a\":1,}", "Not valid JSON: line 1 column 8"),
            (b"{'a':1}", "Not valid JSON: line 1 column 2"),
            (b"{} x", "Not valid JSON: line 1 column 4"),
            (b"01", "Not valid JSON: line 1 column 2"),
            (b"[1,\n \"\xc3\xa9\" 2]", "Not valid JSON: line 2 column 6"),
            (b"[\n\n]\n]", "Not valid JSON: line 4 column 1"),
            (b"\xc2\xa0{}", "Not valid JSON: line 1 column 1"),
            (b"\xef\xbb\xbf{}", "Unexpected byte order mark: line 1 column 1"),
            (b"{\"\xc3\xa9\":\"\xff\"}", "Not text in its charset: line 1 column 7"),
            (b"{}\xc3", "Not text in its charset: line 1 column 3"),
            (b"{\"a\":NaN}", "Out of range float values are not JSON compliant: 'NaN'"),
            (b"[Infinity]", "Out of range float values are not JSON compliant: 'Infinity'"),
            (b"-Infinity", "Out of range float values are not JSON compliant: '-Infinity'"),
            (b"-Infinit", "Not valid JSON: line 1 column 2"),
        ];
        for (body, detail) in cases {
            assert_eq!(error(body), format!("JSON parse error - {detail}"), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn integers_have_at_most_4300_digits() {
        let (longest, longer) = ("9".repeat(4300), "9".repeat(4301));

        assert_eq!(error(format!("-{longest}").as_bytes()), "NotAMapping(\"int\")");
        assert_eq!(error(format!("{longer}.0").as_bytes()), "NotAMapping(\"float\")");
        let detail = "JSON parse error - Integer of more than 4300 digits: line 1 column 7";
        assert_eq!(error(format!("{{\"x\":[{longer}]}}").as_bytes()), detail);
    }

    #[test]
    fn nesting_stops_at_945_levels_and_takes_no_stack() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let detail = "JSON parse error - Nested more than 945 levels deep: line 1 column 946";

        let started = Instant::now();
        assert_eq!(error(nested(945).as_bytes()), "NotAMapping(\"list\")");
        assert_eq!(error(nested(946).as_bytes()), detail);
        assert_eq!(error(nested(100_000).as_bytes()), detail);
        assert!(started.elapsed() < Duration::from_millis(500));
    }
}
