//! `TokenObtainSlidingView` and `TokenRefreshSlidingView`: one token that is both, and is renewed by itself.

use actix_web::{HttpRequest, HttpResponse, web};

use super::obtain::{authenticate, note_login};
use super::refresh::{note, refused};
use super::{Hallpass, RequestData, only_field, outstanding, tokens};
use crate::auth::{user_claim, user_key};
use crate::error::ApiError;
use crate::jwt::{Claims, TokenKind};
use crate::store::audit::{Entry, Event, Reason};
use crate::store::users::TokenUser;

/// A sliding token for a name and a password.
///
/// # Errors
/// As for a pair.
pub(super) async fn obtain(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let user = authenticate(&hallpass, &request, data).await?;
    let now = hallpass.moment_of_issue(&user).await;
    let mark = hallpass.revoke_mark(&user.user).await?;
    let claim = user_claim(&user.user, hallpass.settings().jwt.user_id_field);
    let claims = hallpass.jwt().sliding_for(&claim, mark.as_deref(), now)?;
    let token = hallpass.sign(&claims)?;
    let row = outstanding(&hallpass, &claims, token.clone(), Some(user.user.id), now)?;
    note_login(&hallpass, hallpass.trail(&request), &user, row).await?;
    Ok(tokens(&[("token", &token)]))
}

/// The same token with a new `exp` and `iat`. It must not have expired, and its time for being renewed neither.
///
/// # Errors
/// 401 for a token that is bad or refused.
pub(super) async fn refresh(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let token = only_field(data, "token").await?;
    let now = hallpass.clock().now();
    let invalid = |error| hallpass.invalid_token(&error);
    let claims = hallpass.decode(&token, now).await?;
    let trail = hallpass.trail(&request);
    if hallpass.is_blacklisted(&claims).await? {
        return refused(&hallpass, trail, &claims, Reason::Revoked).await;
    }
    hallpass.jwt().check(&claims, TokenKind::Sliding, now).map_err(invalid)?;
    hallpass.jwt().check_sliding_refresh(&claims, now).map_err(invalid)?;
    let user = user_in(&hallpass, &claims).await?;
    // From before everything of its user's was ended: renewed, it would seem to be from after.
    let issued_at = claims.seconds("iat").unwrap_or_default();
    if user.as_ref().is_some_and(|user| user.refuses_token_of(issued_at)) {
        return refused(&hallpass, trail, &claims, Reason::Revoked).await;
    }
    let renewed = hallpass.sign(&hallpass.jwt().sliding_refreshed(&claims, now))?;
    let entry = Entry::of(Event::Refresh).user(user.map(|found| found.user.id));
    note(&hallpass, trail, entry, &claims).await?;
    Ok(tokens(&[("token", &renewed)]))
}

/// The user that a token names. Of one who is not there any more SimpleJWT asks nothing here.
async fn user_in(hallpass: &Hallpass, claims: &Claims) -> Result<Option<TokenUser>, ApiError> {
    let settings = &hallpass.settings().jwt;
    let claim = claims.get(&settings.user_id_claim);
    match claim.and_then(|claim| user_key(claim, settings.user_id_field).ok().flatten()) {
        Some(key) => Ok(hallpass.store().find_token_user(&key).await?),
        None => Ok(None),
    }
}
