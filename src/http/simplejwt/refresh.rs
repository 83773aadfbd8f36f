//! `TokenRefreshView`: a new access token for a refresh token and, with rotation, a new refresh token too.

use actix_web::{HttpResponse, web};

use super::{Hallpass, RequestData, only_field, outstanding, tokens};
use crate::clock::Timestamp;
use crate::error::{ApiError, AuthenticationError};
use crate::jwt::{Claims, Stamp, TokenKind};
use crate::store::blacklist;
use crate::store::families::{self, Exchange, Exchanged};
use crate::store::users::TokenUser;
use crate::store::{StoreError, user_state};

/// Gives an access token and, with `jwt.rotate_refresh_tokens`, the refresh token that takes the place of the one sent.
///
/// # Errors
/// 401 for a token that is bad, refused, or of a user who is gone or may not log in.
pub(super) async fn refresh(hallpass: web::Data<Hallpass>, data: RequestData) -> Result<HttpResponse, ApiError> {
    let token = only_field(data, "refresh").await?;
    let now = hallpass.clock().now();
    let refresh = hallpass.decode(&token, now).await?;
    let names = &hallpass.settings().jwt;
    let is_exchanged = names.rotate_refresh_tokens && names.blacklist_after_rotation;
    // With an exchange, whether the token is refused is decided where it is used up, and by that alone.
    if !is_exchanged {
        hallpass.refuse_blacklisted(&refresh).await?;
    }
    let user = match admitted(&hallpass, &refresh, now).await {
        Ok(user) => user,
        // Asking a database that does not answer once more would take as long again.
        Err(error @ ApiError::Unavailable { .. }) => return Err(error),
        Err(error) => {
            hallpass.refuse_blacklisted(&refresh).await?;
            return Err(error);
        }
    };
    let access = hallpass.jwt().access_from(&refresh, now, now)?;
    let successor = match (names.rotate_refresh_tokens, is_exchanged) {
        (false, _) => return Ok(tokens(&[(&names.access_field, &hallpass.sign(&access)?)])),
        (true, false) => rotate(&hallpass, &refresh, &user, now).await?,
        (true, true) => exchange(&hallpass, token, &refresh, &user, now).await?,
    };
    Ok(tokens(&[(&names.access_field, &hallpass.sign(&access)?), (&names.refresh_field, &successor)]))
}

/// The user of a token that is a refresh token in its time, if they may have another.
async fn admitted(hallpass: &Hallpass, refresh: &Claims, now: Timestamp) -> Result<TokenUser, ApiError> {
    hallpass.jwt().check(refresh, TokenKind::Refresh, now).map_err(|error| hallpass.invalid_token(&error))?;
    let user = hallpass.user_of(refresh).await?;
    let may = |found: &TokenUser| found.user.is_active || !hallpass.settings().jwt.check_user_is_active;
    let found = user.filter(may).ok_or_else(|| no_account(hallpass))?;
    match found.refuses_token_of(refresh.seconds("iat").unwrap_or_default()) {
        // One that was given out elsewhere, or so long ago that nobody remembers: the list does not have it.
        true => Err(hallpass.blacklisted()),
        false => Ok(found),
    }
}

fn no_account(hallpass: &Hallpass) -> ApiError {
    hallpass.unauthorized(AuthenticationError::failed("No active account found for the given token."))
}

/// A new refresh token beside the old one, which stays good.
async fn rotate(hallpass: &Hallpass, refresh: &Claims, user: &TokenUser, now: Timestamp) -> Result<String, ApiError> {
    let successor = hallpass.jwt().rotated(refresh, now)?;
    let signed = hallpass.sign(&successor)?;
    let row = outstanding(hallpass, &successor, signed.clone(), Some(user.user.id), now)?;
    let user = user.clone();
    let noted = hallpass.store().write(move |transaction| {
        if !user_state::is_unchanged(transaction, &user)? {
            return Ok(false);
        }
        blacklist::create_outstanding(transaction, &row).map(|()| true)
    });
    match noted.await {
        Ok(true) => Ok(signed),
        Ok(false) => Err(hallpass.blacklisted()),
        Err(StoreError::Gone(_)) => Err(no_account(hallpass)),
        Err(error) => Err(error.into()),
    }
}

/// A new refresh token in place of the old one, which is used up.
async fn exchange(
    hallpass: &Hallpass,
    token: String,
    refresh: &Claims,
    user: &TokenUser,
    now: Timestamp,
) -> Result<String, ApiError> {
    let successor = hallpass.jwt().rotated(refresh, now)?;
    let signed = hallpass.sign(&successor)?;
    let request = Exchange {
        user: user.clone(),
        used: outstanding(hallpass, refresh, token, Some(user.user.id), now)?,
        successor: outstanding(hallpass, &successor, signed.clone(), Some(user.user.id), now)?,
        grace: hallpass.settings().jwt.refresh_reuse_grace,
        needs_active_user: hallpass.settings().jwt.check_user_is_active,
    };
    let exchanged = hallpass.store().write(move |transaction| families::exchange(transaction, &request, now)).await;
    match exchanged {
        Ok(Exchanged::Done) => Ok(signed),
        // The client did not get the answer: it gets the same token, made anew from what it says.
        Ok(Exchanged::Again { jti, issued_at, expires_at }) => {
            hallpass.sign(&hallpass.jwt().rotated_as(refresh, &Stamp { jti, issued_at, expires_at }))
        }
        Ok(Exchanged::Refused { family_revoked }) => {
            if family_revoked {
                log::warn!("a refresh token of user {} was used twice: its family is revoked", user.user.id);
            }
            Err(hallpass.blacklisted())
        }
        Ok(Exchanged::NoUser) | Err(StoreError::Gone(_)) => Err(no_account(hallpass)),
        Err(error) => Err(error.into()),
    }
}

impl Hallpass {
    /// Whether a token's jti is on the list; one without a jti cannot be on it.
    pub(super) async fn is_blacklisted(&self, claims: &Claims) -> Result<bool, ApiError> {
        let Some(jti) = claims.text(&self.settings().jwt.jti_claim).map(ToOwned::to_owned) else { return Ok(false) };
        Ok(self.store().run(move |connection| blacklist::is_blacklisted(connection, &jti)).await?)
    }

    /// 401 for a token that is on the list.
    pub(super) async fn refuse_blacklisted(&self, claims: &Claims) -> Result<(), ApiError> {
        if self.is_blacklisted(claims).await? { Err(self.blacklisted()) } else { Ok(()) }
    }
}
