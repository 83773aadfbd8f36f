//! The rules of Python's text and numbers that a client of Django can see.

mod digits;

use unicode_normalization::char::is_combining_mark;

pub(crate) use self::digits::is_digit;

/// What `\w` matches in a regular expression: `str.isalnum()` and the underscore. Rust's letters are more: marks that
/// stand for vowels, and the circled and squared letters, which are symbols to Python.
pub(crate) fn is_word(character: char) -> bool {
    let is_symbol = matches!(character,
        '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}');
    character == '_' || (character.is_alphanumeric() && !is_symbol && !is_combining_mark(character))
}

/// What `str.strip()` takes away: Unicode's white space and the four ASCII separators.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// `text` as `str.strip()` leaves it.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `repr(value)`: the shortest digits that read back as `value`, with an exponent from 1e16 up and below 1e-4.
pub(crate) fn float_repr(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string().to_lowercase();
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?))) {
        Some((digits, exponent)) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{value:?}"),
    }
}

/// `int(text)` for ASCII digits, pinned to the ends of `i64`; `None` where Python raises `ValueError`.
pub(crate) fn int(text: &str) -> Option<i64> {
    let text = strip(text);
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    // Python takes one underscore between two digits.
    if !digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let size = digits.replace('_', "").parse().unwrap_or(i64::MAX);
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::{float_repr, int, is_word, strip};

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let cases = [
            (1.5, "1.5"),
            (1e3, "1000.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.25e16, "1.25e+16"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.000_01, "1e-05"),
            (1e-7, "1e-07"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (value, repr) in cases {
            assert_eq!(float_repr(value), repr);
        }
    }

    #[test]
    fn integers_are_read_as_python_reads_them() {
        let cases = [
            ("4", Some(4)),
            (" +4\u{a0}", Some(4)),
            ("-3", Some(-3)),
            ("007", Some(7)),
            ("1_0", Some(10)),
            ("99999999999999999999", Some(i64::MAX)),
            ("", None),
            ("_1", None),
            ("1__0", None),
            ("4.0", None),
            ("- 4", None),
            ("+-4", None),
            ("\u{b2}", None),
        ];
        for (text, value) in cases {
            assert_eq!(int(text), value, "{text:?}");
        }
    }

    #[test]
    fn strip_takes_the_separators_and_leaves_what_only_looks_blank() {
        assert_eq!(strip("\u{1c}\u{1f}\u{85}\u{a0}\u{1680}\u{2000}\u{200a}\u{2028}\u{202f}\u{205f}\u{3000}a \t"), "a");
        assert_eq!(strip("\u{200b}a\u{feff}"), "\u{200b}a\u{feff}");
    }

    #[test]
    fn letters_and_numbers_of_all_scripts_are_word_characters_and_marks_and_symbols_are_not() {
        for word in [
            'a', 'Z', '_', '9', '\u{e9}', '\u{3b1}', '\u{7528}', '\u{b2}', '\u{bd}', '\u{2163}', '\u{fdfa}', '\u{2474}',
        ] {
            assert!(is_word(word), "{word:?}");
        }
        for other in [
            '-',
            ' ',
            '\0',
            '\u{308}',
            '\u{93e}',
            '\u{24b6}',
            '\u{1f130}',
            '\u{1f600}',
            '\u{200d}',
            '\u{ad}',
            '\u{fffd}',
        ] {
            assert!(!is_word(other), "{other:?}");
        }
    }
}
