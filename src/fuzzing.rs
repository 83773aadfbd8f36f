//! What the targets of `fuzz/` call: each reads bytes as a request or a row could bring them, and panics when an
//! invariant of the reading does not hold. Nothing here is part of the library.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::accounts::links::{decode_uid, encode_uid};
use crate::accounts::{LinkTokens, UserState};
use crate::auth::{basic_credentials, counted_as, forwarded, header_words, token_key, user_key};
use crate::clock::Timestamp;
use crate::http::{EndlessName, LONGEST_NAME, Parser, Renderer, char_field, negotiate, parse_body};
use crate::jwt::{Claims, TokenError, TokenKind, Tokens};
use crate::passwords::{self, Hasher, Verdict};
use crate::secret::Secret;
use crate::settings::{Settings, UserIdField};

const SECRET: &str = "a key for tests, as long as HS256 wants it to be";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let settings = Settings::from_toml(&format!("secret_key = \"{SECRET}\""));
    settings.unwrap_or_else(|complaints| unreachable!("{complaints:?}"))
});

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    Tokens::new(&SETTINGS.jwt, &Secret::new(SECRET)).unwrap_or_else(|problems| unreachable!("{problems:?}"))
});

static LINKS: LazyLock<LinkTokens> = LazyLock::new(|| LinkTokens::new(&SETTINGS, &Secret::new(SECRET)));

/// The value of an `Authorization` header.
pub fn header(value: &[u8]) {
    let words = header_words(value);
    assert!(words.iter().all(|word| !word.is_empty()));
    assert_eq!(*header_words(&words.join(b" ".as_slice())), *words);
    if let Ok(Some(key)) = token_key(&words, b"token") {
        assert!(words.len() == 2 && words[1] == key.as_bytes());
    }
    if let Ok(Some((username, password))) = basic_credentials(&words) {
        assert!(words.len() == 2 && !username.contains(':'));
        // Where the strict reading has a meaning, the lenient one has the same.
        if let Some(pair) = STANDARD.decode(words[1]).ok().and_then(|pair| String::from_utf8(pair).ok()) {
            assert_eq!(pair, format!("{username}:{}", password.expose()));
        }
    }
    let pair = [b"name:", value].concat();
    let sent = STANDARD.encode(&pair);
    let read = basic_credentials(&[b"Basic", sent.as_bytes()]).ok().flatten();
    let (username, password) = read.unwrap_or_else(|| unreachable!("{sent} is well spelled"));
    assert_eq!(username, "name");
    if let Ok(text) = std::str::from_utf8(value) {
        assert_eq!(password.expose(), text);
    }
}

/// A token; or, with a NUL in between, the header and the payload of one that is signed with the right key.
pub fn jwt(input: &[u8]) {
    let token = match input.iter().position(|byte| *byte == 0) {
        Some(nul) => signed(&input[..nul], &input[nul + 1..]).into_bytes(),
        None => input.to_vec(),
    };
    let Ok(claims) = TOKENS.decode(&token, NOW) else { return };
    let text = String::from_utf8(token).unwrap_or_else(|_| unreachable!("a token is ASCII"));
    let parts: Vec<&str> = text.split('.').collect();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    assert!(parts.len() == 3, "{text}");
    assert_eq!(text, signed(&decode(parts[0]), &decode(parts[1])), "another spelling of a good token");
    let payload = serde_json::from_slice::<Value>(&decode(parts[1])).unwrap_or_default();
    assert_eq!(payload.as_object().map(serde_json::Map::len), Some(claims.iter().count()));
    assert!(claims.iter().all(|(name, value)| payload.get(name) == Some(value)));
    for kind in [TokenKind::Access, TokenKind::Refresh, TokenKind::Sliding, TokenKind::Untyped] {
        check(&claims, kind);
    }
    let renewable = TOKENS.check_sliding_refresh(&claims, NOW);
    assert!(renewable.is_err() || claims.seconds("refresh_exp").is_ok_and(|end| end.is_some()));
    for field in [UserIdField::Id, UserIdField::Username] {
        if let Some(claim) = claims.get("user_id") {
            let _ = user_key(claim, field);
        }
    }
    // What was read can be given out again, and is then read as the same.
    let again = TOKENS.sign(&claims).unwrap_or_else(|error| unreachable!("{error}"));
    match TOKENS.decode(again.as_bytes(), NOW) {
        Ok(read) => assert_eq!(read.iter().count(), claims.iter().count()),
        // Escapes of what is not ASCII make it longer.
        Err(error) => assert_eq!(error, TokenError::TooLong),
    }
}

fn check(claims: &Claims, kind: TokenKind) {
    if TOKENS.check(claims, kind, NOW).is_err() {
        return;
    }
    assert!(claims.seconds("exp").is_ok_and(|end| end.is_some_and(|end| end >= NOW.as_seconds())));
    assert!(claims.text("jti").is_some_and(|jti| jti.chars().count() <= 255 && !jti.contains('\0')));
    assert!(kind == TokenKind::Untyped || claims.text("token_type") == Some(kind.token_type()));
}

fn signed(header: &[u8], payload: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes());
    let mut mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes every key"));
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Three lines, `Content-Type`, `Accept` and the format of a query, and then a body.
pub fn body(input: &[u8]) {
    let mut lines = input.splitn(4, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (content_type, accept, format, body) = (next(), next(), next(), next());
    let format = std::str::from_utf8(format).ok();
    if let Ok(rendering) = negotiate(Some(accept), format, &[Renderer::JSON, Renderer::BROWSABLE]) {
        assert!(rendering.indent.is_none_or(|blanks| (1..=8).contains(&blanks)));
        assert!(format.is_none_or(|format| format.is_empty() || format == rendering.renderer.format));
    }
    let as_json = serde_json::from_slice::<Value>(body).ok().filter(|_| content_type == b"application/json");
    let data = match parse_body(Some(content_type), body, &[Parser::Form, Parser::Multipart, Parser::Json]) {
        Ok(data) => data,
        Err(error) => {
            assert!(as_json.is_none() && !error.to_string().is_empty(), "{error}");
            return;
        }
    };
    let Ok(fields) = data.into_fields() else { return };
    for name in ["username", "password", "refresh", ""] {
        let value = fields.get(name);
        let Ok(text) = char_field(value, false) else { continue };
        assert!(!text.is_empty() && !text.contains('\0'));
        if let Some(expected) = as_json.as_ref().and_then(|json| json.get(name)?.as_str()) {
            assert_eq!(text, expected);
        }
        if let Ok(trimmed) = char_field(value, true) {
            assert!(!trimmed.is_empty() && text.contains(&trimmed));
        }
    }
}

/// A line with a password as it is stored, and then one that somebody types.
pub fn password(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (encoded, password) = text.split_once('\n').unwrap_or((&text, ""));
    if passwords::inspect(encoded).is_err() || !is_cheap(encoded) {
        return;
    }
    let hasher = Hasher::new(4);
    if let Verdict::Right { .. } = hasher.verify(password, encoded) {
        assert_eq!(hasher.verify(&format!("{password}x"), encoded), Verdict::Wrong);
        assert_eq!(hasher.verify(&format!("{password}\0"), encoded), Verdict::Wrong);
    }
}

/// Whether every number in a stored password is so small that verifying it takes no time worth speaking of.
fn is_cheap(encoded: &str) -> bool {
    let mut fields = encoded.split('$');
    match fields.next() {
        Some("bcrypt" | "bcrypt_sha256") => fields.nth(2) == Some("04"),
        Some("argon2") => encoded.split_once("$m=").and_then(|(_, rest)| rest.find(',')).is_some_and(|end| end <= 3),
        // The number of iterations, and scrypt's N before its salt; r and p are after it.
        Some("pbkdf2_sha256" | "pbkdf2_sha1") => fields.next().is_some_and(|count| count.len() <= 3),
        Some("scrypt") => {
            let (n, r, p) = (fields.next(), fields.nth(1), fields.next());
            n.is_some_and(|n| n.len() <= 3) && [r, p].iter().all(|number| number.is_some_and(|text| text.len() == 1))
        }
        _ => false,
    }
}

/// A line with a `uid`, and then a `token`.
pub fn link(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (uid, token) = text.split_once('\n').unwrap_or((&text, ""));
    if let Some(id) = decode_uid(uid) {
        assert_eq!(encode_uid(id), uid.trim_end_matches('='));
    }
    let user = UserState { id: 1, encoded_password: "!", last_login: Some(NOW), email: "alice@example.com" };
    if LINKS.check(&user, token, NOW) {
        assert!(token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-')), "{token}");
        let another = UserState { email: "", ..user };
        assert!(!LINKS.check(&another, token, NOW));
    }
    assert!(LINKS.check(&user, &LINKS.make(&user, NOW), NOW));
}

/// A byte that is the number of our proxies, and then the value of `X-Forwarded-For`.
pub fn client(input: &[u8]) {
    let Some((proxies, value)) = input.split_first() else { return };
    let proxies = usize::from(*proxies).max(1);
    let Some(address) = forwarded(value, proxies) else { return };
    let counted = counted_as(address);
    assert!(counted.len() <= "ffff:ffff:ffff:ffff::/64".len(), "{counted}");
    match counted.strip_suffix("/64").map(str::parse::<Ipv6Addr>) {
        Some(network) => assert!(network.is_ok_and(|network| network.to_bits() << 64 == 0), "{counted}"),
        None => assert!(counted.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()), "{counted}"),
    }
    // What a client writes before the places of our proxies changes nothing, once they are all there.
    let places = value.split(|byte| *byte == b',').count();
    for strangers in ["10.9.8.7", "10.9.8.7, ::1", "\"", ""] {
        let longer = [strangers.as_bytes(), b",", value].concat();
        assert!(places < proxies || forwarded(&longer, proxies) == Some(address));
    }
    // Each proxy more that adds what it sees is one place more.
    let passed_on = [value, b", 192.0.2.1"].concat();
    assert!(places < proxies || forwarded(&passed_on, proxies + 1) == Some(address));
    assert_eq!(forwarded(&passed_on, 1).map(counted_as).as_deref(), Some("192.0.2.1"));
    // However it is written, it counts as the same.
    for spelling in [format!("{address}"), format!("[{address}]"), format!(" {address} ")] {
        assert_eq!(forwarded(spelling.as_bytes(), 1).map(counted_as), Some(counted.clone()), "{spelling}");
    }
}

/// What a connection brings, in three bytes a step: the byte that is sent, how many hundred times (none is once), and
/// whether the server reads then.
pub fn name(input: &[u8]) {
    let (mut name, mut sent, mut read, mut waiting) = (EndlessName::new(), Vec::new(), Vec::new(), Vec::new());
    let mut steps = input.chunks_exact(3).take(64).peekable();
    while let Some(&[byte, hundreds, reads]) = steps.next() {
        waiting.resize(waiting.len() + (usize::from(hundreds) * 100).max(1), byte);
        if reads % 2 == 1 || steps.peek().is_none() {
            sent.extend(&waiting);
            name.spoil(&mut waiting);
            read.append(&mut waiting);
        }
    }
    // The plain rule, over the whole that was sent: the character after the longest name is a NUL.
    let mut expected = sent;
    for line in expected.split_mut(|byte| *byte == b'\n') {
        let length =
            line.iter().take_while(|byte| !b"\"(),/:;<=>?@[\\]{}".contains(byte) && byte.is_ascii_graphic()).count();
        if let Some(byte) = line.get_mut(LONGEST_NAME).filter(|_| length > LONGEST_NAME) {
            *byte = 0;
        }
    }
    assert!(read == expected, "{:?}", read.iter().zip(&expected).position(|(read, expected)| read != expected));
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{NOW, TOKENS, body, client, header, jwt, link, name, password};

    type Target = fn(&[u8]);

    #[test]
    fn the_seeds_hold_the_invariants() {
        let targets: [(&str, Target); 7] = [
            ("header", header),
            ("jwt", jwt),
            ("body", body),
            ("password", password),
            ("link", link),
            ("client", client),
            ("name", name),
        ];
        for (target_name, target) in targets {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target_name);
            let seeds: Vec<_> = fs::read_dir(&folder).expect("a folder").collect();
            assert!(!seeds.is_empty(), "{}", folder.display());
            for seed in seeds {
                target(&fs::read(seed.expect("a seed").path()).expect("a file"));
            }
        }
    }

    #[test]
    fn the_key_of_the_seeds_is_the_one_that_tokens_are_read_with() {
        let token = include_bytes!("../fuzz/seeds/jwt/access");

        assert!(TOKENS.decode(token, NOW).is_ok());
    }
}
