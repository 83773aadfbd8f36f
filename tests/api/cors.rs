//! Pages of other sites: what a browser is told, and that nobody else is told anything.

use crate::support::TestApp;
use crate::support::client::Response;
use crate::support::database::Kind;

const GOOD: &str = "https://good.example";

/// Two sites, one with a port.
const SITES: &str = r#"cors.allowed_origins = ["https://good.example", "http://localhost:3000"]"#;

/// What no browser would send for a page of these sites.
const STRANGERS: [&str; 21] = [
    "https://evil",
    "null",
    "NULL",
    "",
    "*",
    "https://good.example.evil.com",
    "https://evilgood.example",
    "https://evil.good.example",
    "https://good.example@evil.com",
    "https://good.example.",
    "https://good.example/",
    "https://good.example:443",
    "https://good.example:444",
    "http://good.example",
    "https://GOOD.example",
    "HTTPS://good.example",
    "https://good.example, https://evil",
    "https://good.example https://evil",
    "https://good.exampl\u{e9}",
    "http://localhost",
    "http://localhost:30000",
];

/// A preflight for `GET /whoami/` with these headers.
fn preflight(app: &TestApp, headers: &[(&str, &str)]) -> Response {
    let asked = [("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")];
    app.client.request("OPTIONS", "/whoami/", &[&asked, headers].concat(), None)
}

/// The `Access-Control-*` headers of an answer, sorted.
fn shared(response: &Response) -> Vec<(&str, &str)> {
    let pairs = response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut pairs: Vec<_> = pairs.filter(|(name, _)| name.starts_with("access-control-")).collect();
    pairs.sort_unstable();
    pairs
}

/// The answer says nothing to another site's page; the cache is told of the origin all the same.
fn is_kept(response: &Response, origin: &str) {
    assert_eq!(shared(response), [], "{origin}: {response:?}");
    assert_eq!(response.header("vary"), Some("Accept, Origin"), "{origin}: {response:?}");
}

#[test]
fn no_site_is_allowed_unless_the_settings_name_it() {
    TestApp::on_each("", |app| {
        app.user("alice", "pw");
        let token = format!("Token {}", app.token("alice", "pw"));

        for origin in [GOOD, "null", "http://127.0.0.1:8000"] {
            let simple = app.client.get("/whoami/", &[("Origin", origin), ("Authorization", &token)]);
            let ordinary = preflight(app, &[("Origin", origin)]);
            let with_token = preflight(app, &[("Origin", origin), ("Authorization", &token)]);

            assert_eq!((simple.status, ordinary.status, with_token.status), (200, 401, 200));
            assert_eq!(with_token.json()["name"], "Whoami");
            for response in [simple, ordinary, with_token] {
                assert_eq!(shared(&response), []);
                assert_eq!(response.header("vary"), Some("Accept"));
            }
        }
    });
}

#[test]
fn a_strange_origin_is_answered_by_the_rules_for_everybody_and_told_nothing() {
    TestApp::on_each(SITES, |app| {
        app.user("alice", "pw");
        let token = format!("Token {}", app.token("alice", "pw"));

        for origin in STRANGERS {
            let header = ("Origin", origin);
            let simple = app.client.get("/whoami/", &[header, ("Authorization", &token)]);
            let anonymous = app.client.get("/whoami/", &[header]);
            let asking = preflight(app, &[header]);
            let asking_with_token = preflight(app, &[header, ("Authorization", &token)]);

            let statuses = [&simple, &anonymous, &asking, &asking_with_token].map(|response| response.status);
            assert_eq!(statuses, [200, 401, 401, 200], "{origin}");
            for response in [simple, anonymous, asking, asking_with_token] {
                is_kept(&response, origin);
            }
        }
    });
}

#[test]
fn two_origins_are_none() {
    let app = TestApp::start(Kind::Sqlite, SITES);

    for origins in [[GOOD, "https://evil"], ["https://evil", GOOD], [GOOD, GOOD]] {
        let headers = origins.map(|origin| ("Origin", origin));
        is_kept(&app.client.get("/whoami/", &headers), "two");
        is_kept(&preflight(&app, &headers), "two");
    }
}

#[test]
fn a_preflight_of_an_allowed_site_is_answered_before_anybody_is_asked_who_they_are() {
    TestApp::on_each(SITES, |app| {
        for (origin, target) in [(GOOD, "/whoami/"), ("http://localhost:3000", "/auth/jwt/create/"), (GOOD, "/nowhere")]
        {
            let headers = [("Origin", origin), ("Access-Control-Request-Method", "POST")];
            let response = app.client.request("OPTIONS", target, &headers, None);

            assert_eq!((response.status, response.text().as_str()), (200, ""), "{response:?}");
            let expected = [
                (
                    "access-control-allow-headers",
                    "Accept, Authorization, Content-Type, X-CSRFToken, X-Request-ID, X-Requested-With",
                ),
                ("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
                ("access-control-allow-origin", origin),
                ("access-control-expose-headers", "Retry-After, WWW-Authenticate, X-Request-ID"),
                ("access-control-max-age", "86400"),
            ];
            assert_eq!(shared(&response), expected);
            assert_eq!(response.header("vary"), Some("Origin"));
            assert!(response.header("x-request-id").is_some());
        }
    });
}

#[test]
fn options_without_a_method_to_ask_for_is_no_preflight() {
    let app = TestApp::start(Kind::Sqlite, SITES);

    let response = app.client.request("OPTIONS", "/read-only/", &[("Origin", GOOD)], None);

    assert_eq!((response.status, response.json()["name"].as_str()), (200, Some("Read Only")));
    assert_eq!(response.header("access-control-allow-origin"), Some(GOOD));
    assert_eq!(response.header("access-control-allow-methods"), None);
}

#[test]
fn a_page_of_an_allowed_site_may_read_every_answer_refusals_too() {
    TestApp::on_each(SITES, |app| {
        app.user("alice", "pw");
        let json = ("Content-Type", "application/json");
        let login = br#"{"username": "alice", "password": "pw"}"#;
        let origin = ("Origin", GOOD);

        let answers = [
            (200, "Accept, Origin", app.client.post("/auth/jwt/create/", &[origin, json], login)),
            (400, "Accept, Origin", app.client.post("/auth/jwt/create/", &[origin, json], b"{}")),
            (401, "Accept, Origin", app.client.get("/whoami/", &[origin])),
            (404, "Origin", app.client.get("/nowhere", &[origin])),
            (405, "Accept, Origin", app.client.get("/auth/jwt/create/", &[origin])),
            (406, "Accept, Origin", app.client.get("/read-only/", &[origin, ("Accept", "image/png")])),
            (413, "Accept, Origin", app.client.post("/auth/jwt/create/", &[origin, json], &[b' '; 66_000])),
            (200, "Origin", app.client.get("/livez", &[origin])),
        ];

        for (status, vary, response) in answers {
            assert_eq!((response.status, response.header("vary")), (status, Some(vary)), "{response:?}");
            let expected = [
                ("access-control-allow-origin", GOOD),
                ("access-control-expose-headers", "Retry-After, WWW-Authenticate, X-Request-ID"),
            ];
            assert_eq!(shared(&response), expected);
        }
    });
}

#[test]
fn without_an_origin_nothing_is_shared() {
    for sites in [SITES, r#"cors.allowed_origins = ["*"]"#] {
        let app = TestApp::start(Kind::Sqlite, sites);

        is_kept(&app.client.get("/read-only/", &[]), "none");
        is_kept(&preflight(&app, &[]), "none");
    }
}

#[test]
fn credentials_are_offered_to_allowed_sites_alone_and_only_by_setting() {
    let app = TestApp::start(Kind::Sqlite, &format!("{SITES}\ncors.allow_credentials = true"));
    let offer = |response: Response| response.header("access-control-allow-credentials").map(ToOwned::to_owned);

    assert_eq!(offer(app.client.get("/read-only/", &[("Origin", GOOD)])).as_deref(), Some("true"));
    assert_eq!(offer(preflight(&app, &[("Origin", GOOD)])).as_deref(), Some("true"));
    for origin in STRANGERS {
        is_kept(&app.client.get("/read-only/", &[("Origin", origin)]), origin);
        is_kept(&preflight(&app, &[("Origin", origin)]), origin);
    }
}

#[test]
fn every_site_is_a_star_and_never_with_credentials() {
    let app = TestApp::start(Kind::Sqlite, r#"cors.allowed_origins = ["*"]"#);

    for origin in ["https://anybody.example", "null"] {
        for response in [app.client.get("/read-only/", &[("Origin", origin)]), preflight(&app, &[("Origin", origin)])] {
            assert_eq!((response.status, response.header("access-control-allow-origin")), (200, Some("*")));
            assert_eq!(response.header("access-control-allow-credentials"), None);
        }
    }
}

#[test]
fn the_header_that_tokens_come_in_may_be_sent() {
    let app = TestApp::start(Kind::Sqlite, &format!("{SITES}\njwt.auth_header_name = \"X-Access-Token\""));

    let response = preflight(&app, &[("Origin", GOOD)]);

    let allowed = response.header("access-control-allow-headers").unwrap();
    assert!(allowed.starts_with("Accept, Authorization, ") && allowed.ends_with(", X-Access-Token"), "{allowed}");
}

#[test]
fn a_preflight_for_ten_thousand_headers_is_refused_and_one_for_what_fits_costs_nothing() {
    let app = TestApp::start(Kind::Sqlite, SITES);
    let names = |count| (0..count).map(|number| format!("x-{number}")).collect::<Vec<_>>().join(",");
    let ask = |asked: &str| preflight(&app, &[("Origin", GOOD), ("Access-Control-Request-Headers", asked)]);

    let many = ask(&names(10_000));
    let some = ask(&names(2_000));
    let garbled = ask("\u{e9},,;\"(");

    assert_eq!((many.status, shared(&many)), (431, vec![]));
    for response in [some, garbled] {
        assert_eq!(response.status, 200);
        let allowed = response.header("access-control-allow-headers").unwrap();
        assert!(!allowed.contains("x-1") && allowed.len() < 100, "{allowed}");
    }
}

#[test]
fn a_cookie_is_nobody_to_the_service() {
    TestApp::on_each(&format!("{SITES}\ncors.allow_credentials = true"), |app| {
        app.user("alice", "pw");
        let token = app.token("alice", "pw");
        let four_kilobytes = "x".repeat(4096);
        let cookies_of = |count| vec![("Cookie", four_kilobytes.as_str()); count];
        let cookies = format!("sessionid={token}; csrftoken={token}; access={token}; Authorization=Token {token}");

        for origin in [GOOD, "https://evil"] {
            let few = app.client.get("/whoami/", &[("Origin", origin), ("Cookie", &cookies)]);
            let long = app.client.get("/whoami/", &[vec![("Origin", origin)], cookies_of(3)].concat());
            let many = app.client.get("/whoami/", &[vec![("Origin", origin)], cookies_of(50)].concat());
            let login = app.client.post(
                "/api-token-auth/",
                &[("Origin", origin), ("Cookie", &cookies), ("Content-Type", "application/json")],
                br#"{"username": "alice", "password": "pw"}"#,
            );

            // No session, and so neither CSRF's 403 nor anybody logged in.
            let statuses = [&few, &long, &many, &login].map(|response| response.status);
            assert_eq!(statuses, [401, 401, 431, 200]);
            for response in [few, long, many, login] {
                assert_eq!(response.header("set-cookie"), None);
            }
        }
    });
}
