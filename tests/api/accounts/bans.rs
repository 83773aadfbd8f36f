//! Who may become active by a link, and who was made inactive to stay so.

use serde_json::json;

use super::{OLD, Site, is_no_content, is_wrong_token};

const ACTIVATION: &str = "accounts.send_activation_email = true\n";

fn ban(site: &Site) {
    site.app.database.execute("UPDATE auth_user SET is_active = false");
}

/// Neither a new link nor the one that they have makes them active.
fn stays_banned(site: &Site, email: &str) {
    is_no_content(&site.ask("resend_activation", email));
    assert_eq!(site.mails(), []);
    assert_eq!(site.app.database.texts("SELECT username FROM auth_user WHERE is_active").len(), 0);
}

#[test]
fn who_waits_becomes_active_by_either_link() {
    Site::on_each(ACTIVATION, |site| {
        let id = site.registered("alice", "alice@example.com");
        let first = site.link();
        let second = site.link_for("resend_activation", "alice@example.com");

        assert_eq!(first.uid, second.uid);
        is_no_content(&site.activate(&first));

        assert!(site.is_active(id));
        site.token("alice", OLD);
    });
}

#[test]
fn who_waits_has_nothing_to_log_in_with_yet() {
    Site::on_each(ACTIVATION, |site| {
        site.registered("alice", "alice@example.com");
        site.link();
        let credentials = json!({"username": "alice", "password": OLD});

        let statuses = ["/auth/token/login/", "/api-token-auth/", "/api/token/", "/auth/jwt/create/"]
            .map(|path| site.post(path, &credentials).status);

        assert_eq!(statuses, [400, 400, 401, 401]);
        is_no_content(&site.ask("reset_password", "alice@example.com"));
        is_no_content(&site.ask("reset_username", "alice@example.com"));
        assert_eq!(site.mails(), []);
    });
}

#[test]
fn who_was_activated_and_then_banned_stays_banned() {
    Site::on_each(ACTIVATION, |site| {
        site.registered("alice", "alice@example.com");
        let link = site.link();
        is_no_content(&site.activate(&link));
        ban(site);

        is_wrong_token(&site.activate(&link));
        stays_banned(site, "alice@example.com");
    });
}

#[test]
fn who_was_active_from_the_start_and_then_banned_stays_banned() {
    Site::on_each("", |site| {
        site.registered("alice", "alice@example.com");
        ban(site);

        site.app.restart(&format!(
            "{ACTIVATION}email.transport = \"file\"\nemail.directory = \"{}\"\n",
            site.mail.display()
        ));

        stays_banned(site, "alice@example.com");
    });
}

#[test]
fn who_logged_in_in_any_way_and_then_was_banned_stays_banned() {
    let logins = ["/auth/token/login/", "/api-token-auth/", "/api/token/", "/auth/jwt/create/", "/api/token/sliding/"];
    for path in logins {
        Site::on_each(ACTIVATION, |site| {
            // As Django makes them: nothing is known of this user but the row.
            site.member("alice", "alice@example.com");
            let login = site.post(path, &json!({"username": "alice", "password": OLD}));
            assert_eq!(login.status, 200, "{login:?}");

            ban(site);

            stays_banned(site, "alice@example.com");
        });
    }
}

#[test]
fn who_logged_out_before_they_were_banned_stays_banned() {
    Site::on_each(ACTIVATION, |site| {
        site.member("alice", "alice@example.com");
        let token = format!("Token {}", site.app.token("alice", OLD));
        is_no_content(&site.call("POST", "/auth/token/logout/", &token, &json!({})));

        ban(site);

        stays_banned(site, "alice@example.com");
    });
}

#[test]
fn who_was_banned_after_their_tokens_were_forgotten_stays_banned() {
    Site::on_each(ACTIVATION, |site| {
        site.member("alice", "alice@example.com");
        let login = site.post("/api/token/", &json!({"username": "alice", "password": OLD}));
        assert_eq!(login.status, 200, "{login:?}");
        // What `flush-expired-tokens` does in time.
        site.app.database.execute("DELETE FROM token_blacklist_outstandingtoken");

        ban(site);

        stays_banned(site, "alice@example.com");
    });
}

#[test]
fn who_never_logged_in_and_was_made_inactive_by_another_program_may_ask_for_a_link() {
    Site::on_each(ACTIVATION, |site| {
        let id = site.member("alice", "alice@example.com");
        ban(site);

        let link = site.link_for("resend_activation", "alice@example.com");

        is_no_content(&site.activate(&link));
        assert!(site.is_active(id));
    });
}

#[test]
fn who_is_banned_gets_no_link_to_a_new_password_or_name_and_can_use_none() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        site.token("alice", OLD);
        let link = site.link_for("reset_password", "alice@example.com");
        ban(site);

        is_no_content(&site.ask("reset_password", "alice@example.com"));
        is_no_content(&site.ask("reset_username", "alice@example.com"));

        assert_eq!(site.mails(), []);
        is_wrong_token(&site.reset_password(&link, super::NEW));
        is_wrong_token(&site.reset_username(&link, "carol"));
        is_wrong_token(&site.activate(&link));
    });
}

#[test]
fn a_new_address_waits_for_its_link_and_can_be_confirmed_again() {
    Site::on_each(ACTIVATION, |site| {
        let id = site.registered("alice", "alice@example.com");
        let first = site.link();
        is_no_content(&site.activate(&first));
        for email in ["new@example.com", "newer@example.com"] {
            let token = site.token("alice", OLD);

            let changed = site.call("PATCH", "/auth/users/me/", &token, &json!({"email": email}));
            let mail = site.mail();

            assert_eq!(changed.status, 200, "{changed:?}");
            assert_eq!(mail.to, email);
            assert_eq!(site.me(&token).detail(), "User inactive or deleted.");
            is_wrong_token(&site.activate(&first));
            let again = site.link_for("resend_activation", email);
            is_no_content(&site.activate(&again));
            assert!(site.is_active(id));
            assert_eq!(site.me(&token).status, 200);
        }
        ban(site);
        stays_banned(site, "newer@example.com");
    });
}

#[test]
fn the_same_address_again_waits_for_nothing() {
    Site::on_each(ACTIVATION, |site| {
        let id = site.registered("alice", "alice@example.com");
        is_no_content(&site.activate(&site.link()));
        let token = site.token("alice", OLD);

        let same = site.call("PUT", "/auth/users/me/", &token, &json!({"email": "alice@example.com"}));
        let nothing = site.call("PUT", "/auth/users/me/", &token, &json!({}));

        assert_eq!((same.status, nothing.status), (200, 200));
        assert_eq!(site.mails(), []);
        assert!(site.is_active(id));
    });
}

#[test]
fn a_new_address_that_staff_writes_makes_no_banned_user_active() {
    Site::on_each(ACTIVATION, |site| {
        let id = site.member("alice", "alice@example.com");
        site.token("alice", OLD);
        site.member("root", "root@example.com");
        ban(site);
        site.app.database.execute("UPDATE auth_user SET is_staff = true, is_active = true WHERE username = 'root'");
        let root = site.token("root", OLD);

        let changed = site.call("PATCH", &format!("/auth/users/{id}/"), &root, &json!({"email": "new@example.com"}));

        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(site.value(&format!("SELECT email FROM auth_user WHERE id = {id}")), "new@example.com");
        is_no_content(&site.ask("resend_activation", "new@example.com"));
        assert!(site.mails().iter().all(|mail| site.activate(&mail.link()).status == 400));
        assert!(!site.is_active(id));
    });
}

#[test]
fn a_signed_token_that_nobody_looks_up_makes_no_banned_user_active() {
    Site::on_each(&format!("{ACTIVATION}auth.backends = [\"jwt_stateless\"]\n"), |site| {
        let id = site.member("alice", "alice@example.com");
        let login = site.post("/api/token/", &json!({"username": "alice", "password": OLD}));
        let access = format!("Bearer {}", super::text(&login, "access"));
        ban(site);

        site.call("PATCH", "/auth/users/me/", &access, &json!({"email": "new@example.com"}));

        for email in ["alice@example.com", "new@example.com"] {
            is_no_content(&site.ask("resend_activation", email));
        }
        assert!(site.mails().iter().all(|mail| site.activate(&mail.link()).status == 400));
        assert!(!site.is_active(id));
    });
}

#[test]
fn without_activation_nobody_is_sent_a_link_to_it() {
    Site::on_each("", |site| {
        site.member("alice", "alice@example.com");
        ban(site);

        let response = site.ask("resend_activation", "alice@example.com");

        assert_eq!((response.status, response.text().as_str()), (400, ""));
        assert_eq!(site.count("hallpass_outbox"), 0);
    });
}
