//! Whether an answer is the recorded one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::data::{Departure, Recorded};
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

/// The answers to the steps before, by which `{{step1.token}}` is filled in.
#[derive(Default)]
pub struct Known(Vec<Value>);

impl Known {
    pub fn remember(&mut self, response: &Response) {
        self.0.push(serde_json::from_slice(&response.body).unwrap_or(Value::Null));
    }

    pub fn fill_in(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (index, answer) in self.0.iter().enumerate() {
            for (field, value) in answer.as_object().into_iter().flatten() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                filled = filled.replace(&format!("{{{{step{}.{field}}}}}", index + 1), &value);
            }
        }
        filled
    }
}

/// What is wrong with an answer; nothing when it is as recorded, or as the departure says and not as recorded.
pub fn differences(
    response: &Response,
    recorded: &Recorded,
    departure: Option<&Departure>,
    known: &Known,
) -> Vec<String> {
    let from_recording = from_recording(response, recorded, known);
    let Some(Departure { expect, .. }) = departure else { return from_recording };
    let mut wrong = Vec::new();
    if from_recording.is_empty() {
        wrong.push("this is what the reference answers: the departure must go".to_owned());
    }
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
    wrong
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
fn matches(text: &str, pattern: &str) -> bool {
    let Some((before, rest)) = pattern.split_once("{{") else { return text == pattern };
    let Some((kind, after)) = rest.split_once("}}") else { return text == pattern };
    let Some(text) = text.strip_prefix(before) else { return false };
    let is_part: fn(char) -> bool = match kind {
        "hex40" => |c| c.is_ascii_digit() || ('a'..='f').contains(&c),
        "jwt" => |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'),
        _ => return false,
    };
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let is_whole = match kind {
        "hex40" => length == 40,
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
