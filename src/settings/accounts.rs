//! `[accounts]`: djoser's `DJOSER`, by the same names in lower case.

use std::time::Duration;

use super::account_permissions::AccountPermissions;
use super::limits::{at_least, if_set, not_blank};
use super::node::section;
use super::values::{Domain, UrlTemplate, words};

words! {
    /// What of a user one logs in with.
    pub enum LoginField {
        /// The user name.
        Username = "username",
        /// The e-mail address.
        Email = "email",
    }
}

words! {
    /// What a link in a mail begins with.
    pub enum LinkProtocol {
        /// In the clear.
        Http = "http",
        /// Over TLS.
        Https = "https",
    }
}

section! {
    /// Registration, and what users do to their own accounts.
    pub struct Accounts {
        /// What one logs in with. Default: username.
        pub login_field: LoginField,
        /// Whether a new account waits for its link to be followed. Default: false.
        pub send_activation_email: bool,
        /// Whether a mail tells that an account is ready. Default: false.
        pub send_confirmation_email: bool,
        /// The page of the front end that activates. Default: `activate/{uid}/{token}`.
        pub activation_url: UrlTemplate,
        /// The page that asks for the new password. Default: `password/reset/confirm/{uid}/{token}`.
        pub password_reset_confirm_url: UrlTemplate,
        /// The page that asks for the new user name. Default: `username/reset/confirm/{uid}/{token}`.
        pub username_reset_confirm_url: UrlTemplate,
        /// Whether a mail tells that the password was changed. Default: false.
        pub password_changed_email_confirmation: bool,
        /// Whether a mail tells that the user name was changed. Default: false.
        pub username_changed_email_confirmation: bool,
        /// Whether registration asks for the password twice. Default: false.
        pub user_create_password_retype: bool,
        /// Whether changing the password asks for the new one twice. Default: false.
        pub set_password_retype: bool,
        /// Whether resetting the password asks for the new one twice. Default: false.
        pub password_reset_confirm_retype: bool,
        /// Whether changing the user name asks for the new one twice. Default: false.
        pub set_username_retype: bool,
        /// Whether resetting the user name asks for the new one twice. Default: false.
        pub username_reset_confirm_retype: bool,
        /// Whether the reset of a password says that nobody has the address. Default: false.
        pub password_reset_show_email_not_found: bool,
        /// Whether the reset of a user name says so. Default: false. As in djoser, either of the two speaks for both.
        pub username_reset_show_email_not_found: bool,
        /// Whether changing the password ends the user's tokens. Default: false.
        pub logout_on_password_change: bool,
        /// Whether other users are not found rather than forbidden. Default: true.
        pub hide_users: bool,
        /// The host in the links of mails. Default: none, which is `server.bind`.
        pub email_frontend_domain: Option<Domain>,
        /// What those links begin with. Default: http.
        pub email_frontend_protocol: LinkProtocol,
        /// What mails call the site. Default: none, which is the host in their links.
        pub email_frontend_site_name: Option<String> => if_set(|name: &String| not_blank(name)),
        /// How long a link is good. At least a second. Default: 3 days. Django's `PASSWORD_RESET_TIMEOUT`.
        pub password_reset_timeout: Duration => at_least(Duration::from_secs(1)),
        /// `[accounts.permissions]`
        pub permissions: AccountPermissions,
    }
}

impl Accounts {
    /// Whether an address that nobody has is answered with an error; otherwise nothing tells it from a known one.
    pub fn shows_email_not_found(&self) -> bool {
        self.password_reset_show_email_not_found || self.username_reset_show_email_not_found
    }
}
