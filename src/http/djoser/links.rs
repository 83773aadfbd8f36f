//! The links of mails: made for a user, and read when they come back.

use super::Hallpass;
use crate::accounts::UserState;
use crate::accounts::links::{decode_uid, encode_uid};
use crate::error::{ApiError, FieldErrors};
use crate::mail::{Addressee, Letter, Link, MailKind};
use crate::settings::UrlTemplate;
use crate::store::accounts::{self, Account};

/// Of an account what its links depend on.
pub(super) fn state<'a>(account: &'a Account, encoded_password: &'a str) -> UserState<'a> {
    UserState { id: account.id, encoded_password, last_login: account.last_login(), email: &account.email }
}

/// The mail that makes an account active.
pub(super) fn activation(hallpass: &Hallpass, account: &Account) -> Letter {
    with_link(hallpass, account, MailKind::Activation, &hallpass.settings().accounts.activation_url)
}

/// A mail with a link to `page`.
pub(super) fn with_link(hallpass: &Hallpass, account: &Account, kind: MailKind, page: &UrlTemplate) -> Letter {
    let password = account.encoded_password();
    let token = hallpass.link_tokens().make(&state(account, password.expose()), hallpass.clock().now());
    let uid = encode_uid(account.id);
    let url = page.fill(&uid, &token);
    Letter { kind, user: addressee(account), link: Some(Link { uid, token, url }) }
}

/// A mail that only tells.
pub(super) fn without_link(account: &Account, kind: MailKind) -> Letter {
    Letter { kind, user: addressee(account), link: None }
}

fn addressee(account: &Account) -> Addressee {
    Addressee { username: account.username.clone(), email: account.email.clone() }
}

/// The user whom a link belongs to, if it is genuine, of now, and `may` take it: `UidAndTokenSerializer`.
///
/// Django has one kind of token for everything; which links a user may take depends on the state that they are in.
///
/// # Errors
/// 400 at `uid` when it names nobody, at `token` when it is not theirs.
pub(super) async fn owner(
    hallpass: &Hallpass,
    uid: &str,
    token: &str,
    may: impl Fn(&Account) -> bool,
) -> Result<Account, ApiError> {
    let account = match decode_uid(uid) {
        Some(id) => hallpass.store().run(move |connection| accounts::find(connection, id)).await?,
        None => None,
    };
    let account = account.ok_or_else(|| error("uid", "Invalid user id or user doesn't exist."))?;
    match is_good(hallpass, &account, token) && may(&account) {
        true => Ok(account),
        false => Err(wrong_token()),
    }
}

/// Whether `token` is of this account as it is, and of now. Whoever holds the row asks again: of those who use a link at
/// the same time only the first finds the account as it was.
pub(super) fn is_good(hallpass: &Hallpass, account: &Account, token: &str) -> bool {
    let password = account.encoded_password();
    hallpass.link_tokens().check(&state(account, password.expose()), token, hallpass.clock().now())
}

/// The link is not theirs, or good no longer.
pub(super) fn wrong_token() -> ApiError {
    error("token", "Invalid token for given user.").into()
}

/// 400 at `field`.
pub(super) fn error(field: &'static str, message: &str) -> FieldErrors {
    let mut errors = FieldErrors::default();
    errors.push(field, vec![message.to_owned()]);
    errors
}
