//! `multipart/form-data` as Django's `MultiPartParser` reads it.
//!
//! What a part says is `part`'s business.

use super::charset::Charset;
use super::part::{Part, find};
use super::{BodyError, Fields, MAX_FIELDS, Text, Value};
use crate::http::media_type::MediaType;

/// Django's `DATA_UPLOAD_MAX_NUMBER_FILES`.
const MAX_FILES: usize = 100;

/// The longest boundary that Django takes.
const MAX_BOUNDARY: usize = 201;

/// The boundary that the `Content-Type` names; `header` is all of it.
///
/// # Errors
/// When it names none that can be used.
pub(super) fn boundary<'m>(header: &str, media_type: &'m MediaType) -> Result<&'m str, BodyError> {
    // Matched exactly here, though in any case where the parser is chosen.
    if !header.starts_with("multipart/") {
        return Err(wrong(&format!("Invalid Content-Type: {header}")));
    }
    if !header.is_ascii() {
        return Err(wrong(&format!("Invalid non-ASCII Content-Type in multipart: {header}")));
    }
    let boundary = media_type.parameter("boundary");
    let is_sound = |text: &&str| {
        (1..=MAX_BOUNDARY).contains(&text.len())
            && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            && !text.ends_with(' ')
    };
    boundary
        .filter(is_sound)
        .ok_or_else(|| wrong(&format!("Invalid boundary in multipart: {}", boundary.unwrap_or("None"))))
}

/// Reads `body`, whose parts are separated by `boundary` and are in `charset`.
///
/// # Errors
/// When a part's headers are too long, a file is not in the base64 it says, or there are too many parts.
pub(super) fn parse(body: &[u8], boundary: &str, charset: Charset) -> Result<Fields, BodyError> {
    let (mut fields, mut files) = (Fields::default(), Vec::new());
    let (mut field_count, mut file_count) = (0, 0);
    let mut parts = Parts { rest: body, delimiter: format!("--{boundary}").into_bytes() };
    while let Some(bytes) = parts.next() {
        let part = Part::read(bytes)?;
        if !part.is_file() {
            // Django counts what stands before and after the parts as well.
            field_count += 1;
            within(field_count, MAX_FIELDS + 2, BodyError::TooManyFields)?;
        }
        let Some(name) = part.name(charset) else { continue };
        if !part.is_file() {
            fields.push(name, Value::Text(Text::from(part.text(charset))));
            continue;
        }
        file_count += 1;
        within(file_count, MAX_FILES, BodyError::TooManyFiles)?;
        // Django completes a file when the next part begins, and asks for its field's name then.
        if let Some(file_name) = part.file_name(charset) {
            part.check_file()?;
            if !name.is_empty() && !parts.rest.is_empty() {
                files.push((name, file_name));
            }
        }
    }
    // A file wins over the text of the same name, whichever came last.
    files.into_iter().for_each(|(name, file_name)| fields.push(name, Value::File(file_name)));
    Ok(fields)
}

fn within(count: usize, limit: usize, error: BodyError) -> Result<(), BodyError> {
    if count > limit { Err(error) } else { Ok(()) }
}

/// What stands between the delimiters, wherever in a line they are, without the line break before each.
struct Parts<'b> {
    rest: &'b [u8],
    delimiter: Vec<u8>,
}

impl<'b> Iterator for Parts<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(at) = find(self.rest, &self.delimiter) else { return Some(std::mem::take(&mut self.rest)) };
        let part = &self.rest[..at];
        self.rest = &self.rest[at + self.delimiter.len()..];
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        Some(part.strip_suffix(b"\r").unwrap_or(part))
    }
}

/// The parser's error, in Django's words.
pub(super) fn wrong(what: &str) -> BodyError {
    BodyError::Malformed(format!("Multipart form parse error - {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::{BodyError, Charset, Parser, Text, Value, parse as parse_body};
    use super::parse;

    const DISPOSITION: &str = "Content-Disposition: form-data; name=\"a\"";

    /// The field `a` of a form whose first part has these headers and this content.
    fn field(headers: &str, content: &str) -> Result<Option<Value>, BodyError> {
        read(format!("--b\r\n{headers}\r\n\r\n{content}\r\n--b\r\n{DISPOSITION}2\r\n\r\nx\r\n--b--\r\n").as_bytes())
    }

    fn read(body: &[u8]) -> Result<Option<Value>, BodyError> {
        parse(body, "b", Charset::Utf8).map(|fields| fields.get("a").cloned())
    }

    fn text(text: &str) -> Result<Option<Value>, BodyError> {
        Ok(Some(Value::Text(Text::from(text))))
    }

    #[test]
    fn a_field_is_named_by_its_disposition() {
        let named = [
            DISPOSITION,
            "content-disposition:form-data;name=a",
            "Content-Disposition: form-data; NAME=\" a\t\"",
            "Content-Disposition: x=y; z=\"a;b\"; name=\"a\"",
            "Content-Disposition: form-data; name*=utf-8''%61",
            "Content-Disposition: form-data; name=\"b\"; filename=\"f\"\r\nContent-Disposition: form-data; name=\"a\"",
            "junk\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=latin-1",
        ];
        for headers in named {
            assert_eq!(field(headers, "é "), text("é "), "{headers}");
        }
        let nameless = [
            "Content-Type: text/plain",
            "Content-Disposition : form-data; name=\"a\"",
            "Content-Disposition: form-data, name=a",
            "Content-Disposition: form-data; name*=bogus''a",
            "Content-Disposition: form-data; name*=x; name*0=a",
            "Content-Disposition: form-data; name=\"A\"",
        ];
        for headers in nameless {
            assert_eq!(field(headers, "v"), Ok(None), "{headers}");
        }
    }

    #[test]
    fn a_delimiter_counts_wherever_it_stands() {
        let head = format!("--b\r\n{DISPOSITION}\r\n\r\n");
        let cases = [
            (format!("{head}v\r\n--b--\r\n"), Some("v")),
            (format!("{head}v\n--b"), Some("v")),
            (format!("{head}v\r--b"), Some("v")),
            (format!("{head}v\r\n\r\n--b"), Some("v\r\n")),
            (format!("{head}v--bc"), Some("v")),
            (format!("{head}v"), Some("v")),
            (format!("{head}v\r\n-"), Some("v\r\n-")),
            (format!("preamble{head}\r\n--b--epilogue"), Some("")),
            (head.replace("\r\n", "\n") + "v\n--b--\n", None),
            (format!("{DISPOSITION}\r\n\r\nv"), Some("v")),
            ("x".repeat(1023), None),
        ];
        for (body, value) in cases {
            assert_eq!(read(body.as_bytes()), value.map_or(Ok(None), text), "{body}");
        }
    }

    #[test]
    fn only_base64_is_decoded() {
        let encoded = |encoding: &str| format!("{DISPOSITION}\r\nContent-Transfer-Encoding: {encoding}");
        let cases = [
            ("base64", "YWxp\r\nY2U=", "alice"),
            ("BASE64 ", "YQ==YQ==", "a"),
            ("base64", "YQ", "YQ"),
            ("base64; x=y", "YQ==", "a"),
            ("base64", "/w==", "\u{fffd}"),
            ("quoted-printable", "=41", "=41"),
        ];
        for (encoding, content, value) in cases {
            assert_eq!(field(&encoded(encoding), content), text(value), "{encoding} {content}");
        }
    }

    #[test]
    fn a_part_with_a_file_name_is_a_file() {
        let file = |name: &str| field(&format!("{DISPOSITION}; filename=\"{name}\""), "v");
        for (name, kept) in [("f", "f"), ("x/y\\f", "f"), (" ", " "), ("a\u{1}\u{a0}b", "ab")] {
            assert_eq!(file(name), Ok(Some(Value::File(kept.to_owned()))), "{name:?}");
        }
        for name in [".", "..", "a/", "\u{1}"] {
            assert_eq!(file(name), Ok(None), "{name:?}");
        }
        assert_eq!(file(""), text("v"));
    }

    #[test]
    fn a_file_wins_over_text_once_another_part_has_begun() {
        let file = format!("--b\r\n{DISPOSITION}; filename=\"f\"\r\n\r\nv\r\n");
        let field = format!("--b\r\n{DISPOSITION}\r\n\r\nv\r\n");

        assert_eq!(read(format!("{file}{field}--b--").as_bytes()), Ok(Some(Value::File("f".to_owned()))));
        assert_eq!(read(format!("{field}{file}--b").as_bytes()), text("v"));
    }

    #[test]
    fn what_is_too_long_or_broken_is_refused() {
        let malformed = |what: &str| Err(BodyError::Malformed(format!("Multipart form parse error - {what}")));
        let fields = |count| format!("--b\r\n{DISPOSITION}\r\n\r\nv\r\n").repeat(count) + "--b--\r\n";
        let files = |count| format!("--b\r\n{DISPOSITION}; filename=\"f\"\r\n\r\nv\r\n").repeat(count) + "--b--\r\n";
        let broken = format!("{DISPOSITION}; filename=\"f\"\r\nContent-Transfer-Encoding: base64");

        assert_eq!(read("x".repeat(1024).as_bytes()), malformed("Request max total header size exceeded."));
        assert_eq!(field(&broken, "YQ"), malformed("Could not decode base64 data."));
        assert_eq!(read(fields(1000).as_bytes()), text("v"));
        assert_eq!(read(fields(1001).as_bytes()), Err(BodyError::TooManyFields));
        assert_eq!(read(files(100).as_bytes()), Ok(Some(Value::File("f".to_owned()))));
        assert_eq!(read(files(101).as_bytes()), Err(BodyError::TooManyFiles));
    }

    #[test]
    fn a_boundary_is_wanted() {
        let (long, longer) = ("b".repeat(201), "b".repeat(202));
        let cases = [
            ("multipart/form-data".to_owned(), "Invalid boundary in multipart: None".to_owned()),
            ("multipart/form-data; boundary=".to_owned(), "Invalid boundary in multipart: ".to_owned()),
            ("multipart/form-data; boundary=\"b \"".to_owned(), "Invalid boundary in multipart: b ".to_owned()),
            ("multipart/form-data; boundary=b\tc".to_owned(), "Invalid boundary in multipart: b\tc".to_owned()),
            (format!("multipart/form-data; boundary={longer}"), format!("Invalid boundary in multipart: {longer}")),
            (
                "Multipart/Form-Data; boundary=b".to_owned(),
                "Invalid Content-Type: Multipart/Form-Data; boundary=b".to_owned(),
            ),
        ];
        for (content_type, what) in cases {
            let detail = BodyError::Malformed(format!("Multipart form parse error - {what}"));
            assert_eq!(parse_body(Some(content_type.as_bytes()), b"x", &[Parser::Multipart]), Err(detail));
        }
        let sound = format!("multipart/form-data; boundary={long}");
        assert!(parse_body(Some(sound.as_bytes()), b"x", &[Parser::Multipart]).is_ok());
        let foreign = parse_body(Some(b"multipart/form-data; boundary=b\xe9"), b"x", &[Parser::Multipart]);
        let what = "Invalid non-ASCII Content-Type in multipart: multipart/form-data; boundary=b\u{e9}";
        assert_eq!(foreign, Err(BodyError::Malformed(format!("Multipart form parse error - {what}"))));
    }
}
