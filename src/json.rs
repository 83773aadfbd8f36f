//! JSON as REST framework's `JSONRenderer` writes it: compact, UTF-8, and safe inside JavaScript.

use serde::Serialize;

/// `value` as JSON.
///
/// U+2028 and U+2029 are escaped, as REST framework does: JavaScript once took them for ends of lines.
pub(crate) fn render(value: &impl Serialize) -> Vec<u8> {
    match serde_json::to_string(value) {
        Ok(text) if text.contains(['\u{2028}', '\u{2029}']) => {
            text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").into_bytes()
        }
        Ok(text) => text.into_bytes(),
        Err(error) => {
            // Only maps with keys that are no text can fail, and no type of ours is one.
            log::error!("an answer could not be written as JSON: {error}");
            b"null".to_vec()
        }
    }
}
