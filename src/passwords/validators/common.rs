//! `CommonPasswordValidator`: whether a password is one that everybody tries first.

use std::cmp::Ordering;

use zeroize::Zeroizing;

use crate::python::strip;

/// One password a line, sorted by their bytes. `common_passwords.NOTICE` says where they are from.
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// Whether the list has `password`, its case and the blanks around it left out.
pub(super) fn is_common(password: &str) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    has_line(COMMON_PASSWORDS, strip(&lower))
}

/// Bisects the text itself, so that nothing has to be built at the start or kept in memory.
fn has_line(mut lines: &str, wanted: &str) -> bool {
    while !lines.is_empty() {
        let middle = line_around(lines, lines.len() / 2);
        let line = lines.get(middle.clone()).unwrap_or_default();
        let rest = match wanted.cmp(line) {
            Ordering::Equal => return true,
            Ordering::Less => lines.get(..middle.start),
            Ordering::Greater => lines.get(middle.end + 1..),
        };
        lines = rest.unwrap_or_default();
    }
    false
}

/// Where the line that holds the byte at `place` begins and ends, its newline left out.
fn line_around(lines: &str, place: usize) -> std::ops::Range<usize> {
    let bytes = lines.as_bytes();
    let is_newline = |byte: &u8| *byte == b'\n';
    let start = bytes.iter().take(place).rposition(is_newline).map_or(0, |newline| newline + 1);
    let end = bytes.iter().skip(place).position(is_newline).map_or(bytes.len(), |newline| place + newline);
    start..end
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::{COMMON_PASSWORDS, has_line, is_common};

    #[test]
    fn the_list_is_djangos() {
        let digest: String = Sha256::digest(COMMON_PASSWORDS).iter().map(|byte| format!("{byte:02x}")).collect();

        assert_eq!(COMMON_PASSWORDS.lines().count(), 19_640);
        assert_eq!(digest, "5f08645feefa30d4d19aa7fc58d11076977c6c330778aa7833a094f9c48f1e97");
        assert!(COMMON_PASSWORDS.lines().is_sorted());
    }

    #[test]
    fn every_password_of_the_list_is_found_and_nothing_beside_it() {
        for password in COMMON_PASSWORDS.lines() {
            assert!(is_common(password), "{password}");
            assert!(!has_line(COMMON_PASSWORDS, &format!("{password}\u{1}")), "{password}");
            assert!(!has_line(COMMON_PASSWORDS, &format!("{password}\n")), "{password}");
        }
        assert!(!has_line(COMMON_PASSWORDS, ""));
        assert!(!has_line(COMMON_PASSWORDS, "123456\n123456789"));
        assert!(!has_line("", ""));
    }

    #[test]
    fn case_and_the_blanks_around_do_not_matter() {
        for password in ["PASSWORD", " password\u{3000}", "\u{1f}PassWord\n", "qwerty\u{a0}"] {
            assert!(is_common(password), "{password:?}");
        }
        assert!(!is_common("pass word"));
    }
}
