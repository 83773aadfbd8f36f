//! `/users/me/`, and what it shares with `/users/{id}/`: reading, changing and deleting an account.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::{Presence, Serializer};
use super::super::request_data::RequestData;
use super::super::view::{DEFAULT_PARSERS, ok};
use super::{Hallpass, Shown, links, users};
use crate::accounts::validate_email;
use crate::error::{ApiError, FieldErrors};
use crate::secret::Secret;
use crate::store::accounts::{self, Account};
use crate::store::audit::{Entry, Event, Trail};
use crate::store::{DbConnection, StoreError};

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
    change(&hallpass, hallpass.trail(&request), account.id, account, data).await
}

pub(super) async fn delete(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let account = hallpass.admit_account(&request, hallpass.settings().accounts.permissions.user_delete).await?;
    require_current_password(&hallpass, &request, &account, data).await?;
    users::remove(&hallpass, hallpass.trail(&request), account.id, account.id).await
}

/// Takes a new address, if there is one in the body, and nothing else.
///
/// With `accounts.send_activation_email` a changed address has to be confirmed: the account waits until it is. One that
/// was banned stays so. Where one logs in with the address, it is as little to be changed here as the
/// name is elsewhere.
pub(super) async fn change(
    hallpass: &Hallpass,
    trail: Trail,
    actor_id: i32,
    mut account: Account,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    if hallpass.logs_in_by_email() {
        return Ok(ok(&Shown::of(&account, hallpass)));
    }
    let is_sent = serializer.has("email");
    let email = Some(serializer.email("email", Presence::Optional, validate_email)).filter(|_| is_sent);
    serializer.finish()?;
    let Some(email) = email else { return Ok(ok(&Shown::of(&account, hallpass))) };
    email.clone_into(&mut account.email);
    let (this, id) = (hallpass.clone(), account.id);
    let changed = hallpass.store().write(move |transaction| {
        let changed = store_email(&this, transaction, id, email)?;
        if changed == Some(true) {
            trail.record(transaction, &Entry::of(Event::EmailChange).user(id).by(actor_id))?;
        }
        Ok(changed)
    });
    if changed.await?.is_none() {
        return Err(ApiError::NoSuchUser);
    }
    hallpass.post().wake();
    Ok(ok(&Shown::of(&account, hallpass)))
}

/// Whether the address is another now; `None` when there is no such account any more.
fn store_email(
    hallpass: &Hallpass,
    transaction: &mut DbConnection<'_>,
    id: i32,
    email: String,
) -> Result<Option<bool>, StoreError> {
    let Some(mut account) = accounts::find_for_update(transaction, id)? else { return Ok(None) };
    let confirms = hallpass.settings().accounts.send_activation_email;
    let is_changed = email != account.email;
    let may_wait = account.is_active || accounts::awaits_activation(transaction, &account)?;
    accounts::set_email(transaction, id, &email, confirms && is_changed && may_wait)?;
    account.email = email;
    // Where nobody waits the link opens nothing; djoser sends it all the same.
    if confirms && (is_changed || !account.is_active) {
        hallpass.post().enqueue(transaction, &links::activation(hallpass, &account))?;
    }
    Ok(Some(is_changed))
}

/// Refuses whoever does not know the password of `account`: `CurrentPasswordSerializer`.
pub(super) async fn require_current_password(
    hallpass: &Hallpass,
    request: &HttpRequest,
    account: &Account,
    data: RequestData,
) -> Result<(), ApiError> {
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let password = Secret::new(serializer.trimmed("current_password"));
    serializer.finish()?;
    match hallpass.backend().check_password(&hallpass.client(request), Event::Deletion, account.id, &password).await? {
        true => Ok(()),
        false => {
            let mut errors = FieldErrors::default();
            errors.push("current_password", vec!["Invalid password.".to_owned()]);
            Err(errors.into())
        }
    }
}
