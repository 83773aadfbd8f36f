//! Thousands of requests that were valid once: whatever a mutation makes of them, the server stays well.
//!
//! The same on every run. A failure shows the request, which then belongs into a table of its own.

use super::{Bench, answers, credentials, exchange_and_shut, is_head, is_presentable, raw_login, request};
use crate::support::TestApp;
use crate::support::database::Kind;

const REQUESTS: usize = 3000;

/// How often the server is examined: a look at the tables takes longer than a request.
const EXAMINED_EVERY: usize = 250;

/// What a mutation puts into a request, here and there.
const SPLINTERS: [&[u8]; 36] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\r",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"\xff",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"%00",
    b"%ff",
    b"%",
    b"'",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[[[[[[[[",
    b"null",
    b"1e999",
    b"-",
    b"99999999999999999999",
    b"Authorization: Token x\r\n",
    b"Authorization: Bearer a.b.c\r\n",
    b"Authorization: Basic YTpi\r\n",
    b"Content-Length: 7\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: websocket\r\n",
    b"Content-Encoding: gzip\r\n",
    b"0\r\n\r\n",
    b"GET /hello/ HTTP/1.1\r\n",
];

#[test]
fn a_mutated_request_never_fails_the_server() {
    for kind in Kind::available() {
        let app = TestApp::start(kind, "");
        let bench = Bench::new(&app);
        let seeds = seeds(&bench);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for number in 1..=REQUESTS {
            let mutant = mutate(&seeds, &mut random);

            let answer = exchange_and_shut(app.client, &mutant);

            let name = format!("request {number}, {}", mutant.escape_ascii());
            // A HEAD anywhere in it leaves unclear where its answers end.
            if !is_head(&mutant) && !mutant.windows(5).any(|window| window == b"HEAD ") {
                let answers = answers(&answer, false).unwrap_or_else(|| panic!("{name}: {}", answer.escape_ascii()));
                answers.iter().for_each(|response| is_presentable(&name, response));
            }
            if number % EXAMINED_EVERY == 0 {
                bench.is_unharmed(&name);
            }
        }
    }
}

fn seeds(bench: &Bench) -> Vec<Vec<u8>> {
    let good = bench.good();
    let json = credentials();
    let form = b"username=alice&password=wonderland".to_vec();
    let multipart = b"--B\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nalice\r\n--B--\r\n".to_vec();
    let chunks = [format!("{:x}\r\n", json.len()).as_bytes(), &json, b"\r\n0\r\n\r\n"].concat();
    let login = |content_type: &str, body: &[u8]| {
        let lines = format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", body.len());
        [request("POST /api-token-auth/ HTTP/1.1", &lines), body.to_vec()].concat()
    };
    vec![
        request("GET /hello/ HTTP/1.1", &good),
        request(
            "GET /whoami/?format=json HTTP/1.1",
            &format!("{good}Accept: application/json; indent=4, */*;q=0.1\r\n"),
        ),
        request("POST /read-only/ HTTP/1.1", &good),
        request("OPTIONS /api-token-auth/ HTTP/1.1", "Accept: */*\r\n"),
        request(
            "GET /whoami/ HTTP/1.1",
            "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl\r\n",
        ),
        login("application/json", &json),
        login("application/json; charset=utf-16", &json),
        login("application/x-www-form-urlencoded", &form),
        login("multipart/form-data; boundary=B", &multipart),
        raw_login("Transfer-Encoding: chunked\r\n", &chunks),
    ]
}

/// One of the seeds after one to four changes.
fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(24)).min(bytes.len());
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap_or_default(),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..end].repeat(1 + random.below(60));
                bytes.splice(at..at, piece);
            }
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let tail = other[random.below(other.len())..].to_vec();
                bytes.splice(at.., tail);
            }
            _ => {
                let splinter = SPLINTERS[random.below(SPLINTERS.len())].repeat(1 + random.below(3));
                bytes.splice(at..at, splinter);
            }
        }
    }
    bytes
}

/// Marsaglia's xorshift, which is as random as this needs.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % limit
    }
}
