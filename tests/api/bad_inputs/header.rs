//! `Authorization` headers: bad tokens, odd spacing, and tokens in places where none is looked for.

use super::{Bench, Expect, raw_login, request, unauthorized};
use crate::support::TestApp;
use crate::support::database::Kind;

const NONE: &str = "Authentication credentials were not provided.";
const BAD: &str = "Invalid token.";
const EMPTY: &str = "Invalid token header. No credentials provided.";
const SPACES: &str = "Invalid token header. Token string should not contain spaces.";
const CHARACTERS: &str = "Invalid token header. Token string should not contain invalid characters.";

/// Every handler that wants to know its caller, and a method of it.
const PROTECTED: [&str; 5] = ["GET /hello/", "GET /api/secret", "GET /whoami/", "GET /admin-only/", "POST /read-only/"];

#[test]
fn a_header_that_is_no_attempt_is_none() {
    Bench::on_each("", |bench| {
        let key = &bench.key;
        let values = [
            String::new(),
            "   ".to_owned(),
            format!("Token:{key}"),
            format!("Token={key}"),
            format!("Token{key}"),
            format!("\"Token\" {key}"),
            format!("Token\u{a0}{key}"),
            format!("Token\u{85}{key}"),
            format!("T\u{f6}ken {key}"),
            key.clone(),
            format!(",Token {key}"),
            format!("Token,{key}"),
            format!("Basic {key}"),
            format!("bearer {key}"),
            format!("Tokens {key}"),
            format!("Toke {key}"),
        ];
        for value in values {
            let request = bench.whoami(&format!("Authorization: {value}\r\n"));
            bench.check(&value, &request, &unauthorized(NONE));
        }
    });
}

#[test]
fn odd_spacing_and_case_around_a_good_token_are_forgiven() {
    Bench::on_each("", |bench| {
        let key = &bench.key;
        let lines = [
            format!("Authorization: Token  {key}\r\n"),
            format!("Authorization: Token\t{key}\r\n"),
            format!("Authorization: \t Token \t {key} \t \r\n"),
            format!("Authorization:Token {key}\r\n"),
            format!("authorization: token {key}\r\n"),
            format!("AUTHORIZATION: TOKEN {key}\r\n"),
            format!("aUtHoRiZaTiOn: tOkEn {key}\r\n"),
        ];
        for line in lines {
            bench.check(&line, &bench.whoami(&line), &bench.is_alice());
        }
    });
}

#[test]
fn a_bad_token_is_refused_in_rest_frameworks_words() {
    Bench::on_each("", |bench| {
        let key = bench.key.clone();
        let (start, end) = key.split_at(20);
        let cases = [
            ("Token".to_owned(), EMPTY),
            ("Token ".to_owned(), EMPTY),
            ("Token \t".to_owned(), EMPTY),
            ("Token a b".to_owned(), SPACES),
            (format!("Token {start} {end}"), SPACES),
            (format!("Token {key} x"), SPACES),
            (format!("Token token {key}"), SPACES),
            ("Token \u{ff}\u{fe}".to_owned(), CHARACTERS),
            (format!("Token {key}\u{a0}"), CHARACTERS),
            // Half a surrogate pair, and a slash in too many bytes.
            ("Token \u{ed}\u{a0}\u{80}".to_owned(), CHARACTERS),
            ("Token \u{c0}\u{af}".to_owned(), CHARACTERS),
            ("Token \u{c3}\u{a9}".to_owned(), BAD),
            (format!("Token {key}\u{e2}\u{80}\u{8b}"), BAD),
            (format!("Token \"{key}\""), BAD),
            (format!("Token token={key}"), BAD),
            (format!("Token {key},"), BAD),
            (format!("Token {}", key.to_uppercase().replace(char::is_numeric, "A")), BAD),
            (format!("Token {}", &key[..39]), BAD),
            (format!("Token {}", &key[..1]), BAD),
            (format!("Token {key}0"), BAD),
            (format!("Token 0{}", &key[1..].chars().rev().collect::<String>()), BAD),
            (format!("Token {}", "0".repeat(40)), BAD),
            (format!("Token {}", "f".repeat(40)), BAD),
            (format!("Token {}", "%".repeat(40)), BAD),
            (format!("Token {}", "_".repeat(40)), BAD),
            (format!("Token {}%", &key[..8]), BAD),
            (format!("Token {}_", &key[..39]), BAD),
            ("Token %".to_owned(), BAD),
            ("Token *".to_owned(), BAD),
            ("Token %27".to_owned(), BAD),
            ("Token '".to_owned(), BAD),
            ("Token \\".to_owned(), BAD),
            ("Token $1".to_owned(), BAD),
            ("Token ?".to_owned(), BAD),
            ("Token null".to_owned(), BAD),
            (format!("Token 0x{key}"), BAD),
            ("Token '/**/OR/**/1=1--".to_owned(), BAD),
            ("Token '||(SELECT/**/key/**/FROM/**/authtoken_token)||'".to_owned(), BAD),
            ("Token ';DROP/**/TABLE/**/authtoken_token;--".to_owned(), BAD),
            (format!("Token {key}'--"), BAD),
            (format!("Token {}", "a".repeat(7 * 1024)), BAD),
            (format!("Token {key}{}", "a".repeat(7 * 1024)), BAD),
            (format!("Token {}", "\u{f0}\u{9f}\u{98}\u{80}".repeat(1000)), BAD),
        ];
        for (value, detail) in cases {
            let request = bench.whoami(&format!("Authorization: {value}\r\n"));
            bench.check(&value, &request, &unauthorized(detail));
        }
    });
}

#[test]
fn every_protected_handler_refuses_alike() {
    Bench::on_each("", |bench| {
        let cases = [("", NONE), ("Authorization: Token bad\r\n", BAD), ("Authorization: Token\r\n", EMPTY)];
        for route in PROTECTED {
            for (lines, detail) in cases {
                let request = request(&format!("{route} HTTP/1.1"), lines);
                bench.check(&format!("{route} {lines}"), &request, &unauthorized(detail));
            }
        }
    });
}

#[test]
fn a_login_with_a_bad_token_is_refused_before_its_body_is_read() {
    Bench::on_each("", |bench| {
        for body in [super::credentials(), b"{".to_vec()] {
            let lines = format!("Authorization: Token bad\r\nContent-Length: {}\r\n", body.len());
            bench.check("a bad token", &raw_login(&lines, &body), &unauthorized(BAD));
        }
    });
}

#[test]
fn several_authorization_headers_are_one() {
    Bench::on_each("", |bench| {
        let good = bench.good();
        let bad = "Authorization: Token bad\r\n";
        let cases = [
            (format!("{good}{good}"), SPACES),
            (format!("{good}{bad}"), SPACES),
            (format!("{bad}{good}"), SPACES),
            (format!("{good}Authorization: Bearer x\r\n"), SPACES),
            (format!("{good}Authorization:\r\n"), BAD),
            (format!("Authorization:\r\n{good}"), NONE),
            (format!("Authorization: Basic x\r\n{good}"), NONE),
        ];
        for (lines, detail) in cases {
            bench.check(&lines, &bench.whoami(&lines), &unauthorized(detail));
        }
    });
}

#[test]
fn a_token_is_looked_for_in_its_own_header_only() {
    Bench::on_each("", |bench| {
        let key = bench.key.clone();
        let headers = [
            format!("HTTP_AUTHORIZATION: Token {key}\r\n"),
            format!("Authorization_: Token {key}\r\n"),
            format!("X-Authorization: Token {key}\r\n"),
            format!("Proxy-Authorization: Token {key}\r\n"),
            format!("X-Forwarded-Authorization: Token {key}\r\n"),
            format!("Cookie: auth_token={key}; Authorization=Token {key}; sessionid={key}\r\n"),
            format!("Token: {key}\r\nX-Api-Key: {key}\r\nX-Auth-Token: {key}\r\n"),
        ];
        for lines in headers {
            bench.check(&lines, &bench.whoami(&lines), &unauthorized(NONE));
        }
        for query in ["token", "access_token", "auth_token", "Authorization"] {
            let line = format!("GET /whoami/?{query}={key} HTTP/1.1");
            bench.check(&line, &request(&line, ""), &unauthorized(NONE));
        }
        let body = format!("access_token={key}&token={key}");
        let lines = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len());
        let mut form = request("POST /read-only/ HTTP/1.1", &lines);
        form.extend(body.as_bytes());
        bench.check("a token in a form", &form, &unauthorized(NONE));
    });
}

#[test]
fn a_token_in_a_websocket_handshake_is_not_taken() {
    Bench::on_each("", |bench| {
        let lines = format!(
            "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: {}\r\n",
            bench.key
        );
        bench.check_cut_off("a websocket handshake", &bench.whoami(&lines), &unauthorized(NONE));
    });
}

#[test]
fn a_token_as_a_bearer_is_an_invalid_jwt() {
    Bench::on_each("", |bench| {
        let lines = format!("Authorization: Bearer {}\r\n", bench.key);
        let start = r#"{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":["#;
        bench.check(&lines, &bench.whoami(&lines), &Expect::Begins(401, start));
    });
}

#[test]
fn a_header_with_control_characters_is_a_malformed_request() {
    Bench::on_each("", |bench| {
        let key = &bench.key;
        let lines = [
            format!("Authorization: Token {key}\0\r\n"),
            format!("Authorization: Token \0{key}\r\n"),
            format!("Authorization: Token {key}\r{key}\r\n"),
            format!("Authorization: Token\r{key}\r\n"),
            format!("Authorization: Token\u{b}{key}\r\n"),
            format!("Authorization: Token\u{c}{key}\r\n"),
            format!("Authorization: Token {key}\u{7f}\r\n"),
            format!("Authorization: Token\r\n {key}\r\n"),
            format!("Authorization : Token {key}\r\n"),
            format!("Authorization\t: Token {key}\r\n"),
            format!(" Authorization: Token {key}\r\n"),
            format!("Authorization Token {key}\r\n"),
            format!(": Token {key}\r\n"),
            format!("Authori\0zation: Token {key}\r\n"),
            format!("Authori\u{e9}ation: Token {key}\r\n"),
        ];
        for line in lines {
            bench.check(&line, &bench.whoami(&line), &Expect::Refused(400));
        }
    });
}

#[test]
fn a_key_that_no_row_can_have_is_refused_without_asking_the_database() {
    for kind in Kind::available() {
        let app = TestApp::start(kind, "");
        app.database.execute("ALTER TABLE authtoken_token RENAME TO authtoken_token_elsewhere");

        let huge = app.whoami(&format!("Token {}", "a".repeat(7 * 1024)));
        let plausible = app.whoami(&format!("Token {}", "a".repeat(40)));

        assert_eq!((huge.status, huge.detail().as_str()), (401, BAD));
        assert_ne!(plausible.status, 401, "the table is still there: {plausible:?}");
    }
}

#[test]
fn the_token_of_a_deleted_user_is_invalid() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        let header = format!("Token {}", app.token("alice", "pw"));
        app.database.execute("DELETE FROM authtoken_token; DELETE FROM auth_user");

        let response = app.whoami(&header);

        assert_eq!((response.status, response.detail().as_str()), (401, BAD));
    });
}

#[test]
fn a_token_is_good_on_its_own_database_only() {
    for kind in Kind::available() {
        let (one, other) = (TestApp::start(kind, ""), TestApp::start(kind, ""));
        one.user("alice", "pw");
        other.user("alice", "pw");
        let header = format!("Token {}", one.token("alice", "pw"));
        other.token("alice", "pw");

        assert_eq!(one.whoami(&header).status, 200);
        assert_eq!(other.whoami(&header).detail(), BAD);
    }
}
