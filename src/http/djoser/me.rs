//! `/users/me/`, and what it shares with `/users/{id}/`: reading, changing and deleting an account.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::{Presence, Serializer};
use super::super::request_data::RequestData;
use super::super::view::{DEFAULT_PARSERS, ok};
use super::{Hallpass, Shown, links, users};
use crate::accounts::validate_email;
use crate::error::{ApiError, FieldErrors};
use crate::mail::MailKind;
use crate::secret::Secret;
use crate::store::accounts::{self, Account};

pub(super) async fn read(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    let account = hallpass.admit_account(&request, hallpass.settings().accounts.permissions.user).await?;
    Ok(ok(&Shown::of(&account, &hallpass)))
}

pub(super) async fn update(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let account = hallpass.admit_account(&request, hallpass.settings().accounts.permissions.user).await?;
    change(&hallpass, account, data).await
}

pub(super) async fn delete(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let account = hallpass.admit_account(&request, hallpass.settings().accounts.permissions.user_delete).await?;
    require_current_password(&hallpass, &account, data).await?;
    users::remove(&hallpass, account.id).await
}

/// Takes a new address, if there is one in the body, and nothing else.
///
/// With `accounts.send_activation_email` a changed address has to be confirmed: the account waits until it is.
pub(super) async fn change(
    hallpass: &Hallpass,
    mut account: Account,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let is_sent = serializer.has("email");
    let email = Some(serializer.email("email", Presence::Optional, validate_email)).filter(|_| is_sent);
    serializer.finish()?;
    let Some(email) = email else { return Ok(ok(&Shown::of(&account, hallpass))) };
    let is_changed = email != account.email;
    let waits = hallpass.settings().accounts.send_activation_email && is_changed;
    email.clone_into(&mut account.email);
    let (post, changed, mail) = (hallpass.post().clone(), account.clone(), links::activation(hallpass, &account));
    let sends = hallpass.settings().accounts.send_activation_email && (waits || !account.is_active);
    hallpass
        .store()
        .run(move |connection| {
            connection.write(|transaction| {
                accounts::set_email(transaction, changed.id, &changed.email, waits)?;
                if sends { post.enqueue(transaction, &mail) } else { Ok(()) }
            })
        })
        .await?;
    hallpass.post().wake();
    log::debug!("changed the address of user {}; {} mail: {sends}", account.id, MailKind::Activation);
    Ok(ok(&Shown::of(&account, hallpass)))
}

/// Refuses whoever does not know the password of `account`: `CurrentPasswordSerializer`.
pub(super) async fn require_current_password(
    hallpass: &Hallpass,
    account: &Account,
    data: RequestData,
) -> Result<(), ApiError> {
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let password = Secret::new(serializer.trimmed("current_password"));
    serializer.finish()?;
    match hallpass.backend().check_password(account.id, &password).await? {
        true => Ok(()),
        false => {
            let mut errors = FieldErrors::default();
            errors.push("current_password", vec!["Invalid password.".to_owned()]);
            Err(errors.into())
        }
    }
}
