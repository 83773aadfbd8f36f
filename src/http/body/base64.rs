//! Base64 as lenient as Python's `binascii.a2b_base64`.

/// The bytes that `text` stands for; `None` where Python finds its padding wrong.
///
/// What is not in the alphabet is passed over, and reading stops when a group's padding is complete.
pub(super) fn a2b_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut length, mut padding) = (0_u32, 0, 0);
    for byte in text {
        if *byte == b'=' {
            padding += u32::from(length >= 2);
            if length >= 2 && length + padding >= 4 {
                return Some(bytes);
            }
        }
        let Some(digit) = digit(*byte) else { continue };
        group = group << 6 | digit;
        padding = 0;
        length = (length + 1) % 4;
        if length != 1 {
            // 6 bits of every digit after the first fill a byte and leave 4, 2 or none.
            let left = if length == 0 { 0 } else { 6 - 2 * (length - 1) };
            bytes.push(u8::try_from(group >> left & 0xff).ok()?);
        }
    }
    (length == 0).then_some(bytes)
}

fn digit(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// Whether Django can decode `content` of a file: a multiple of 4 characters besides white space.
pub(super) fn is_file_base64(content: &[u8]) -> bool {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let characters: Vec<u8> = content.iter().copied().filter(|byte| !is_space(byte)).collect();
    characters.len().is_multiple_of(4) && a2b_base64(&characters).is_some()
}

#[cfg(test)]
mod tests {
    use super::{a2b_base64, is_file_base64};

    #[test]
    fn base64_is_decoded_as_python_decodes_it() {
        let cases: [(&str, Option<&str>); 14] = [
            ("", Some("")),
            ("YWxpY2U=", Some("alice")),
            ("YWxpY2Ux", Some("alice1")),
            ("YWxp\r\nY2U=", Some("alice")),
            ("YW!xp*Y2U=", Some("alice")),
            ("YQ==YQ==", Some("a")),
            ("YQ=", None),
            ("YQ", None),
            ("Y", None),
            ("YQ=x=", Some("a\x0c")),
            ("=YQ==", Some("a")),
            ("====", Some("")),
            ("YQ=Q", None),
            ("YQ=QQ", Some("a\x04\x10")),
        ];
        for (text, bytes) in cases {
            assert_eq!(a2b_base64(text.as_bytes()).as_deref(), bytes.map(str::as_bytes), "{text:?}");
        }
    }

    #[test]
    fn a_file_is_a_whole_number_of_groups() {
        assert!(is_file_base64(b"YWxp\r\nY2U="));
        assert!(!is_file_base64(b"YWxpY2U"));
        assert!(!is_file_base64(b"YQ=Q"));
    }
}
