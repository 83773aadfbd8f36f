//! The characters that `str.isdigit()` takes for digits, of which Rust's own tables know too many.

/// The zeros of the decimal systems; each is followed by its other nine digits.
const ZEROS: [u32; 75] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x1_04a0, 0x1_0d30, 0x1_0d40, 0x1_1066, 0x1_10f0, 0x1_1136,
    0x1_11d0, 0x1_12f0, 0x1_1450, 0x1_14d0, 0x1_1650, 0x1_16c0, 0x1_16d0, 0x1_16da, 0x1_1730, 0x1_18e0, 0x1_1950,
    0x1_1bf0, 0x1_1c50, 0x1_1d50, 0x1_1da0, 0x1_1de0, 0x1_1f50, 0x1_6a60, 0x1_6ac0, 0x1_6b50, 0x1_ccf0, 0x1_d7ce,
    0x1_d7d8, 0x1_d7e2, 0x1_d7ec, 0x1_d7f6, 0x1_e140, 0x1_e2f0, 0x1_e4f0, 0x1_e5f1, 0x1_e950, 0x1_fbf0,
];

/// Superscripts, subscripts, circled digits and the like: first and last of each run.
const OTHER_DIGITS: [(u32, u32); 20] = [
    (0xb2, 0xb3),
    (0xb9, 0xb9),
    (0x1369, 0x1371),
    (0x19da, 0x19da),
    (0x2070, 0x2070),
    (0x2074, 0x2079),
    (0x2080, 0x2089),
    (0x2460, 0x2468),
    (0x2474, 0x247c),
    (0x2488, 0x2490),
    (0x24ea, 0x24ea),
    (0x24f5, 0x24fd),
    (0x24ff, 0x24ff),
    (0x2776, 0x277e),
    (0x2780, 0x2788),
    (0x278a, 0x2792),
    (0x1_0a40, 0x1_0a43),
    (0x1_0e60, 0x1_0e68),
    (0x1_1052, 0x1_105a),
    (0x1_f100, 0x1_f10a),
];

/// Whether `character` has Unicode's numeric type Decimal or Digit.
pub(crate) fn is_digit(character: char) -> bool {
    let code = u32::from(character);
    let decimal = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1).and_then(|place| ZEROS.get(place));
    let other = OTHER_DIGITS.iter().any(|(first, last)| (*first..=*last).contains(&code));
    decimal.is_some_and(|zero| code - zero < 10) || other
}

#[cfg(test)]
mod tests {
    use super::{OTHER_DIGITS, ZEROS, is_digit};

    #[test]
    fn the_tables_are_in_order_and_hold_numbers_only() {
        assert!(ZEROS.is_sorted() && OTHER_DIGITS.is_sorted());
        for character in (0..0x11_0000).filter_map(char::from_u32).filter(|character| is_digit(*character)) {
            assert!(character.is_numeric(), "{character:?}");
        }
    }

    #[test]
    fn digits_are_pythons() {
        for digit in ['0', '9', '\u{663}', '\u{ff15}', '\u{1d7ff}', '²', '₉', '①', '\u{2488}', '\u{1369}', '\u{1f10a}']
        {
            assert!(is_digit(digit), "{digit:?}");
        }
        for other in ['a', '½', 'Ⅳ', '〇', '一', '㉑', '\u{2469}', '\u{1372}', '/', ':'] {
            assert!(!is_digit(other), "{other:?}");
        }
    }
}
