//! Whom mail is from: `"accounts@example.com"`, `"Example <accounts@example.com>"`.

use std::fmt;
use std::str::FromStr;

use super::InvalidValue;

/// An address, and perhaps the name that mail programs show in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    address: String,
}

impl Mailbox {
    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What comes after the address's `@`.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for Mailbox {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"').trim(), address.trim()),
            None => ("", text.trim()),
        };
        let is_plain = !name.contains(|c: char| c.is_control() || matches!(c, '<' | '>' | '"' | '\\'));
        if !is_plain || !is_address(address) {
            let why = "is no sender; write accounts@example.com, or Example <accounts@example.com>";
            return Err(InvalidValue::new(format!("{text:?} {why}")));
        }
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        Ok(Self { name, address: address.to_owned() })
    }
}

/// One address without quotes or comments, which nobody sends mail from.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let in_local = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>[]:;@\\,\"".contains(c);
    let in_label = |c: char| c.is_alphanumeric() || c == '-';
    let is_label = |label: &str| !label.is_empty() && label.chars().all(in_label);
    !local.is_empty()
        && local.split('.').all(|part| !part.is_empty() && part.chars().all(in_local))
        && domain.split('.').all(is_label)
}

impl fmt::Display for Mailbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(formatter, "{name} <{}>", self.address),
            None => formatter.write_str(&self.address),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Mailbox;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let cases = [
            ("webmaster@localhost", None, "webmaster@localhost", "localhost"),
            ("Example <a.b+c@mail.example.com>", Some("Example"), "a.b+c@mail.example.com", "mail.example.com"),
            ("\"Zoë, Ltd.\" <zoë@bücher.example>", Some("Zoë, Ltd."), "zoë@bücher.example", "bücher.example"),
            ("<a@b>", None, "a@b", "b"),
        ];
        for (given, name, address, domain) in cases {
            let mailbox: Mailbox = given.parse().unwrap();
            assert_eq!((mailbox.name(), mailbox.address(), mailbox.domain()), (name, address, domain));
            assert_eq!(mailbox.to_string().parse::<Mailbox>().unwrap(), mailbox);
        }
    }

    #[test]
    fn what_is_no_address_is_no_sender() {
        for given in [
            "",
            "a",
            "@b",
            "a@",
            "a b@c",
            "a@b c",
            "a@b, c@d",
            "a@b..c",
            ".a@b",
            "A <a@b> x",
            "A <b>",
            "A\\ <a@b>",
            "a@b\nx",
        ] {
            assert!(given.parse::<Mailbox>().is_err(), "{given:?}");
        }
    }
}
