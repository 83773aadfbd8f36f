//! Asking for a mail tells nobody who has an account, and what a request says of hosts is in no mail.

use std::time::Duration;

use serde_json::json;

use super::{Mail, NEW, OLD, Site, is_no_content};
use crate::support::client::Response;
use crate::support::database::Kind;

const ACTIVATION: &str = "accounts.send_activation_email = true\n";
const ASKING: [&str; 3] = ["reset_password", "reset_username", "resend_activation"];

/// The addresses of one user in each state, and one that nobody has.
fn addresses(site: &Site) -> Vec<String> {
    site.registered("waiting", "waiting@example.com");
    site.mail();
    for name in ["active", "banned", "unusable", "one", "other"] {
        site.member(name, &format!("{name}@example.com"));
    }
    site.token("banned", OLD);
    site.app.database.execute(
        "UPDATE auth_user SET is_active = false WHERE username = 'banned';
         UPDATE auth_user SET password = '!unusable' WHERE username = 'unusable';
         UPDATE auth_user SET email = 'two@example.com' WHERE username IN ('one', 'other');
         DELETE FROM hallpass_mail_count;",
    );
    ["waiting", "active", "banned", "unusable", "two", "nobody"].map(|name| format!("{name}@example.com")).to_vec()
}

/// All of an answer that could tell something. Of the time and of the request's number only that they are there.
fn visible(response: &Response) -> (u16, Vec<(String, String)>, String) {
    let mut headers = response.headers.clone();
    for (_, value) in headers.iter_mut().filter(|(name, _)| name == "date" || name == "x-request-id") {
        value.clear();
    }
    headers.sort();
    (response.status, headers, response.text())
}

fn rows(site: &Site) -> Vec<String> {
    let rows = site.app.database.texts(
        "SELECT kind || ' ' || attempts || ' ' || CASE WHEN due_at = created_at THEN 'now' ELSE 'later' END \
         FROM hallpass_outbox ORDER BY id",
    );
    site.app.database.execute("DELETE FROM hallpass_outbox");
    rows
}

#[test]
fn every_address_is_answered_alike_and_costs_the_same_rows() {
    Site::on_each(ACTIVATION, |site| {
        let addresses = addresses(site);
        for what in ASKING {
            let asked: Vec<_> = addresses
                .iter()
                .map(|email| {
                    let response = site.ask(what, email);
                    let counts = site.count("hallpass_mail_count");
                    site.app.database.execute("DELETE FROM hallpass_mail_count");
                    (visible(&response), rows(site), counts)
                })
                .collect();

            let (answer, rows, counts) = &asked[0];
            assert_eq!((answer.0, answer.2.as_str(), rows.len(), *counts), (204, "", 1, 1), "{what}");
            for (email, other) in addresses.iter().zip(&asked) {
                assert_eq!(other, &asked[0], "{what} {email}");
            }
        }
    });
}

#[test]
fn mails_go_to_whom_they_are_for_and_to_nobody_else() {
    Site::on_each(ACTIVATION, |site| {
        let addresses = addresses(site);
        let sent = |what: &str| -> Vec<String> {
            for email in &addresses {
                is_no_content(&site.ask(what, email));
            }
            let mut recipients: Vec<String> = site.mails().into_iter().map(|mail| mail.to).collect();
            recipients.sort();
            recipients
        };

        assert_eq!(sent("reset_password"), ["active@example.com", "two@example.com"]);
        assert_eq!(sent("reset_username"), ["active@example.com", "two@example.com"]);
        assert_eq!(sent("resend_activation"), ["waiting@example.com"]);
    });
}

#[test]
fn accounts_that_wait_do_not_keep_the_one_that_is_active_from_its_mails() {
    Site::on_each(ACTIVATION, |site| {
        // Whoever has the address is the last to come.
        for number in 0..3 {
            site.registered(&format!("squatter{number}"), "alice@example.com");
        }
        site.member("alice", "alice@example.com");
        site.mails();

        is_no_content(&site.ask("reset_password", "alice@example.com"));

        assert!(site.mail().text.contains("alice"));
    });
}

#[test]
fn accounts_that_are_active_do_not_keep_the_one_that_waits_from_its_link() {
    Site::on_each(ACTIVATION, |site| {
        for number in 0..3 {
            site.member(&format!("a{number}"), "alice@example.com");
        }
        let id = site.registered("alice", "alice@example.com");
        site.mails();

        let link = site.link_for("resend_activation", "alice@example.com");

        is_no_content(&site.activate(&link));
        assert!(site.is_active(id));
    });
}

#[test]
fn who_takes_an_address_later_takes_no_mail_from_whom_it_is() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        for number in 0..3 {
            site.member(&format!("squatter{number}"), "alice@example.com");
        }

        let link = site.link_for("reset_password", "alice@example.com");

        is_no_content(&site.reset_password(&link, NEW));
        site.token("alice", NEW);
        site.token("squatter0", OLD);
    });
}

#[test]
fn another_spelling_of_an_address_is_another_address() {
    Site::on_each("", |site| {
        site.member("mike", "mike@example.com");
        let spellings = ["Mike@example.com", "mike@EXAMPLE.com", "m\u{131}ke@example.com", "mi\u{212a}e@example.com"];

        for email in spellings {
            is_no_content(&site.ask("reset_password", email));
        }

        assert_eq!(site.mails(), []);
        is_no_content(&site.ask("reset_password", " mike@example.com "));
        assert_eq!(site.mail().to, "mike@example.com");
    });
}

#[test]
fn an_address_gets_one_mail_of_a_kind_a_minute_and_five_an_hour() {
    for kind in Kind::available() {
        let site = Site::start(kind, ACTIVATION);
        site.member("alice", "alice@example.com");
        site.member("bob", "bob@example.com");
        let ask = |what: &str, email: &str| {
            is_no_content(&site.ask(what, email));
            site.mails().len()
        };

        assert_eq!((ask("reset_password", "alice@example.com"), ask("reset_password", "alice@example.com")), (1, 0));
        assert_eq!(ask("reset_username", "alice@example.com"), 1);
        assert_eq!(ask("reset_password", "bob@example.com"), 1);
        site.app.clock.advance(Duration::from_secs(59));
        assert_eq!(ask("reset_password", "alice@example.com"), 0);
        let mut sent = Vec::new();
        for second in [60, 120, 180, 240, 300, 360] {
            site.app.clock.advance(Duration::from_secs(if second == 60 { 1 } else { 60 }));
            sent.push(ask("reset_password", "alice@example.com"));
        }
        assert_eq!(sent, [1, 1, 1, 1, 0, 0]);
        site.app.clock.advance(Duration::from_secs(3600 - 360 - 1));
        assert_eq!(ask("reset_password", "alice@example.com"), 0);
        site.app.clock.advance(Duration::from_secs(1));
        assert_eq!(ask("reset_password", "alice@example.com"), 1);
    }
}

#[test]
fn beyond_the_limit_known_and_unknown_addresses_are_answered_alike() {
    for kind in Kind::available() {
        let site = Site::start(kind, "");
        site.member("alice", "alice@example.com");
        let asked = ["alice@example.com", "nobody@example.com"].map(|email| {
            let answers: Vec<_> = (0..7).map(|_| visible(&site.ask("reset_password", email))).collect();
            (answers, rows(&site))
        });

        assert_eq!(asked[0], asked[1]);
        assert!(asked[0].0.iter().all(|answer| answer == &asked[0].0[0]));
        assert_eq!(asked[0].1.len(), 7);
    }
}

#[test]
fn a_mail_server_that_is_down_is_nobodys_business() {
    for kind in Kind::available() {
        let mut site = Site::start(kind, "");
        // Nothing listens at this port.
        site.app.restart(
            "email.transport = \"smtp\"\nemail.smtp_url = \"smtp://127.0.0.1:1\"\n\
             accounts.send_activation_email = true\naccounts.email_frontend_domain = \"app.example.com\"\n",
        );
        site.member("alice", "alice@example.com");

        let known = site.ask("reset_password", "alice@example.com");
        let unknown = site.ask("reset_password", "nobody@example.com");
        let id = site.registered("bob", "bob@example.com");
        site.app.hallpass.post().send_due().expect("a database that answers");

        assert_eq!(visible(&known), visible(&unknown));
        is_no_content(&known);
        assert!(!site.is_active(id));
        let waiting =
            site.app.database.texts("SELECT kind FROM hallpass_outbox WHERE recipient IS NOT NULL ORDER BY id");
        assert_eq!(waiting, ["password_reset", "activation"]);
    }
}

#[test]
fn what_a_request_says_of_hosts_changes_no_mail() {
    Site::on_each("accounts.email_frontend_domain = \"app.example.com\"\n", |site| {
        site.member("alice", "alice@example.com");
        let body = json!({"email": "alice@example.com"}).to_string();
        let mail_after = |target: &str, host: &str, headers: &str| -> Mail {
            let request = format!(
                "POST {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            is_no_content(&site.app.client.send(request.as_bytes()));
            site.mail()
        };
        let path = "/auth/users/reset_password/";
        let expected = mail_after(path, "testserver", "");
        assert!(expected.text.contains("http://app.example.com/password/reset/confirm/"), "{expected:?}");

        let hosts =
            ["evil.example", "app.example.com@evil.example", "evil.example:80", "[::1]", "127.0.0.1:8000", "EVIL"];
        for host in hosts {
            assert_eq!(mail_after(path, host, ""), expected, "{host}");
        }
        let headers = [
            "X-Forwarded-Host: evil.example",
            "X-Forwarded-Host: evil.example, app.example.com",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Port: 444",
            "X-Forwarded-Server: evil.example",
            "X-Forwarded-Prefix: /evil",
            "X-Host: evil.example",
            "X-HTTP-Host-Override: evil.example",
            "X-Original-URL: http://evil.example/",
            "X-Rewrite-URL: http://evil.example/",
            "Forwarded: host=evil.example;proto=https",
            "Forwarded: for=1.2.3.4;host=\"evil.example:80\"",
            "Origin: https://evil.example",
            "Referer: https://evil.example/auth/",
            "Via: 1.1 evil.example",
        ];
        for header in headers {
            assert_eq!(mail_after(path, "testserver", &format!("{header}\r\n")), expected, "{header}");
        }
        for authority in ["http://evil.example", "https://evil.example:444", "http://testserver"] {
            assert_eq!(mail_after(&format!("{authority}{path}"), "testserver", ""), expected, "{authority}");
        }
    });
}
