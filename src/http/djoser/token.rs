//! `/token/login/` and `/token/logout/`: djoser's way to the user's one token.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::super::authtoken::token_of;
use super::super::fields::Serializer;
use super::super::request_data::RequestData;
use super::super::view::{DEFAULT_PARSERS, ok};
use super::{Hallpass, Hides, no_content};
use crate::error::{ApiError, FieldErrors};
use crate::secret::Secret;
use crate::store::audit::{Entry, Event};
use crate::store::tokens;

#[derive(Serialize)]
struct Token {
    auth_token: String,
}

/// The caller's token for their name and password: `TokenCreateSerializer`. It counts as a login.
///
/// # Errors
/// 400 with the same sentence for whatever is missing or wrong.
pub(super) async fn login(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    hallpass.admit(&request, hallpass.settings().accounts.permissions.token_create, Hides::Nothing).await?;
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let password = serializer.optional("password", false).map(Secret::new);
    let by_email = hallpass.logs_in_by_email();
    let email = if by_email { serializer.optional("email", false) } else { None };
    let username = if email.is_none() { serializer.optional("username", false) } else { None };
    serializer.finish()?;
    let (name, password) = (email.or(username), password);
    let (Some(name), Some(password)) = (name, password) else { return Err(wrong_credentials().into()) };
    let user = hallpass.backend().authenticate_for_token(&hallpass.client(&request), &name, &password).await?;
    let user = user.ok_or_else(wrong_credentials)?;
    let auth_token = token_of(&hallpass, hallpass.trail(&request), &user, true).await?;
    let mut response = ok(&Token { auth_token });
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn wrong_credentials() -> FieldErrors {
    FieldErrors::non_field("Unable to log in with provided credentials.")
}

/// Takes the caller's token away; signed tokens stay good.
pub(super) async fn logout(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    let account = hallpass.admit_account(&request, hallpass.settings().accounts.permissions.token_destroy).await?;
    let trail = hallpass.trail(&request);
    let ended = hallpass.store().write(move |transaction| match tokens::delete_of_user(transaction, account.id)? {
        Some(key) => trail.record(transaction, &Entry::of(Event::Logout).user(account.id).key(&key)),
        // Who came with another kind of token may have none.
        None => Ok(()),
    });
    ended.await?;
    Ok(no_content())
}
