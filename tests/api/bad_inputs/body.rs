//! Bodies of logins: what is no JSON, no text, no password, too long or too deep.

use std::time::{Duration, Instant};

use super::{Bench, Expect, PASSWORD, credentials, raw_login, request};
use crate::support::TestApp;
use crate::support::database::Kind;

const WRONG: &str = r#"{"non_field_errors":["Unable to log in with provided credentials."]}"#;
const NO_JSON: Expect = Expect::Begins(400, r#"{"detail":"JSON parse error - "#);
const TOO_LARGE: &str = r#"{"detail":"Request body is too large."}"#;

/// Bodies of 100 KB, which the limit would refuse before they are looked at.
const ROOMY: &str = "server.body_limit = \"1MiB\"";

/// A login with this body as JSON.
fn login(body: &[u8]) -> Vec<u8> {
    raw_login(&format!("Content-Length: {}\r\n", body.len()), body)
}

/// A login with this body and these headers about it.
fn typed(lines: &str, body: &[u8]) -> Vec<u8> {
    let lines = format!("{lines}Content-Length: {}\r\n", body.len());
    let mut bytes = request("POST /api-token-auth/ HTTP/1.1", &lines);
    bytes.extend(body);
    bytes
}

/// The body in chunks of at most `size` bytes.
fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let chunks = body.chunks(size).map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    chunks.chain([b"0\r\n\r\n".to_vec()]).collect::<Vec<_>>().concat()
}

fn named(username: &str, password: &str) -> Vec<u8> {
    serde_json::json!({"username": username, "password": password}).to_string().into_bytes()
}

fn both(message: &str) -> Expect {
    Expect::Body(400, format!(r#"{{"username":["{message}"],"password":["{message}"]}}"#))
}

fn wrong() -> Expect {
    Expect::Body(400, WRONG.to_owned())
}

#[test]
fn unknown_inactive_and_wrong_are_told_the_same() {
    Bench::on_each("", |bench| {
        bench.app.user("bob", PASSWORD);
        bench.app.database.execute("UPDATE auth_user SET is_active = false WHERE username = 'bob'");
        bench.app.database.insert_user("carol", "!unusable");
        let cases = [("alice", "looking glass"), ("nobody", PASSWORD), ("bob", PASSWORD), ("carol", "!unusable")];

        for (username, password) in cases {
            let response = bench.app.login(username, password);
            assert_eq!((response.status, response.text().as_str()), (400, WRONG), "{username}");
        }
    });
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    Bench::on_each("", |bench| {
        let not_a_mapping = |kind: &str| {
            let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
            Expect::Body(400, format!(r#"{{"non_field_errors":["{message}"]}}"#))
        };
        let list = [b"[".as_slice(), &credentials(), b"]"].concat();
        let cases: [(&[u8], Expect); 11] = [
            (b"", both("This field is required.")),
            (b"{}", both("This field is required.")),
            (b"{\"user\":\"alice\"}", both("This field is required.")),
            (b"null", Expect::Body(400, r#"{"non_field_errors":["No data provided"]}"#.to_owned())),
            (&list, not_a_mapping("list")),
            (b"[]", not_a_mapping("list")),
            (b"\"x\"", not_a_mapping("str")),
            (b"1", not_a_mapping("int")),
            (b"1.5", not_a_mapping("float")),
            (b"true", not_a_mapping("bool")),
            (b"false", not_a_mapping("bool")),
        ];
        for (body, expect) in cases {
            bench.check(&body.escape_ascii().to_string(), &login(body), &expect);
        }
    });
}

#[test]
fn a_field_that_is_no_text_is_refused() {
    Bench::on_each("", |bench| {
        let cases = [
            (r#"{"username":null,"password":null}"#, both("This field may not be null.")),
            (r#"{"username":"","password":""}"#, both("This field may not be blank.")),
            (r#"{"username":{"a":1},"password":{}}"#, both("Not a valid string.")),
            (r#"{"username":[],"password":["x"]}"#, both("Not a valid string.")),
            (r#"{"username":true,"password":false}"#, both("Not a valid string.")),
            (r#"{"username":"a\u0000","password":"\u0000"}"#, both("Null characters are not allowed.")),
            (r#"{"username":"\ud800","password":"\ud800x"}"#, both("Surrogate characters are not allowed: U+D800.")),
            (r#"{"username":1,"password":2}"#, wrong()),
            (r#"{"username":-1.5e3,"password":1e-7}"#, wrong()),
        ];
        for (body, expect) in cases {
            bench.check(body, &login(body.as_bytes()), &expect);
        }
    });
}

#[test]
fn what_is_no_json_is_refused_without_a_word_of_the_parser() {
    Bench::on_each("", |bench| {
        let complete = credentials();
        let with = |before: &[u8], after: &[u8]| [before, complete.as_slice(), after].concat();
        let bodies = [
            b" ".to_vec(),
            b"{".to_vec(),
            b"[".to_vec(),
            b"\"".to_vec(),
            b"{\"username\":\"alice\",}".to_vec(),
            b"{'username':'alice'}".to_vec(),
            b"{\"username\":alice}".to_vec(),
            b"{\"username\":\"alice\" \"password\":\"x\"}".to_vec(),
            b"{\"username\":\"\\x\"}".to_vec(),
            b"{\"username\":\"\\u12\"}".to_vec(),
            b"{\"username\":\"al\nice\"}".to_vec(),
            b"{\"username\":\"\0\"}".to_vec(),
            b"{\"username\":\"\xff\xfe\"}".to_vec(),
            b"{\"username\":\"\xed\xa0\x80\"}".to_vec(),
            b"\xff\xfe{\0}\0".to_vec(),
            b"{\"a\":NaN}".to_vec(),
            b"{\"a\":Infinity}".to_vec(),
            b"{\"a\":-Infinity}".to_vec(),
            b"{\"a\":01}".to_vec(),
            b"{\"a\":1.}".to_vec(),
            b"{\"a\":+1}".to_vec(),
            b"username=alice&password=wonderland".to_vec(),
            b"\0".to_vec(),
            with(b"\xef\xbb\xbf", b""),
            with(b"", b" junk"),
            with(b"", b"}"),
            with(b"", &complete),
            with(b"", b"\0"),
            with(b"/* a comment */", b""),
            complete[..complete.len() - 1].to_vec(),
        ];
        for body in bodies {
            bench.check(&body.escape_ascii().to_string(), &login(&body), &NO_JSON);
        }
    });
}

#[test]
fn a_number_beyond_every_range_is_no_fault_of_the_server() {
    Bench::on_each("", |bench| {
        let digits = "9".repeat(4000);
        for number in ["1e999", "-1e999", "1e-999", "1E+400", "99999999999999999999999999", digits.as_str()] {
            let body = format!(r#"{{"username":{number},"password":{number}}}"#);
            bench.check(number, &login(body.as_bytes()), &wrong());
        }
        let body = format!(r#"{{"username":{},"password":"x"}}"#, "9".repeat(4301));
        bench.check("4301 digits", &login(body.as_bytes()), &NO_JSON);
    });
}

#[test]
fn deep_json_is_refused_at_once() {
    Bench::on_each(ROOMY, |bench| {
        for depth in [1000, 100_000] {
            let lists = format!(r#"{{"username":"alice","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            let objects = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
            let unclosed = "[".repeat(depth);
            for body in [lists, objects, unclosed] {
                let started = Instant::now();
                let answer = bench.app.client.exchange(&login(body.as_bytes()));
                let took = started.elapsed();

                bench.judge("deep JSON", &answer, false, &NO_JSON);
                assert!(took < Duration::from_millis(500), "{depth} levels took {took:?}");
                bench.is_unharmed("deep JSON");
            }
        }
    });
}

#[test]
fn a_name_or_password_of_100_kb_is_a_wrong_one() {
    Bench::on_each(ROOMY, |bench| {
        let long = "a".repeat(100 * 1024);
        bench.check("a long name", &login(&named(&long, PASSWORD)), &wrong());
        bench.check("a long unknown name", &login(&named(&"\u{1f600}".repeat(20_000), &long)), &wrong());
        bench.check("a long password", &login(&named("alice", &long)), &wrong());
        bench.check("the password and more", &login(&named("alice", &format!("{PASSWORD}{long}"))), &wrong());
    });
}

#[test]
fn a_name_is_nothing_but_a_name_to_the_database() {
    Bench::on_each("", |bench| {
        let names = [
            "alice' OR 1=1--",
            "alice' OR '1'='1",
            "alice\"; DROP TABLE auth_user; --",
            "'; DELETE FROM authtoken_token; --",
            "alice\\",
            "\\'; SELECT 1; --",
            "%",
            "_____",
            "al%",
            "ALICE",
            "alice\u{200b}",
            "\u{feff}alice",
            "\u{202e}ecila",
            "\u{ff41}lice",
            "al\u{131}ce",
            "ali\u{301}ce",
            "alice\r\nX-Injected: 1",
            "\u{1b}[31malice",
            "${jndi:ldap://x/}",
            "{{7*7}}",
            "../../etc/passwd",
            "$1",
            "?",
        ];
        let emoji = "\u{1f600}".repeat(150);
        for name in names.into_iter().chain([emoji.as_str()]) {
            bench.check(name, &login(&named(name, PASSWORD)), &wrong());
        }
    });
}

#[test]
fn a_name_is_trimmed_and_a_password_is_not() {
    Bench::on_each("", |bench| {
        let token = Expect::Body(200, format!("{{\"token\":\"{}\"}}", bench.key));
        bench.check("blanks around a name", &login(&named(" alice\u{3000}\t", PASSWORD)), &token);
        bench.check("blanks around a password", &login(&named("alice", &format!(" {PASSWORD} "))), &wrong());
        bench.check("a password of blanks", &login(&named("alice", " ")), &wrong());
    });
}

#[test]
fn the_last_of_several_fields_of_one_name_counts() {
    Bench::on_each("", |bench| {
        let token = Expect::Body(200, format!("{{\"token\":\"{}\"}}", bench.key));
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let last = format!("username=nobody&password=x&username=alice&password={PASSWORD}");
        let first = format!("username=alice&password={PASSWORD}&username=nobody");
        bench.check("a form", &typed(form, last.as_bytes()), &token);
        bench.check("a form", &typed(form, first.as_bytes()), &wrong());
        let json = format!(r#"{{"username":"nobody","username":"alice","password":"{PASSWORD}"}}"#);
        bench.check("JSON", &login(json.as_bytes()), &token);
    });
}

#[test]
fn a_form_that_is_broken_is_no_fault_of_the_server() {
    Bench::on_each("", |bench| {
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let required = || both("This field is required.");
        let cases: [(&[u8], Expect); 8] = [
            (b"&&&", required()),
            (b"=", required()),
            (b"username&password", both("This field may not be blank.")),
            (b"{\"username\":\"alice\"}", required()),
            (b"username=%zz&password=%", wrong()),
            (b"username=%ff%fe&password=\xff", wrong()),
            (b"username=%00&password=a%00", both("Null characters are not allowed.")),
            (b"username=alice%27--&password=x", wrong()),
        ];
        for (body, expect) in cases {
            bench.check(&body.escape_ascii().to_string(), &typed(form, body), &expect);
        }
        let many = "a=1&".repeat(1001);
        bench.check("1001 fields", &typed(form, many.as_bytes()), &Expect::Status(400));
    });
}

#[test]
fn a_multipart_form_that_is_broken_is_refused() {
    Bench::on_each("", |bench| {
        let form = "Content-Type: multipart/form-data; boundary=B\r\n";
        let part = |disposition: &str, value: &str| {
            format!("--B\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
        };
        let name = part("name=\"username\"", "alice");
        let file = format!("{name}{}--B--\r\n", part("name=\"password\"; filename=\"p.txt\"", PASSWORD));
        let invalid = Expect::Body(400, r#"{"password":["Not a valid string."]}"#.to_owned());
        bench.check("a file for a password", &typed(form, file.as_bytes()), &invalid);

        let no_boundary = "Content-Type: multipart/form-data\r\n";
        bench.check("no boundary", &typed(no_boundary, file.as_bytes()), &Expect::Status(400));
        for body in ["x".to_owned(), "--B--\r\n".to_owned(), format!("{name}--B"), "--B\r\n\r\n".repeat(200)] {
            bench.check(&body, &typed(form, body.as_bytes()), &Expect::Status(400));
        }
    });
}

#[test]
fn a_media_type_that_nothing_reads_is_refused() {
    Bench::on_each("", |bench| {
        let cases = [
            ("", ""),
            ("Content-Type:\r\n", ""),
            ("Content-Type: text/plain\r\n", "text/plain"),
            ("Content-Type: application/xml\r\n", "application/xml"),
            ("Content-Type: text/html; charset=utf-8\r\n", "text/html; charset=utf-8"),
            ("Content-Type: <script>alert(1)</script>\r\n", "<script>alert(1)</script>"),
            ("Content-Type: application/json\r\nContent-Type: text/plain\r\n", "application/json,text/plain"),
        ];
        for (lines, echo) in cases {
            let detail = format!(r#"{{"detail":"Unsupported media type \"{echo}\" in request."}}"#);
            bench.check(lines, &typed(lines, &credentials()), &Expect::Body(415, detail));
        }
    });
}

#[test]
fn a_packed_body_is_not_unpacked() {
    Bench::on_each("", |bench| {
        // An empty gzip file.
        let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00";
        for coding in ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "aes128gcm"] {
            let lines = format!("Content-Type: application/json\r\nContent-Encoding: {coding}\r\n");
            bench.check(coding, &typed(&lines, packed), &Expect::Status(415));
            bench.check(coding, &typed(&lines, &credentials()), &Expect::Status(415));
        }
        let twice = "Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n";
        bench.check("two codings", &typed(twice, packed), &Expect::Status(415));
        let none = "Content-Type: application/json\r\nContent-Encoding: identity\r\n";
        bench.check("no coding", &typed(none, &credentials()), &Expect::Status(200));
        let empty = "Content-Type: application/json\r\nContent-Encoding:\r\nContent-Encoding: identity, \r\n";
        bench.check("an empty coding", &typed(empty, &credentials()), &Expect::Status(200));
    });
}

#[test]
fn a_body_over_the_limit_is_too_large_however_it_is_sent() {
    Bench::on_each("", |bench| {
        let expect = Expect::Body(413, TOO_LARGE.to_owned());
        let body = |length: usize| [credentials(), vec![b' '; length - credentials().len()]].concat();
        let chunks =
            |length: usize, size: usize| raw_login("Transfer-Encoding: chunked\r\n", &chunked(&body(length), size));
        for length in [64 * 1024 + 1, 3_000_000] {
            bench.check_cut_off("announced", &login(&body(length)), &expect);
            bench.check_cut_off("in one chunk", &chunks(length, length), &expect);
            bench.check_cut_off("in chunks", &chunks(length, 1000), &expect);
        }
        for length in ["65537", "18446744073709551615"] {
            let lines = format!("Content-Length: {length}\r\n");
            bench.check_cut_off("announced only", &raw_login(&lines, b""), &expect);
            let lines = format!("{lines}Expect: 100-continue\r\n");
            bench.check_cut_off("announced, and a leave asked", &raw_login(&lines, b""), &expect);
        }
        bench.check("as long as it may be", &login(&body(64 * 1024)), &Expect::Status(200));
        bench.check("as long as it may be, in chunks", &chunks(64 * 1024, 4096), &Expect::Status(200));
    });
}

#[test]
fn a_body_in_chunks_is_read() {
    Bench::on_each("", |bench| {
        let token = Expect::Body(200, format!("{{\"token\":\"{}\"}}", bench.key));
        for size in [1, 7, 1000] {
            let body = chunked(&credentials(), size);
            bench.check("chunks", &raw_login("Transfer-Encoding: chunked\r\n", &body), &token);
        }
        let nothing = raw_login("Transfer-Encoding: chunked\r\n", b"0\r\n\r\n");
        bench.check("no chunks", &nothing, &both("This field is required."));
    });
}

#[test]
fn a_body_that_ends_early_is_not_acted_upon() {
    Bench::on_each("", |bench| {
        bench.app.user("dave", PASSWORD);
        let bench = Bench { rows: bench.rows_now(), key: bench.key.clone(), ..*bench };
        let body = named("dave", PASSWORD);
        let announced = |length: usize| raw_login(&format!("Content-Length: {length}\r\n"), &body);
        let sized = format!("{:x}\r\n{}", body.len(), String::from_utf8_lossy(&body));
        let in_chunks = |body: &str| raw_login("Transfer-Encoding: chunked\r\n", body.as_bytes());

        bench.check_cut_off("a byte is missing", &announced(body.len() + 1), &Expect::Dropped);
        bench.check_cut_off("most is missing", &announced(60_000), &Expect::Dropped);
        bench.check_cut_off("all is missing", &raw_login("Content-Length: 60\r\n", b""), &Expect::Dropped);
        bench.check_cut_off("no last chunk", &in_chunks(&format!("{sized}\r\n")), &Expect::Dropped);
        bench.check_cut_off("half a last chunk", &in_chunks(&format!("{sized}\r\n0\r\n")), &Expect::Dropped);
        bench.check_cut_off("half a chunk", &in_chunks(&sized[..20]), &Expect::Dropped);
    });
}

#[test]
fn a_stored_hash_that_no_password_fits_is_a_wrong_password() {
    Bench::on_each("", |bench| {
        let hashes = [
            "",
            "!",
            "!abcdef",
            "$",
            "$$$$",
            "plain text",
            "md5$$",
            "unsalted_md5$$x",
            "crypt$$x",
            "unknown$1$salt$hash",
            "pbkdf2_sha256",
            "pbkdf2_sha256$",
            "pbkdf2_sha256$1000$salt",
            "pbkdf2_sha256$x$salt$hash",
            "pbkdf2_sha256$-1$salt$hash",
            "pbkdf2_sha256$0$salt$hash",
            "pbkdf2_sha256$1000$$",
            "pbkdf2_sha256$1000$salt$!!!!",
            "pbkdf2_sha256$1000$salt$hash$more",
            "bcrypt",
            "bcrypt$",
            "bcrypt$$2b$04$tooshort",
            "bcrypt_sha256$$2b$99$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcdefghi",
            "bcrypt_sha256$$9z$04$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcdefghi",
            "argon2$",
            "argon2$argon2id$v=19$m=x,t=2,p=8$c2FsdA$aGFzaA",
            "argon2$argon2id$v=19$m=1,t=0,p=0$c2FsdA$aGFzaA",
            "scrypt$",
            "scrypt$salt$3$8$1$hash",
            "scrypt$salt$x$8$1$hash",
            "\u{e9}$\u{1f600}$x",
        ];
        for (number, hash) in hashes.iter().enumerate() {
            bench.app.database.insert_user(&format!("user{number}"), hash);
        }
        let bench = Bench { rows: bench.rows_now(), key: bench.key.clone(), ..*bench };
        for (number, hash) in hashes.iter().enumerate() {
            bench.check(hash, &login(&named(&format!("user{number}"), PASSWORD)), &wrong());
        }
    });
}

/// SQLite keeps anything in any column, and Django takes what is no date for none.
#[test]
fn a_last_login_that_is_no_date_keeps_nobody_out() {
    for stored in
        ["'long ago'", "''", "'2020-13-45 99:99:99'", "'10000-01-01 00:00:00'", "'infinity'", "-5", "1e300", "x'ff'"]
    {
        let app = TestApp::start(Kind::Sqlite, "");
        let bench = Bench::new(&app);

        app.database.execute(&format!("UPDATE auth_user SET last_login = {stored}"));
        let key = ("Authorization", format!("Token {}", bench.key));
        let listed = app.client.get("/auth/users/", &[(key.0, &key.1)]);
        let mine = app.client.get("/auth/users/me/", &[(key.0, &key.1)]);

        assert_eq!((listed.status, mine.status, app.login("alice", PASSWORD).status), (200, 200, 200), "{stored}");
    }
}

/// Of dates that PostgreSQL has and Django cannot read.
#[test]
fn a_last_login_beyond_every_calendar_keeps_nobody_out() {
    for kind in Kind::available().into_iter().filter(|kind| *kind == Kind::Postgres) {
        for stored in ["infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 00:00:00"] {
            let app = TestApp::start(kind, "");
            let bench = Bench::new(&app);

            app.database.execute(&format!("UPDATE auth_user SET last_login = '{stored}', date_joined = '{stored}'"));
            let mine = app.client.get("/auth/users/me/", &[("Authorization", &format!("Token {}", bench.key))]);

            assert_eq!((mine.status, app.login("alice", PASSWORD).status), (200, 200), "{stored}");
        }
    }
}

#[test]
fn a_password_longer_than_bcrypt_can_hash_is_a_wrong_one() {
    Bench::on_each("", |bench| {
        let longest = "a".repeat(72);
        let hash = format!("bcrypt${}", bcrypt::hash(&longest, 4).expect("a hash"));
        bench.app.database.insert_user("erin", &hash);
        let bench = Bench { rows: bench.rows_now(), key: bench.key.clone(), ..*bench };
        for length in [71, 73, 80, 4096] {
            bench.check("a wrong length", &login(&named("erin", &"a".repeat(length))), &wrong());
        }
        assert_eq!(bench.app.login("erin", &longest).status, 200);
    });
}

#[test]
fn a_login_is_a_post() {
    Bench::on_each("", |bench| {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "FOO", "post", "PROPFIND", "QUERY"] {
            let mut bytes = request(&format!("{method} /api-token-auth/ HTTP/1.1"), "Content-Length: 1\r\n");
            bytes.extend(b"{");
            let expect = match method {
                "HEAD" => Expect::Status(405),
                _ => Expect::Body(405, format!(r#"{{"detail":"Method \"{method}\" not allowed."}}"#)),
            };
            bench.check_cut_off(method, &bytes, &expect);
        }
        let options = request("OPTIONS /api-token-auth/ HTTP/1.1", "");
        bench.check("OPTIONS", &options, &Expect::Begins(200, r#"{"name":"Obtain Auth Token","#));
    });
}

#[test]
fn a_login_answers_in_json_or_not_at_all() {
    Bench::on_each("", |bench| {
        let long = format!("{},text/html", "a/b,".repeat(3000));
        for accept in ["text/html", "application/xml;q=1", "text/*", "*", "\u{ff}", ";", "", &long] {
            let lines = format!("Content-Type: application/json\r\nAccept: {accept}\r\n");
            let detail = r#"{"detail":"Could not satisfy the request Accept header."}"#.to_owned();
            bench.check(accept, &typed(&lines, &credentials()), &Expect::Body(406, detail));
        }
    });
}
