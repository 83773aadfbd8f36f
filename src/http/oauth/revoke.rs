//! `/oauth/revoke/` (RFC 7009): the end of a token.

use actix_web::{HttpRequest, HttpResponse, web};

use super::caller::{Caller, admit};
use super::{Hallpass, RequestData, not_stored, token};
use crate::auth::may_be_opaque;
use crate::error::{ApiError, OauthError};
use crate::http::simplejwt::blacklist::{end, user_id};
use crate::http::simplejwt::outstanding;
use crate::jwt::{Claims, TokenKind};
use crate::store::audit::{Entry, Event};
use crate::store::tokens;

/// Ends an opaque token, or a refresh or sliding token with its family. 200 without a body, for a token that was no good as well.
///
/// # Errors
/// 400 for an access token, which nothing here knows to have been given out; 401 and 403 for who may not ask, and 503 when it is not
/// known to be done.
pub(super) async fn revoke(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let (caller, fields) = admit(&request, &hallpass, data).await?;
    let token = token(&fields)?;
    if may_be_opaque(token) {
        revoke_opaque(&request, &hallpass, &caller, token).await?;
    } else {
        match hallpass.inspector().read(token).await {
            Some((TokenKind::Access, _)) => return Err(OauthError::UnsupportedTokenType.into()),
            Some((_, claims)) => match revoke_signed(&request, &hallpass, &caller, token, &claims).await {
                // It names its user, or itself, in no way that could be meant.
                Ok(()) | Err(ApiError::Authentication(_)) => {}
                Err(error) => return Err(error),
            },
            None => {}
        }
    }
    Ok(not_stored(HttpResponse::Ok().finish()))
}

async fn revoke_opaque(request: &HttpRequest, hallpass: &Hallpass, caller: &Caller, key: &str) -> Result<(), ApiError> {
    let storage = hallpass.settings().token.storage;
    let Some(holder) = hallpass.store().find_token_holder(key, storage, false).await? else { return Ok(()) };
    let (key, user_id, trail) = (key.to_owned(), holder.user.id, hallpass.trail(request));
    let entry = caller.mark(Entry::of(Event::Revocation).user(user_id).key(&key));
    let revoked = hallpass.store().write(move |transaction| {
        if tokens::revoke(transaction, &key, user_id)? {
            trail.record(transaction, &entry)?;
        }
        Ok(())
    });
    Ok(revoked.await?)
}

async fn revoke_signed(
    request: &HttpRequest,
    hallpass: &Hallpass,
    caller: &Caller,
    token: &str,
    claims: &Claims,
) -> Result<(), ApiError> {
    let now = hallpass.clock().now();
    let row = outstanding(hallpass, claims, token.to_owned(), user_id(hallpass, claims).await?, now)?;
    let entry = caller.mark(Entry::of(Event::Revocation).user(row.user_id).jti(&row.jti));
    // What it was exchanged for goes as well, which is what was asked for and no sign of a thief.
    end(hallpass.store(), hallpass.trail(request), row, now, entry, |entry| entry).await?;
    Ok(())
}
