//! Names of headers that have no end: actix-http 3.20 panics at one of 64 KiB, and its parser refuses a NUL in one.

/// A name that is longer is broken off.
pub(crate) const LONGEST_NAME: usize = 60_000;

/// What a connection has sent of a line, as far as it could be the name of a header.
pub(crate) struct EndlessName {
    /// How many characters of a possible name the line has so far; `None` once it is none.
    length: Option<usize>,
}

impl EndlessName {
    pub(crate) fn new() -> Self {
        Self { length: Some(0) }
    }

    /// Makes a line invalid that begins with an endless name. `bytes` are those that come behind the ones of the last call.
    pub(crate) fn spoil(&mut self, bytes: &mut [u8]) {
        // Where all of it is too short to have one, with what the line had before, only a line without an end goes on.
        let is_short = self.length.unwrap_or(0) + bytes.len() <= LONGEST_NAME;
        let unfinished = match memchr::memrchr(b'\n', bytes) {
            Some(end) if is_short => {
                self.length = Some(0);
                bytes.get_mut(end + 1..).unwrap_or_default()
            }
            _ => bytes,
        };
        for byte in unfinished {
            self.length = match (self.length, *byte) {
                (_, b'\n') => Some(0),
                (Some(LONGEST_NAME), letter) if is_token(letter) => {
                    *byte = 0;
                    None
                }
                (Some(length), letter) if is_token(letter) => Some(length + 1),
                _ => None,
            }
        }
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{EndlessName, LONGEST_NAME};

    /// What becomes of a line that arrives in these pieces.
    fn spoilt(pieces: &[&[u8]]) -> Vec<u8> {
        let mut name = EndlessName::new();
        let spoil = |piece: &&[u8]| {
            let mut piece = piece.to_vec();
            name.spoil(&mut piece);
            piece
        };
        pieces.iter().flat_map(spoil).collect()
    }

    #[test]
    fn a_name_that_is_too_long_is_broken_off_wherever_the_line_is_cut() {
        let line = [b"GET / HTTP/1.1\r\n", "a".repeat(LONGEST_NAME + 1).as_bytes(), b": b\r\n\r\n"].concat();
        let place = 16 + LONGEST_NAME;
        for cut in [0, 1, 16, 17, place - 1, place, place + 1, line.len() - 3, line.len()] {
            let (before, after) = line.split_at(cut);

            let spoilt = spoilt(&[before, after]);

            assert!(spoilt.iter().enumerate().all(|(at, byte)| (*byte == 0) == (at == place)), "cut at {cut}");
        }
    }

    #[test]
    fn nothing_else_is_touched() {
        let longest = format!("GET / HTTP/1.1\r\n{}: b\r\n\r\n", "a".repeat(LONGEST_NAME));
        let value = format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(2 * LONGEST_NAME));
        let names = "a:b\r\n".repeat(LONGEST_NAME);
        for text in [longest, value, names] {
            for cut in [0, 1, 17, 100, LONGEST_NAME, text.len() - 2] {
                let (before, after) = text.as_bytes().split_at(cut);

                let kept = spoilt(&[before, after]) == text.as_bytes();

                assert!(kept, "{text:.40} cut at {cut}");
            }
        }
    }
}
