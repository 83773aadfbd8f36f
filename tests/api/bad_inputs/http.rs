//! The HTTP layer: framing, heads, targets, methods, pipelines, and clients that send slowly or not at all.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::{Bench, Expect, answers, credentials, exchange_and_shut, latin1, raw_login, request};

const NOT_FOUND: &str = r#"{"detail":"Not found."}"#;
const HELLO: &str = r#"{"message":"Hello, World!"}"#;

/// How long a request may take to arrive where slow ones are tested.
const HASTE: &str = "server.request_timeout = \"1s\"";

/// By then a connection is closed whose request took too long: the second above, five more where it could have been used
/// again, and what a busy machine needs.
const HASTE_IS_OVER: Duration = Duration::from_secs(10);

/// Between two bytes of a client that drips.
const DRIP: Duration = Duration::from_millis(50);

fn hello() -> Expect {
    Expect::Body(200, HELLO.to_owned())
}

fn not_found() -> Expect {
    Expect::Body(404, NOT_FOUND.to_owned())
}

/// A request of this first line with alice's token.
fn with_token(bench: &Bench, line: &str) -> Vec<u8> {
    request(line, &bench.good())
}

/// A login of these header lines and this body on a connection that stays, and a good request right behind it.
fn login_and_more(bench: &Bench, lines: &str, body: &[u8]) -> Vec<u8> {
    let lines = format!("Host: testserver\r\nContent-Type: application/json\r\n{lines}\r\n");
    let mut bytes = latin1(&format!("POST /api-token-auth/ HTTP/1.1\r\n{lines}"));
    bytes.extend(body);
    bytes.extend(with_token(bench, "GET /hello/ HTTP/1.1"));
    bytes
}

#[test]
fn a_request_whose_end_two_servers_could_see_differently_is_refused() {
    Bench::on_each("", |bench| {
        let body = credentials();
        let length = format!("Content-Length: {}\r\n", body.len());
        let chunked = "Transfer-Encoding: chunked\r\n";
        let headers = [
            format!("{length}{chunked}"),
            format!("{chunked}{length}"),
            format!("{chunked}Content-Length: 0\r\n"),
            format!("{chunked}{chunked}"),
            format!("Transfer-Encoding: identity\r\n{chunked}"),
            format!("{chunked}Transfer-Encoding: identity\r\n"),
            format!("Transfer-Encoding: identity\r\n{length}"),
            "Transfer-Encoding: xchunked\r\n".to_owned(),
            "Transfer-Encoding: chunkedx\r\n".to_owned(),
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
            "Transfer-Encoding: chunked, chunked\r\n".to_owned(),
            "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
            "Transfer-Encoding: chunked;x=y\r\n".to_owned(),
            "Transfer-Encoding: \"chunked\"\r\n".to_owned(),
            "Transfer-Encoding: \u{b}chunked\r\n".to_owned(),
            "Transfer-Encoding: \u{a0}chunked\r\n".to_owned(),
            "Transfer-Encoding: chunked\u{0}\r\n".to_owned(),
            "Transfer-Encoding:\r\n".to_owned(),
            "Transfer-Encoding : chunked\r\n".to_owned(),
            "Transfer-Encoding\r\n: chunked\r\n".to_owned(),
            "X: y\r\n Transfer-Encoding: chunked\r\n".to_owned(),
            "X: y\rTransfer-Encoding: chunked\r\n".to_owned(),
            format!("{length}{length}"),
            format!("{length}Content-Length: 5\r\n"),
            format!("Content-Length: {0}, {0}\r\n", body.len()),
            format!("Content-Length: +{}\r\n", body.len()),
            format!("Content-Length: 0x{:x}\r\n", body.len()),
            format!("Content-Length: {}.0\r\n", body.len()),
            format!("Content-Length: {}\u{b}\r\n", body.len()),
            "Content-Length: -1\r\n".to_owned(),
            "Content-Length: 4 4\r\n".to_owned(),
            "Content-Length: 4_4\r\n".to_owned(),
            "Content-Length: 1e1\r\n".to_owned(),
            "Content-Length: \u{b2}\r\n".to_owned(),
            "Content-Length:\r\n".to_owned(),
            format!("Content-Length: 1{}\r\n", "0".repeat(20)),
        ];
        for lines in headers {
            bench.check(&lines, &login_and_more(bench, &lines, &body), &Expect::Refused(400));
        }
    });
}

#[test]
fn a_body_in_broken_chunks_is_refused() {
    Bench::on_each("", |bench| {
        let body = String::from_utf8(credentials()).expect("UTF-8");
        let size = format!("{:x}", body.len());
        let bodies = [
            format!("10000000000000000\r\n{body}\r\n0\r\n\r\n"),
            format!("fffffffffffffffff\r\n{body}\r\n0\r\n\r\n"),
            format!("-{size}\r\n{body}\r\n0\r\n\r\n"),
            format!("+{size}\r\n{body}\r\n0\r\n\r\n"),
            format!("0x{size}\r\n{body}\r\n0\r\n\r\n"),
            format!(" {size}\r\n{body}\r\n0\r\n\r\n"),
            format!("{size} 0\r\n{body}\r\n0\r\n\r\n"),
            format!("{size}\n{body}\n0\n\n"),
            format!("{size}\r{body}\r0\r\r"),
            format!("{size}\r\n{body}\n0\r\n\r\n"),
            format!("{size}\r\n{body}0\r\n\r\n"),
            format!("{size}\r\n{body}xx0\r\n\r\n"),
            format!("\r\n{body}\r\n0\r\n\r\n"),
            format!("g\r\n{body}\r\n0\r\n\r\n"),
            format!("{size};\0\r\n{body}\r\n0\r\n\r\n"),
            format!("{size};a\nb\r\n{body}\r\n0\r\n\r\n"),
            format!("{size}\r\n{body}\r\n0\r\nX: y\rZ\r\n\r\n"),
            format!("{size}\r\n{body}\r\n0\r\n\rx\r\n"),
            format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len() + 1),
            format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len() - 1),
        ];
        for body in bodies {
            let bytes = login_and_more(bench, "Transfer-Encoding: chunked\r\n", body.as_bytes());
            bench.check(&body, &bytes, &Expect::Refused(400));
        }
    });
}

#[test]
fn a_body_in_odd_but_sound_chunks_is_read() {
    Bench::on_each("", |bench| {
        let body = String::from_utf8(credentials()).expect("UTF-8");
        let size = format!("{:x}", body.len());
        let token = Expect::Body(200, format!("{{\"token\":\"{}\"}}", bench.key));
        let bodies = [
            format!("000{}\r\n{body}\r\n00\r\n\r\n", size.to_uppercase()),
            format!("{size};a=\"b\"\r\n{body}\r\n0;c\r\n\r\n"),
            format!("{size}\r\n{body}\r\n0\r\nX-Checksum: 1\r\nX-More: 2\r\n\r\n"),
        ];
        for body in bodies {
            for line in ["Transfer-Encoding: chunked\r\n", "Transfer-Encoding:\tCHUNKED \r\n"] {
                bench.check(&body, &raw_login(line, body.as_bytes()), &token);
            }
        }
    });
}

#[test]
fn a_trailer_says_nothing_of_the_caller() {
    Bench::on_each("", |bench| {
        let mut bytes =
            request("POST /read-only/ HTTP/1.1", "Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n");
        bytes.extend(format!("0\r\n{}\r\n", bench.good()).as_bytes());
        let detail = "Authentication credentials were not provided.";
        bench.check("a token in a trailer", &bytes, &super::unauthorized(detail));
    });
}

#[test]
fn a_body_that_nobody_asked_for_is_not_the_next_request() {
    Bench::on_each("", |bench| {
        let inner = with_token(bench, "DELETE /hello/ HTTP/1.1");
        let lines = format!("Host: testserver\r\n{}", bench.good());
        let mut bytes = latin1(&format!("GET /hello/ HTTP/1.1\r\n{lines}Content-Length: {}\r\n\r\n", inner.len()));
        bytes.extend(&inner);
        bytes.extend(with_token(bench, "GET /whoami/ HTTP/1.1"));

        let answer = bench.app.client.exchange(&bytes);

        let answers = answers(&answer, false).expect("answers");
        // Whether the second request is still answered is the server's choice.
        assert_eq!(answers[0].text(), HELLO);
        assert!(answers.iter().all(|response| response.status == 200), "{answers:?}");
        bench.is_unharmed("a request in a body");
    });
}

#[test]
fn a_malformed_head_is_refused() {
    Bench::on_each("", |bench| {
        let good = bench.good();
        let first_lines = [
            "GET /hello/",
            "GET /hello/ HTTP/1.2",
            "GET /hello/ HTTP/2.0",
            "GET /hello/ HTTP/11",
            "GET /hello/ HTTP/1.1 x",
            "GET /hello/ http/1.1",
            "GET /hello/ ICY/1.1",
            "GET  /hello/ HTTP/1.1",
            "GET\t/hello/\tHTTP/1.1",
            " GET /hello/ HTTP/1.1",
            "GET /hello/ x HTTP/1.1",
            "GET /hello/\0 HTTP/1.1",
            "GE\0T /hello/ HTTP/1.1",
            "GE(T /hello/ HTTP/1.1",
            "G\u{c9}T /hello/ HTTP/1.1",
            "/hello/ HTTP/1.1",
            "GET HTTP/1.1",
            "GET hello/ HTTP/1.1",
            "GET ?x HTTP/1.1",
            "GET",
        ];
        for line in first_lines {
            bench.check(line, &request(line, &good), &Expect::Refused(400));
        }
        let hosts = ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host : a\r\n", "Host a\r\n"];
        for host in hosts {
            let bytes = latin1(&format!("GET /hello/ HTTP/1.1\r\nConnection: close\r\n{host}{good}\r\n"));
            bench.check(host, &bytes, &Expect::Refused(400));
        }
        let old =
            latin1(&format!("POST /api-token-auth/ HTTP/1.0\r\n{good}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
        bench.check("chunks in HTTP/1.0", &old, &Expect::Refused(400));
    });
}

#[test]
fn what_is_not_http_is_refused() {
    Bench::on_each("", |bench| {
        let inputs: [(&str, &[u8]); 7] = [
            ("binary", b"\0\x01\x02\x03\xff\xfe\r\n\r\n"),
            ("TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"),
            ("HTTP/2 without leave", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n\r\n"),
            ("SMTP", b"EHLO example.org\r\n\r\n"),
            ("PostgreSQL", b"\0\0\0\x08\x04\xd2\x16\x2f"),
            ("a proxy's preface", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ];
        for (name, bytes) in inputs {
            bench.check_cut_off(name, bytes, &Expect::Refused(400));
        }
    });
}

#[test]
fn an_old_client_without_a_host_is_answered() {
    Bench::on_each("", |bench| {
        let bytes = latin1(&format!("GET /hello/ HTTP/1.0\r\n{}\r\n", bench.good()));
        bench.check("HTTP/1.0", &bytes, &hello());
    });
}

#[test]
fn more_than_95_header_lines_are_too_many() {
    Bench::on_each("", |bench| {
        // `Host`, `Connection` and `Authorization` are three.
        let lines = |count: usize| format!("{}{}", bench.good(), "X-Filler: y\r\n".repeat(count - 3));
        bench.check("95 lines", &request("GET /hello/ HTTP/1.1", &lines(95)), &hello());
        for count in [97, 200, 5000] {
            bench.check("many lines", &request("GET /hello/ HTTP/1.1", &lines(count)), &Expect::Refused(431));
        }
    });
}

#[test]
fn a_head_of_140_kb_is_too_large() {
    Bench::on_each("", |bench| {
        let long = "y".repeat(140_000);
        for lines in [format!("X-Filler: {long}\r\n"), format!("Authorization: Token {long}\r\n")] {
            bench.check("a long header", &request("GET /hello/ HTTP/1.1", &lines), &Expect::Refused(431));
        }
        bench.check("a long target", &request(&format!("GET /{long} HTTP/1.1"), ""), &Expect::Refused(431));
    });
}

#[test]
fn a_head_of_more_than_16_kib_is_too_large() {
    Bench::on_each("", |bench| {
        for length in [17_000, 50_000, 120_000] {
            let lines = format!("{}X-Filler: {}\r\n", bench.good(), "y".repeat(length));
            bench.check("a long header", &request("GET /hello/ HTTP/1.1", &lines), &Expect::Refused(431));
        }
    });
}

#[test]
fn a_header_name_of_70_kb_is_refused() {
    Bench::on_each("", |bench| {
        let line = format!("{}: x\r\n", "x".repeat(70_000));
        let answer = bench.app.client.exchange(&request("GET /hello/ HTTP/1.1", &line));
        bench.is_unharmed("a long header name");
        bench.judge("a long header name", &answer, false, &Expect::Refused(400));
    });
}

#[test]
fn a_header_name_of_70_kb_is_refused_although_it_comes_in_two_pieces() {
    Bench::on_each("", |bench| {
        // What the request before leaves of the server's buffer decides how much of the second piece it reads at once.
        for length in [1_500, 6_000, 12_000] {
            let first =
                request("GET /hello/ HTTP/1.1", &format!("{}X-Filler: {}\r\n", bench.good(), "y".repeat(length)));
            let first = String::from_utf8(first).unwrap().replace("Connection: close\r\n", "");
            let second = request("GET /hello/ HTTP/1.1", &format!("{}: x\r\n", "x".repeat(70_000)));
            let (before, after) = second.split_at(59_000);
            let mut stream = bench.app.client.connect();
            stream.write_all(&[first.as_bytes(), before].concat()).unwrap();
            let mut answer = vec![0; 2_000];
            let read = stream.read(&mut answer).unwrap();
            assert!(answer[..read].starts_with(b"HTTP/1.1 200 "), "{length}");
            bench.is_unharmed("half of a long header name");

            stream.write_all(after).unwrap();
            answer.clear();
            // The server may close before it has read everything.
            let _ = stream.read_to_end(&mut answer);

            bench.judge("a long header name in two pieces", &answer, false, &Expect::Refused(400));
        }
    });
}

#[test]
fn a_target_in_absolute_form_is_its_path() {
    Bench::on_each("", |bench| {
        for origin in ["http://testserver", "http://evil.example", "https://a:b@evil.example:444", "ftp://x"] {
            bench.check(origin, &with_token(bench, &format!("GET {origin}/hello/ HTTP/1.1")), &hello());
            bench.check(origin, &with_token(bench, &format!("GET {origin} HTTP/1.1")), &not_found());
        }
    });
}

#[test]
fn a_path_is_decoded_once_and_never_shortened() {
    Bench::on_each("", |bench| {
        for path in ["/hello/", "/hello", "/%68ello/", "/%68%65%6C%6c%6f/", "/hello/?x=%00&%zz=\\", "/hello/?%ff"] {
            bench.check(path, &with_token(bench, &format!("GET {path} HTTP/1.1")), &hello());
        }
        let elsewhere = [
            "/",
            "*",
            "evil.example:80",
            "//hello/",
            "/hello//",
            "/HELLO/",
            "/./hello/",
            "/x/../hello/",
            "/hello/..",
            "/%2e/hello/",
            "/x/%2e%2e/hello/",
            "/..%2fhello/",
            "/hello%2f",
            "/%2568ello/",
            "/hello/%00",
            "/hello%00",
            "/hello/%0d%0aX:%20y",
            "/hello/%ff",
            "/%c0%ae",
            "/%c0%ae%c0%ae/hello/",
            "/hello%zz",
            "/hello%",
            "/hello;x=y",
            "/hello\\",
            "/hello/'--",
            "/api-token-auth/x",
            "/.git/config",
            "/etc/passwd",
        ];
        for path in elsewhere {
            bench.check(path, &with_token(bench, &format!("GET {path} HTTP/1.1")), &not_found());
        }
    });
}

#[test]
fn a_target_that_is_no_text_is_refused() {
    Bench::on_each("", |bench| {
        for path in ["/\u{ff}", "/hello/\u{ff}", "/hell\u{c3}\u{a9}/", "/hello/\u{7f}", "/hello/\u{1b}[31m"] {
            bench.check(path, &with_token(bench, &format!("GET {path} HTTP/1.1")), &Expect::Refused(400));
        }
        let long = format!("GET /hello/?{} HTTP/1.1", "y".repeat(70_000));
        bench.check("a query of 70 KB", &with_token(bench, &long), &Expect::Refused(400));
    });
}

#[test]
fn a_method_that_a_handler_lacks_is_named_to_known_callers_only() {
    Bench::on_each("", |bench| {
        let long = "A".repeat(5000);
        let methods = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO", "get", "PROPFIND", "M-SEARCH", "QUERY", &long];
        for method in methods {
            let line = format!("{method} /hello/ HTTP/1.1");
            let detail = format!(r#"{{"detail":"Method \"{method}\" not allowed."}}"#);
            bench.check(method, &with_token(bench, &line), &Expect::Body(405, detail));
            bench.check(method, &request(&line, ""), &Expect::Status(401));
        }
        let connect = with_token(bench, "CONNECT /hello/ HTTP/1.1");
        bench.check_cut_off("CONNECT", &connect, &Expect::Status(405));
        let tunnel = with_token(bench, "CONNECT evil.example:443 HTTP/1.1");
        bench.check_cut_off("a tunnel", &tunnel, &not_found());
        bench.check("OPTIONS *", &with_token(bench, "OPTIONS * HTTP/1.1"), &not_found());
        bench.check("HEAD", &with_token(bench, "HEAD /hello/ HTTP/1.1"), &Expect::Body(200, String::new()));
        bench.check("HEAD of nothing", &with_token(bench, "HEAD /x HTTP/1.1"), &Expect::Body(404, String::new()));
    });
}

#[test]
fn a_method_that_a_health_check_lacks_is_not_allowed() {
    Bench::on_each("", |bench| {
        for path in ["/livez", "/readyz/"] {
            bench.check(path, &request(&format!("POST {path} HTTP/1.1"), ""), &Expect::Status(405));
        }
    });
}

#[test]
fn a_method_cannot_be_overridden() {
    Bench::on_each("", |bench| {
        let lines = format!("{}X-HTTP-Method-Override: GET\r\nX-HTTP-Method: GET\r\n", bench.good());
        bench.check("by a header", &request("POST /hello/ HTTP/1.1", &lines), &Expect::Status(405));
        bench.check("by the query", &request("POST /hello/?_method=GET HTTP/1.1", &lines), &Expect::Status(405));
    });
}

#[test]
fn an_upgrade_is_not_followed() {
    Bench::on_each("", |bench| {
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
        let upgrades = [
            format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{key}"),
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
                .to_owned(),
            "Connection: upgrade\r\nUpgrade: TLS/1.0\r\n".to_owned(),
        ];
        for lines in upgrades {
            let bytes = latin1(&format!("GET /hello/ HTTP/1.1\r\nHost: testserver\r\n{lines}{}\r\n", bench.good()));
            bench.check_cut_off(&lines, &bytes, &hello());
        }
    });
}

#[test]
fn a_bad_request_behind_a_good_one_is_refused_after_it() {
    Bench::on_each("", |bench| {
        let good = latin1(&format!("GET /hello/ HTTP/1.1\r\nHost: testserver\r\n{}\r\n", bench.good()));
        let bad: [&[u8]; 4] = [
            b"GET /hello/ HTTP/1.1\r\n\r\n",
            b"\0\x01\x02\r\n\r\n",
            b"GET /hello/ HTTP/1.1\r\nHost : x\r\n\r\n",
            b"POST /api-token-auth/ HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n{",
        ];
        for bad in bad {
            // What follows is not looked at any more.
            let answer = bench.app.client.exchange(&[&good, bad, &good].concat());

            let answers = answers(&answer, false).expect("answers");
            let statuses: Vec<u16> = answers.iter().map(|response| response.status).collect();
            assert_eq!(statuses, [200, 400], "{}", bad.escape_ascii());
            assert_eq!(answers[0].text(), HELLO);
            bench.is_unharmed("a pipeline");
        }
    });
}

#[test]
fn a_hundred_requests_at_once_are_answered_in_turn() {
    Bench::on_each("", |bench| {
        let one = |path: &str| latin1(&format!("GET {path} HTTP/1.1\r\nHost: testserver\r\n{}\r\n", bench.good()));
        let bytes = [one("/hello/"), one("/nowhere/")].concat().repeat(50);
        let bytes = [bytes, with_token(bench, "GET /hello/ HTTP/1.1")].concat();

        let answers = answers(&bench.app.client.exchange(&bytes), false).expect("answers");

        let statuses: Vec<u16> = answers.iter().map(|response| response.status).collect();
        assert_eq!(statuses, [[200, 404].repeat(50), vec![200]].concat());
        bench.is_unharmed("a hundred requests");
    });
}

#[test]
fn a_request_cut_off_in_its_head_is_dropped() {
    Bench::on_each("", |bench| {
        let whole = with_token(bench, "GET /hello/ HTTP/1.1");
        for length in [0, 1, 5, 20, 40, whole.len() - 2, whole.len() - 1] {
            bench.check_cut_off(&format!("{length} bytes"), &whole[..length], &Expect::Dropped);
        }
    });
}

#[test]
fn a_request_that_does_not_arrive_in_time_is_given_up() {
    Bench::on_each(HASTE, |bench| {
        let announced = |lines: &str, body: &[u8]| raw_login(&format!("Content-Length: 60\r\n{lines}"), body);
        let inputs = [
            ("nothing", Vec::new()),
            ("half a line", b"GET /hel".to_vec()),
            ("half a head", b"GET /hello/ HTTP/1.1\r\nHost: x\r\n".to_vec()),
            ("empty lines", b"\r\n".repeat(100)),
            ("no body", announced("", b"")),
            ("half a body", announced("", b"{\"username\":")),
            ("no body after 100 Continue", announced("Expect: 100-continue\r\n", b"")),
            ("an upgraded login", raw_login("Connection: Upgrade\r\nUpgrade: websocket\r\n", &credentials())),
        ];
        thread::scope(|scope| {
            for (name, bytes) in &inputs {
                scope.spawn(move || {
                    let started = Instant::now();
                    let answer = bench.app.client.exchange(bytes);
                    let took = started.elapsed();

                    bench.judge(name, &answer, false, &Expect::Status(408));
                    assert!(took < HASTE_IS_OVER, "{name}: {took:?}");
                });
            }
        });
        bench.is_unharmed("slow requests");
    });
}

#[test]
fn a_request_that_drips_in_is_given_up() {
    Bench::on_each(HASTE, |bench| {
        let inputs = [
            ("a head", b"GET /hello/ HTTP/1.1\r\n".to_vec(), b"X: y\r\n".as_slice()),
            ("empty lines", Vec::new(), b"\r\n"),
            ("a body", raw_login("Content-Length: 60000\r\n", b""), b"a"),
            ("an unread body", request("POST /read-only/ HTTP/1.1", "Content-Length: 60000\r\n"), b"a"),
        ];
        thread::scope(|scope| {
            for (name, start, drops) in &inputs {
                scope.spawn(move || {
                    let took = drip(bench.app.client.connect(), start, drops);
                    assert!(took.is_some(), "{name}: still open");
                });
            }
        });
        bench.is_unharmed("dripping requests");
    });
}

#[test]
fn a_chunked_body_that_does_not_end_is_not_waited_for() {
    Bench::on_each(HASTE, |bench| {
        let chunked = "Transfer-Encoding: chunked\r\n";
        let token = format!("{chunked}{}", bench.good());
        let coded = format!("{chunked}Content-Encoding: gzip\r\n");
        let too_large = [b"20000\r\n".as_slice(), &[b' '; 0x20000], b"\r\n"].concat();
        let inputs = [
            ("a login", raw_login(chunked, b"")),
            ("half a chunk", raw_login(chunked, b"5\r\n{")),
            ("a packed body", raw_login(&coded, b"")),
            ("a large body", raw_login(chunked, &too_large)),
            ("a stranger", request("POST /read-only/ HTTP/1.1", chunked)),
            ("an unread body", request("POST /read-only/ HTTP/1.1", &token)),
            ("no handler", request("POST /nowhere/ HTTP/1.1", chunked)),
        ];
        thread::scope(|scope| {
            for (name, bytes) in &inputs {
                scope.spawn(move || {
                    assert!(stays_silent(bench.app.client.connect(), bytes).is_some(), "{name}, silent: still open");
                    assert!(drip(bench.app.client.connect(), bytes, b"1\r\na\r\n").is_some(), "{name}: still open");
                });
            }
        });
        bench.is_unharmed("endless bodies");
    });
}

#[test]
fn a_second_request_that_drips_in_is_given_up() {
    Bench::on_each(HASTE, |bench| {
        let first = latin1(&format!("GET /hello/ HTTP/1.1\r\nHost: testserver\r\n{}\r\n", bench.good()));
        let start = [&first, b"GET /hello/ HTTP/1.1\r\n".as_slice()].concat();
        assert!(drip(bench.app.client.connect(), &start, b"X: y\r\n").is_some(), "still open");
        bench.is_unharmed("a dripping second request");
    });
}

#[test]
fn whoever_was_told_that_the_time_is_over_gets_no_more_of_it() {
    Bench::on_each("server.request_timeout = \"3s\"", |bench| {
        for body in [b"".as_slice(), b"3e8\r\n{", b"1;x=", b"2\r\n{}\r\n0\r\nX: "] {
            let mut stream = bench.app.client.connect();
            stream.set_read_timeout(Some(DRIP)).expect("a time limit");
            stream.write_all(&raw_login("Transfer-Encoding: chunked\r\n", body)).expect("it goes out");
            let mut told = None;

            loop {
                let mut bytes = [0; 4096];
                match stream.read(&mut bytes) {
                    Ok(0) => break,
                    Ok(_) => told = told.or(Some(Instant::now())),
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(_) => break,
                }
                let _ = stream.write_all(b"1");
                assert!(told.is_none_or(|told| told.elapsed() < Duration::from_secs(3)), "{}", body.escape_ascii());
            }

            assert!(told.is_some(), "{}: closed without a word", body.escape_ascii());
        }
        bench.is_unharmed("dripping after the answer");
    });
}

/// Sends `start` and then `drops` byte by byte, over and over; gives the time until the server has closed the connection.
fn drip(mut stream: TcpStream, start: &[u8], drops: &[u8]) -> Option<Duration> {
    let started = Instant::now();
    stream.set_read_timeout(Some(DRIP)).expect("a time limit");
    // A server that refuses early may close before it has read everything.
    let _ = stream.write_all(start);
    for drop in drops.iter().cycle() {
        // Waits for an answer as long as until the next drop.
        if is_closed(&mut stream) || stream.write_all(&[*drop]).is_err() {
            return Some(started.elapsed());
        }
        if started.elapsed() > HASTE_IS_OVER {
            break;
        }
    }
    None
}

/// Sends `bytes` and nothing more; gives the time until the server has closed the connection.
fn stays_silent(mut stream: TcpStream, bytes: &[u8]) -> Option<Duration> {
    let started = Instant::now();
    stream.set_read_timeout(Some(DRIP)).expect("a time limit");
    let _ = stream.write_all(bytes);
    while started.elapsed() < HASTE_IS_OVER {
        if is_closed(&mut stream) {
            return Some(started.elapsed());
        }
    }
    None
}

fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 4096]) {
        Ok(length) => length == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn a_client_that_leaves_while_it_is_answered_does_no_harm() {
    Bench::on_each("", |bench| {
        let bytes = raw_login(&format!("Content-Length: {}\r\n", credentials().len()), &credentials());
        for _ in 0..50 {
            let mut stream = bench.app.client.connect();
            stream.write_all(&bytes).expect("the connection is open");
            drop(stream);
        }
        bench.is_unharmed("clients that leave");
        // A client that closes its sending half still reads its answer.
        let answer = exchange_and_shut(bench.app.client, &bytes);
        bench.judge("half closed", &answer, false, &Expect::Status(200));
    });
}
