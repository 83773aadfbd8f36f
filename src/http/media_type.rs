//! `type/subtype; name=value` as Django reads it, which is by the rules of Python's e-mail package.
//!
//! The same reading serves `Content-Type`, `Accept` and the headers of a multipart part.

use crate::http::body::charset::Charset;
use crate::http::body::label::Label;
use crate::python::{int, strip};

/// A media type, or another header value of that shape, with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MediaType {
    full: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads `line`; `None` when a parameter cannot be decoded (RFC 2231), where Django raises.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        // Without a parameter nothing is taken apart, so that `a=b` stays whole.
        if !line.contains(';') {
            return Some(Self { full: strip(line).to_lowercase(), parameters: Vec::new() });
        }
        let mut pieces = pieces(line).into_iter();
        let full = pieces.next().map(|(name, _)| name.to_lowercase()).unwrap_or_default();
        Some(Self { full, parameters: decode_parameters(pieces)? })
    }

    /// Reads `line`; what cannot be decoded matches nothing.
    pub(crate) fn parse_or_nothing(line: &str) -> Self {
        Self::parse(line).unwrap_or_default()
    }

    /// What stands before the parameters, in lower case.
    pub(crate) fn full(&self) -> &str {
        &self.full
    }

    /// The value of the parameter called `name`.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The parameter called `name` as Python's `int` reads it.
    pub(crate) fn int_parameter(&self, name: &str) -> Option<i64> {
        self.parameter(name).and_then(int)
    }

    /// All parameters in the order they were given.
    pub(crate) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// Whether this type and `other` meet, where `*` on either side stands for anything. Parameters do not count.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        let (own_main, own_sub) = self.halves();
        let (main, sub) = other.halves();
        let meet = |own: &str, its: &str| own == "*" || its == "*" || own == its;
        meet(own_main, main) && meet(own_sub, sub)
    }

    /// How much it pins down: 0 for `*/*`, 1 for `type/*`, 2 for `type/subtype`, 3 with a parameter other than `q`.
    pub(crate) fn specificity(&self) -> usize {
        match self.halves() {
            ("*", _) => 0,
            (_, "*") => 1,
            _ if self.parameters.iter().all(|(name, _)| name == "q") => 2,
            _ => 3,
        }
    }

    fn halves(&self) -> (&str, &str) {
        self.full.split_once('/').unwrap_or((&self.full, ""))
    }
}

/// Header bytes as WSGI hands them to Django: one character a byte.
pub(crate) fn header_text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Splits at each `;` outside quotes into names and raw values; a piece without `=` has an empty value.
fn pieces(line: &str) -> Vec<(String, &str)> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut previous) = (0, false, ';');
    for (at, character) in line.char_indices() {
        match character {
            '"' if previous != '\\' => quoted = !quoted,
            ';' if !quoted => {
                pieces.push(name_and_value(&line[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        previous = character;
    }
    pieces.push(name_and_value(&line[start..]));
    pieces
}

fn name_and_value(piece: &str) -> (String, &str) {
    match piece.split_once('=') {
        Some((name, value)) => (strip(name).to_lowercase(), strip(value)),
        None => (strip(piece).to_owned(), ""),
    }
}

/// One segment of a parameter that RFC 2231 splits over several names; ordered as Python orders its tuples.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Segment {
    number: Option<u64>,
    value: String,
    encoded: bool,
}

fn decode_parameters<'l>(pieces: impl Iterator<Item = (String, &'l str)>) -> Option<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    let mut split: Vec<(String, Vec<Segment>)> = Vec::new();
    for (name, value) in pieces {
        let value = unquote(value);
        match continuation(&name) {
            Some((base, number)) => {
                let segment = Segment { number, value, encoded: name.ends_with('*') };
                match split.iter_mut().find(|(known, _)| known == base) {
                    Some((_, segments)) => segments.push(segment),
                    None => split.push((base.to_owned(), vec![segment])),
                }
            }
            None => put(&mut parameters, name, value),
        }
    }
    for (name, segments) in split {
        put(&mut parameters, name, join(segments)?);
    }
    Some(parameters)
}

/// The last of equal names wins, in the first one's place.
fn put(parameters: &mut Vec<(String, String)>, name: String, value: String) {
    match parameters.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = value,
        None if name.is_empty() => {}
        None => parameters.push((name, value)),
    }
}

/// `name*`, `name*0` and `name*0*` are segments of `name`.
fn continuation(name: &str) -> Option<(&str, Option<u64>)> {
    let (base, rest) = name.split_once('*')?;
    if base.is_empty() || !base.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
        return None;
    }
    if rest.is_empty() {
        return Some((base, None));
    }
    let digits = rest.strip_suffix('*').unwrap_or(rest);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (base, Some(digits.parse().unwrap_or(u64::MAX))))
}

fn join(mut segments: Vec<Segment>) -> Option<String> {
    // Python cannot order a numbered segment and one without a number.
    let numbered = segments.iter().filter(|segment| segment.number.is_some()).count();
    if numbered != 0 && numbered != segments.len() {
        return None;
    }
    segments.sort();
    let extended = segments.iter().any(|segment| segment.encoded);
    let text: String = segments.into_iter().map(decode_segment).collect();
    if extended { decode_extended(&text) } else { Some(text) }
}

fn decode_segment(segment: Segment) -> String {
    if segment.encoded { Charset::Latin1.percent_decode(&segment.value) } else { segment.value }
}

/// `charset'language'text`; without the quotes the text is ASCII.
fn decode_extended(joined: &str) -> Option<String> {
    let mut parts = joined.splitn(3, '\'');
    let (charset, text) = match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(text)) => (charset, text),
        _ => ("us-ascii", joined),
    };
    match Label::read(charset) {
        Label::Known(charset) => Some(decode_bytes(charset, text)),
        Label::Unknown if !charset.is_empty() => None,
        Label::Unknown | Label::Unsupported => Some(unquote(text)),
    }
}

fn decode_bytes(charset: Charset, text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            code @ 0..=0xff => bytes.extend(u8::try_from(code)),
            code @ 0x100..=0xffff => bytes.extend(format!("\\u{code:04x}").into_bytes()),
            code => bytes.extend(format!("\\U{code:08x}").into_bytes()),
        }
    }
    charset.decode_lossy(&bytes)
}

/// Takes away a pair of `"…"`, with the backslashes inside, or of `<…>`.
fn unquote(value: &str) -> String {
    let within = |open, close| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    match (within('"', '"'), within('<', '>')) {
        (Some(quoted), _) => quoted.replace("\\\\", "\\").replace("\\\"", "\""),
        (_, Some(bracketed)) => bracketed.to_owned(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::MediaType;

    fn parameter(line: &str, name: &str) -> Option<String> {
        MediaType::parse(line).and_then(|media_type| media_type.parameter(name).map(str::to_owned))
    }

    #[test]
    fn parameters_are_read_as_python_reads_them() {
        let cases = [
            ("a/b; X = y ", Some("y")),
            ("a/b; x=\"y;z\"", Some("y;z")),
            (r#"a/b; x="y\"\\z""#, Some("y\"\\z")),
            ("a/b; x=<y>", Some("y")),
            ("a/b; x=\"y", Some("\"y")),
            ("a/b; x", Some("")),
            ("a/b; X", None),
            ("a/b; x=1; x=2", Some("2")),
            ("a/b; x=y=z", Some("y=z")),
            ("a/b; y=\"; x=z", None),
            ("a/b; x*=utf-8''%C3%A9", Some("é")),
            ("a/b; x*=utf-8'y", Some("utf-8'y")),
            ("a/b; x*=''\"y\"", Some("y")),
            ("a/b; x*1=b; x*0=a", Some("ab")),
            ("a/b; x*0*=latin-1''%E9; x*1=%E9", Some("é%E9")),
            ("a/b; x*=base64''eQ", Some("eQ")),
            ("a/b; x*a=y", None),
            ("a/b; x*=bogus''y", None),
            ("a/b; x*=y; x*0=z", None),
        ];
        for (line, value) in cases {
            assert_eq!(parameter(line, "x").as_deref(), value, "{line}");
        }
    }

    #[test]
    fn wildcards_meet_what_they_stand_for() {
        let json = MediaType::parse_or_nothing("application/json");
        for (text, meets, specificity) in [
            ("*/*", true, 0),
            ("*/json", true, 0),
            ("*", false, 0),
            ("application/*;q=1", true, 1),
            ("APPLICATION/JSON", true, 2),
            ("application/json;q=1", true, 2),
            ("application/json;v=1", true, 3),
            ("application/json/x", false, 2),
            ("text/json", false, 2),
            ("", false, 2),
        ] {
            let other = MediaType::parse_or_nothing(text);
            assert_eq!((json.matches(&other), other.specificity()), (meets, specificity), "{text}");
        }
    }
}
