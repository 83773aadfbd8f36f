//! Reads a mail as a mail program would: its headers, its text and its HTML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub type Headers = Vec<(String, String)>;

/// The headers, the text and the HTML of a whole mail.
pub fn parse(mail: &str) -> (Headers, String, String) {
    let (headers, body) = split(mail);
    let content_type = value(&headers, "content-type");
    assert!(content_type.starts_with("multipart/alternative;"), "{content_type}");
    let (_, boundary) = content_type.split_once("boundary=\"").expect("a boundary");
    let boundary = format!("--{}", boundary.split('"').next().expect("its end"));
    let parts: Vec<(Headers, String)> = body.split(&boundary).skip(1).map(|part| split(part.trim_start())).collect();
    // The last one is what follows the final boundary.
    let [text, html, _] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    assert_eq!(value(&text.0, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(value(&html.0, "content-type"), "text/html; charset=utf-8");
    (headers, decoded(text), decoded(html))
}

fn split(mail: &str) -> (Headers, String) {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers = unfolded.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), words(value.trim())))
    });
    (headers.collect(), body.to_owned())
}

pub fn value(headers: &Headers, name: &str) -> String {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Encoded words (RFC 2047) as text; blanks between two of them go.
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("=?utf-8?b?") {
        if !before.trim().is_empty() || text.is_empty() {
            text.push_str(before);
        }
        let (encoded, after) = after.split_once("?=").expect("the end of a word");
        text.push_str(&String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("UTF-8"));
        rest = after;
    }
    text + rest
}

fn decoded((headers, body): &(Headers, String)) -> String {
    let text = match value(headers, "content-transfer-encoding").as_str() {
        "7bit" => body.clone(),
        "quoted-printable" => quoted_printable(body),
        "base64" => {
            let joined: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(joined).expect("base64")).expect("UTF-8")
        }
        other => panic!("encoded as {other:?}"),
    };
    text.replace("\r\n", "\n").trim_end().to_owned()
}

fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).expect("UTF-8")
}
