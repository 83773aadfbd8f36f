//! `accounts.login_field = "email"`: addresses in place of names, and what happens where the two meet.

use std::time::Duration;

use serde_json::{Value, json};

use super::{NEW, OLD, Site, answers, at_once, is_no_content, with_status};
use crate::support::client::Response;

const BY_EMAIL: &str = "accounts.login_field = \"email\"\n";

/// Every route that takes a name and a password.
const LOGINS: [&str; 4] = ["/auth/token/login/", "/api-token-auth/", "/api/token/", "/auth/jwt/create/"];

/// The id of whoever logs in with these, at each of the routes; `None` when nobody does.
fn logged_in(site: &Site, credentials: &Value) -> Vec<Option<i64>> {
    LOGINS.iter().map(|path| id_of(site, &site.post(path, credentials))).collect()
}

fn id_of(site: &Site, login: &Response) -> Option<i64> {
    assert!([200, 400, 401].contains(&login.status), "{login:?}");
    if login.status != 200 {
        return None;
    }
    let tokens = login.json();
    let key = |name: &str| tokens[name].as_str();
    let authorization = match key("auth_token").or(key("token")) {
        Some(token) => format!("Token {token}"),
        None => format!("Bearer {}", key("access").expect("an access token")),
    };
    let me = site.me(&authorization);
    assert_eq!(me.status, 200, "{me:?}");
    me.json()["id"].as_i64()
}

fn is_everywhere(site: &Site, credentials: &Value, id: Option<i64>) {
    assert_eq!(logged_in(site, credentials), [id; 4], "{credentials}");
}

#[test]
fn who_registers_with_an_address_logs_in_with_it() {
    Site::on_each(BY_EMAIL, |site| {
        let response = site.register(&json!({"email": "Alice@Example.COM", "password": OLD}));

        answers(&response, 201, &json!({"email": "Alice@example.com", "id": 1}));
        is_everywhere(site, &json!({"email": "Alice@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"username": "Alice@example.com", "password": OLD}), Some(1));
        for wrong in ["alice@example.com", "Alice@example.org", ""] {
            is_everywhere(site, &json!({"email": wrong, "password": OLD}), None);
        }
        is_everywhere(site, &json!({"email": "Alice@example.com", "password": NEW}), None);
    });
}

#[test]
fn who_registers_with_a_name_as_well_logs_in_with_either() {
    Site::on_each(BY_EMAIL, |site| {
        let response = site.register(&json!({"email": "alice@example.com", "username": "alice", "password": OLD}));

        answers(&response, 201, &json!({"email": "alice@example.com", "id": 1}));
        assert_eq!(site.value("SELECT username FROM auth_user"), "alice");
        is_everywhere(site, &json!({"email": "alice@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"username": "alice", "password": OLD}), Some(1));
    });
}

#[test]
fn an_address_has_to_be_sent_and_may_be_nobodys() {
    Site::on_each(BY_EMAIL, |site| {
        site.registered("alice", "alice@example.com");

        let missing = site.register(&json!({"username": "bob", "password": OLD}));
        let taken = site.register(&json!({"username": "bob", "email": "alice@EXAMPLE.com", "password": OLD}));

        answers(&missing, 400, &json!({"email": ["This field is required."]}));
        answers(&taken, 400, &json!({"email": ["user with this email address already exists."]}));
        assert_eq!(site.count("auth_user"), 1);
    });
}

#[test]
fn the_own_account_is_shown_without_its_name() {
    Site::on_each(BY_EMAIL, |site| {
        site.registered("alice", "alice@example.com");

        let me = site.me(&site.token("alice", OLD));

        answers(&me, 200, &json!({"email": "alice@example.com", "id": 1}));
    });
}

#[test]
fn the_address_is_what_is_changed_in_place_of_the_name() {
    Site::on_each(BY_EMAIL, |site| {
        site.registered("alice", "alice@example.com");
        site.registered("bob", "bob@example.com");
        let token = site.token("alice", OLD);
        let change = |email: &str| {
            let body = json!({"current_password": OLD, "new_email": email});
            site.call("POST", "/auth/users/set_username/", &token, &body)
        };

        answers(
            &change("bob@example.com"),
            400,
            &json!({"new_email": ["user with this email address already exists."]}),
        );
        answers(&change("bob"), 400, &json!({"new_email": ["Enter a valid email address."]}));
        is_no_content(&change("carol@example.com"));

        is_everywhere(site, &json!({"email": "carol@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"email": "alice@example.com", "password": OLD}), None);
        is_everywhere(site, &json!({"username": "alice", "password": OLD}), Some(1));
    });
}

#[test]
fn an_address_to_log_in_with_is_not_changed_without_the_password() {
    Site::on_each(BY_EMAIL, |site| {
        site.registered("alice", "alice@example.com");
        site.registered("bob", "bob@example.com");
        let token = site.token("bob", OLD);

        for method in ["PUT", "PATCH"] {
            let response = site.call(method, "/auth/users/me/", &token, &json!({"email": "alice@example.com"}));
            answers(&response, 200, &json!({"email": "bob@example.com", "id": 2}));
        }

        is_everywhere(site, &json!({"email": "alice@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"email": "bob@example.com", "password": OLD}), Some(2));
    });
}

/// Also once the address is another: the name stays, and with it the way in.
#[test]
fn a_name_that_was_taken_from_the_first_address_stays() {
    Site::on_each(BY_EMAIL, |site| {
        site.register(&json!({"email": "alice@example.com", "password": OLD}));
        let token = site.token("alice@example.com", OLD);
        let body = json!({"current_password": OLD, "new_email": "carol@example.com"});
        is_no_content(&site.call("POST", "/auth/users/set_username/", &token, &body));

        let again = site.register(&json!({"email": "alice@example.com", "password": NEW}));
        let named = site.register(&json!({"email": "alice@example.com", "username": "alice", "password": NEW}));

        answers(&again, 400, &json!({"email": ["A user with that username already exists."]}));
        assert_eq!(named.status, 201, "{named:?}");
        is_everywhere(site, &json!({"email": "carol@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"email": "alice@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"email": "alice@example.com", "password": NEW}), Some(2));
    });
}

#[test]
fn a_link_changes_the_address_too() {
    Site::on_each(BY_EMAIL, |site| {
        site.registered("alice", "alice@example.com");
        let link = site.link_for("reset_username", "alice@example.com");
        let body = json!({"uid": link.uid, "token": link.token, "new_email": "carol@example.com"});

        is_no_content(&site.post("/auth/users/reset_username_confirm/", &body));

        is_everywhere(site, &json!({"email": "carol@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"email": "alice@example.com", "password": OLD}), None);
    });
}

#[test]
fn an_address_that_two_have_is_nobodys_and_their_names_still_are_theirs() {
    Site::on_each(BY_EMAIL, |site| {
        let (alice, bob) = (site.member("alice", "both@example.com"), site.member("bob", "both@example.com"));
        site.app.database.execute(&format!(
            "UPDATE auth_user SET password = (SELECT password FROM auth_user WHERE id = {alice}) WHERE id = {bob}"
        ));

        is_everywhere(site, &json!({"email": "both@example.com", "password": OLD}), None);
        is_everywhere(site, &json!({"username": "alice", "password": OLD}), Some(alice.into()));
        is_everywhere(site, &json!({"username": "bob", "password": OLD}), Some(bob.into()));
        for what in ["reset_password", "reset_username", "resend_activation"] {
            let response = site.ask(what, "both@example.com");
            assert!(response.status == 204 || what == "resend_activation" && response.status == 400, "{response:?}");
        }
        let mails = site.mails();
        assert_eq!(mails.len(), 2);
        assert!(mails.iter().all(|mail| mail.text.contains("alice") && !mail.text.contains("bob")), "{mails:?}");
    });
}

#[test]
fn a_name_that_is_somebody_elses_address_is_whose_the_password_is() {
    Site::on_each(BY_EMAIL, |site| {
        let alice = site.member("bob@example.com", "alice@example.com");
        let bob = site.member("bob", "bob@example.com");
        let token = site.token("bob", OLD);
        let body = json!({"current_password": OLD, "new_password": NEW});
        is_no_content(&site.call("POST", "/auth/users/set_password/", &token, &body));

        for field in ["email", "username"] {
            is_everywhere(site, &json!({field: "bob@example.com", "password": OLD}), Some(alice.into()));
            is_everywhere(site, &json!({field: "bob@example.com", "password": NEW}), Some(bob.into()));
            is_everywhere(site, &json!({field: "bob@example.com", "password": "neither"}), None);
        }
        let link = site.link_for("reset_password", "bob@example.com");
        is_no_content(&site.reset_password(&link, "Qu1ll-harbour"));
        site.app.clock.advance(Duration::from_secs(1));
        is_everywhere(site, &json!({"username": "bob", "password": "Qu1ll-harbour"}), Some(bob.into()));
        is_everywhere(site, &json!({"email": "alice@example.com", "password": OLD}), Some(alice.into()));
    });
}

#[test]
fn registrations_of_one_address_at_once_make_one_account() {
    Site::on_each(BY_EMAIL, |site| {
        let responses = at_once(16, |number| {
            site.register(&json!({"email": "alice@example.com", "username": format!("a{number}"), "password": OLD}))
        });

        assert_eq!((with_status(&responses, 201), with_status(&responses, 400)), (1, 15), "{responses:?}");
        assert_eq!(site.count("auth_user"), 1);
    });
}

#[test]
fn changes_to_one_address_at_once_give_it_to_one() {
    Site::on_each(BY_EMAIL, |site| {
        let tokens: Vec<String> = (0..8)
            .map(|number| {
                site.registered(&format!("a{number}"), &format!("a{number}@example.com"));
                site.token(&format!("a{number}"), OLD)
            })
            .collect();
        let body = json!({"current_password": OLD, "new_email": "wanted@example.com"});

        let responses = at_once(8, |number| site.call("POST", "/auth/users/set_username/", &tokens[number], &body));

        assert_eq!((with_status(&responses, 204), with_status(&responses, 400)), (1, 7), "{responses:?}");
        assert_eq!(site.count("auth_user WHERE email = 'wanted@example.com'"), 1);
    });
}

#[test]
fn an_address_that_is_too_long_for_a_name_needs_one_of_its_own() {
    Site::on_each(BY_EMAIL, |site| {
        let email = format!("{}@example.com", "a".repeat(200));

        let unnamed = site.register(&json!({"email": email, "password": OLD}));
        let named = site.register(&json!({"email": email, "username": "alice", "password": OLD}));

        answers(&unnamed, 400, &json!({"username": ["This field is required."]}));
        assert_eq!(named.status, 201, "{named:?}");
        is_everywhere(site, &json!({"email": email, "password": OLD}), Some(1));
    });
}

#[test]
fn the_normal_form_of_an_address_takes_nobody_elses_name() {
    Site::on_each(BY_EMAIL, |site| {
        site.registered("stefan@example.com", "stefan@example.com");

        // The first letter is a long s, which is an s in its normal form.
        let response = site.register(&json!({"email": "\u{17f}tefan@example.com", "password": NEW}));

        answers(&response, 400, &json!(["Unable to create account."]));
        is_everywhere(site, &json!({"email": "stefan@example.com", "password": OLD}), Some(1));
        is_everywhere(site, &json!({"email": "stefan@example.com", "password": NEW}), None);
    });
}

#[test]
fn a_user_without_an_address_is_found_by_no_empty_one() {
    Site::on_each(BY_EMAIL, |site| {
        let alice = site.member("alice", "");

        is_everywhere(site, &json!({"email": "", "password": OLD}), None);
        is_everywhere(site, &json!({"email": " ", "password": OLD}), None);
        is_everywhere(site, &json!({"email": "alice", "password": OLD}), Some(alice.into()));
    });
}

#[test]
fn without_the_setting_an_address_is_no_name() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");

        is_everywhere(site, &json!({"email": "alice@example.com", "password": OLD}), None);
        is_everywhere(site, &json!({"username": "alice@example.com", "password": OLD}), None);
    });
}
