//! The check that reverse proxies ask: whom it lets through, what it says of them, and that nothing a client sends changes that.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::TestApp;
use crate::support::client::Response;

const BACKENDS: &str = "auth.backends = [\"token\", \"jwt\", \"basic\"]\n";

/// The four headers, in the order of the documentation.
const NAMES: [&str; 4] = ["x-auth-user-id", "x-auth-username", "x-auth-groups", "x-auth-scheme"];

/// More requests than it takes until an answer comes from memory, on every worker.
const OFTEN: usize = 8;

fn check(app: &TestApp, target: &str, authorization: &str) -> Response {
    app.client.get(target, &[("Authorization", authorization)])
}

/// What an answer says of the caller.
fn said(response: &Response) -> [&str; 4] {
    NAMES.map(|name| response.header(name).unwrap_or_else(|| panic!("no {name}: {response:?}")))
}

/// An answer that lets nobody through says nothing of anybody.
fn is_refused(response: &Response, status: u16, detail: &str) {
    assert_eq!((response.status, response.detail().as_str()), (status, detail), "{response:?}");
    assert!(NAMES.iter().all(|name| response.header(name).is_none()), "{response:?}");
    assert_eq!((response.header("cache-control"), response.header("set-cookie")), (Some("no-store"), None));
}

fn access(app: &TestApp) -> String {
    let body = json!({"username": "alice", "password": "pw"}).to_string();
    let pair = app.client.post("/api/token/", &[("Content-Type", "application/json")], body.as_bytes());
    format!("Bearer {}", pair.json()["access"].as_str().expect("an access token"))
}

fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
}

fn token(app: &TestApp, username: &str) -> String {
    app.user(username, "pw");
    format!("Token {}", app.token(username, "pw"))
}

fn add_group(app: &TestApp, id: i32, name: &str) {
    app.database.execute(&format!("INSERT INTO auth_group (id, name) VALUES ({id}, '{name}')"));
}

fn join_group(app: &TestApp, username: &str, group: i32) {
    app.database.execute(&format!(
        "INSERT INTO auth_user_groups (user_id, group_id) SELECT id, {group} FROM auth_user WHERE username = '{username}'"
    ));
}

#[test]
fn every_scheme_says_who_is_calling() {
    TestApp::on_each(BACKENDS, |app| {
        let id = app.user("alice", "pw").to_string();
        let headers = [format!("Token {}", app.token("alice", "pw")), access(app), basic("alice", "pw")];

        for (header, scheme) in headers.iter().zip(["token", "jwt", "basic"]) {
            let response = check(app, "/forward-auth/", header);

            assert_eq!((response.status, response.text().as_str()), (200, ""), "{response:?}");
            assert_eq!(said(&response), [id.as_str(), "alice", "", scheme]);
            assert_eq!((response.header("cache-control"), response.header("set-cookie")), (Some("no-store"), None));
        }
    });
}

#[test]
fn a_stateless_token_says_its_claims_and_is_in_no_group() {
    TestApp::on_each("auth.backends = [\"jwt_stateless\"]\n", |app| {
        let id = app.user("alice", "pw").to_string();
        add_group(app, 1, "editors");
        join_group(app, "alice", 1);
        let bearer = access(app);

        let response = check(app, "/forward-auth/", &bearer);

        assert_eq!(response.status, 200);
        assert_eq!(said(&response), [id.as_str(), "", "", "jwt_stateless"]);
        let denied = "You do not have permission to perform this action.";
        is_refused(&check(app, "/forward-auth/?group=editors", &bearer), 403, denied);
    });
}

#[test]
fn without_good_credentials_it_is_rest_frameworks_refusal() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "alice");
        let missing = app.client.get("/forward-auth/", &[]);
        let bad = check(app, "/forward-auth/", "Token 0000000000000000000000000000000000000000");
        let bad_signature = check(app, "/forward-auth/", "Bearer a.b.c");
        app.database.execute("UPDATE auth_user SET is_active = false");
        let inactive = check(app, "/forward-auth/", &header);

        is_refused(&missing, 401, "Authentication credentials were not provided.");
        is_refused(&bad, 401, "Invalid token.");
        is_refused(&bad_signature, 401, "Given token not valid for any token type");
        is_refused(&inactive, 401, "User inactive or deleted.");
        for response in [missing, bad, bad_signature, inactive] {
            assert_eq!(response.header("www-authenticate"), Some("Token"));
        }
    });
}

#[test]
fn any_method_path_and_wish_of_the_guarded_servers_client_is_checked() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "alice");
        let targets = [
            "/forward-auth",
            "/forward-auth/",
            "/forward-auth/a/b.html?format=csv&x=1",
            "/forward-auth//livez",
            "/forward-auth/../livez",
            "/forward-auth/%2e%2e/%0a%00%ff%2f?%ff",
            "/forward-auth/?path=/a?format=csv&permission=none",
        ];
        let others = [("Accept", "image/png"), ("Content-Type", "text/x-none"), ("Origin", "null")];

        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"] {
            for target in targets {
                let with = [&others[..], &[("Authorization", header.as_str())]].concat();
                let known = app.client.request(method, target, &with, None);
                let unknown = app.client.request(method, target, &others, None);

                assert_eq!((known.status, said(&known)[1]), (200, "alice"), "{method} {target}");
                assert_eq!(unknown.status, 401, "{method} {target}: {unknown:?}");
            }
        }
        let upgrade = [("Upgrade", "websocket"), ("Authorization", header.as_str())];
        assert_eq!(app.client.get("/forward-auth/", &upgrade).status, 200);
        assert_eq!(check(app, "/forward-authentic", &header).status, 404);
    });
}

#[test]
fn a_preflight_of_the_guarded_server_is_not_let_through_by_our_own_answer() {
    let settings = format!(
        "{BACKENDS}cors.allowed_origins = [\"https://good.example\"]\n\
                            routes.aliases = [\"/gate = /forward-auth/\"]"
    );
    TestApp::on_each(&settings, |app| {
        let preflight = [("Origin", "https://good.example"), ("Access-Control-Request-Method", "GET")];

        for target in ["/forward-auth", "/forward-auth/", "/forward-auth/a", "/gate", "/gate/a"] {
            assert_eq!(app.client.request("OPTIONS", target, &preflight, None).status, 401, "{target}");
        }
        assert_eq!(app.client.request("OPTIONS", "/whoami/", &preflight, None).status, 200);
    });
}

#[test]
fn what_a_client_says_of_itself_or_of_the_way_it_came_is_not_believed() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "alice");
        let forged = [
            ("X-Auth-User-Id", "1000"),
            ("X-Auth-Username", "root"),
            ("X-Auth-Groups", "admins"),
            ("X-Auth-Scheme", "basic"),
            ("X-Forwarded-User", "root"),
            ("X-Forwarded-Method", "OPTIONS"),
            ("X-Forwarded-Uri", "/forward-auth/?permission=is_staff"),
            ("X-Original-URL", "/livez"),
            ("X-HTTP-Method-Override", "OPTIONS"),
        ];

        let unknown = app.client.get("/forward-auth/", &forged);
        let known = app.client.get("/forward-auth/", &[&forged[..], &[("Authorization", &header)]].concat());

        is_refused(&unknown, 401, "Authentication credentials were not provided.");
        assert_eq!(said(&known)[1..], ["alice", "", "token"]);
        assert_eq!(known.headers.iter().filter(|(name, _)| NAMES.contains(&name.as_str())).count(), 4);
    });
}

#[test]
fn what_is_not_visible_ascii_is_escaped_in_the_headers() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "Zoë+a@b.c-d_e");
        add_group(app, 1, "a,b");
        add_group(app, 2, "100% sure");
        add_group(app, 3, "Ärzte\nX-Auth-Scheme: basic");
        (1..=3).for_each(|group| join_group(app, "Zoë+a@b.c-d_e", group));

        let response = check(app, "/forward-auth/", &header);

        let [_, username, groups, scheme] = said(&response);
        assert_eq!(username, "Zo%C3%AB+a@b.c-d_e");
        assert_eq!(groups, "100%25%20sure,a%2Cb,%C3%84rzte%0AX-Auth-Scheme:%20basic");
        assert_eq!(scheme, "token");
    });
}

#[test]
fn groups_are_those_of_the_moment_however_often_they_were_asked_for() {
    for memory in ["8MiB", "0B"] {
        TestApp::on_each(&format!("{BACKENDS}cache.memory = \"{memory}\"\n"), |app| {
            let alice = token(app, "alice");
            let bob = token(app, "bob");
            add_group(app, 1, "writers");
            add_group(app, 2, "editors");
            join_group(app, "bob", 1);
            let groups = |header: &str| {
                let mut seen: Vec<String> =
                    (0..OFTEN).map(|_| said(&check(app, "/forward-auth/", header))[2].to_owned()).collect();
                seen.dedup();
                seen
            };

            assert_eq!((groups(&alice), groups(&bob)), (vec![String::new()], vec!["writers".to_owned()]));
            join_group(app, "alice", 1);
            join_group(app, "alice", 2);
            assert_eq!(groups(&alice), ["editors,writers"]);
            app.database.execute("UPDATE auth_group SET name = 'Editors' WHERE id = 2");
            assert_eq!(groups(&alice), ["Editors,writers"]);
            app.database.execute("DELETE FROM auth_user_groups WHERE group_id = 1");
            assert_eq!((groups(&alice), groups(&bob)), (vec!["Editors".to_owned()], vec![String::new()]));
        });
    }
}

#[test]
fn every_permission_and_group_that_is_asked_for_is_needed() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "alice");
        add_group(app, 1, "the editors");
        let status = |query: &str| check(app, &format!("/forward-auth/{query}"), &header).status;
        let statuses = || {
            ["", "?permission=is_authenticated", "?permission=is_active", "?permission=is_staff"]
                .into_iter()
                .chain(["?permission=is_superuser", "?permission=is_staff&permission=is_superuser"])
                .chain(["?group=the+editors", "?group=the%20editors&permission=is_staff", "x?permission=is_staff"])
                .map(status)
                .collect::<Vec<u16>>()
        };

        assert_eq!(statuses(), [200, 200, 200, 403, 403, 403, 403, 403, 403]);
        app.database.execute("UPDATE auth_user SET is_staff = true");
        assert_eq!(statuses(), [200, 200, 200, 200, 403, 403, 403, 403, 200]);
        app.database.execute("UPDATE auth_user SET is_superuser = true");
        assert_eq!(statuses(), [200, 200, 200, 200, 200, 200, 403, 403, 200]);
        join_group(app, "alice", 1);
        assert_eq!(statuses(), [200; 9]);
        app.database.execute("UPDATE auth_user SET is_staff = false");
        assert_eq!(statuses(), [200, 200, 200, 403, 200, 403, 200, 403, 403]);

        let denied = check(app, "/forward-auth/?permission=is_staff", &header);
        is_refused(&denied, 403, "You do not have permission to perform this action.");
        is_refused(
            &app.client.get("/forward-auth/?permission=is_staff", &[]),
            401,
            "Authentication credentials were not provided.",
        );
    });
}

#[test]
fn a_mistake_in_what_the_proxy_asks_lets_nobody_through() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "alice");
        app.database.execute("UPDATE auth_user SET is_staff = true, is_superuser = true");
        let permission = "The proxy asks for an unknown permission: is_authenticated, is_active, is_staff and is_superuser are known.";
        let parameter = "The proxy asks with an unknown parameter: permission, group and path are known.";

        for query in ["permission=", "permission=staff", "permission=shop.add_item", "permission=is_staff/a"] {
            is_refused(&check(app, &format!("/forward-auth/?{query}"), &header), 403, permission);
            is_refused(&check(app, &format!("/forward-auth/x?{query}"), &header), 403, permission);
        }
        for query in ["permision=is_staff", "Permission=is_staff", "x", "permission=is_staff&x=1"] {
            is_refused(&check(app, &format!("/forward-auth/?{query}"), &header), 403, parameter);
        }
    });
}

#[test]
fn a_client_cannot_take_back_what_the_proxy_asks_for() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "alice");

        for query in ["&permission=is_authenticated", "&path=/a?permission=is_authenticated", "&path=", "#"] {
            let target = format!("/forward-auth/?permission=is_staff{query}");
            assert_ne!(check(app, &target, &header).status, 200, "{target}");
        }
    });
}

#[test]
fn requests_are_counted_where_the_settings_limit_them() {
    TestApp::on_each(&format!("{BACKENDS}throttle.user = \"3/min\"\n"), |app| {
        let header = token(app, "alice");

        let denied = check(app, "/forward-auth/?permission=is_staff", &header).status;
        let statuses: Vec<u16> = (0..4).map(|_| check(app, "/forward-auth/a", &header).status).collect();

        assert_eq!((denied, statuses.as_slice()), (403, &[200, 200, 200, 429][..]));
    });
}

#[test]
fn it_can_be_somewhere_else_or_nowhere() {
    TestApp::on_each(&format!("{BACKENDS}routes.prefix_forward_auth = \"/gate\"\n"), |app| {
        let header = token(app, "alice");
        let status = |target: &str| check(app, target, &header).status;

        assert_eq!(["/gate", "/gate/", "/gate/a", "/forward-auth/"].map(status), [200, 200, 200, 404]);

        app.restart(&format!("{BACKENDS}routes.prefix_forward_auth = \"\"\n"));
        assert_eq!(
            ["/gate", "/forward-auth", "/forward-auth/", "/forward-auth/a"]
                .map(|target| { check(app, target, &header).status }),
            [404; 4]
        );
    });
}

#[test]
fn a_database_that_is_gone_lets_nobody_through() {
    TestApp::on_each(BACKENDS, |app| {
        let header = token(app, "alice");
        assert_eq!(check(app, "/forward-auth/", &header).status, 200);

        app.database.execute("ALTER TABLE auth_user_groups RENAME TO elsewhere");
        let response = check(app, "/forward-auth/", &header);

        assert_eq!((response.status, response.header("retry-after")), (503, Some("1")), "{response:?}");
        assert!(NAMES.iter().all(|name| response.header(name).is_none()), "{response:?}");
    });
}
