//! What is done by a link has its row in the audit, or is not done.

use serde_json::json;

use super::{Link, NEW, OLD, Site};
use crate::support::client::Response;
use crate::support::database::Kind;

/// What the rows say that came since the last look: event, outcome, reason and user.
fn told(site: &Site) -> Vec<String> {
    let rows = site.app.database.texts(
        "SELECT event || ' ' || outcome || COALESCE(' ' || reason, '') || COALESCE(' #' || user_id, '') \
         FROM hallpass_audit ORDER BY id",
    );
    site.app.database.execute("DELETE FROM hallpass_audit");
    rows
}

/// Uses the link while no row can be written, and then once more.
fn at_second_try(site: &Site, link: &Link, usage: impl Fn(&Site, &Link) -> Response) {
    site.app.database.execute("ALTER TABLE hallpass_audit RENAME TO hallpass_away");
    let unheard = usage(site, link);
    assert_eq!(unheard.status, 503, "{unheard:?}");
    site.app.database.execute("ALTER TABLE hallpass_away RENAME TO hallpass_audit");
    let answer = usage(site, link);
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[test]
fn links_that_are_asked_for_and_used_have_a_row_each() {
    Site::on_each("accounts.send_activation_email = true\n", |site| {
        let address = "alice@example.com";
        let id = site.registered("alice", address);
        site.mails();
        assert_eq!(told(site), [format!("registration success #{id}")]);

        let link = site.link_for("resend_activation", address);
        assert_eq!(told(site), [format!("activation_asked success #{id}")]);
        at_second_try(site, &link, Site::activate);
        assert_eq!(told(site), [format!("activation success #{id}")]);

        let link = site.link_for("reset_password", address);
        assert_eq!(told(site), [format!("password_reset_asked success #{id}")]);
        at_second_try(site, &link, |site, link| site.reset_password(link, NEW));
        assert_eq!(told(site), [format!("password_reset success #{id}")]);
        assert_eq!(site.reset_password(&link, OLD).status, 400, "it is used up");
        assert_eq!(told(site), Vec::<String>::new());

        let link = site.link_for("reset_username", address);
        assert_eq!(told(site), [format!("username_reset_asked success #{id}")]);
        at_second_try(site, &link, |site, link| site.reset_username(link, "ann"));
        assert_eq!(told(site), [format!("username_reset success #{id}")]);
    });
}

#[test]
fn mails_beyond_their_limit_have_no_row() {
    let few = "email.limit_per_minute = 2\n";
    for kind in Kind::available() {
        let site = Site::start(kind, few);
        let id = site.member("alice", "alice@example.com");

        for (address, row) in [
            ("alice@example.com", format!("password_reset_asked success #{id}")),
            ("nobody@example.com", "password_reset_asked failure no_such_user".to_owned()),
        ] {
            let answers = [(); 4].map(|()| site.post("/auth/users/reset_password/", &json!({"email": address})).status);
            assert_eq!((answers, told(&site)), ([204; 4], vec![row; 2]));
        }
    }
}
