//! `POST /auth/users/`: names and addresses, their limits, and what a registration may not say.

use serde_json::json;

use super::{JSON, OLD, Site, answers, at_once, with_status};

const TAKEN: &str = "A user with that username already exists.";
const LONG_NAME: &str = "Ensure this field has no more than 150 characters.";

#[test]
fn thirty_two_registrations_of_one_name_at_once_make_one_account() {
    Site::on_each("accounts.send_activation_email = true\n", |site| {
        let body = json!({"username": "alice", "email": "alice@example.com", "password": OLD});

        let responses = at_once(32, |_| site.register(&body));

        assert_eq!((with_status(&responses, 201), with_status(&responses, 400)), (1, 31), "{responses:?}");
        for response in responses.iter().filter(|response| response.status == 400) {
            let known = [json!({"username": [TAKEN]}), json!(["Unable to create account."])];
            assert!(known.contains(&response.json()), "{response:?}");
        }
        assert_eq!(site.app.database.texts("SELECT username FROM auth_user"), ["alice"]);
        assert_eq!((site.count("hallpass_user_state"), site.count("hallpass_outbox")), (1, 1));
    });
}

#[test]
fn a_name_that_is_the_same_in_its_normal_form_is_taken() {
    Site::on_each("", |site| {
        site.registered("\u{fb01}ona", "");
        assert_eq!(site.value("SELECT username FROM auth_user"), "fiona");

        for twin in ["\u{fb01}ona", "\u{ff46}iona"] {
            let response = site.register(&json!({"username": twin, "password": OLD}));
            answers(&response, 400, &json!(["Unable to create account."]));
        }
        let response = site.register(&json!({"username": "fiona", "password": OLD}));

        answers(&response, 400, &json!({"username": [TAKEN]}));
        assert_eq!(site.count("auth_user"), 1);
    });
}

#[test]
fn spellings_of_one_name_at_once_make_one_account() {
    Site::on_each("", |site| {
        let spellings = ["fiona", "\u{fb01}ona", "\u{ff46}iona", "f\u{ff49}ona"];

        let responses =
            at_once(16, |number| site.register(&json!({"username": spellings[number % 4], "password": OLD})));

        assert_eq!((with_status(&responses, 201), with_status(&responses, 400)), (1, 15), "{responses:?}");
        assert_eq!(site.value("SELECT username FROM auth_user"), "fiona");
    });
}

#[test]
fn names_that_differ_in_case_are_two_names() {
    Site::on_each("", |site| {
        site.registered("bob", "");

        site.registered("BOB", "");

        assert_eq!(site.count("auth_user"), 2);
    });
}

#[test]
fn a_name_may_have_150_characters_in_its_normal_form() {
    Site::on_each("", |site| {
        let register = |username: &str| site.register(&json!({"username": username, "password": OLD}));

        assert_eq!(register(&"a".repeat(150)).status, 201);
        assert_eq!(register(&"\u{eb}".repeat(150)).status, 201);
        // 150 characters that become 300.
        for long in ["a".repeat(151), "\u{eb}".repeat(151), "\u{fb01}".repeat(150)] {
            answers(&register(&long), 400, &json!({"username": [LONG_NAME]}));
        }

        assert_eq!(site.count("auth_user"), 2);
    });
}

#[test]
fn an_address_may_have_254_characters() {
    Site::on_each("accounts.send_activation_email = true\n", |site| {
        let register = |username: &str, email: &str| {
            site.register(&json!({"username": username, "email": email, "password": OLD}))
        };
        // What mail servers take has 64 characters before the sign.
        let long = format!("{}@{}.com", "a".repeat(64), [61, 61, 61].map(|length| "b".repeat(length)).join("."));

        assert_eq!(register("longest", &long).status, 201);
        let response = register("longer", &format!("a{long}"));

        answers(&response, 400, &json!({"email": ["Ensure this field has no more than 254 characters."]}));
        assert_eq!(site.value("SELECT email FROM auth_user"), long);
        assert_eq!(site.mail().to, long);
    });
}

#[test]
fn no_header_of_a_mail_can_be_written_by_an_address() {
    Site::on_each("accounts.send_activation_email = true\n", |site| {
        let wrong = [
            "a@example.com\r\nBcc: b@example.com".to_owned(),
            "a@example.com\nBcc: b@example.com".to_owned(),
            "a@example.com, b@example.com".to_owned(),
            "a@example.com;b@example.com".to_owned(),
            "A <a@example.com>".to_owned(),
            "<a@example.com>".to_owned(),
            "a@example.com (b@example.com)".to_owned(),
            "a@example.com\u{0}".to_owned(),
            "\"a\r\nBcc: b\"@example.com".to_owned(),
            format!("{}@example.com", "a".repeat(998)),
        ];
        for email in wrong {
            let response = site.register(&json!({"username": "alice", "email": email, "password": OLD}));

            assert_eq!(response.status, 400, "{email:.40}: {response:?}");
        }

        assert_eq!((site.count("auth_user"), site.count("hallpass_outbox")), (0, 0));
    });
}

#[test]
fn what_only_an_administrator_may_say_is_ignored() {
    Site::on_each("", |site| {
        let body = json!({
            "username": "alice", "email": "alice@example.com", "password": OLD,
            "id": 4711, "pk": 4711, "is_staff": true, "is_superuser": true, "is_active": false,
            "last_login": "2020-01-01T00:00:00Z", "date_joined": "2020-01-01T00:00:00Z", "first_name": "A",
            "last_name": "B", "groups": [1], "user_permissions": [1], "awaits_activation": true,
        });

        let response = site.register(&body);
        let form = "username=bob&password=Tr0mbone-quay&is_staff=true&is_superuser=on&is_active=false&id=4711";
        let by_form = [("Content-Type", "application/x-www-form-urlencoded")];
        let of_form = site.app.client.post("/auth/users/", &by_form, form.as_bytes());

        answers(&response, 201, &json!({"email": "alice@example.com", "username": "alice", "id": 1}));
        assert_eq!(of_form.status, 201, "{of_form:?}");
        let flag = |column: &str| format!("CASE WHEN {column} THEN 'yes' ELSE 'no' END");
        let columns = ["is_staff", "is_superuser", "is_active"].map(flag).join(" || ");
        let rows = format!(
            "SELECT username || first_name || last_name || {columns} || COALESCE(CAST(last_login AS text), '-') \
             FROM auth_user ORDER BY id"
        );
        assert_eq!(site.app.database.texts(&rows), ["alicenonoyes-", "bobnonoyes-"]);
        let joined = site.app.database.texts("SELECT date_joined FROM auth_user");
        assert!(joined.iter().all(|joined| joined.starts_with("2027-01-15 08:00:00")), "{joined:?}");
        assert_eq!((site.count("auth_user_groups"), site.count("auth_user_user_permissions")), (0, 0));
    });
}

#[test]
fn a_registration_whose_answer_was_lost_is_said_to_be_there() {
    Site::on_each("", |site| {
        site.registered("alice", "alice@example.com");

        let again = site.register(&json!({"username": "alice", "email": "alice@example.com", "password": OLD}));

        answers(&again, 400, &json!({"username": [TAKEN]}));
    });
}

#[test]
fn names_that_look_like_parts_of_paths_lead_nowhere_else() {
    Site::on_each("", |site| {
        let names = ["me", "admin", "set_password", "activation", "."];
        for name in names {
            site.registered(name, "");
        }

        for name in names {
            let me = site.me(&site.token(name, OLD));
            assert_eq!((me.status, me.json()["username"].as_str()), (200, Some(name)), "{me:?}");
        }
    });
}

#[test]
fn a_body_that_was_refused_leaves_no_row() {
    Site::on_each("accounts.send_activation_email = true\naccounts.user_create_password_retype = true\n", |site| {
        let bodies = [
            json!({"username": "alice", "password": OLD}),
            json!({"username": "alice", "password": OLD, "re_password": "other"}),
            json!({"username": "alice", "password": "password", "re_password": "password"}),
            json!({"username": "alice", "email": "alice", "password": OLD, "re_password": OLD}),
            json!([{"username": "alice", "password": OLD, "re_password": OLD}]),
        ];

        for body in bodies {
            assert_eq!(site.register(&body).status, 400, "{body}");
        }
        let cut_off = format!("{{\"username\": \"alice\", \"password\": \"{OLD}\", \"re_password\": \"{OLD}\"");
        let response = site.app.client.post("/auth/users/", &[JSON], cut_off.as_bytes());

        assert_eq!(response.status, 400, "{response:?}");
        assert_eq!(
            (site.count("auth_user"), site.count("hallpass_outbox"), site.count("hallpass_user_state")),
            (0, 0, 0)
        );
    });
}
