//! Whether an answer is the recorded one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hallpass::clock::Timestamp;
use serde_json::{Map, Value};

use super::data::{Departure, Mail, Recorded, Token};
use super::mails;
use crate::support::client::Response;

/// What the frameworks set, and so what is compared. One that was not recorded must not be there.
const COMPARED: [&str; 10] = [
    "Content-Type",
    "WWW-Authenticate",
    "Retry-After",
    "Location",
    "Vary",
    "Allow",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
];

/// The answers to the steps before, by which `{{step1.token}}` is filled in, and the time, by which `{{now+300}}` is.
#[derive(Default)]
pub struct Known {
    answers: Vec<Value>,
    links: Vec<Option<(String, String)>>,
    now: i64,
}

impl Known {
    pub fn tell_time(&mut self, now: Timestamp) {
        self.now = now.as_seconds();
    }

    /// Keeps an answer, and the uid and the token of the link that was mailed with it.
    pub fn remember(&mut self, response: &Response, link: Option<(String, String)>) {
        self.answers.push(serde_json::from_slice(&response.body).unwrap_or(Value::Null));
        self.links.push(link);
    }

    /// `text` with the values of earlier answers in place of `{{step1.token}}`, and of claims of their tokens in place of
    /// `{{step1.token.jti}}`.
    pub fn fill_in(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (index, (uid, token)) in self.links.iter().enumerate().filter_map(|(i, link)| Some((i, link.as_ref()?))) {
            filled = filled.replace(&format!("{{{{step{}.mail.uid}}}}", index + 1), uid);
            filled = filled.replace(&format!("{{{{step{}.mail.token}}}}", index + 1), token);
        }
        for (index, answer) in self.answers.iter().enumerate() {
            for (field, value) in answer.as_object().into_iter().flatten() {
                let name = format!("step{}.{field}", index + 1);
                for (claim, value) in claims(value).as_object().into_iter().flatten() {
                    filled = filled.replace(&format!("{{{{{name}.{claim}}}}}"), &plain(value));
                }
                filled = filled.replace(&format!("{{{{{name}}}}}"), &plain(value));
            }
        }
        self.fill_in_time(&filled)
    }

    fn fill_in_time(&self, text: &str) -> String {
        let mut parts = text.split("{{now");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (offset, rest) = part.split_once("}}").expect("the end of a pattern");
            let offset: i64 = if offset.is_empty() { 0 } else { offset.parse().expect("a number of seconds") };
            filled.push_str(&(self.now + offset).to_string());
            filled.push_str(rest);
        }
        filled
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The claims of a token, or null.
fn claims(token: &Value) -> Value {
    let part = token.as_str().and_then(|token| token.split('.').nth(1));
    let json = part.and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or(Value::Null)
}

/// What is wrong with an answer; nothing when it is as recorded, or as the departure says and not as recorded.
pub fn differences(
    response: &Response,
    mails: &[Mail],
    recorded: &Recorded,
    departure: Option<&Departure>,
    known: &Known,
) -> Vec<String> {
    let mut from_recording = from_recording(response, recorded, known);
    from_recording.extend(mails::differences(mails, &recorded.mails, known));
    let Some(Departure { expect, .. }) = departure else { return from_recording };
    let mut wrong = Vec::new();
    if from_recording.is_empty() {
        wrong.push("this is what the reference answers: the departure must go".to_owned());
    }
    wrong.extend(mails::differences(mails, expect.mails.as_ref().unwrap_or(&recorded.mails), known));
    wrong.extend(status(response, expect.status));
    wrong.extend(headers(response, &expect.headers));
    let text = response.text();
    if expect.body.as_ref().is_some_and(|body| !matches(&text, &known.fill_in(body))) {
        wrong.push(format!("body {text:?}, not {:?}", expect.body));
    }
    if expect.body_prefix.as_ref().is_some_and(|prefix| !text.starts_with(prefix.as_str())) {
        wrong.push(format!("body {text:?} does not begin with {:?}", expect.body_prefix));
    }
    wrong
}

fn from_recording(response: &Response, recorded: &Recorded, known: &Known) -> Vec<String> {
    let mut wrong: Vec<String> = status(response, recorded.status).into_iter().collect();
    wrong.extend(headers(response, &recorded.headers));
    for name in COMPARED.iter().filter(|name| !recorded.headers.contains_key(**name)) {
        if let Some(value) = response.header(&name.to_ascii_lowercase()) {
            wrong.push(format!("{name}: {value:?}, which was not there"));
        }
    }
    let is_body = match (&recorded.body, &recorded.body_base64) {
        (Some(body), _) => matches(&response.text(), &known.fill_in(body)),
        (None, Some(body)) => response.body == STANDARD.decode(body).expect("base64"),
        (None, None) => response.body.is_empty(),
    };
    if !is_body {
        wrong.push(format!("body {:?}, not {:?}", response.text(), recorded.body));
    }
    wrong.extend(recorded.tokens.iter().filter_map(|(name, token)| token_difference(response, name, token, known)));
    wrong
}

/// What is wrong with the token in this field of the body: its header and its claims are compared as text.
fn token_difference(response: &Response, name: &str, recorded: &Token, known: &Known) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let token = body[name].as_str().unwrap_or_default();
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    let mut next = || String::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (header, claims) = (next(), next());
    let is_same = matches(&header, &recorded.header) && matches(&claims, &known.fill_in(&recorded.claims));
    (!is_same).then(|| format!("{name} {header}.{claims}, not {}.{}", recorded.header, known.fill_in(&recorded.claims)))
}

fn status(response: &Response, expected: u16) -> Option<String> {
    (response.status != expected).then(|| format!("status {}, not {expected}", response.status))
}

fn headers<'a>(response: &'a Response, expected: &'a Map<String, Value>) -> impl Iterator<Item = String> + 'a {
    expected.iter().filter_map(|(name, value)| {
        let found = response.header(&name.to_ascii_lowercase());
        (found != value.as_str()).then(|| format!("{name}: {found:?}, not {value}"))
    })
}

/// Whether `text` is `pattern`, in which `{{hex40}}` and `{{jwt}}` stand for a new token.
pub fn matches(text: &str, pattern: &str) -> bool {
    let Some((before, rest)) = pattern.split_once("{{") else { return text == pattern };
    let Some((kind, after)) = rest.split_once("}}") else { return text == pattern };
    let Some(text) = text.strip_prefix(before) else { return false };
    let is_part: fn(char) -> bool = match kind {
        "HEX32" => |c| c.is_ascii_digit() || ('A'..='F').contains(&c),
        "id" => |c| c.is_ascii_digit(),
        "uid" => |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'),
        "token" => |c| c.is_ascii_digit() || c.is_ascii_lowercase() || c == '-',
        "hex40" | "hex32" => |c| c.is_ascii_digit() || ('a'..='f').contains(&c),
        "jwt" => |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'),
        _ => return false,
    };
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let is_whole = match kind {
        "hex40" => length == 40,
        "hex32" | "HEX32" => length == 32,
        "id" | "uid" => length > 0,
        "token" => length > 33 && text[..length].matches('-').count() == 1,
        _ => text[..length].split('.').filter(|part| !part.is_empty()).count() == 3,
    };
    is_whole && matches(&text[length..], after)
}

#[test]
fn a_pattern_stands_for_a_new_token_and_nothing_else() {
    let key = "0123456789abcdef0123456789abcdef01234567";

    assert!(matches(&format!("{{\"token\":\"{key}\"}}"), "{\"token\":\"{{hex40}}\"}"));
    assert!(!matches(&format!("{{\"token\":\"{key}0\"}}"), "{\"token\":\"{{hex40}}\"}"));
    assert!(!matches("{\"token\":\"\"}", "{\"token\":\"{{hex40}}\"}"));
    assert!(matches("a.b.c", "{{jwt}}"));
    assert!(!matches("a.b", "{{jwt}}"));
    assert!(!matches("anything", "{{html}}"));
}
