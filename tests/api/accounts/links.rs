//! The links of mails: good once, for a while, for one user and for one thing.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Link, NEW, OLD, Site, answers, at_once, is_no_content, is_wrong_token, is_wrong_uid, with_status};

const ACTIVATION: &str = "accounts.send_activation_email = true\n";

/// `known_tokens_are_made` has the token: Django made it with the secret `test-secret-key` for this state.
const STATE_OF_DJANGO: &str = "UPDATE auth_user SET email = 'a@x.io', last_login = NULL, password = \
     'pbkdf2_sha256$1000000$abcdefghijklmnop$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' WHERE id = 1";

/// Something that befalls a user.
type Change<'a> = &'a dyn Fn(&Site);

fn link_of_django() -> Link {
    Link { uid: "MQ".to_owned(), token: "d8ary8-2b351e72dcfc3eb8638d9f558ccb4cf4".to_owned() }
}

#[test]
fn a_link_to_a_new_password_is_good_once() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let link = site.link_for("reset_password", "alice@example.com");

        is_no_content(&site.reset_password(&link, NEW));
        is_wrong_token(&site.reset_password(&link, "Qu1ll-harbour"));
        is_wrong_token(&site.reset_password(&link, NEW));

        assert_eq!(site.app.login("alice", NEW).status, 200);
        assert_eq!(site.app.login("alice", OLD).status, 400);
    });
}

#[test]
fn a_link_to_a_new_name_is_good_once() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let link = site.link_for("reset_username", "alice@example.com");

        is_no_content(&site.reset_username(&link, "carol"));
        is_wrong_token(&site.reset_username(&link, "dave"));

        assert_eq!(site.value("SELECT username FROM auth_user"), "carol");
    });
}

#[test]
fn an_activation_link_is_good_once() {
    Site::on_each(ACTIVATION, |site| {
        let id = site.registered("alice", "alice@example.com");
        let link = site.link();
        assert!(!site.is_active(id));

        is_no_content(&site.activate(&link));
        let again = site.activate(&link);

        answers(&again, 403, &json!({"detail": "Stale token for given user."}));
        assert!(site.is_active(id));
    });
}

#[test]
fn of_many_who_use_a_link_at_once_one_succeeds() {
    Site::on_each(ACTIVATION, |site| {
        let id = site.registered("alice", "alice@example.com");
        let link = site.link();
        let activated = at_once(8, |_| site.activate(&link));
        assert_eq!(with_status(&activated, 204), 1, "{activated:?}");
        assert!(site.is_active(id));

        let link = site.link_for("reset_username", "alice@example.com");
        let renamed = at_once(8, |number| site.reset_username(&link, &format!("alice{number}")));
        assert_eq!((with_status(&renamed, 204), with_status(&renamed, 400)), (1, 7), "{renamed:?}");

        site.app.clock.advance(Duration::from_secs(1));
        let link = site.link_for("reset_password", "alice@example.com");
        let reset = at_once(8, |number| site.reset_password(&link, &format!("{NEW}{number}")));
        assert_eq!((with_status(&reset, 204), with_status(&reset, 400)), (1, 7), "{reset:?}");
    });
}

#[test]
fn of_two_links_the_use_of_one_ends_the_other() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let older = site.link_for("reset_password", "alice@example.com");
        site.app.clock.advance(Duration::from_secs(60));
        let newer = site.link_for("reset_password", "alice@example.com");
        assert_ne!(older, newer);

        is_no_content(&site.reset_password(&newer, NEW));
        is_wrong_token(&site.reset_password(&older, OLD));
        is_wrong_token(&site.reset_username(&older, "carol"));

        assert_eq!(site.app.login("alice", NEW).status, 200);
    });
}

#[test]
fn the_older_of_two_links_is_good_while_neither_was_used() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let older = site.link_for("reset_password", "alice@example.com");
        site.app.clock.advance(Duration::from_secs(60));
        let newer = site.link_for("reset_password", "alice@example.com");

        is_no_content(&site.reset_password(&older, NEW));
        is_wrong_token(&site.reset_password(&newer, OLD));
    });
}

#[test]
fn links_are_good_up_to_the_last_second_of_their_time() {
    Site::on_each("accounts.send_activation_email = true\naccounts.password_reset_timeout = \"1h\"\n", |site| {
        let id = site.registered("waiting", "waiting@example.com");
        let activation = site.link();
        site.member("alice", "alice@example.com");
        site.member("bob", "bob@example.com");
        let (alice, bob) =
            (site.link_for("reset_password", "alice@example.com"), site.link_for("reset_username", "bob@example.com"));

        site.app.clock.advance(Duration::from_secs(3601));
        is_wrong_token(&site.activate(&activation));
        is_wrong_token(&site.reset_password(&alice, NEW));
        is_wrong_token(&site.reset_username(&bob, "robert"));
        assert!(!site.is_active(id));

        let activation = site.link_for("resend_activation", "waiting@example.com");
        let (alice, bob) =
            (site.link_for("reset_password", "alice@example.com"), site.link_for("reset_username", "bob@example.com"));
        site.app.clock.advance(Duration::from_secs(3600));
        is_no_content(&site.activate(&activation));
        is_no_content(&site.reset_password(&alice, NEW));
        is_no_content(&site.reset_username(&bob, "robert"));
    });
}

#[test]
fn by_default_a_link_is_good_for_three_days() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let link = site.link_for("reset_password", "alice@example.com");

        site.app.clock.advance(Duration::from_secs(3 * 86_400));

        is_no_content(&site.reset_password(&link, NEW));
    });
}

#[test]
fn a_link_that_django_made_with_an_earlier_secret_is_good() {
    Site::on_each(
        "secret_key_fallbacks = [\"test-secret-key\"]\naccounts.password_reset_timeout = \"365d\"\n",
        |site| {
            site.member("alice", "");
            site.app.database.execute(STATE_OF_DJANGO);

            is_no_content(&site.reset_password(&link_of_django(), NEW));
            is_wrong_token(&site.reset_password(&link_of_django(), OLD));

            assert_eq!(site.app.login("alice", NEW).status, 200);
        },
    );
}

#[test]
fn a_link_that_was_made_with_a_forgotten_secret_is_refused() {
    Site::on_each("accounts.password_reset_timeout = \"365d\"\n", |site| {
        site.member("alice", "");
        site.app.database.execute(STATE_OF_DJANGO);

        is_wrong_token(&site.reset_password(&link_of_django(), NEW));
    });
}

#[test]
fn a_link_survives_a_restart_and_a_change_of_the_secret_that_remembers_the_old_one() {
    let key = "the-next-key-T4x9Lq2Vb7Zm3Wd8Rk6Yp1Ns5Hc0Jf";
    let earlier = crate::support::database::SECRET_KEY;
    let changes = [
        (String::new(), true),
        (format!("secret_key = {key:?}\nsecret_key_fallbacks = [{earlier:?}]\n"), true),
        (format!("secret_key = {key:?}\n"), false),
    ];
    for (settings, survives) in changes {
        Site::on_each("", |site| {
            site.member("alice", "alice@example.com");
            let link = site.link_for("reset_password", "alice@example.com");

            site.app.restart(&settings);

            let response = site.reset_password(&link, NEW);
            if survives { is_no_content(&response) } else { is_wrong_token(&response) }
        });
    }
}

#[test]
fn a_link_of_one_user_is_nothing_in_the_hands_of_another() {
    Site::on_each("", |site| {
        let (alice, bob) = (site.member("alice", "alice@example.com"), site.member("bob", "bob@example.com"));
        let of_alice = site.link_for("reset_password", "alice@example.com");
        let of_bob = site.link_for("reset_password", "bob@example.com");
        assert_ne!(alice, bob);

        let mixed = Link { uid: of_bob.uid, token: of_alice.token.clone() };
        is_wrong_token(&site.reset_password(&mixed, NEW));
        is_wrong_token(&site.reset_username(&mixed, "carol"));
        is_wrong_token(&site.activate(&mixed));

        assert_eq!(site.app.login("bob", OLD).status, 200);
    });
}

#[test]
fn users_alike_in_all_but_their_id_have_links_of_their_own() {
    Site::on_each("", |site| {
        site.member("alice", "both@example.com");
        let link = site.link_for("reset_password", "both@example.com");
        let bob = site.member("bob", "both@example.com");
        site.app.database.execute("UPDATE auth_user SET password = (SELECT min(password) FROM auth_user)");

        let stolen = Link { uid: uid(&bob.to_string()), ..link };

        is_wrong_token(&site.reset_password(&stolen, NEW));
    });
}

#[test]
fn a_link_that_was_tampered_with_is_refused() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let Link { uid, token } = site.link_for("reset_password", "alice@example.com");
        let (time, signature) = token.split_once('-').expect("two parts");
        let later = format!("{}{}", &time[..time.len() - 1], if time.ends_with('z') { 'y' } else { 'z' });
        let flipped = if signature.ends_with('0') { '1' } else { '0' };
        let tampered = [
            format!("{later}-{signature}"),
            format!("{time}-{}{flipped}", &signature[..signature.len() - 1]),
            token.to_uppercase(),
            format!("{time}{signature}"),
            format!("{time}--{signature}"),
            format!("-{signature}"),
            format!("{time}-"),
            format!("0{token}"),
            format!("{token}0"),
            format!(" {token}"),
            format!("{token}\n"),
            token[..token.len() - 1].to_owned(),
            "set-password".to_owned(),
        ];

        for token in tampered {
            is_wrong_token(&site.reset_password(&Link { uid: uid.clone(), token }, NEW));
        }

        is_no_content(&site.reset_password(&Link { uid, token }, NEW));
    });
}

#[test]
fn a_link_for_one_thing_is_not_good_for_another() {
    Site::on_each(ACTIVATION, |site| {
        let waiting = site.registered("waiting", "waiting@example.com");
        let activation = site.link();
        site.member("alice", "alice@example.com");
        let reset = site.link_for("reset_password", "alice@example.com");

        is_wrong_token(&site.reset_password(&activation, NEW));
        is_wrong_token(&site.reset_username(&activation, "carol"));
        answers(&site.activate(&reset), 403, &json!({"detail": "Stale token for given user."}));

        assert!(!site.is_active(waiting));
        assert_eq!(site.app.login("waiting", NEW).status, 400);
        is_no_content(&site.activate(&activation));
        is_no_content(&site.reset_password(&reset, NEW));
    });
}

#[test]
fn links_end_with_what_they_depend_on() {
    Site::on_each("", |site| {
        let id = site.member("alice", "alice@example.com");
        let token = site.token("alice", OLD);
        site.app.clock.advance(Duration::from_secs(1));
        let changes: [(&str, Change<'_>); 4] = [
            ("a login", &|site| {
                site.token("alice", OLD);
            }),
            ("an address", &|site| {
                let response = site.call("PATCH", "/auth/users/me/", &token, &json!({"email": "new@example.com"}));
                assert_eq!(response.status, 200, "{response:?}");
            }),
            ("a ban", &|site| site.app.database.execute("UPDATE auth_user SET is_active = false")),
            ("a password", &|site| {
                let body = json!({"current_password": OLD, "new_password": NEW});
                is_no_content(&site.call("POST", "/auth/users/set_password/", &token, &body));
            }),
        ];
        for (what, change) in changes {
            site.app.database.execute("UPDATE auth_user SET email = 'alice@example.com', is_active = true");
            let link = site.link_for("reset_password", "alice@example.com");

            change(site);

            let response = site.reset_password(&link, "Qu1ll-harbour");
            assert_eq!(response.status, 400, "{what}");
            is_wrong_token(&response);
            site.app.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(site.value(&format!("SELECT count(*) FROM auth_user WHERE id = {id}")), "1");
    });
}

#[test]
fn a_signed_login_leaves_links_as_they_are() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let link = site.link_for("reset_password", "alice@example.com");
        site.app.clock.advance(Duration::from_secs(1));

        let login = site.post("/auth/jwt/create/", &json!({"username": "alice", "password": OLD}));

        assert_eq!(login.status, 200, "{login:?}");
        is_no_content(&site.reset_password(&link, NEW));
    });
}

#[test]
fn an_id_that_is_spelled_in_another_way_is_nobodys() {
    Site::on_each(ACTIVATION, |site| {
        site.member("alice", "alice@example.com");
        let token = site.link_for("reset_password", "alice@example.com").token;
        let too_large = uid(&format!("1{}", "0".repeat(30)));
        let spellings = [
            "!!!",
            "M",
            "MR",
            "M!Q",
            "M Q",
            " MQ",
            "MQ===",
            "MQ==junk",
            "_w",
            "1",
            "MA",
            "LTE",
            "MDE",
            "KzE",
            "IDE",
            "MS41",
            "Mg",
            "ZmFsc2U",
            "2aE",
            "MjE0NzQ4MzY0OA",
            "MQ%3D%3D",
            "../MQ",
            &too_large,
            &"MQ".repeat(10_000),
        ];
        for uid in spellings {
            let link = Link { uid: uid.to_owned(), token: token.clone() };
            for response in [site.reset_password(&link, NEW), site.reset_username(&link, "carol"), site.activate(&link)]
            {
                is_wrong_uid(&response);
            }
        }

        is_no_content(&site.reset_password(&Link { uid: "MQ==".to_owned(), token }, NEW));
    });
}

#[test]
fn parts_of_a_link_that_are_no_texts_are_refused() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let Link { uid, token } = site.link_for("reset_password", "alice@example.com");
        let wrong = [json!(null), json!([uid]), json!({"uid": uid}), json!(true), json!(1), json!(1.5), json!("")];
        for part in wrong {
            let bodies = [
                json!({"uid": part, "token": token, "new_password": NEW, "new_username": "carol"}),
                json!({"uid": uid, "token": part, "new_password": NEW, "new_username": "carol"}),
            ];
            for body in &bodies {
                for what in ["reset_password_confirm", "reset_username_confirm", "activation"] {
                    let response = site.post(&format!("/auth/users/{what}/"), body);
                    assert_eq!(response.status, 400, "{what} {body}: {response:?}");
                    let fields: Vec<String> = match response.json() {
                        Value::Object(fields) => fields.keys().cloned().collect(),
                        other => panic!("{other}"),
                    };
                    assert!(fields == ["uid"] || fields == ["token"], "{what} {body}: {response:?}");
                }
            }
        }

        is_no_content(&site.reset_password(&Link { uid, token }, NEW));
    });
}

#[test]
fn a_password_that_is_refused_leaves_the_link_good() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        let link = site.link_for("reset_password", "alice@example.com");

        for weak in ["short", "password", "12345678", "", " "] {
            let response = site.reset_password(&link, weak);
            assert!(response.status == 400 && response.json()["new_password"].is_array(), "{response:?}");
        }

        is_no_content(&site.reset_password(&link, NEW));
    });
}

#[test]
fn a_name_that_is_refused_leaves_the_link_good() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        site.member("bob", "bob@example.com");
        let link = site.link_for("reset_username", "alice@example.com");

        for wrong in ["bob", "a b", "", &"a".repeat(151)] {
            let response = site.reset_username(&link, wrong);
            assert!(response.status == 400 && response.json()["new_username"].is_array(), "{response:?}");
        }

        is_no_content(&site.reset_username(&link, "carol"));
    });
}

#[test]
fn a_new_name_that_somebody_takes_at_the_same_time_is_refused_and_leaves_the_link_good() {
    Site::on_each("", |site| {
        let links: Vec<Link> = (0..8)
            .map(|number| {
                site.member(&format!("a{number}"), &format!("a{number}@example.com"));
                site.link_for("reset_username", &format!("a{number}@example.com"))
            })
            .collect();

        let responses = at_once(8, |number| site.reset_username(&links[number], "wanted"));

        assert_eq!((with_status(&responses, 204), with_status(&responses, 400)), (1, 7), "{responses:?}");
        for (link, response) in links.iter().zip(responses).filter(|(_, response)| response.status == 400) {
            answers(&response, 400, &json!({"new_username": ["A user with that username already exists."]}));
            is_no_content(&site.reset_username(link, &format!("free-{}", link.uid)));
        }
    });
}

/// As Django writes an id, or would.
fn uid(id: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id)
}
