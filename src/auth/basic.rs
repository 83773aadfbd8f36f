//! `BasicAuthentication`: a user name and a password in every request (RFC 7617).

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, TryIntoHeaderValue};
use actix_web_httpauth::headers::www_authenticate::WwwAuthenticate;
use actix_web_httpauth::headers::www_authenticate::basic::Basic;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use futures_util::future::LocalBoxFuture;

use super::ModelBackend;
use super::header;
use super::scheme::{Authenticated, AuthenticationScheme};
use crate::error::{ApiError, AuthenticationError};
use crate::secret::Secret;

/// Recognises a user by name and password: `rest_framework.authentication.BasicAuthentication`.
///
/// Each request hashes the password anew, which costs what a login costs.
pub struct BasicAuthentication {
    backend: ModelBackend,
}

impl BasicAuthentication {
    /// Has `backend` check the passwords.
    pub fn new(backend: ModelBackend) -> Self {
        Self { backend }
    }
}

impl AuthenticationScheme for BasicAuthentication {
    fn authenticate<'r>(
        &'r self,
        request: &'r HttpRequest,
    ) -> LocalBoxFuture<'r, Result<Option<Authenticated>, ApiError>> {
        Box::pin(async move {
            let Some(value) = header::joined(request, &AUTHORIZATION) else { return Ok(None) };
            let Some((username, password)) = credentials(&header::words(&value))? else { return Ok(None) };
            let user = self.backend.authenticate(&self.backend.client(request), &username, &password).await?;
            let user = user.ok_or_else(|| AuthenticationError::failed("Invalid username/password."))?;
            Ok(Some(Authenticated::new(user.user, "basic")))
        })
    }

    fn authenticate_header(&self, _: &HttpRequest) -> Option<HeaderValue> {
        WwwAuthenticate(Basic::with_realm("api")).try_into_value().ok()
    }
}

/// The name and the password; `None` when the header is not for this scheme.
pub(crate) fn credentials(words: &[&[u8]]) -> Result<Option<(String, Secret)>, AuthenticationError> {
    let invalid = |why: &str| AuthenticationError::failed(format!("Invalid basic header. {why}"));
    let encoded = match words {
        [keyword, ..] if !keyword.eq_ignore_ascii_case(b"basic") => return Ok(None),
        [] => return Ok(None),
        [_] => return Err(invalid("No credentials provided.")),
        [_, encoded] => encoded,
        _ => return Err(invalid("Credentials string should not contain spaces.")),
    };
    let pair = decode(encoded).and_then(|decoded| {
        let text = text(decoded);
        let (username, password) = text.split_once(':')?;
        Some((username.to_owned(), Secret::new(password)))
    });
    pair.map(Some).ok_or_else(|| invalid("Credentials not correctly base64 encoded."))
}

/// Base64 as CPython reads it when it is not asked to be strict: other characters are passed over, and nothing after
/// the first complete padding is looked at. Missing padding is an error.
fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(encoded.len());
    let mut padding = 0;
    for &byte in encoded {
        match byte {
            b'=' => {
                padding += 1;
                if digits.len() % 4 >= 2 && digits.len() % 4 + padding >= 4 {
                    return LENIENT.decode(digits).ok();
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                padding = 0;
                digits.push(byte);
            }
            _ => {}
        }
    }
    if digits.len() % 4 == 0 { LENIENT.decode(digits).ok() } else { None }
}

/// Takes the digits without their padding, and with whatever is left over in the last one.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// UTF-8, or else Latin-1, in which every byte is a character.
fn text(decoded: Vec<u8>) -> Cow<'static, str> {
    match String::from_utf8(decoded) {
        Ok(text) => Cow::Owned(text),
        Err(error) => Cow::Owned(error.into_bytes().into_iter().map(char::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::{credentials, decode};
    use crate::error::ApiError;

    fn read(words: &[&[u8]]) -> Result<Option<(String, String)>, String> {
        let pair = credentials(words).map_err(|error| ApiError::from(error).to_string())?;
        Ok(pair.map(|(username, password)| (username, password.expose().to_owned())))
    }

    #[test]
    fn the_name_ends_at_the_first_colon_and_what_is_no_utf_8_is_latin_1() {
        let cases: [(&[u8], &str, &str); 4] = [
            (b"YWxpY2U6cHc=", "alice", "pw"),
            (b"YWxpY2U6cDp3", "alice", "p:w"),
            (b"w6k6w7w=", "\u{e9}", "\u{fc}"),
            (b"6Tr8", "\u{e9}", "\u{fc}"),
        ];
        for (encoded, username, password) in cases {
            for keyword in [b"Basic", b"bASIC"] {
                assert_eq!(read(&[keyword, encoded]), Ok(Some((username.to_owned(), password.to_owned()))));
            }
        }
    }

    // The sentences: BasicAuthentication of REST framework 3.18.
    #[test]
    fn what_is_anothers_is_passed_on_and_what_is_ours_is_complained_of() {
        let anothers: [&[&[u8]]; 4] = [&[], &[b"Token", b"YWxpY2U6cHc="], &[b"Basi"], &[b"Basics", b"a", b"b"]];
        for words in anothers {
            assert_eq!(read(words), Ok(None));
        }
        let ours: [(&[&[u8]], &str); 4] = [
            (&[b"Basic"], "No credentials provided."),
            (&[b"Basic", b"YWxp", b"Y2U6cHc="], "Credentials string should not contain spaces."),
            (&[b"Basic", b"YWxpY2U6cHc"], "Credentials not correctly base64 encoded."),
            (&[b"Basic", b"YWxpY2U="], "Credentials not correctly base64 encoded."),
        ];
        for (words, why) in ours {
            assert_eq!(read(words), Err(format!("Invalid basic header. {why}")));
        }
    }

    #[test]
    fn base64_is_read_as_cpython_reads_it() {
        // Expected values: base64.b64decode of CPython 3.11.
        let cases: [(&[u8], Option<&[u8]>); 20] = [
            (b"YWxpY2U6cHc=", Some(b"alice:pw")),
            (b"@YWx*pY2U6cHc=", Some(b"alice:pw")),
            (b"YWxpY2U6cHc=AAAA", Some(b"alice:pw")),
            (b"YWxpY2U6cHc===", Some(b"alice:pw")),
            (b"YWxpY2U6cHc", None),
            (b"abc", None),
            (b"a", None),
            (b"!!!!", Some(b"")),
            (b"-_-_", Some(b"")),
            (b"", Some(b"")),
            (b"====", Some(b"")),
            (b"YQ==", Some(b"a")),
            (b"YR==", Some(b"a")),
            (b"Y=Q=YWE=", None),
            (b"YQ=x=", Some(b"a\x0c")),
            (b"YQ=QQ=", Some(b"a\x04\x10")),
            (b"Y=WE=", Some(b"aa")),
            (b"=YWE=", Some(b"aa")),
            (b"YWFh=YWE=", Some(b"aaaaa")),
            (b"YQ=Q", None),
        ];
        for (encoded, decoded) in cases {
            assert_eq!(decode(encoded).as_deref(), decoded, "{}", String::from_utf8_lossy(encoded));
        }
    }
}
