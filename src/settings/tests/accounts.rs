//! `[accounts]` and `[cors]`: djoser's defaults, and what does not go together.

use std::time::Duration;

use super::complaints;
use crate::settings::{Accounts, LinkProtocol, LoginField, Origin, Permission, Settings};

fn accounts(text: &str) -> Accounts {
    Settings::from_toml(text).unwrap().accounts
}

#[test]
fn the_defaults_of_accounts_are_djosers() {
    let accounts = accounts("");

    assert_eq!(accounts.login_field, LoginField::Username);
    assert_eq!(accounts.activation_url.as_str(), "activate/{uid}/{token}");
    assert_eq!(accounts.password_reset_confirm_url.as_str(), "password/reset/confirm/{uid}/{token}");
    assert_eq!(accounts.username_reset_confirm_url.as_str(), "username/reset/confirm/{uid}/{token}");
    assert_eq!((accounts.email_frontend_domain, accounts.email_frontend_protocol), (None, LinkProtocol::Http));
    assert_eq!(accounts.email_frontend_site_name, None);
    assert_eq!(accounts.password_reset_timeout, Duration::from_secs(259_200));
    assert!(accounts.hide_users);
    let switches = [
        accounts.send_activation_email,
        accounts.send_confirmation_email,
        accounts.password_changed_email_confirmation,
        accounts.username_changed_email_confirmation,
        accounts.user_create_password_retype,
        accounts.set_password_retype,
        accounts.password_reset_confirm_retype,
        accounts.set_username_retype,
        accounts.username_reset_confirm_retype,
        accounts.password_reset_show_email_not_found,
        accounts.username_reset_show_email_not_found,
        accounts.logout_on_password_change,
    ];
    assert!(!switches.contains(&true));
}

#[test]
fn the_defaults_of_permissions_are_djosers() {
    use Permission::{AllowAny, CurrentUserOrAdmin, IsAuthenticated};
    let permissions = accounts("").permissions;

    let public = [
        permissions.activation,
        permissions.password_reset,
        permissions.password_reset_confirm,
        permissions.username_reset,
        permissions.username_reset_confirm,
        permissions.user_create,
        permissions.token_create,
    ];
    let own = [
        permissions.set_password,
        permissions.set_username,
        permissions.user_delete,
        permissions.user,
        permissions.user_list,
    ];
    assert_eq!((public, own, permissions.token_destroy), ([AllowAny; 7], [CurrentUserOrAdmin; 5], IsAuthenticated));
}

#[test]
fn accounts_are_set_by_djosers_names() {
    let accounts = accounts(
        "[accounts]\nlogin_field = \"email\"\nemail_frontend_domain = \"app.example\"\n\
         email_frontend_protocol = \"https\"\npassword_reset_show_email_not_found = true\n\
         [accounts.permissions]\nuser_list = \"is_admin_user\"\nuser = \"current_user_or_admin_or_read_only\"",
    );

    assert_eq!(accounts.login_field, LoginField::Email);
    assert_eq!(accounts.email_frontend_domain.as_ref().map(|domain| domain.as_str()), Some("app.example"));
    assert_eq!(accounts.email_frontend_protocol, LinkProtocol::Https);
    assert!(accounts.shows_email_not_found());
    assert_eq!(accounts.permissions.user_list, Permission::IsAdminUser);
    assert_eq!(accounts.permissions.user, Permission::CurrentUserOrAdminOrReadOnly);
}

#[test]
fn accounts_that_cannot_be_are_complained_of() {
    let cases = [
        (
            "accounts.activation_url = \"/activate/{uid}/{token}\"",
            "accounts.activation_url: \"/activate/{uid}/{token}\" must not begin with \"/\", which is there already",
        ),
        (
            "accounts.permissions.user = \"owner\"",
            "accounts.permissions.user: \"owner\" is not one of allow_any, is_authenticated, is_admin_user, \
             current_user_or_admin, current_user_or_admin_or_read_only",
        ),
        ("accounts.login_field = \"id\"", "accounts.login_field: \"id\" is not one of username, email"),
        (
            "accounts.email_frontend_domain = \"https://app.example\"",
            "accounts.email_frontend_domain: \"https://app.example\" must be a host alone, as in \"app.example.com\" or \
             \"localhost:3000\"",
        ),
        ("accounts.email_frontend_site_name = \" \"", "accounts.email_frontend_site_name: must not be empty"),
        (
            "accounts.password_reset_timeout = \"0s\"",
            "accounts.password_reset_timeout: \"0s\" is too short; the least is \"1s\"",
        ),
        (
            "accounts.permissions = \"allow_any\"",
            "accounts.permissions: is a section; write its settings under [accounts.permissions]",
        ),
    ];
    for (text, line) in cases {
        assert_eq!(complaints(text), [format!("the text given: {line}")]);
    }
}

#[test]
fn mail_that_leaves_needs_the_host_of_its_links() {
    let smtp = "email.transport = \"smtp\"\nemail.smtp_url = \"smtp://mail.example:587\"";

    let what = "email.transport: \"smtp\" needs accounts.email_frontend_domain as well, the host in the links of mails";
    assert_eq!(complaints(smtp), [format!("the text given: {what}")]);
    accounts(&format!("{smtp}\naccounts.email_frontend_domain = \"app.example\""));
}

#[test]
fn origins_are_exact_and_only_named_ones_get_credentials() {
    let cors = |text: &str| Settings::from_toml(&format!("[cors]\n{text}")).map(|settings| settings.cors);

    let default = cors("").unwrap();
    assert_eq!((default.allowed_origins, default.allow_credentials), (vec![], false));
    assert_eq!(cors("allowed_origins = [\"*\"]").unwrap().allowed_origins, [Origin::Any]);
    let named = cors("allowed_origins = [\"https://app.example\"]\nallow_credentials = true").unwrap();
    assert_eq!(named.allowed_origins, [Origin::Exact("https://app.example".to_owned())]);
    let line = "the text given: cors.allowed_origins: \"*\" does not go with cors.allow_credentials; name the origins";
    assert_eq!(cors("allowed_origins = [\"*\"]\nallow_credentials = true").unwrap_err().to_string(), line);
}
