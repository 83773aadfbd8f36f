//! Refresh tokens that are used once: one successor, the same one again for a moment, and the end of the family for whoever
//! comes later with an old one.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use crate::support::TestApp;
use crate::support::client::{Client, Response};
use crate::support::database::TestDatabase;
use crate::support::program::{HALLPASS, Service, command, config_file};

const ROTATE: &str = "jwt.rotate_refresh_tokens = true\njwt.blacklist_after_rotation = true\n";

fn with_grace(grace: &str) -> String {
    format!("{ROTATE}jwt.refresh_reuse_grace = \"{grace}\"\n")
}

fn post(client: Client, path: &str, body: serde_json::Value) -> Response {
    client.post(path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

fn refresh(client: Client, token: &str) -> Response {
    post(client, "/api/token/refresh/", serde_json::json!({"refresh": token}))
}

fn pair(client: Client) -> (String, String) {
    let pair = post(client, "/api/token/", serde_json::json!({"username": "alice", "password": "pw"}));
    assert_eq!(pair.status, 200, "{pair:?}");
    (field(&pair, "refresh"), field(&pair, "access"))
}

fn field(response: &Response, name: &str) -> String {
    response.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

fn successor(client: Client, token: &str) -> String {
    let response = refresh(client, token);
    assert_eq!(response.status, 200, "{response:?}");
    field(&response, "refresh")
}

fn is_refused(response: &Response) {
    assert_eq!((response.status, response.detail().as_str()), (401, "Token is blacklisted"), "{response:?}");
}

/// Successors in the database: tokens that were noted as given out, besides the first of each family.
fn given_out(database: &TestDatabase) -> usize {
    database.texts("SELECT jti FROM token_blacklist_outstandingtoken").len()
}

#[test]
fn a_used_token_gives_the_same_successor_for_a_moment_and_then_ends_its_family() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);

        let second = successor(app.client, &first);
        app.clock.advance(Duration::from_secs(10));
        let again = successor(app.client, &first);
        app.clock.advance(Duration::from_secs(1));
        let late = refresh(app.client, &first);
        let of_the_family = refresh(app.client, &second);

        assert_eq!(second, again);
        is_refused(&late);
        is_refused(&of_the_family);
        assert_eq!(given_out(&app.database), 2);
        assert_eq!(app.database.texts("SELECT id FROM token_blacklist_blacklistedtoken").len(), 2);
    });
}

#[test]
fn an_older_ancestor_ends_the_family_at_once() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);
        let second = successor(app.client, &first);
        let third = successor(app.client, &second);

        is_refused(&refresh(app.client, &first));
        is_refused(&refresh(app.client, &third));
    });
}

#[test]
fn other_logins_of_the_user_survive_the_end_of_a_family() {
    TestApp::on_each(&with_grace("0s"), |app| {
        app.user("alice", "pw");
        let (stolen, _) = pair(app.client);
        let (other, _) = pair(app.client);

        successor(app.client, &stolen);
        is_refused(&refresh(app.client, &stolen));

        assert_eq!(refresh(app.client, &other).status, 200);
    });
}

#[test]
fn without_grace_a_used_token_is_refused_and_its_successor_too() {
    TestApp::on_each(&with_grace("0s"), |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);
        let second = successor(app.client, &first);

        is_refused(&refresh(app.client, &first));
        is_refused(&refresh(app.client, &second));
    });
}

#[test]
fn a_hundred_exchanges_in_one_second_are_told_apart() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);
        let mut tokens = vec![first];
        for _ in 0..100 {
            tokens.push(successor(app.client, &tokens[tokens.len() - 1]));
        }

        assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), tokens.len());
        is_refused(&refresh(app.client, &tokens[50]));
        is_refused(&refresh(app.client, &tokens[100]));
    });
}

#[test]
fn logging_out_ends_a_token_without_an_alarm() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);
        let second = successor(app.client, &first);

        let logout = post(app.client, "/api/token/blacklist/", serde_json::json!({"refresh": second}));

        assert_eq!((logout.status, logout.text().as_str()), (200, "{}"));
        is_refused(&refresh(app.client, &second));
        assert!(app.database.texts("SELECT id FROM hallpass_refresh_family WHERE revoked_at IS NOT NULL").is_empty());
    });
}

#[test]
fn logging_out_with_a_used_token_ends_its_family() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);
        let second = successor(app.client, &first);

        is_refused(&post(app.client, "/api/token/blacklist/", serde_json::json!({"refresh": first})));
        is_refused(&refresh(app.client, &second));
    });
}

#[test]
fn a_user_made_inactive_gets_no_more_tokens() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);

        app.database.execute("UPDATE auth_user SET is_active = false");
        let inactive = refresh(app.client, &first);
        app.database.execute("UPDATE token_blacklist_outstandingtoken SET user_id = NULL; DELETE FROM auth_user");
        let deleted = refresh(app.client, &first);

        for response in [inactive, deleted] {
            assert_eq!(
                (response.status, response.detail().as_str()),
                (401, "No active account found for the given token.")
            );
        }
        assert_eq!(given_out(&app.database), 1);
    });
}

#[test]
fn sixty_four_exchanges_at_once_yield_one_successor() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        for _ in 0..5 {
            let before = given_out(&app.database);
            let (first, _) = pair(app.client);

            let answers = at_once(&[app.client], 64, &first);

            assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
            let successors: BTreeSet<String> = answers.iter().map(|answer| field(answer, "refresh")).collect();
            assert_eq!(successors.len(), 1);
            assert_eq!(given_out(&app.database), before + 2);
        }
    });
}

#[test]
fn without_grace_one_of_many_exchanges_at_once_wins() {
    TestApp::on_each(&with_grace("0s"), |app| {
        app.user("alice", "pw");
        let (first, _) = pair(app.client);

        let answers = at_once(&[app.client], 32, &first);

        let won = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(won, 1, "{answers:?}");
        answers.iter().filter(|answer| answer.status != 200).for_each(is_refused);
    });
}

#[test]
fn two_servers_on_one_database_yield_one_successor() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        let config = config_file(&app.database, ROTATE);
        let server = || {
            let mut server = command(HALLPASS, &app.database);
            server.arg("--config").arg(&config).arg("serve");
            Service::start(server)
        };
        let (one, other) = (server(), server());
        for _ in 0..5 {
            let (first, _) = pair(one.client);
            let before = given_out(&app.database);

            let answers = at_once(&[one.client, other.client], 32, &first);

            assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
            let successors: BTreeSet<String> = answers.iter().map(|answer| field(answer, "refresh")).collect();
            assert_eq!(successors.len(), 1);
            assert_eq!(given_out(&app.database), before + 1);
        }
    });
}

#[test]
fn a_logout_racing_with_an_exchange_leaves_nothing_alive() {
    TestApp::on_each(ROTATE, |app| {
        app.user("alice", "pw");
        for _ in 0..20 {
            let (first, _) = pair(app.client);
            let start = Barrier::new(2);

            let (exchanged, logout) = thread::scope(|scope| {
                let exchange = scope.spawn(|| {
                    start.wait();
                    refresh(app.client, &first)
                });
                start.wait();
                let logout = post(app.client, "/api/token/blacklist/", serde_json::json!({"refresh": first}));
                (exchange.join().expect("an answer"), logout)
            });

            assert!([200, 401].contains(&logout.status), "{logout:?}");
            if exchanged.status == 200 {
                is_refused(&refresh(app.client, &field(&exchanged, "refresh")));
            }
        }
    });
}

/// `count` exchanges of one token, begun together and spread over these servers.
fn at_once(servers: &[Client], count: usize, token: &str) -> Vec<Response> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let exchanges: Vec<_> = (0..count)
            .map(|number| {
                let (start, server) = (&start, servers[number % servers.len()]);
                scope.spawn(move || {
                    start.wait();
                    until_answered(|| refresh(server, token))
                })
            })
            .collect();
        exchanges.into_iter().map(|exchange| exchange.join().expect("an answer")).collect()
    })
}

/// Asks again where the database was too busy, as clients are told to.
fn until_answered(ask: impl Fn() -> Response) -> Response {
    let mut answer = ask();
    while answer.status == 503 {
        answer = ask();
    }
    answer
}
