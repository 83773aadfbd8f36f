//! Django's `EmailValidator`, its regular expressions written out.
//!
//! They ignore case, and in Python four letters outside ASCII are cases of `i`, `k` and `s`; so these pass as well.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest address that is looked at, in characters.
const LONGEST: usize = 320;

/// The longest spelling of an IPv6 address that is looked at.
const LONGEST_IPV6: usize = 39;

/// Whether mail could be sent to `text`, as far as one can see.
pub(super) fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@').filter(|_| text.chars().nth(LONGEST).is_none());
    parts.is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain))
}

fn is_local_part(local: &str) -> bool {
    let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_atom_character);
    local.split('.').all(is_atom) || is_quoted(local)
}

fn is_atom_character(c: char) -> bool {
    is_ascii_letter(c) || c.is_ascii_digit() || "-!#$%&'*+/=?^_`{}|~".contains(c)
}

/// A text in double quotes, in which a backslash stands before a quote or a backslash.
fn is_quoted(local: &str) -> bool {
    let Some(inside) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        let fits = match character {
            '\\' => characters.next().is_some_and(is_escapable),
            other => is_quotable(other),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_quotable(c: char) -> bool {
    let is_plain =
        matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '!' | '#'..='[' | ']'..='\u{7f}');
    is_plain || is_ascii_letter(c)
}

fn is_escapable(c: char) -> bool {
    matches!(c, '\u{1}'..='\u{9}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{7f}') || is_ascii_letter(c)
}

fn is_domain(domain: &str) -> bool {
    domain == "localhost" || is_host_name(domain) || is_literal(domain)
}

/// At least two labels, the last of which is no number.
fn is_host_name(domain: &str) -> bool {
    domain.rsplit_once('.').is_some_and(|(labels, top)| labels.split('.').all(is_label) && is_top_label(top))
}

fn is_label(label: &str) -> bool {
    label.chars().all(|c| is_label_character(c) || c.is_ascii_digit()) && has_length(label, 1)
}

fn is_top_label(label: &str) -> bool {
    let is_name = label.chars().all(is_label_character) && has_length(label, 2);
    is_name || is_punycode(label)
}

/// `xn--` and up to 59 letters and digits.
fn is_punycode(label: &str) -> bool {
    let encoded = label.split_at_checked(4).filter(|(prefix, _)| prefix.eq_ignore_ascii_case("xn--"));
    encoded.is_some_and(|(_, rest)| {
        (1..=59).contains(&rest.chars().count()) && rest.chars().all(|c| is_ascii_letter(c) || c.is_ascii_digit())
    })
}

/// Neither hyphen at an end, nor more than 63 characters.
fn has_length(label: &str, least: usize) -> bool {
    (least..=63).contains(&label.chars().count()) && !label.starts_with('-') && !label.ends_with('-')
}

/// Besides digits. Django takes every character from U+00A1 to U+FFFF for a letter.
fn is_label_character(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '-' || ('\u{a1}'..='\u{ffff}').contains(&c)
}

/// An IP address in brackets.
fn is_literal(domain: &str) -> bool {
    let address = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    address.is_some_and(|address| {
        address.parse::<Ipv4Addr>().is_ok() || (address.len() <= LONGEST_IPV6 && address.parse::<Ipv6Addr>().is_ok())
    })
}

/// `[A-Z]`, its case ignored as Python does it.
fn is_ascii_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{130}' | '\u{131}' | '\u{17f}' | '\u{212a}')
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_are_taken_as_django_takes_them() {
        let label = "a".repeat(63);
        for address in [
            "a@b.co",
            "A.b+c/d=e@sub.Example.COM",
            "!#$%&'*+-/=?^_`{|}~@b.co",
            "a@localhost",
            "a@b\u{fc}cher.example",
            "a@xn--bcher-kva.example",
            "a@example.xn--p1ai",
            "a@a--b.\u{4e2d}\u{56fd}",
            "a@1.2.co",
            "a@[127.0.0.1]",
            "a@[::1]",
            "a@[::ffff:1.2.3.4]",
            "\"a\\ b\\\"@c\"@b.co",
            "\"\"@b.co",
            "\"\u{1}\"@b.co",
            "\u{130}\u{131}\u{17f}\u{212a}@b.co",
            &format!("a@{label}.{label}.{label}"),
        ] {
            assert!(is_address(address), "{address:?}");
        }
    }

    #[test]
    fn what_django_refuses_is_no_address() {
        let label = "a".repeat(64);
        for address in [
            "",
            "a",
            "@",
            "@b.co",
            "a@",
            "a@b",
            "a@b.c",
            "a@b.1",
            "a@b.c1",
            "a@b.co.",
            "a@.co",
            "a@b..co",
            "a@-b.co",
            "a@b-.co",
            "a@b.-co",
            "a@b.xn--",
            "a@b_c.co",
            "a@b c.co",
            "a@b.co\n",
            "a@Localhost",
            "a@LOCALHOST",
            "a@[127.0.0.01]",
            "a@[127.0.0.1",
            "a@[fe80::1%eth0]",
            "a@[0000:0000:0000:0000:0000:ffff:127.100.100.100]",
            "a@b\u{1f600}.co",
            "a..b@b.co",
            ".a@b.co",
            "a.@b.co",
            "a b@b.co",
            "\u{e9}@b.co",
            "\"a b\"@b.co",
            "\"a\"b@b.co",
            "\"a\\\"@b.co",
            "\"a\n\"@b.co",
            "\"@b.co",
            "a@b.co\r\nBcc: c@d.co",
            &format!("a@{label}.co"),
            &format!("a@b.{label}"),
            &format!("{}@b.co", "a".repeat(316)),
        ] {
            assert!(!is_address(address), "{address:?}");
        }
    }
}
