//! The charsets that a body may be written in, decoded as Python does. Their names are `label`'s business.

use std::array;

/// A charset that hallpass decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// UTF-8, where a byte order mark is a character.
    Utf8,
    /// UTF-8, where a byte order mark at the start is left out.
    Utf8Sig,
    /// The first 128 characters only.
    Ascii,
    /// One character a byte.
    Latin1,
    /// ISO-8859-15, which is Latin-1 with the euro.
    Latin9,
    /// Windows-1252.
    Windows1252,
    /// UTF-16 in the order that its byte order mark says, little-endian without one.
    Utf16,
    /// UTF-16 in one order, where a byte order mark is a character.
    Utf16In(Order),
    /// UTF-32 in the order that its byte order mark says, little-endian without one.
    Utf32,
    /// UTF-32 in one order, where a byte order mark is a character.
    Utf32In(Order),
}

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The lowest.
    Little,
    /// The highest.
    Big,
}

impl Charset {
    /// `bytes` as text, or the text before the first bytes that are none.
    ///
    /// # Errors
    /// When some bytes are no text in this charset.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<String, String> {
        let mut text = String::with_capacity(bytes.len());
        for character in self.characters(bytes) {
            match character {
                Some(character) => text.push(character),
                None => return Err(text),
            }
        }
        Ok(text)
    }

    /// `bytes` as text with U+FFFD for what is none.
    pub(crate) fn decode_lossy(self, bytes: &[u8]) -> String {
        self.characters(bytes).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// `text` with its `%41`s decoded: each run of ASCII by itself, as `urllib.parse.unquote` does it.
    pub(crate) fn percent_decode(self, text: &str) -> String {
        if !text.contains('%') {
            return text.to_owned();
        }
        let runs = text.as_bytes().chunk_by(|a, b| a.is_ascii() == b.is_ascii());
        let decode = |run: &[u8]| {
            let escapes = if run.is_ascii() { self } else { Self::Utf8 };
            escapes.decode_lossy(&percent_bytes(run))
        };
        runs.map(decode).collect()
    }

    /// Whether a stream of `bytes` does not tell the byte order that this charset leaves to it.
    pub(crate) fn misses_byte_order_mark(self, bytes: &[u8]) -> bool {
        match self {
            Self::Utf16 => marked_order(bytes, u16::from_le_bytes, 0xfeff, 0xfffe).is_none(),
            Self::Utf32 => marked_order(bytes, u32::from_le_bytes, 0xfeff, 0xfffe_0000).is_none(),
            _ => false,
        }
    }

    /// The characters of `bytes`, `None` for each stretch that is no character.
    fn characters(self, bytes: &[u8]) -> Box<dyn Iterator<Item = Option<char>> + '_> {
        match self {
            Self::Utf8 => Box::new(utf8(bytes)),
            Self::Utf8Sig => Box::new(utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))),
            Self::Ascii => Box::new(bytes.iter().map(|byte| byte.is_ascii().then(|| char::from(*byte)))),
            Self::Latin1 => Box::new(bytes.iter().map(|byte| Some(char::from(*byte)))),
            Self::Latin9 => Box::new(bytes.iter().map(|byte| Some(latin9(*byte)))),
            Self::Windows1252 => Box::new(bytes.iter().map(|byte| windows1252(*byte))),
            Self::Utf16In(order) => Box::new(utf16(bytes, order)),
            Self::Utf32In(order) => Box::new(utf32(bytes, order)),
            Self::Utf16 => match marked_order(bytes, u16::from_le_bytes, 0xfeff, 0xfffe) {
                Some(order) => Box::new(utf16(&bytes[2..], order)),
                None => Box::new(utf16(bytes, Order::Little)),
            },
            Self::Utf32 => match marked_order(bytes, u32::from_le_bytes, 0xfeff, 0xfffe_0000) {
                Some(order) => Box::new(utf32(&bytes[4..], order)),
                None => Box::new(utf32(bytes, Order::Little)),
            },
        }
    }
}

fn percent_bytes(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let escape = if *first == b'%' { hex_byte(after) } else { None };
        bytes.push(escape.unwrap_or(*first));
        rest = if escape.is_some() { &after[2..] } else { after };
    }
    bytes
}

fn hex_byte(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

fn utf8(bytes: &[u8]) -> impl Iterator<Item = Option<char>> {
    let chunks = bytes.utf8_chunks();
    chunks.flat_map(|chunk| chunk.valid().chars().map(Some).chain((!chunk.invalid().is_empty()).then_some(None)))
}

fn utf16(bytes: &[u8], order: Order) -> impl Iterator<Item = Option<char>> {
    let (units, rest) = units(bytes, order, u16::from_le_bytes);
    char::decode_utf16(units).map(Result::ok).chain(rest.then_some(None))
}

fn utf32(bytes: &[u8], order: Order) -> impl Iterator<Item = Option<char>> {
    let (units, rest) = units(bytes, order, u32::from_le_bytes);
    units.map(char::from_u32).chain(rest.then_some(None))
}

/// The units of `N` bytes, and whether some bytes are left over.
fn units<const N: usize, U>(bytes: &[u8], order: Order, read: fn([u8; N]) -> U) -> (impl Iterator<Item = U>, bool) {
    let (units, rest) = bytes.as_chunks::<N>();
    let in_order = move |unit: &[u8; N]| match order {
        Order::Little => read(*unit),
        Order::Big => read(array::from_fn(|at| unit[N - 1 - at])),
    };
    (units.iter().map(in_order), !rest.is_empty())
}

/// The order that the unit at the start tells: it reads as `little` or as `big`.
fn marked_order<const N: usize, U: PartialEq>(
    bytes: &[u8],
    read: fn([u8; N]) -> U,
    little: U,
    big: U,
) -> Option<Order> {
    let mark = read(*bytes.first_chunk::<N>()?);
    if mark == little { Some(Order::Little) } else { (mark == big).then_some(Order::Big) }
}

fn latin9(byte: u8) -> char {
    match byte {
        0xa4 => '€',
        0xa6 => 'Š',
        0xa8 => 'š',
        0xb4 => 'Ž',
        0xb8 => 'ž',
        0xbc => 'Œ',
        0xbd => 'œ',
        0xbe => 'Ÿ',
        _ => char::from(byte),
    }
}

/// The bytes 0x80 to 0x9f; five of them have no character.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•',
    '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

fn windows1252(byte: u8) -> Option<char> {
    match usize::from(byte).checked_sub(0x80).and_then(|at| WINDOWS_1252.get(at)) {
        Some(character) => Some(*character).filter(|character| *character != '\0'),
        None => Some(char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Charset, Order};

    #[test]
    fn bytes_that_are_no_text_are_replaced_as_python_replaces_them() {
        let cases: [(Charset, &[u8], &str); 20] = [
            (Charset::Utf8, b"a\xc3\xa9\xff", "aé\u{fffd}"),
            (Charset::Utf8, b"\xf0\x9f\x98", "\u{fffd}"),
            (Charset::Utf8, b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (Charset::Utf8, b"\xef\xbb\xbfa", "\u{feff}a"),
            (Charset::Utf8Sig, b"\xef\xbb\xbfa", "a"),
            (Charset::Ascii, b"a\xc3\xa9", "a\u{fffd}\u{fffd}"),
            (Charset::Latin1, b"a\x80\xe9", "a\u{80}é"),
            (Charset::Latin9, b"\xa4\xe9", "€é"),
            (Charset::Windows1252, b"\x80\x81\xe9", "€\u{fffd}é"),
            (Charset::Utf16, b"a\0", "a"),
            (Charset::Utf16, b"\xff\xfea\0", "a"),
            (Charset::Utf16, b"\xfe\xff\0a", "a"),
            (Charset::Utf16In(Order::Little), b"\xff\xfea\0", "\u{feff}a"),
            (Charset::Utf16In(Order::Big), b"\xd8\x3d\xde\x00", "😀"),
            (Charset::Utf16In(Order::Big), b"\xd8\x3d\0a", "\u{fffd}a"),
            (Charset::Utf16In(Order::Big), b"\0ab", "a\u{fffd}"),
            (Charset::Utf32, b"\0\0\xfe\xff\0\0\0a", "a"),
            (Charset::Utf32, b"a\0\0\0", "a"),
            (Charset::Utf32In(Order::Little), b"\0\0\x11\0", "\u{fffd}"),
            (Charset::Utf32In(Order::Big), b"\0\x01\xf6\0\0", "😀\u{fffd}"),
        ];
        for (charset, bytes, text) in cases {
            assert_eq!(charset.decode_lossy(bytes), text, "{charset:?} {bytes:?}");
        }
    }

    #[test]
    fn decoding_stops_at_the_first_bytes_that_are_no_text() {
        assert_eq!(Charset::Utf8.decode("aé".as_bytes()), Ok("aé".to_owned()));
        assert_eq!(Charset::Utf8.decode(b"a\xc3"), Err("a".to_owned()));
    }

    #[test]
    fn percent_escapes_are_decoded_run_by_run() {
        let cases = [
            (Charset::Utf8, "%41%zz%", "A%zz%"),
            (Charset::Utf8, "%2525", "%25"),
            (Charset::Utf8, "%C3%A9é%C3", "éé\u{fffd}"),
            (Charset::Utf8, "%C3é%A9", "\u{fffd}é\u{fffd}"),
            (Charset::Latin1, "%C3%A9é", "Ã©é"),
            (Charset::Utf8Sig, "%EF%BB%BFa", "a"),
            (Charset::Utf16, "a%41", "\u{4161}"),
        ];
        for (charset, text, decoded) in cases {
            assert_eq!(charset.percent_decode(text), decoded, "{charset:?} {text:?}");
        }
    }

    #[test]
    fn only_the_charsets_that_leave_the_order_open_want_a_byte_order_mark() {
        assert!(Charset::Utf16.misses_byte_order_mark(b"a\0") && !Charset::Utf16.misses_byte_order_mark(b"\xfe\xff"));
        assert!(Charset::Utf32.misses_byte_order_mark(b"\xff\xfe"));
        assert!(!Charset::Utf8.misses_byte_order_mark(b"a"));
    }
}
