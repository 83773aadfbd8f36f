//! JSON Web Tokens that are no good, in headers and in bodies: each is refused in SimpleJWT's words, and nothing else
//! happens.
//!
//! What is read and in which order is tested where it is decided, in `src/jwt/tests`. Here it is the whole service.

use std::fmt;
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::support::TestApp;
use crate::support::client::Response;
use crate::support::database::SECRET_KEY;

/// The second at which a test's clock stands.
const NOW: i64 = 1_800_000_000;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

const INVALID: &str = "Token is invalid";
const EXPIRED: &str = "Token is expired";
const WRONG_TYPE: &str = "Token has wrong type";
const BLACKLISTED: &str = "Token is blacklisted";
const NO_ACCOUNT: &str = "No active account found for the given token.";
const NO_USER_CLAIM: &str = "Token contained no recognizable user identification";

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn hs256(message: &str, key: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A token of this header and this payload, whatever they are, signed with the key of the service.
fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let message = format!("{}.{}", base64url(header), base64url(payload));
    let signature = base64url(hs256(&message, SECRET_KEY.as_bytes()));
    format!("{message}.{signature}")
}

/// The claims of a good token of user 1, with these in place of its own; a claim whose JSON is empty is left out.
fn claims(token_type: &str, own: &[(&str, &str)]) -> String {
    let good = [
        ("token_type", format!("\"{token_type}\"")),
        ("exp", (NOW + 300).to_string()),
        ("iat", NOW.to_string()),
        ("jti", "\"0123456789abcdef0123456789abcdef\"".to_owned()),
        ("user_id", "\"1\"".to_owned()),
    ];
    let is_own = |name: &str| own.iter().any(|(known, _)| *known == name);
    let kept = good.iter().filter(|(name, _)| !is_own(name)).map(|(name, json)| (*name, json.as_str()));
    let members: Vec<String> = kept
        .chain(own.iter().copied())
        .filter(|(_, json)| !json.is_empty())
        .map(|(n, j)| format!("\"{n}\":{j}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// An access token with these claims in place of its own.
fn access(own: &[(&str, &str)]) -> String {
    signed(HEADER, claims("access", own))
}

/// A refresh token with these claims in place of its own.
fn refresh(own: &[(&str, &str)]) -> String {
    signed(HEADER, claims("refresh", own))
}

/// An access token with this header.
fn headed(header: impl AsRef<[u8]>) -> String {
    signed(header, claims("access", &[]))
}

/// What the service should make of a token in a header.
#[derive(Clone, Debug)]
enum Expect {
    /// It is alice's.
    Alice,
    /// It is no valid token, for this reason.
    NotValid(&'static str),
    /// It is refused with this `detail` and `code`.
    Refused(&'static str, &'static str),
    /// The request is refused before anybody looks at the token.
    Status(u16),
}

/// A name, a token, and what becomes of it.
type Row = (&'static str, String, Expect);

use Expect::{Alice, NotValid, Refused, Status};

/// Headers that nobody may be misled by.
fn rows_of_headers() -> Vec<Row> {
    let bad = || NotValid(INVALID);
    let none = |alg: &str| format!("{}.{}.", base64url(format!("{{\"alg\":{alg}}}")), base64url(claims("access", &[])));
    let other = |mac: &dyn Fn(&str) -> Vec<u8>, alg: &str| {
        let message = format!("{}.{}", base64url(format!("{{\"alg\":\"{alg}\"}}")), base64url(claims("access", &[])));
        format!("{message}.{}", base64url(mac(&message)))
    };
    let hs384 = |message: &str| {
        let mut mac = Hmac::<Sha384>::new_from_slice(SECRET_KEY.as_bytes()).expect("a key");
        mac.update(message.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let hs512 = |message: &str| {
        let mut mac = Hmac::<Sha512>::new_from_slice(SECRET_KEY.as_bytes()).expect("a key");
        mac.update(message.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let junk: String = (0..1200).map(|number| format!("\"x{number}\":1,")).collect();
    let mut rows = vec![
        ("no typ", headed(r#"{"alg":"HS256"}"#), Alice),
        ("white space in the header", headed("{ \"alg\" :\n \"HS256\" }\t"), Alice),
        ("a kid where no key has a name", headed(r#"{"alg":"HS256","kid":"../../../../dev/null"}"#), Alice),
        ("another algorithm of the same key, HS384", other(&hs384, "HS384"), bad()),
        ("another algorithm of the same key, HS512", other(&hs512, "HS512"), bad()),
        ("an empty key", other(&|message| hs256(message, b""), "HS256"), bad()),
        ("an empty key and a kid", other(&|message| hs256(message, b""), r#"HS256","kid":"/dev/null"#), bad()),
        ("a certificate of the sender's", headed(r#"{"alg":"RS256","x5c":["MIIB"]}"#), bad()),
        ("a key of the sender's", headed(r#"{"alg":"ES256","jwk":{"kty":"EC"}}"#), bad()),
        ("a token in a token", signed(r#"{"alg":"HS256","cty":"JWT"}"#, access(&[])), bad()),
        ("not UTF-8", headed(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}"), bad()),
        ("a header of 1.5 KiB", headed(format!("{{\"x\":\"{}\",\"alg\":\"HS256\"}}", "x".repeat(1500))), bad()),
        ("a header of 11 KiB", headed(format!("{{{junk}\"alg\":\"HS256\"}}")), bad()),
        ("a header of 16 KiB", headed(format!("{{{}\"alg\":\"HS256\"}}", "\"x\":1,".repeat(2800))), Status(431)),
    ];
    for alg in ["\"none\"", "\"None\"", "\"NONE\"", "\"nOnE\"", "\"\"", "\"null\"", "null", "[]", "[\"HS256\"]", "1"] {
        rows.push(("an algorithm that is none", none(alg), bad()));
        rows.push(("an algorithm that is none, signed", headed(format!("{{\"alg\":{alg}}}")), bad()));
    }
    for alg in ["hs256", "HS256\\u0000", " HS256", "HS256 ", "RS256", "EdDSA", "HS257"] {
        rows.push(("an algorithm that is not the key's", headed(format!("{{\"alg\":\"{alg}\"}}")), bad()));
    }
    for more in [
        r#""crit":["x"],"x":1"#,
        r#""crit":["x"]"#,
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":["b64"],"b64":true"#,
        r#""b64":false"#,
        r#""enc":"A128GCM""#,
        r#""kid":1"#,
        r#""kid":{}"#,
        r#""kid":[]"#,
        r#""kid":null"#,
        r#""kid":"a","kid":"a""#,
        r#""typ":"JWT","typ":"JWT""#,
        r#""alg":"none""#,
        r#""al\u0067":"HS256""#,
    ] {
        rows.push(("a header that asks for more", headed(format!("{{\"alg\":\"HS256\",{more}}}")), bad()));
    }
    for header in ["[]", "\"\"", "", "{", "null", "\u{feff}{\"alg\":\"HS256\"}", "{\"alg\":\"HS256\",}", "{}"] {
        rows.push(("a header that is none", headed(header), bad()));
    }
    rows
}

/// Claims that lie, or that crash others.
fn rows_of_claims() -> Vec<Row> {
    let bad = || NotValid(INVALID);
    let long = format!("\"{}\"", "x".repeat(256));
    let nested = "[".repeat(1500) + &"]".repeat(1500);
    let not_found = || Refused("User not found", "user_not_found");
    let mut rows = vec![
        ("exp in a fraction", access(&[("exp", "1800000000.5e0")]), NotValid(EXPIRED)),
        ("exp in a fraction to come", access(&[("exp", "1800000001.5")]), Alice),
        ("exp in the year 2286", access(&[("exp", "10000000000")]), Alice),
        ("no iat", access(&[("iat", "")]), Alice),
        ("iat before 1970", access(&[("iat", "-1")]), Alice),
        ("iat in a fraction", access(&[("iat", "1799999999.5")]), Alice),
        ("nbf in the past", access(&[("nbf", "1799999999")]), Alice),
        ("an audience that nobody asked for", access(&[("aud", "\"somebody\"")]), Alice),
        ("user_id as an integer", access(&[("user_id", "1")]), Alice),
        ("names that only look like claims", access(&[("EXP", "1"), ("User_Id", "2"), ("Jti", "3")]), Alice),
        ("rights that the token grants itself", access(&[("is_staff", "true"), ("is_superuser", "true")]), Alice),
        ("a jti of 255 characters", access(&[("jti", &format!("\"{}\"", "é".repeat(255)))]), Alice),
        ("no exp", access(&[("exp", "")]), NotValid("Token has no 'exp' claim")),
        ("no jti", access(&[("jti", "")]), NotValid("Token has no id")),
        ("no token_type", access(&[("token_type", "")]), NotValid("Token has no type")),
        ("a jti of 256 characters", access(&[("jti", &long)]), bad()),
        ("a jti with a NUL", access(&[("jti", "\"a\\u0000\"")]), bad()),
        ("a claim twice", access(&[("x", "1"), ("x", "1")]), bad()),
        ("a claim twice, deeper", access(&[("x", "[{\"a\":1,\"a\":1}]")]), bad()),
        ("nested too deep", access(&[("x", &nested)]), bad()),
        ("nested 100,000 deep", access(&[("x", &"[".repeat(100_000))]), Status(431)),
        ("a payload of 10 KiB", access(&[("x", &format!("\"{}\"", "x".repeat(10_000)))]), bad()),
        ("a payload of 60 KiB", access(&[("x", &format!("\"{}\"", "x".repeat(60_000)))]), Status(431)),
        (
            "a payload in UTF-16",
            signed(HEADER, claims("access", &[]).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
            bad(),
        ),
        ("a payload that is a list", signed(HEADER, "[]"), bad()),
        ("no payload", signed(HEADER, ""), bad()),
        ("no user_id", access(&[("user_id", "")]), Refused(NO_USER_CLAIM, "token_not_valid")),
        ("user_id null", access(&[("user_id", "null")]), not_found()),
        ("user_id of nobody", access(&[("user_id", "\"2000000000\"")]), not_found()),
        ("user_id beyond its column", access(&[("user_id", "99999999999")]), not_found()),
        ("user_id of somebody inactive", access(&[("user_id", "\"2\"")]), Refused("User is inactive", "user_inactive")),
    ];
    for exp in ["1799999999", "1800000000", "0", "-1", "-0", "1e-9"] {
        rows.push(("exp in the past", access(&[("exp", exp)]), NotValid(EXPIRED)));
    }
    for time in [
        "\"1893456000\"",
        "null",
        "[]",
        "{}",
        "true",
        "1000000000000",
        "1e300",
        "1e400",
        "NaN",
        "Infinity",
        "253402300800",
    ] {
        for claim in ["exp", "iat", "nbf"] {
            rows.push(("a time that is none", access(&[(claim, time)]), bad()));
        }
    }
    for (claim, json) in [
        ("nbf", "1800000001"),
        ("iat", "1800000001"),
        ("jti", "1"),
        ("jti", "null"),
        ("jti", "{}"),
        ("sub", "1"),
        ("x", "\"\\ud800\""),
        ("x", "NaN"),
    ] {
        rows.push(("a claim that is none", access(&[(claim, json)]), bad()));
    }
    for kind in ["\"refresh\"", "\"sliding\"", "\"ACCESS\"", "\"access \"", "1", "null", "[\"access\"]"] {
        rows.push(("another token_type", access(&[("token_type", kind)]), NotValid(WRONG_TYPE)));
    }
    for id in ["1 ", "01", "+1", "１", "1.0", "", "abc", "1;drop", "1' or '1'='1", "1\\u0000", "1_0", "-0"] {
        rows.push(("user_id in another spelling", access(&[("user_id", &format!("\"{id}\""))]), bad()));
    }
    for id in ["[1]", "{\"a\":1}", "true", "1.5", "1e0"] {
        rows.push(("user_id that is none", access(&[("user_id", id)]), bad()));
    }
    rows
}

/// Spellings of a good token that are not its own, and shapes that are none.
fn rows_of_shapes() -> Vec<Row> {
    let bad = || NotValid(INVALID);
    let good = access(&[]);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    let two_words =
        || Refused("Authorization header must contain two space-delimited values", "bad_authorization_header");
    // One whose signature has both digits in which the alphabets differ.
    let (urlsafe, standard) = (0..)
        .map(|number| access(&[("x", &number.to_string())]))
        .map(|token| {
            (
                token.clone(),
                token.rsplit_once('.').map(|(m, s)| format!("{m}.{}", s.replace('-', "+").replace('_', "/"))),
            )
        })
        .find(|(token, _)| token.rsplit('.').next().is_some_and(|s| s.contains('-') && s.contains('_')))
        .map(|(token, standard)| (token, standard.expect("a signature")))
        .expect("some number will do");
    let json = json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]}).to_string();
    vec![
        ("as it is", good.clone(), Alice),
        ("with the digits that only base64url has", urlsafe, Alice),
        ("with those of the other alphabet", standard, bad()),
        ("no signature", format!("{header}.{payload}."), bad()),
        ("two parts", format!("{header}.{payload}"), bad()),
        ("one part", header.to_owned(), bad()),
        ("two dots", "..".to_owned(), bad()),
        ("a dot in front", format!(".{good}"), bad()),
        ("a dot behind", format!("{good}."), bad()),
        ("four parts", format!("{good}.{signature}"), bad()),
        ("five parts", format!("{good}.a.b"), bad()),
        ("a padded header", format!("{header}=.{payload}.{signature}"), bad()),
        ("a padded payload", format!("{header}.{payload}==.{signature}"), bad()),
        ("a padded signature", format!("{good}="), bad()),
        ("a blank inside", format!("{header}. {payload}.{signature}"), two_words()),
        ("a tab inside", format!("{header}.\t{payload}.{signature}"), two_words()),
        ("a line break as text", format!("{header}.\\n{payload}.{signature}"), bad()),
        ("a percent escape", format!("{good}%00"), bad()),
        ("a NUL", format!("{good}\0"), Status(400)),
        ("a byte that is no ASCII", format!("{good}\u{e9}"), bad()),
        ("in quotes", format!("\"{good}\""), bad()),
        ("as JSON", json, bad()),
        ("of 8 KiB", "a".repeat(8 * 1024 + 1), bad()),
    ]
}

fn all_rows() -> Vec<Row> {
    [rows_of_headers(), rows_of_claims(), rows_of_shapes()].concat()
}

/// A server with two users: alice, whose id is 1, and bob, who is not active and has 2.
struct Bench<'a> {
    app: &'a TestApp,
    rows: Vec<String>,
}

impl<'a> Bench<'a> {
    fn on_each(settings: &str, test: impl Fn(&Bench)) {
        TestApp::on_each(settings, |app| {
            assert_eq!((app.user("alice", "pw"), app.user("bob", "pw")), (1, 2));
            app.database.execute("UPDATE auth_user SET is_active = false WHERE id = 2");
            test(&Bench::of(app));
        });
    }

    fn of(app: &'a TestApp) -> Self {
        let mut bench = Self { app, rows: Vec::new() };
        bench.rows = bench.rows_now();
        bench
    }

    fn whoami(&self, token: &str) -> Response {
        self.app.whoami(&format!("Bearer {token}"))
    }

    /// Sends a token in a header and looks at the answer.
    fn answers(&self, (name, token, expect): &Row) {
        let response = self.whoami(token);
        let shown = Shown(name, token);
        match expect {
            Alice => assert_eq!(
                (response.status, response.text().as_str()),
                (200, r#"{"id":1,"username":"alice"}"#),
                "{shown}: {response:?}"
            ),
            NotValid(reason) => is_unauthorized(
                &shown,
                &response,
                &json!({
                    "detail": "Given token not valid for any token type",
                    "code": "token_not_valid",
                    "messages": [{"token_class": "AccessToken", "token_type": "access", "message": reason}],
                }),
            ),
            Refused(detail, code) => is_unauthorized(&shown, &response, &json!({"detail": detail, "code": code})),
            Status(status) => {
                assert_eq!(response.status, *status, "{shown}: {response:?}");
                assert!(response.json()["detail"].is_string(), "{shown}: {response:?}");
            }
        }
    }

    /// The server still works, and the tables are as they were.
    fn is_unharmed(&self, shown: &Shown) {
        assert_eq!(self.whoami(&access(&[])).status, 200, "after {shown}");
        assert_eq!(self.rows_now(), self.rows, "after {shown}");
    }

    fn rows_now(&self) -> Vec<String> {
        let users = "SELECT username || '|' || password || '|' || CAST(is_active AS text) || '|' || \
                     COALESCE(CAST(last_login AS text), 'never') FROM auth_user";
        let given = "SELECT jti || '|' || token FROM token_blacklist_outstandingtoken";
        let refused = "SELECT CAST(token_id AS text) FROM token_blacklist_blacklistedtoken";
        let families = "SELECT id || COALESCE(CAST(revoked_at AS text), '') FROM hallpass_refresh_family";
        let sql = format!("{users} UNION ALL {given} UNION ALL {refused} UNION ALL {families}");
        let mut rows = self.app.database.texts(&sql);
        rows.sort();
        rows
    }
}

/// Which token a failure is about, shortened.
struct Shown<'a>(&'a str, &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.1.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
        write!(
            formatter,
            "{}: {:.200}",
            self.0,
            parts.map(|part| part.escape_ascii().to_string() + ".").collect::<String>()
        )
    }
}

/// 401 with the challenge of the first scheme and exactly this body.
fn is_unauthorized(shown: &Shown, response: &Response, body: &Value) {
    assert_eq!(response.status, 401, "{shown}: {response:?}");
    assert_eq!(response.header("www-authenticate"), Some("Token"), "{shown}: {response:?}");
    assert_eq!(response.header("content-type"), Some("application/json"), "{shown}: {response:?}");
    assert_eq!(&response.json(), body, "{shown}");
}

#[test]
fn a_bad_token_in_a_header_is_refused_in_simplejwts_words() {
    Bench::on_each("", |bench| {
        for row in all_rows() {
            bench.answers(&row);
            bench.is_unharmed(&Shown(row.0, &row.1));
        }
    });
}

#[test]
fn no_bit_of_a_signature_can_be_changed() {
    Bench::on_each("", |bench| {
        let good = access(&[]);
        let (message, signature) = good.rsplit_once('.').expect("a signature");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);

            bench.answers(&("a flipped bit", format!("{message}.{}", base64url(flipped)), NotValid(INVALID)));
        }
        bench.is_unharmed(&Shown("a flipped bit", &good));
    });
}

#[test]
fn a_bad_token_costs_no_look_into_the_database() {
    Bench::on_each("", |bench| {
        for table in ["auth_user", "authtoken_token", "token_blacklist_outstandingtoken"] {
            bench.app.database.execute(&format!("ALTER TABLE {table} RENAME TO {table}_elsewhere"));
        }

        for row in all_rows().iter().filter(|(.., expect)| matches!(expect, NotValid(_))) {
            bench.answers(row);
        }
        let good = bench.whoami(&access(&[]));

        assert_eq!(good.status, 503, "the tables are still there: {good:?}");
    });
}

#[test]
fn no_address_in_a_header_is_called() {
    Bench::on_each("", |bench| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a setting");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        for name in ["jku", "x5u"] {
            let token = headed(format!("{{\"alg\":\"RS256\",\"kid\":\"a\",\"{name}\":\"{url}\"}}"));
            bench.answers(&("an address", token, NotValid(INVALID)));
        }

        assert!(listener.accept().is_err(), "somebody called");
    });
}

#[test]
fn rights_come_from_the_database_alone() {
    Bench::on_each("", |bench| {
        let token = access(&[("is_staff", "true"), ("is_superuser", "true"), ("is_admin", "true")]);

        let response = bench.app.client.get("/admin-only/", &[("Authorization", &format!("Bearer {token}"))]);

        assert_eq!(response.status, 403, "{response:?}");
    });
}

#[test]
fn an_issuer_is_matched_whole() {
    Bench::on_each("jwt.issuer = \"https://id.example\"", |bench| {
        for issuer in [
            "",
            "\"https://other.example\"",
            "\"https://id.exampl\"",
            "\"https://id.example/\"",
            "[\"https://id.example\"]",
            "1",
            "null",
        ] {
            bench.answers(&("an issuer", access(&[("iss", issuer)]), NotValid(INVALID)));
        }
        bench.answers(&("the issuer", access(&[("iss", "\"https://id.example\"")]), Alice));
    });
}

#[test]
fn an_audience_is_matched_whole() {
    Bench::on_each("jwt.audience = [\"shop\"]", |bench| {
        for audience in
            ["", "\"sho\"", "\"shops\"", "\"Shop\"", "[]", "[\"other\"]", "[\"shop\",1]", "{\"shop\":1}", "1", "null"]
        {
            bench.answers(&("an audience", access(&[("aud", audience)]), NotValid(INVALID)));
        }
        for audience in ["\"shop\"", "[\"other\",\"shop\"]"] {
            bench.answers(&("our audience", access(&[("aud", audience)]), Alice));
        }
    });
}

#[test]
fn a_token_that_does_not_know_the_password_is_refused() {
    Bench::on_each("jwt.check_revoke_token = true", |bench| {
        let changed = || Refused("The user's password has been changed.", "password_changed");
        for mark in ["", "null", "1", "\"\"", "\"0123456789ABCDEF0123456789ABCDEF\""] {
            bench.answers(&("a mark of the password", access(&[("hash_password", mark)]), changed()));
        }
    });
}

fn post(app: &TestApp, view: &str, body: &Value) -> Response {
    let path = format!("/api/token/{view}/");
    app.client.post(&path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

/// The views that read tokens, and the field in which each does.
const VIEWS: [(&str, &str); 4] =
    [("refresh", "refresh"), ("blacklist", "refresh"), ("verify", "token"), ("sliding/refresh", "token")];

/// 401 of a view that reads a token: the challenge is SimpleJWT's own, whatever the schemes are.
fn is_refused(name: &str, response: &Response, detail: &str) {
    assert_eq!(response.status, 401, "{name}: {response:?}");
    assert_eq!(response.header("www-authenticate"), Some("Bearer realm=\"api\""), "{name}: {response:?}");
    let mut body = json!({"detail": detail});
    if detail != NO_ACCOUNT {
        body["code"] = json!("token_not_valid");
    }
    assert_eq!(response.json(), body, "{name}");
}

const ROTATE: &str = "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true";

/// Tokens that no view can decode.
fn undecodable() -> Vec<(String, &'static str)> {
    let rows = all_rows().into_iter().filter_map(|(_, token, expect)| match expect {
        NotValid(reason @ (INVALID | EXPIRED)) => Some((token, reason)),
        _ => None,
    });
    // A user's id is read when the user is looked for, which is later, and at verification never.
    let has_odd_user = |token: &str| {
        let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
        let claims: Option<Value> = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
        claims.is_some_and(|claims| claims.get("user_id").is_some_and(|id| *id != json!("1") && *id != json!(1)))
    };
    rows.filter(|(token, _)| !has_odd_user(token)).collect()
}

#[test]
fn a_view_that_reads_tokens_refuses_a_bad_one_without_a_look_into_the_database() {
    Bench::on_each(ROTATE, |bench| {
        for table in ["auth_user", "token_blacklist_outstandingtoken", "hallpass_refresh_family"] {
            bench.app.database.execute(&format!("ALTER TABLE {table} RENAME TO {table}_elsewhere"));
        }
        for (token, reason) in undecodable() {
            for (view, field) in VIEWS {
                let response = post(bench.app, view, &json!({field: token}));
                is_refused(&format!("{view}: {}", Shown("", &token)), &response, reason);
            }
        }

        let good = post(bench.app, "refresh", &json!({"refresh": refresh(&[])}));

        assert_eq!(good.status, 503, "the tables are still there: {good:?}");
    });
}

#[test]
fn a_token_for_something_else_is_refused_by_every_view() {
    let deleted = [("user_id", "\"2000000000\"")];
    let long = format!("\"{}\"", "x".repeat(256));
    let cases: Vec<(&str, &str, String, &str)> = vec![
        ("refresh", "refresh", access(&[]), WRONG_TYPE),
        ("blacklist", "refresh", access(&[]), WRONG_TYPE),
        ("sliding/refresh", "token", access(&[]), WRONG_TYPE),
        ("sliding/refresh", "token", refresh(&[]), WRONG_TYPE),
        ("refresh", "refresh", refresh(&[("user_id", "")]), NO_USER_CLAIM),
        ("refresh", "refresh", refresh(&deleted), NO_ACCOUNT),
        ("refresh", "refresh", refresh(&[("user_id", "\"2\"")]), NO_ACCOUNT),
        ("refresh", "refresh", refresh(&[("user_id", "null")]), NO_ACCOUNT),
        ("refresh", "refresh", refresh(&[("user_id", "\"abc\"")]), INVALID),
        ("refresh", "refresh", refresh(&[("user_id", "[1]")]), INVALID),
        ("blacklist", "refresh", refresh(&[("user_id", "[1]")]), INVALID),
        ("refresh", "refresh", refresh(&[("exp", "1800000300000")]), INVALID),
        ("refresh", "refresh", refresh(&[("exp", "1799999999")]), EXPIRED),
        ("verify", "token", refresh(&[("exp", "1799999999")]), EXPIRED),
        ("refresh", "refresh", refresh(&[("jti", "")]), "Token has no id"),
        ("blacklist", "refresh", refresh(&[("jti", "")]), "Token has no id"),
        ("verify", "token", refresh(&[("jti", "")]), "Token has no id"),
        ("refresh", "refresh", refresh(&[("jti", &long)]), INVALID),
        ("blacklist", "refresh", refresh(&[("jti", &long)]), INVALID),
    ];
    Bench::on_each(ROTATE, |bench| {
        for (view, field, token, reason) in &cases {
            let response = post(bench.app, view, &json!({*field: token}));

            is_refused(&format!("{view}: {}", Shown("", token)), &response, reason);
            bench.is_unharmed(&Shown(view, token));
        }
    });
}

#[test]
fn a_body_without_a_token_is_a_bad_request() {
    Bench::on_each(ROTATE, |bench| {
        for (view, field) in VIEWS {
            for (value, message) in [
                (None, "This field is required."),
                (Some(json!(null)), "This field may not be null."),
                (Some(json!("")), "This field may not be blank."),
                (Some(json!([refresh(&[])])), "Not a valid string."),
                (Some(json!({"token": refresh(&[])})), "Not a valid string."),
                (Some(json!(true)), "Not a valid string."),
                (Some(json!("a\0b")), "Null characters are not allowed."),
            ] {
                let body = value.map_or_else(|| json!({}), |value| json!({field: value}));
                let response = post(bench.app, view, &body);
                assert_eq!((response.status, response.json()), (400, json!({field: [message]})), "{view} {body}");
            }
            let token = refresh(&[]);
            let elsewhere = bench.app.client.post(
                &format!("/api/token/{view}/?{field}={token}"),
                &[
                    ("Content-Type", "application/json"),
                    ("Authorization", &format!("Bearer {token}")),
                    ("Cookie", &format!("{field}={token}")),
                ],
                b"{}",
            );
            assert_eq!(elsewhere.status, 400, "{view}: {elsewhere:?}");
            bench.is_unharmed(&Shown(view, ""));
        }
    });
}

#[test]
fn a_refresh_token_that_nobody_noted_is_taken_once() {
    Bench::on_each(&format!("{ROTATE}\njwt.refresh_reuse_grace = \"0s\""), |bench| {
        let token = refresh(&[]);

        let first = post(bench.app, "refresh", &json!({"refresh": token}));
        let second = post(bench.app, "refresh", &json!({"refresh": token}));

        assert_eq!(first.status, 200, "{first:?}");
        is_refused("the second time", &second, BLACKLISTED);
    });
}

#[test]
fn a_token_is_verified_whoever_it_is_of_and_ended_once() {
    Bench::on_each(ROTATE, |bench| {
        for token in [refresh(&[]), access(&[("user_id", "\"2000000000\"")]), access(&[("user_id", "\"2\"")])] {
            let response = post(bench.app, "verify", &json!({"token": token}));
            assert_eq!((response.status, response.text().as_str()), (200, "{}"));
        }
        bench.is_unharmed(&Shown("verify", ""));
        let body = json!({"refresh": refresh(&[])});

        let first = post(bench.app, "blacklist", &body);
        let second = post(bench.app, "blacklist", &body);
        let verified = post(bench.app, "verify", &json!({"token": refresh(&[])}));

        assert_eq!((first.status, first.text().as_str()), (200, "{}"));
        is_refused("the second time", &second, BLACKLISTED);
        assert_eq!((verified.status, verified.json()), (400, json!({"non_field_errors": [BLACKLISTED]})));
    });
}

#[test]
fn the_next_request_after_a_user_was_made_inactive_is_refused() {
    Bench::on_each("", |bench| {
        let (bearer, key) = (access(&[]), format!("Token {}", bench.app.token("alice", "pw")));
        assert_eq!((bench.whoami(&bearer).status, bench.app.whoami(&key).status), (200, 200));

        bench.app.database.execute("UPDATE auth_user SET is_active = false WHERE id = 1");

        bench.answers(&("an access token", bearer, Refused("User is inactive", "user_inactive")));
        assert_eq!(bench.app.whoami(&key).detail(), "User inactive or deleted.");
        is_refused("a refresh token", &post(bench.app, "refresh", &json!({"refresh": refresh(&[])})), NO_ACCOUNT);
    });
}

#[test]
fn the_next_request_after_a_user_was_deleted_is_refused_and_whoever_comes_next_is_somebody_else() {
    Bench::on_each("", |bench| {
        let (bearer, key) = (access(&[]), format!("Token {}", bench.app.token("alice", "pw")));
        assert_eq!((bench.whoami(&bearer).status, bench.app.whoami(&key).status), (200, 200));

        bench.app.database.execute("DELETE FROM authtoken_token; DELETE FROM auth_user");
        let refused = Refused("User not found", "user_not_found");
        bench.answers(&("an access token", bearer.clone(), refused.clone()));
        assert_eq!(bench.app.whoami(&key).detail(), "Invalid token.");
        is_refused("a refresh token", &post(bench.app, "refresh", &json!({"refresh": refresh(&[])})), NO_ACCOUNT);

        bench.app.user("carol", "pw");
        bench.answers(&("an access token of before", bearer, refused));
    });
}

#[test]
fn the_next_request_after_its_time_is_refused() {
    Bench::on_each("", |bench| {
        let token = access(&[]);
        bench.app.clock.advance(Duration::from_micros(299_999_999));
        bench.answers(&("in its last moment", token.clone(), Alice));

        bench.app.clock.advance(Duration::from_micros(1));

        bench.answers(&("after it", token, NotValid(EXPIRED)));
    });
}

/// What another process writes when a user logs out.
fn blacklist_elsewhere(app: &TestApp, jti: &str) {
    app.database.execute(&format!(
        "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) \
         VALUES ('x', '2027-01-15 08:00:00', '2027-01-16 08:00:00', 1, '{jti}'); \
         INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
         SELECT '2027-01-15 08:00:00', id FROM token_blacklist_outstandingtoken WHERE jti = '{jti}'"
    ));
}

#[test]
fn the_next_request_after_another_process_blacklisted_it_is_refused() {
    let sliding = signed(HEADER, claims("sliding", &[("jti", "\"sliding\""), ("refresh_exp", "1800086400")]));
    let renewed = refresh(&[("jti", "\"refresh\"")]);
    for backend in ["jwt", "jwt_stateless"] {
        let settings = format!("auth.backends = [\"{backend}\"]\njwt.auth_token_types = [\"sliding\"]");
        Bench::on_each(&settings, |bench| {
            assert_eq!(bench.whoami(&sliding).status, 200);
            assert_eq!(post(bench.app, "refresh", &json!({"refresh": renewed})).status, 200);

            blacklist_elsewhere(bench.app, "sliding");
            blacklist_elsewhere(bench.app, "refresh");

            let response = bench.whoami(&sliding);
            assert_eq!(response.status, 401, "{response:?}");
            assert_eq!(response.json()["messages"][0]["message"], BLACKLISTED);
            is_refused("the refresh token", &post(bench.app, "refresh", &json!({"refresh": renewed})), BLACKLISTED);
            let sliding = post(bench.app, "sliding/refresh", &json!({"token": sliding}));
            is_refused("the sliding token", &sliding, BLACKLISTED);
        });
    }
}

#[test]
fn a_stateless_token_outlives_its_user_and_not_its_time() {
    Bench::on_each("auth.backends = [\"jwt_stateless\"]", |bench| {
        let token = access(&[]);
        bench.app.database.execute("UPDATE auth_user SET is_active = false");
        assert_eq!(bench.whoami(&token).status, 200);
        bench.app.database.execute("DELETE FROM auth_user");
        assert_eq!(bench.whoami(&token).status, 200);

        bench.app.clock.advance(Duration::from_secs(300));

        let response = bench.whoami(&token);
        assert_eq!((response.status, response.header("www-authenticate")), (401, Some("Bearer realm=\"api\"")));
        assert_eq!(response.json()["messages"][0]["message"], EXPIRED);
    });
}
