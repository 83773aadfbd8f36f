//! The documentation of djoser's views.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::doc::{Doc, Who, login_field};
use super::tokens::{KEY, PASSWORD};
use crate::settings::{LoginField, Permission, Settings};

const ACCOUNTS: &str = "Accounts";
const MAILS: &str = "Accounts by mail";
const LOGIN: &str = "Opaque tokens";

const UID: &str = "MQ";
const LINK: &str = "cw2v3l-0f9e8d7c6b5a49382716a5b4c3d2e1f0";
const NEW_PASSWORD: &str = "L4ntern-moss";
const EMAIL: &str = "alice@example.com";

pub(super) fn doc(view: &str, method: &Method, settings: &Settings) -> Option<Doc> {
    let accounts = &settings.accounts;
    let permissions = &accounts.permissions;
    let by_email = accounts.login_field == LoginField::Email;
    let who = |permission| if permission == Permission::AllowAny { Who::AnyoneChecked } else { Who::Known };
    let (login, name) = login_field(settings);
    let user = || -> Value {
        match by_email {
            true => json!({"email": EMAIL, "id": 1}),
            false => json!({"email": EMAIL, "id": 1, "username": "alice"}),
        }
    };
    let of = |summary, who| Doc::of(ACCOUNTS, summary, who);
    let by_mail = |summary, permission| Doc::of(MAILS, summary, who(permission));
    let is = |name: &str, wanted: Method| view == name && *method == wanted;
    let write = *method == Method::PUT || *method == Method::PATCH;
    Some(if is("Api Root", Method::GET) {
        let users = "http://127.0.0.1:8000/auth/users/";
        of("Where the accounts are", Who::Known).gives("A link", json!({"users": users}))
    } else if is("User List", Method::GET) {
        of("The accounts that the caller may see", who(permissions.user_list)).gives("A list", json!([user()]))
    } else if is("User List", Method::POST) {
        let doc = of("Adds an account", who(permissions.user_create)).takes(login, name).takes("password", PASSWORD);
        let doc = doc.takes_if(accounts.user_create_password_retype, "re_password", PASSWORD);
        let doc = match (by_email, accounts.send_activation_email) {
            (true, _) => doc,
            (false, true) => doc.takes("email", EMAIL),
            (false, false) => doc.may_take("email", EMAIL),
        };
        doc.gives("The account", user()).with_status(201).refused(&[429])
    } else if is("Me", Method::GET) {
        of("The caller's account", who(permissions.user)).gives("The account", user())
    } else if view == "Me" && write {
        of("Changes the caller's account", who(permissions.user)).may_take("email", EMAIL).gives("The account", user())
    } else if is("Me", Method::DELETE) {
        let doc = of("Deletes the caller's account", who(permissions.user_delete));
        doc.takes("current_password", PASSWORD).done(204, "It is gone").refused(&[429])
    } else if is("User Instance", Method::GET) {
        of("An account", who(permissions.user)).gives("The account", user()).refused(&[404])
    } else if view == "User Instance" && write {
        let doc = of("Changes an account", who(permissions.user)).may_take("email", EMAIL);
        doc.gives("The account", user()).refused(&[404])
    } else if is("User Instance", Method::DELETE) {
        let doc = of("Deletes an account", who(permissions.user_delete)).takes("current_password", PASSWORD);
        doc.done(204, "It is gone").refused(&[404, 429])
    } else if *method != Method::POST {
        return None;
    } else {
        match view {
            "Activation" => by_mail("Makes an account active, by its link", permissions.activation)
                .takes("uid", UID)
                .takes("token", LINK)
                .done(204, "It is active"),
            "Resend activation" => {
                let doc = by_mail("Sends the link once more", permissions.password_reset).takes("email", EMAIL);
                let doc = doc.done(204, "It is on its way, if there is such an account");
                if accounts.send_activation_email { doc } else { doc.done(400, "No such mails are sent here") }
            }
            "Set password" => of("Sets the caller's password", who(permissions.set_password))
                .takes("new_password", NEW_PASSWORD)
                .takes_if(accounts.set_password_retype, "re_new_password", NEW_PASSWORD)
                .takes("current_password", PASSWORD)
                .done(204, "It is set")
                .refused(&[429]),
            "Reset password" => by_mail("Sends a link to choose a password", permissions.password_reset)
                .takes("email", EMAIL)
                .done(204, "It is on its way, if there is such an account"),
            "Reset password confirm" => by_mail("Sets a password, by its link", permissions.password_reset_confirm)
                .takes("uid", UID)
                .takes("token", LINK)
                .takes("new_password", NEW_PASSWORD)
                .takes_if(accounts.password_reset_confirm_retype, "re_new_password", NEW_PASSWORD)
                .done(204, "It is set, and all tokens of before are ended")
                .refused(&[429]),
            "Set username" => of("Sets the caller's name", who(permissions.set_username))
                .takes(if by_email { "new_email" } else { "new_username" }, if by_email { EMAIL } else { "alicia" })
                .takes_if(accounts.set_username_retype, if by_email { "re_new_email" } else { "re_new_username" }, name)
                .takes("current_password", PASSWORD)
                .done(204, "It is set")
                .refused(&[429]),
            "Reset username" => by_mail("Sends a link to choose a name", permissions.username_reset)
                .takes("email", EMAIL)
                .done(204, "It is on its way, if there is such an account"),
            "Reset username confirm" => by_mail("Sets a name, by its link", permissions.username_reset_confirm)
                .takes("uid", UID)
                .takes("token", LINK)
                .takes(if by_email { "new_email" } else { "new_username" }, if by_email { EMAIL } else { "alicia" })
                .takes_if(
                    accounts.username_reset_confirm_retype,
                    if by_email { "re_new_email" } else { "re_new_username" },
                    name,
                )
                .done(204, "It is set"),
            "Token Create" => {
                Doc::of(LOGIN, "The one token of a user, as djoser gives it", who(permissions.token_create))
                    .takes(login, name)
                    .takes("password", PASSWORD)
                    .gives("The same token each time", json!({"auth_token": KEY}))
                    .refused(&[429])
            }
            "Token Destroy" => Doc::of(LOGIN, "Takes the caller's token away", who(permissions.token_destroy))
                .done(204, "There is none any more"),
            _ => return None,
        }
    })
}
