//! What a new password ends, and what it leaves alone.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{Link, NEW, OLD, Site, is_no_content, text};
use crate::support::client::{Client, Response};
use crate::support::program::{HALLPASS, Service, command, config_file, run};

const ENDS_ALL: &str = "accounts.logout_on_password_change = true\n";
const ROTATE: &str = "jwt.rotate_refresh_tokens = true\n";
const EXCHANGE: &str = "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\n";

/// All that somebody may have been given.
struct Credentials {
    token: String,
    access: String,
    refresh: String,
}

/// What of it is good.
#[derive(Debug, PartialEq, Eq)]
struct Alive {
    token: bool,
    access: bool,
    refresh: bool,
}

const ALL: Alive = Alive { token: true, access: true, refresh: true };
const NONE: Alive = Alive { token: false, access: false, refresh: false };

fn post(client: Client, path: &str, body: &serde_json::Value) -> Response {
    client.post(path, &[super::JSON], body.to_string().as_bytes())
}

fn log_in(client: Client, username: &str, password: &str) -> Credentials {
    let body = json!({"username": username, "password": password});
    let (token, pair) = (post(client, "/auth/token/login/", &body), post(client, "/auth/jwt/create/", &body));
    assert_eq!((token.status, pair.status), (200, 200), "{token:?} {pair:?}");
    Credentials {
        token: format!("Token {}", text(&token, "auth_token")),
        access: format!("Bearer {}", text(&pair, "access")),
        refresh: text(&pair, "refresh"),
    }
}

fn refresh(client: Client, token: &str) -> Response {
    post(client, "/auth/jwt/refresh/", &json!({"refresh": token}))
}

fn is_open(client: Client, authorization: &str) -> bool {
    let me = client.get("/auth/users/me/", &[("Authorization", authorization)]);
    assert!([200, 401].contains(&me.status), "{me:?}");
    me.status == 200
}

fn alive(client: Client, credentials: &Credentials) -> Alive {
    let refreshed = refresh(client, &credentials.refresh);
    assert!([200, 401].contains(&refreshed.status), "{refreshed:?}");
    Alive {
        token: is_open(client, &credentials.token),
        access: is_open(client, &credentials.access),
        refresh: refreshed.status == 200,
    }
}

fn set_password(site: &Site, authorization: &str) -> Response {
    let body = json!({"current_password": OLD, "new_password": NEW});
    site.call("POST", "/auth/users/set_password/", authorization, &body)
}

/// Both users of most tests, logged in; and then another pair of Alice's of which no row tells.
fn alice_and_bob(site: &Site) -> (Credentials, Credentials, Credentials) {
    let alice = site.member("alice", "alice@example.com");
    site.member("bob", "bob@example.com");
    let unrecorded = log_in(site.app.client, "alice", OLD);
    site.app.database.execute(&format!("DELETE FROM token_blacklist_outstandingtoken WHERE user_id = {alice}"));
    (log_in(site.app.client, "alice", OLD), unrecorded, log_in(site.app.client, "bob", OLD))
}

#[test]
fn a_reset_ends_everything_at_the_very_next_request() {
    for rotation in ["", ROTATE, EXCHANGE] {
        Site::on_each(rotation, |site| {
            let (alice, unrecorded, bob) = alice_and_bob(site);
            let link = site.link_for("reset_password", "alice@example.com");

            is_no_content(&site.reset_password(&link, NEW));

            assert_eq!(alive(site.app.client, &alice), NONE);
            assert_eq!(alive(site.app.client, &unrecorded), NONE);
            assert_eq!(alive(site.app.client, &bob), ALL);
            assert_eq!(site.app.login("alice", OLD).status, 400);
            site.app.clock.advance(Duration::from_secs(1));
            let again = log_in(site.app.client, "alice", NEW);
            assert_ne!(again.token, alice.token);
            assert_eq!(alive(site.app.client, &again), ALL);
        });
    }
}

#[test]
fn a_reset_ends_sliding_tokens_recorded_or_not() {
    Site::on_each("jwt.auth_token_types = [\"sliding\"]\n", |site| {
        site.member("alice", "alice@example.com");
        let sliding = || {
            let login = site.post("/api/token/sliding/", &json!({"username": "alice", "password": OLD}));
            text(&login, "token")
        };
        let unrecorded = sliding();
        site.app.database.execute("DELETE FROM token_blacklist_outstandingtoken");
        let recorded = sliding();
        let renew = |token: &str| site.post("/api/token/sliding/refresh/", &json!({"token": token}));
        assert_eq!((renew(&recorded).status, renew(&unrecorded).status), (200, 200));
        let link = site.link_for("reset_password", "alice@example.com");

        is_no_content(&site.reset_password(&link, NEW));

        site.app.clock.advance(Duration::from_secs(1));
        for token in [recorded, unrecorded] {
            assert!(!is_open(site.app.client, &format!("Bearer {token}")));
            let renewed = renew(&token);
            assert_eq!((renewed.status, renewed.detail().as_str()), (401, "Token is blacklisted"), "{renewed:?}");
        }
    });
}

#[test]
fn a_token_of_a_login_right_after_a_reset_is_good_from_the_next_second_on() {
    Site::on_each("", |site| {
        alice_and_bob(site);
        let link = site.link_for("reset_password", "alice@example.com");
        is_no_content(&site.reset_password(&link, NEW));

        let again = log_in(site.app.client, "alice", NEW);

        assert!(is_open(site.app.client, &again.token));
        site.app.clock.advance(Duration::from_secs(1));
        assert_eq!(alive(site.app.client, &again), ALL);
    });
}

#[test]
fn a_reset_does_not_log_in() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let link = site.link_for("reset_password", "alice@example.com");

        let response = site.reset_password(&link, NEW);

        is_no_content(&response);
        assert!(response.headers.iter().all(|(name, _)| name != "set-cookie"), "{response:?}");
        assert_eq!((site.count("authtoken_token"), site.count("token_blacklist_outstandingtoken")), (0, 0));
    });
}

#[test]
fn a_new_password_ends_everything_where_the_settings_say_so() {
    for rotation in ["", ROTATE, EXCHANGE] {
        Site::on_each(&format!("{ENDS_ALL}{rotation}"), |site| {
            let (alice, unrecorded, bob) = alice_and_bob(site);

            is_no_content(&set_password(site, &alice.token));

            assert_eq!(alive(site.app.client, &alice), NONE);
            assert_eq!(alive(site.app.client, &unrecorded), NONE);
            assert_eq!(alive(site.app.client, &bob), ALL);
            site.app.clock.advance(Duration::from_secs(1));
            assert_eq!(alive(site.app.client, &log_in(site.app.client, "alice", NEW)), ALL);
        });
    }
}

#[test]
fn a_new_password_leaves_everything_alive_by_default() {
    Site::on_each("", |site| {
        let (alice, unrecorded, _) = alice_and_bob(site);

        is_no_content(&set_password(site, &alice.access));

        assert_eq!(alive(site.app.client, &alice), ALL);
        assert_eq!(alive(site.app.client, &unrecorded), ALL);
        assert_eq!(log_in(site.app.client, "alice", NEW).token, alice.token);
        assert_eq!(site.app.login("alice", OLD).status, 400);
    });
}

#[test]
fn a_wrong_current_password_changes_nothing() {
    Site::on_each(ENDS_ALL, |site| {
        let (alice, ..) = alice_and_bob(site);

        for wrong in ["wrong", NEW, ""] {
            let body = json!({"current_password": wrong, "new_password": NEW});
            let response = site.call("POST", "/auth/users/set_password/", &alice.token, &body);
            assert!(response.status == 400 && response.json()["current_password"].is_array(), "{response:?}");
        }

        assert_eq!(alive(site.app.client, &alice), ALL);
        assert_eq!(site.app.login("alice", OLD).status, 200);
    });
}

#[test]
fn of_changes_with_one_password_at_once_one_succeeds() {
    Site::on_each("", |site| {
        site.member("alice", "");
        let token = site.token("alice", OLD);

        let responses = super::at_once(8, |number| {
            let body = json!({"current_password": OLD, "new_password": format!("{NEW}{number}")});
            site.call("POST", "/auth/users/set_password/", &token, &body)
        });

        let won: Vec<usize> = (0..8).filter(|number| responses[*number].status == 204).collect();
        assert_eq!((won.len(), super::with_status(&responses, 400)), (1, 7), "{responses:?}");
        assert_eq!(site.app.login("alice", &format!("{NEW}{}", won[0])).status, 200);
    });
}

#[test]
fn the_command_ends_everything_too() {
    Site::on_each("", |site| {
        let config = config_file(&site.app.database, "email.transport = \"none\"\n");
        site.member("alice", "alice@example.com");
        site.member("bob", "bob@example.com");
        // The command has the system's clock; so has this service.
        let mut server = command(HALLPASS, &site.app.database);
        server.arg("--config").arg(&config).arg("serve");
        let service = Service::start(server);
        let (alice, bob) = (log_in(service.client, "alice", OLD), log_in(service.client, "bob", OLD));
        assert_eq!(alive(service.client, &alice), ALL);

        let arguments = ["change-password", "alice", "--password-stdin"];
        let ended = run(HALLPASS, &site.app.database, &arguments, &format!("{NEW}\n"));

        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(alive(service.client, &alice), NONE);
        assert_eq!(alive(service.client, &bob), ALL);
        assert_eq!(alive(service.client, &log_in(service.client, "alice", NEW)), ALL);
    });
}

#[test]
fn a_refresh_racing_with_a_reset_leaves_nothing_alive() {
    for rotation in ["", ROTATE, EXCHANGE] {
        Site::on_each(rotation, |site| {
            site.member("alice", "alice@example.com");
            for _ in 0..10 {
                let tokens: Vec<String> = (0..4).map(|_| log_in(site.app.client, "alice", OLD).refresh).collect();
                let link = site.link_for("reset_password", "alice@example.com");

                let answers = racing(site, &link, &|number| refresh(site.app.client, &tokens[number % 4]));

                for answer in answers.iter().filter(|answer| answer.status == 200) {
                    assert!(!is_open(site.app.client, &format!("Bearer {}", text(answer, "access"))));
                    if let Some(successor) = answer.json()["refresh"].as_str() {
                        assert_eq!(refresh(site.app.client, successor).status, 401);
                    }
                }
                begin_anew(site);
            }
        });
    }
}

#[test]
fn a_login_with_the_old_password_racing_with_a_reset_leaves_nothing_alive() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let body = json!({"username": "alice", "password": OLD});
        for _ in 0..20 {
            let link = site.link_for("reset_password", "alice@example.com");

            let answers = racing(site, &link, &|number| {
                let path = ["/api-token-auth/", "/auth/token/login/", "/api/token/", "/api/token/sliding/"][number % 4];
                post(site.app.client, path, &body)
            });

            site.app.clock.advance(Duration::from_secs(1));
            for answer in answers.iter().filter(|answer| answer.status == 200) {
                let tokens = answer.json();
                let key = |name: &str| tokens[name].as_str();
                let opaque = key("auth_token").or(key("token").filter(|token| !token.contains('.')));
                if let Some(token) = opaque {
                    assert!(!is_open(site.app.client, &format!("Token {token}")), "{answer:?}");
                }
                if let Some(access) = key("access") {
                    assert!(!is_open(site.app.client, &format!("Bearer {access}")), "{answer:?}");
                }
                if let Some(token) = key("refresh") {
                    assert_eq!(refresh(site.app.client, token).status, 401, "{answer:?}");
                }
            }
            begin_anew(site);
        }
    });
}

/// The answers to eight of these requests, sent while the password is reset.
fn racing(site: &Site, link: &Link, request: &(dyn Fn(usize) -> Response + Sync)) -> Vec<Response> {
    let start = Barrier::new(9);
    thread::scope(|scope| {
        let requests: Vec<_> = (0..8)
            .map(|number| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    request(number)
                })
            })
            .collect();
        start.wait();
        let reset = site.reset_password(link, NEW);
        assert!([204, 400].contains(&reset.status), "{reset:?}");
        let answers: Vec<Response> = requests.into_iter().map(|request| request.join().expect("an answer")).collect();
        assert!(answers.iter().all(|answer| [200, 400, 401].contains(&answer.status)), "{answers:?}");
        if reset.status == 400 {
            // A login in between ends the link, and then nothing else is to end.
            return Vec::new();
        }
        answers
    })
}

/// Puts the old password back, as somebody who has nothing.
fn begin_anew(site: &Site) {
    let encoded = hallpass::passwords::Hasher::new(crate::support::BCRYPT_COST).hash(OLD).expect("a hash");
    site.app.database.execute(&format!(
        "DELETE FROM authtoken_token; UPDATE auth_user SET last_login = NULL, password = '{encoded}'"
    ));
    site.app.clock.advance(Duration::from_secs(2));
}
