//! `TokenObtainSlidingView` and `TokenRefreshSlidingView`: one token that is both, and is renewed by itself.

use actix_web::{HttpResponse, web};

use super::obtain::{authenticate, note_login};
use super::{Hallpass, RequestData, only_field, outstanding, tokens};
use crate::auth::user_claim;
use crate::error::ApiError;
use crate::jwt::TokenKind;

/// A sliding token for a name and a password.
///
/// # Errors
/// As for a pair.
pub(super) async fn obtain(hallpass: web::Data<Hallpass>, data: RequestData) -> Result<HttpResponse, ApiError> {
    let user = authenticate(&hallpass, data).await?;
    let now = hallpass.moment_of_issue(&user).await?;
    let mark = hallpass.revoke_mark(&user).await?;
    let claim = user_claim(&user, hallpass.settings().jwt.user_id_field);
    let claims = hallpass.jwt().sliding_for(&claim, mark.as_deref(), now)?;
    let token = hallpass.sign(&claims)?;
    note_login(&hallpass, &user, outstanding(&hallpass, &claims, token.clone(), Some(user.id), now)?).await?;
    Ok(tokens(&[("token", &token)]))
}

/// The same token with a new `exp` and `iat`. It must not have expired, and its time for being renewed neither.
///
/// # Errors
/// 401 for a token that is bad or refused.
pub(super) async fn refresh(hallpass: web::Data<Hallpass>, data: RequestData) -> Result<HttpResponse, ApiError> {
    let token = only_field(data, "token").await?;
    let now = hallpass.clock().now();
    let invalid = |error| hallpass.invalid_token(&error);
    let claims = hallpass.decode(&token, now).await?;
    hallpass.refuse_blacklisted(&claims).await?;
    hallpass.jwt().check(&claims, TokenKind::Sliding, now).map_err(invalid)?;
    hallpass.jwt().check_sliding_refresh(&claims, now).map_err(invalid)?;
    Ok(tokens(&[("token", &hallpass.sign(&hallpass.jwt().sliding_refreshed(&claims, now))?)]))
}
