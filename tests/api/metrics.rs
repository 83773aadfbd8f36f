//! What Prometheus is told: that each figure moves by what was done, and that nothing a client chose is in any of them.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::TestApp;
use crate::support::program;

const SETTINGS: &str =
    "metrics.bind = \"127.0.0.1:0\"\nauth.backends = [\"token\", \"jwt\"]\nemail.transport = \"none\"\n";

/// Every sample by its name and labels.
fn samples(app: &TestApp) -> BTreeMap<String, f64> {
    let open = [("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")];
    let response = app.metrics.as_ref().expect("an address").get("/metrics", &open);
    let media_type = Some("application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_eq!((response.status, response.header("content-type")), (200, media_type), "{response:?}");
    let text = response.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
    };
    lines.map(sample).collect()
}

/// By how much a sample grew while `work` was done.
fn growth(app: &TestApp, name: &str, work: impl FnOnce()) -> f64 {
    let of = |samples: &BTreeMap<String, f64>| samples.get(name).copied().unwrap_or_default();
    let before = of(&samples(app));
    work();
    of(&samples(app)) - before
}

#[test]
fn requests_are_counted_by_route_method_and_status() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let token = format!("Token {}", app.token("alice", "pw"));

        let known = "hallpass_requests_total{route=\"/whoami/\",method=\"GET\",status=\"200\"}";
        assert_eq!(growth(app, known, || (0..5).for_each(|_| drop(app.whoami(&token)))), 5.0);
        let refused = "hallpass_requests_total{route=\"/whoami/\",method=\"GET\",status=\"401\"}";
        assert_eq!(growth(app, refused, || drop(app.whoami("Token nobodys"))), 1.0);
        let nowhere = "hallpass_requests_total{route=\"-\",method=\"other\",status=\"404\"}";
        assert_eq!(growth(app, nowhere, || drop(app.client.request("BREW", "/tea/pot", &[], None))), 1.0);
        let times = "hallpass_request_duration_seconds_count";
        assert_eq!(growth(app, times, || (0..3).for_each(|_| drop(app.whoami(&token)))), 3.0);
    });
}

#[test]
fn who_was_recognised_and_why_others_were_not_is_counted() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let token = format!("Token {}", app.token("alice", "pw"));
        let body = json!({"username": "alice", "password": "pw"}).to_string();
        let pair = app.client.post("/api/token/", &[("Content-Type", "application/json")], body.as_bytes());
        let bearer = format!("Bearer {}", pair.json()["access"].as_str().expect("an access token"));

        for (scheme, header) in [("token", &token), ("jwt", &bearer)] {
            let name = format!("hallpass_authentications_total{{scheme=\"{scheme}\"}}");
            assert_eq!(growth(app, &name, || (0..4).for_each(|_| drop(app.whoami(header)))), 4.0, "{scheme}");
        }
        for (reason, header) in [
            ("Invalid token.", "Token nobodys"),
            ("Authentication credentials were not provided.", ""),
            ("Token is invalid", "Bearer a.b.c"),
        ] {
            let name = format!("hallpass_refusals_total{{reason=\"{reason}\"}}");
            let ask = || {
                let headers = [("Authorization", header)];
                drop(app.client.get("/whoami/", if header.is_empty() { &[] } else { &headers }));
            };
            assert_eq!(growth(app, &name, ask), 1.0, "{reason}: {:?}", samples(app).keys());
        }
    });
}

#[test]
fn passwords_connections_rows_and_mails_are_told() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        assert_eq!(growth(app, "hallpass_passwords_hashed_total", || drop(app.login("alice", "wrong"))), 1.0);
        let now = samples(app);
        for (name, value) in [
            ("hallpass_database_up", 1.0),
            ("hallpass_hashing_waiting", 0.0),
            ("hallpass_hashing_running", 0.0),
            ("hallpass_hashing_refused_total", 0.0),
            ("hallpass_mails_waiting", 0.0),
            ("hallpass_mails_sent_total", 0.0),
            ("hallpass_mails_failed_total", 0.0),
            ("hallpass_build_info{version=\"0.1.0\"}", 1.0),
        ] {
            assert_eq!(now.get(name), Some(&value), "{name}");
        }
        assert!(now["hallpass_database_connections"] >= 1.0);
        assert!(now["hallpass_database_connections_idle"] <= now["hallpass_database_connections"]);

        // Nobody sends here, so that the mail stays.
        let body = json!({"email": "alice@example.com"}).to_string();
        app.database.execute("UPDATE auth_user SET email = 'alice@example.com'");
        let reset = || {
            let headers = [("Content-Type", "application/json")];
            assert_eq!(app.client.post("/auth/users/reset_password/", &headers, body.as_bytes()).status, 204);
        };
        assert_eq!(growth(app, "hallpass_mails_waiting", reset), 1.0);
    });
}

#[test]
fn rows_that_were_remembered_are_told_from_those_that_were_read() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let token = format!("Token {}", app.token("alice", "pw"));
        let asked = |name: &str| samples(app).get(name).copied().unwrap_or_default();
        let before = asked("hallpass_cache_hits_total") + asked("hallpass_cache_misses_total");

        (0..40).for_each(|_| drop(app.whoami(&token)));

        let (hits, misses) = (asked("hallpass_cache_hits_total"), asked("hallpass_cache_misses_total"));
        match app.database.url().starts_with("sqlite") {
            true => assert!(hits > 0.0 && hits + misses - before == 40.0, "{hits} {misses} {before}"),
            false => assert_eq!((hits, misses), (0.0, 0.0), "PostgreSQL is asked each time"),
        }
    });
}

#[test]
fn tokens_that_are_kept_are_about_as_many_as_it_says() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let body = json!({"username": "alice", "password": "pw"}).to_string();
        for _ in 0..10 {
            let pair = app.client.post("/api/token/", &[("Content-Type", "application/json")], body.as_bytes());
            let refresh = json!({"refresh": pair.json()["refresh"]}).to_string();
            app.client.post("/api/token/blacklist/", &[("Content-Type", "application/json")], refresh.as_bytes());
        }
        app.database.execute("ANALYZE");

        let now = samples(app);

        assert_eq!((now["hallpass_outstanding_tokens"], now["hallpass_blacklisted_tokens"]), (10.0, 10.0));
    });
}

#[test]
fn what_the_handbook_names_is_there() {
    let handbook = std::fs::read_to_string("docs/operations.md").expect("the page");
    let is_in_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let named: std::collections::BTreeSet<&str> = handbook
        .split(|letter| !is_in_name(letter))
        .filter(|word| word.starts_with("hallpass_") && !word.ends_with('_'))
        .collect();
    assert!(named.len() > 15, "{named:?}");
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        app.whoami(&format!("Token {}", app.token("alice", "pw")));
        app.whoami("Token nobodys");
        let told = samples(app);
        for name in &named {
            let is_told = told.keys().any(|sample| {
                sample.split('{').next().is_some_and(|known| {
                    known == *name
                        || ["_bucket", "_sum", "_count"].iter().any(|part| known.strip_suffix(part) == Some(name))
                })
            });
            assert!(is_told, "{name} is not told");
        }
    });
}

#[test]
fn nothing_that_a_client_chose_is_told() {
    TestApp::on_each(SETTINGS, |app| {
        app.user("alice", "pw");
        let token = app.token("alice", "pw");
        app.whoami(&format!("Token {token}"));
        app.whoami("Token canary-token");
        app.login("canary-name", "canary-password");
        app.client.get("/canary-path/", &[]);
        app.client.get("/whoami/?canary=query", &[("Authorization", "Canary word"), ("X-Forwarded-For", "192.0.2.77")]);
        app.client.request("CANARY", "/whoami/", &[], None);

        let page = app.metrics.as_ref().expect("an address").get("/metrics", &[]).text();

        for secret in ["canary", "Canary", "CANARY", "alice", &token, "192.0.2.77", "127.0.0.1"] {
            assert!(!page.contains(secret), "{secret} in {page}");
        }
    });
}

#[test]
fn the_page_is_at_its_own_address_and_nowhere_else() {
    TestApp::on_each(SETTINGS, |app| {
        assert_eq!(app.client.get("/metrics", &[]).status, 404);
        let metrics = app.metrics.as_ref().expect("an address");
        let page = metrics.get("/metrics", &[]);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
        let text = page.text();
        assert!(text.contains("# TYPE hallpass_mails_sent_total counter\nhallpass_mails_sent_total 0\n"), "{text}");
        assert!(text.contains("# TYPE hallpass_database_up gauge\n") && !text.contains("# EOF"), "{text}");
        let refused = metrics.post("/metrics", &[], b"");
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
        for path in ["/", "/whoami/", "/metrics/", "/livez"] {
            assert_eq!(metrics.get(path, &[]).status, 404, "{path}");
        }
    });
    TestApp::on_each("", |app| assert!(app.metrics.is_none()));
}

#[test]
fn an_address_that_is_taken_ends_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for database in
        crate::support::database::Kind::available().into_iter().map(crate::support::database::TestDatabase::create)
    {
        let config = program::config_file(&database, &format!("metrics.bind = \"{address}\"\n"));
        let mut command = program::command(program::HALLPASS, &database);
        command.env("HALLPASS_CONFIG", &config).arg("serve");

        let ended = program::run_command(command, "");

        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(&format!("cannot listen at {address}")), "{ended:?}");
    }
}
