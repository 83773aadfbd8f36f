//! A new password lets its owner in again after too many wrong ones.

use serde_json::json;

use super::{NEW, OLD, Site, is_no_content};
use crate::support::program::{HALLPASS, run};

#[test]
fn a_password_reset_unlocks_the_account() {
    Site::on_each("lockout.failures = 2\n", |site| {
        site.member("alice", "alice@example.org");
        lock(site);

        is_no_content(&site.reset_password(&site.link_for("reset_password", "alice@example.org"), NEW));

        assert_eq!(site.app.login("alice", NEW).status, 200);
    });
}

#[test]
fn a_reset_of_the_name_unlocks_nothing() {
    Site::on_each("lockout.failures = 2\n", |site| {
        site.member("alice", "alice@example.org");
        lock(site);

        is_no_content(&site.reset_username(&site.link_for("reset_username", "alice@example.org"), "alicia"));

        assert_eq!(site.app.login("alicia", OLD).status, 429);
    });
}

#[test]
fn change_password_unlocks_the_account() {
    Site::on_each("lockout.failures = 2\n", |site| {
        site.member("alice", "alice@example.org");
        lock(site);
        let config = site.app.database.folder().join("hallpass.toml");
        std::fs::write(&config, site.app.database.settings()).expect("a file");

        let arguments = ["--config", config.to_str().expect("UTF-8"), "change-password", "alice", "--password-stdin"];
        let ended = run(HALLPASS, &site.app.database, &arguments, &format!("{NEW}\n"));

        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(site.app.login("alice", NEW).status, 200);
    });
}

fn lock(site: &Site) {
    for _ in 0..2 {
        let body = json!({"username": "alice", "password": "wrong"});
        assert_eq!(site.post("/auth/token/login/", &body).status, 400);
    }
    assert_eq!(site.app.login("alice", OLD).status, 429);
}
