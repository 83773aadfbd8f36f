//! One part of a multipart form: its headers and its content.

use super::BodyError;
use super::base64::{a2b_base64, is_file_base64};
use super::charset::Charset;
use super::multipart::wrong;
use crate::http::media_type::MediaType;
use crate::python::{is_space, strip};

/// A part's headers end within this many bytes.
const MAX_HEADERS: usize = 1024;

/// A part, as far as its headers tell what it is.
#[derive(Default)]
pub(super) struct Part<'b> {
    disposition: Option<MediaType>,
    transfer_encoding: String,
    content: &'b [u8],
}

impl<'b> Part<'b> {
    /// Reads the headers of a part.
    ///
    /// # Errors
    /// When they do not end in time.
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, BodyError> {
        let window = bytes.get(..MAX_HEADERS).unwrap_or(bytes);
        let mut part = Self::default();
        let Some(end) = find(window, b"\r\n\r\n") else {
            let is_longer = window.len() == MAX_HEADERS;
            return if is_longer { Err(wrong("Request max total header size exceeded.")) } else { Ok(part) };
        };
        part.content = &bytes[end + 4..];
        let mut headers = &bytes[..end];
        while let Some(line_end) = find(headers, b"\r\n") {
            part.read_header(&headers[..line_end]);
            headers = &headers[line_end + 2..];
        }
        part.read_header(headers);
        Ok(part)
    }

    /// Takes note of a header; a line that is none is passed over.
    fn read_header(&mut self, line: &[u8]) {
        let Some(header) = str::from_utf8(line).ok().and_then(MediaType::parse) else { return };
        match header.full().split_once(':') {
            Some(("content-disposition", _)) => self.disposition = Some(header),
            Some(("content-transfer-encoding", value)) => self.transfer_encoding = strip(value).to_owned(),
            _ => {}
        }
    }

    /// Whether the part has the name of a file.
    pub(super) fn is_file(&self) -> bool {
        self.parameter("filename").is_some_and(|name| !name.is_empty())
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.disposition.as_ref()?.parameter(name)
    }

    /// The name of the part's field.
    pub(super) fn name(&self, charset: Charset) -> Option<String> {
        let name = self.parameter("name")?;
        Some(charset.decode_lossy(name.as_bytes().trim_ascii()))
    }

    /// The content as text. No transfer encoding but base64 counts, and base64 that is broken is text.
    pub(super) fn text(&self, charset: Charset) -> String {
        let decoded = if self.is_base64() { a2b_base64(self.content) } else { None };
        charset.decode_lossy(decoded.as_deref().unwrap_or(self.content))
    }

    fn is_base64(&self) -> bool {
        self.transfer_encoding == "base64"
    }

    /// What is left of the file's name without its folders and what cannot be printed; `None` when that is no name.
    // Django resolves HTML's character references in it first, which could only make a name of a file's empty.
    pub(super) fn file_name(&self, charset: Charset) -> Option<String> {
        let name = charset.decode_lossy(self.parameter("filename")?.as_bytes());
        let base = name.rsplit(['/', '\\']).next()?;
        let printable: String = base.chars().filter(|c| *c == ' ' || !(c.is_control() || is_space(*c))).collect();
        Some(printable).filter(|name| !matches!(name.as_str(), "" | "." | ".."))
    }

    /// Looks whether a file is in the base64 that it says.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn check_file(&self) -> Result<(), BodyError> {
        let is_sound = !self.is_base64() || is_file_base64(self.content);
        if is_sound { Ok(()) } else { Err(wrong("Could not decode base64 data.")) }
    }
}

/// Where `what` begins in `bytes`.
pub(super) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
