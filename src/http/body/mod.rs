//! What a request's body says: REST framework's `request.data`, from a form, a multipart form or JSON.
//!
//! What a view wants of a field is `field`'s business; the answer's media type is `negotiation`'s.

mod base64;
pub(crate) mod charset;
mod data;
pub(crate) mod field;
mod form;
mod json;
mod json_check;
pub(crate) mod label;
mod multipart;
mod part;

use charset::Charset;
use label::Label;
use thiserror::Error;

pub(crate) use self::data::{Data, Fields, Text, Value};
use crate::http::media_type::{MediaType, header_text};

/// Django's `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
const MAX_FIELDS: usize = 1000;

/// REST framework reads no `Content-Type` that is longer.
const MAX_CONTENT_TYPE: usize = 256;

/// One of REST framework's parsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parser {
    /// `FormParser`: `application/x-www-form-urlencoded`.
    Form,
    /// `MultiPartParser`: `multipart/form-data`.
    Multipart,
    /// `JSONParser`: `application/json`.
    Json,
}

impl Parser {
    /// The media type that this parser reads.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Multipart => "multipart/form-data",
            Self::Json => "application/json",
        }
    }
}

/// Why a body cannot be read. The text of each is the answer's `detail`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum BodyError {
    /// When no parser reads this `Content-Type`: status 415.
    #[error("Unsupported media type \"{0}\" in request.")]
    UnsupportedMediaType(String),
    /// When the body is not what its `Content-Type` says: status 400.
    #[error("{0}")]
    Malformed(String),
    /// When a form has more than 1000 fields: status 400.
    // Django answers these two in HTML, and before the view can.
    #[error("The request has too many fields.")]
    TooManyFields,
    /// When a form has more than 100 files: status 400.
    #[error("The request has too many files.")]
    TooManyFiles,
}

/// Reads `body` with the first of `parsers` that takes its `content_type`.
///
/// An empty body is an empty form, whatever its type.
///
/// # Errors
/// When no parser takes the type, or the one that does finds the body wrong.
pub(crate) fn parse(content_type: Option<&[u8]>, body: &[u8], parsers: &[Parser]) -> Result<Data, BodyError> {
    if body.is_empty() {
        return Ok(Data::Fields(Fields::default()));
    }
    let header = header_text(content_type.unwrap_or_default());
    let media_type = MediaType::parse_or_nothing(&header);
    match select(content_type, parsers)? {
        Parser::Form => form::parse(body, charset(&media_type)?).map(Data::Fields),
        Parser::Multipart => {
            let charset = charset(&media_type)?;
            let boundary = multipart::boundary(&header, &media_type)?;
            multipart::parse(body, boundary, charset).map(Data::Fields)
        }
        Parser::Json => json::parse(body, charset(&media_type)?),
    }
}

/// The first of `parsers` that takes this `content_type`.
///
/// # Errors
/// When none does.
pub(crate) fn select(content_type: Option<&[u8]>, parsers: &[Parser]) -> Result<Parser, BodyError> {
    let content_type = content_type.unwrap_or_default();
    let header = header_text(content_type);
    if content_type.len() > MAX_CONTENT_TYPE {
        return Err(BodyError::UnsupportedMediaType(header));
    }
    let media_type = MediaType::parse_or_nothing(&header);
    let takes = |parser: &&Parser| MediaType::parse_or_nothing(parser.media_type()).matches(&media_type);
    parsers.iter().find(takes).copied().ok_or(BodyError::UnsupportedMediaType(header))
}

/// The charset that the `Content-Type` names; UTF-8 where it names none or one that nobody knows.
fn charset(media_type: &MediaType) -> Result<Charset, BodyError> {
    let Some(name) = media_type.parameter("charset") else { return Ok(Charset::Utf8) };
    match Label::read(name) {
        Label::Known(charset) => Ok(charset),
        Label::Unknown => Ok(Charset::Utf8),
        // REST framework decodes a few more charsets, of which nobody sends JSON or a form. They are refused rather
        // than read as UTF-8, since that would alter a password.
        Label::Unsupported => {
            Err(BodyError::Malformed(format!("Unsupported charset \"{name}\" in request Content-Type header.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyError, Data, Parser, parse};

    const LOGIN: [Parser; 3] = [Parser::Form, Parser::Multipart, Parser::Json];
    const JSON_FIRST: [Parser; 3] = [Parser::Json, Parser::Form, Parser::Multipart];

    fn error(content_type: &[u8], body: &[u8]) -> Option<String> {
        parse(Some(content_type), body, &LOGIN).err().map(|error| error.to_string())
    }

    #[test]
    fn an_empty_body_is_an_empty_form_whatever_its_type() {
        for content_type in [None, Some(b"application/xml".as_slice()), Some(b"application/json; charset=base64")] {
            let fields = parse(content_type, b"", &LOGIN).map(|data| data.into_fields().unwrap_or_default());

            assert_eq!(fields.map(|fields| fields.get("username").is_none()), Ok(true), "{content_type:?}");
        }
    }

    #[test]
    fn a_type_that_no_parser_takes_is_echoed() {
        let long = format!("application/json;{}", "x".repeat(240));
        let cases: [(&[u8], &str); 12] = [
            (b"", ""),
            (b"text/plain", "text/plain"),
            (b"Text/Plain; charset=x", "Text/Plain; charset=x"),
            (b"json", "json"),
            (b"*", "*"),
            (b"text/json", "text/json"),
            (b"application/vnd.api+json", "application/vnd.api+json"),
            (b"application/json, text/plain", "application/json, text/plain"),
            (b"text/pl\xe9in", "text/pl\u{e9}in"),
            (b"application/json; a*=bogus''x", "application/json; a*=bogus''x"),
            (b"; application/json", "; application/json"),
            (long.as_bytes(), &long),
        ];
        for (content_type, echo) in cases {
            let refused = Err(BodyError::UnsupportedMediaType(echo.to_owned()));
            assert_eq!(parse(Some(content_type), b"{}", &LOGIN), refused);
        }
        assert_eq!(parse(None, b"{}", &LOGIN), Err(BodyError::UnsupportedMediaType(String::new())));
        assert_eq!(error(b"", b"x").as_deref(), Some("Unsupported media type \"\" in request."));
    }

    #[test]
    fn a_type_is_matched_in_any_case_and_without_its_parameters() {
        let edge = format!("application/json;{}", "x".repeat(239));
        let json: [&[u8]; 7] = [
            b"application/json",
            b"Application/JSON ; charset=bogus",
            b"application/json;",
            b"application/json\xa0",
            b"*/json",
            b"application/json=foo; a=b",
            edge.as_bytes(),
        ];
        for content_type in json {
            assert_eq!(parse(Some(content_type), b"null", &LOGIN), Ok(Data::Null), "{content_type:?}");
        }
    }

    #[test]
    fn a_wildcard_takes_the_first_parser() {
        for content_type in ["*/*", "application/*"] {
            assert_eq!(parse(Some(content_type.as_bytes()), b"null", &JSON_FIRST), Ok(Data::Null));
            assert!(matches!(parse(Some(content_type.as_bytes()), b"null", &LOGIN), Ok(Data::Fields(_))));
        }
    }

    #[test]
    fn a_codec_that_is_no_charset_is_refused() {
        for name in ["base64", "hex", "rot13", "zlib", "bz2", "uu", "quopri", "undefined", "shift_jis"] {
            let content_type = format!("application/json; charset={name}");
            let detail = format!("Unsupported charset \"{name}\" in request Content-Type header.");
            assert_eq!(error(content_type.as_bytes(), b"{}"), Some(detail));
        }
    }
}
