//! Making an account active by its link, and asking for another link.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::Serializer;
use super::super::request_data::RequestData;
use super::super::view::DEFAULT_PARSERS;
use super::{Hallpass, Hides, email_reset, gone, links, no_content};
use crate::error::ApiError;
use crate::mail::MailKind;
use crate::store::accounts;
use crate::store::audit::{Entry, Event};

/// Makes an account active.
///
/// # Errors
/// 400 for a wrong link, 403 for one of an account that is active already.
pub(super) async fn activate(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    hallpass.admit(&request, hallpass.settings().accounts.permissions.activation, Hides::Nothing).await?;
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let (uid, token) = serializer.link();
    serializer.finish()?;
    let account = links::owner(&hallpass, &uid, &token, |_| true).await?;
    if account.is_active {
        return Err(ApiError::Forbidden("Stale token for given user."));
    }
    let (id, this, now, trail) = (account.id, hallpass.clone(), hallpass.clock().now(), hallpass.trail(&request));
    let confirms = hallpass.settings().accounts.send_confirmation_email;
    let activated = hallpass.store().write(move |transaction| {
        // Again under a lock: whoever was banned in between stays banned.
        let Some(account) = accounts::find_for_update(transaction, id)? else { return Ok(false) };
        if !links::is_good(&this, &account, &token) || !accounts::awaits_activation(transaction, &account)? {
            return Ok(false);
        }
        accounts::activate(transaction, id, now)?;
        trail.record(transaction, &Entry::of(Event::Activation).user(id))?;
        if confirms {
            this.post().enqueue(transaction, &links::without_link(&account, MailKind::Confirmation))?;
        }
        Ok(true)
    });
    match activated.await.map_err(gone)? {
        true => {
            hallpass.post().wake();
            Ok(no_content())
        }
        false => Err(links::wrong_token()),
    }
}

/// Mails another link to an account that waits for one. Whether there is such an account is not told.
///
/// # Errors
/// 400 without a body while accounts do not wait for links.
pub(super) async fn resend(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let settings = &hallpass.settings().accounts;
    hallpass.admit(&request, settings.permissions.password_reset, Hides::Nothing).await?;
    let email = email_reset::email(data).await?;
    let candidate = email_reset::candidate(&hallpass, &email, false).await?;
    if !settings.send_activation_email {
        return Ok(HttpResponse::new(StatusCode::BAD_REQUEST));
    }
    email_reset::send(&hallpass, hallpass.trail(&request), candidate, email, MailKind::Activation).await
}
