//! `UserViewSet`: the list of users, and one user by their id.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::request_data::RequestData;
use super::super::view::ok;
use super::{Hallpass, Hides, Shown, me, no_content};
use crate::auth::Authenticated;
use crate::error::ApiError;
use crate::python;
use crate::settings::Permission;
use crate::store::StoreError;
use crate::store::accounts::{self, Account};
use crate::store::audit::{Entry, Event, Trail};
use crate::store::counters::Account as Counted;

/// All users to staff, and to the others themselves; everyone, where `accounts.hide_users` is off.
pub(super) async fn list(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    let settings = &hallpass.settings().accounts;
    let caller = hallpass.admit(&request, settings.permissions.user_list, Hides::Users).await?;
    let is_staff = caller.as_ref().is_some_and(|caller| caller.user.is_staff);
    let only = match (settings.hide_users && !is_staff, caller) {
        (false, _) => None,
        (true, Some(caller)) => Some(hallpass.account_of(&request, &caller).await?.id),
        (true, None) => return Ok(ok(&Vec::<Shown<'_>>::new())),
    };
    let accounts = hallpass.store().run(move |connection| accounts::list(connection, only)).await?;
    Ok(ok(&accounts.iter().map(|account| Shown::of(account, &hallpass)).collect::<Vec<_>>()))
}

/// One user.
pub(super) async fn read(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.user;
    let caller = hallpass.admit(&request, permission, Hides::Users).await?;
    let account = found(&hallpass, &request, caller.as_ref(), permission, true).await?;
    Ok(ok(&Shown::of(&account, &hallpass)))
}

/// Changes one user, by PUT or PATCH: both take what is there.
pub(super) async fn update(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.user;
    let caller = hallpass.admit(&request, permission, Hides::Users).await?;
    let account = found(&hallpass, &request, caller.as_ref(), permission, false).await?;
    let actor_id = match caller {
        Some(caller) if !hallpass.is_own(&caller, &account) => hallpass.account_of(&request, &caller).await?.id,
        _ => account.id,
    };
    me::change(&hallpass, hallpass.trail(&request), actor_id, account, data).await
}

/// Deletes one user. The password is that of whoever deletes.
pub(super) async fn delete(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.user_delete;
    let caller = hallpass.admit(&request, permission, Hides::Nothing).await?;
    let account = match found(&hallpass, &request, caller.as_ref(), permission, false).await {
        // djoser hides nobody from who would delete them.
        Err(ApiError::NotFound) if id_in(&request).is_some() => return Err(ApiError::PermissionDenied),
        account => account?,
    };
    let requester = match caller {
        Some(caller) => hallpass.account_of(&request, &caller).await?,
        None => return Err(ApiError::PermissionDenied),
    };
    me::require_current_password(&hallpass, &request, &requester, data).await?;
    remove(&hallpass, hallpass.trail(&request), requester.id, account.id).await
}

/// Deletes the row and what goes with it.
pub(super) async fn remove(
    hallpass: &Hallpass,
    trail: Trail,
    actor_id: i32,
    id: i32,
) -> Result<HttpResponse, ApiError> {
    let counters = hallpass.counters().clone();
    let deleted = hallpass.store().write(move |transaction| match accounts::delete(transaction, id)? {
        Some(account) => {
            let name = counters.of_account(Counted::Nobody(&account.username));
            trail.record(transaction, &Entry::of(Event::Deletion).user(id).by(actor_id).named(&name))
        }
        None => Ok(()),
    });
    deleted.await.map_err(|error| match error {
        StoreError::Gone(_) => ApiError::Forbidden("This user cannot be deleted: other data refers to them."),
        error => error.into(),
    })?;
    Ok(no_content())
}

/// The user whom the path names, if there is one and the caller may do this to them.
pub(super) async fn found(
    hallpass: &Hallpass,
    request: &HttpRequest,
    caller: Option<&Authenticated>,
    permission: Permission,
    reads: bool,
) -> Result<Account, ApiError> {
    // What is no number names nobody; a number that nobody has is said to be that.
    let id = id_in(request).ok_or(ApiError::NotFound)?;
    let account = match i32::try_from(id) {
        Ok(id) => hallpass.store().run(move |connection| accounts::find(connection, id)).await?,
        Err(_) => None,
    };
    let account = account.ok_or(ApiError::NoSuchUser)?;
    match hallpass.may(caller, &account, permission, reads) {
        true => Ok(account),
        false if caller.is_none() => Err(ApiError::PermissionDenied),
        false => Err(hallpass.forbidden(Hides::Users)),
    }
}

/// The number in the path, as Python's `int` reads it; one that is too large for a row is as good as any other.
fn id_in(request: &HttpRequest) -> Option<i64> {
    python::int(request.match_info().get("id")?)
}
