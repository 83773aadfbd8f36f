//! `TokenRefreshView`: a new access token for a refresh token and, with rotation, a new refresh token too.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{Hallpass, RequestData, only_field, outstanding, tokens};
use crate::auth::{is_blacklisted, user_key};
use crate::clock::Timestamp;
use crate::error::{ApiError, AuthenticationError};
use crate::jwt::{Claims, Stamp, TokenKind};
use crate::store::audit::{Entry, Event, Reason, Trail};
use crate::store::blacklist;
use crate::store::families::{self, Admission, Exchange, Exchanged};
use crate::store::users::{Key, TokenUser};
use crate::store::{StoreError, user_state};

/// Gives an access token and, with `jwt.rotate_refresh_tokens`, the refresh token that takes the place of the one sent.
///
/// # Errors
/// 401 for a token that is bad, refused, or of a user who is gone or may not log in.
pub(super) async fn refresh(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let token = only_field(data, "refresh").await?;
    let now = hallpass.clock().now();
    let refresh = hallpass.decode(&token, now).await?;
    let names = &hallpass.settings().jwt;
    let is_exchanged = names.rotate_refresh_tokens && names.blacklist_after_rotation;
    let trail = hallpass.trail(&request);
    // With an exchange, whether the token is refused is decided where it is used up, and by that alone.
    if !is_exchanged && hallpass.is_blacklisted(&refresh).await? {
        return refused(&hallpass, trail, &refresh, Reason::Revoked).await;
    }
    if is_exchanged && let Some(answer) = exchanged_in_turn(&hallpass, &trail, &token, &refresh, now).await? {
        return Ok(answer);
    }
    let user = match admitted(&hallpass, &refresh, now).await {
        Ok(Ok(user)) => user,
        Ok(Err(_)) if is_exchanged && hallpass.is_blacklisted(&refresh).await? => {
            return refused(&hallpass, trail, &refresh, Reason::Revoked).await;
        }
        Ok(Err(why)) => return refused(&hallpass, trail, &refresh, why).await,
        // Asking a database that does not answer once more would take as long again.
        Err(error @ ApiError::Unavailable { .. }) => return Err(error),
        Err(error) => {
            hallpass.refuse_blacklisted(&refresh).await?;
            return Err(error);
        }
    };
    let access = hallpass.jwt().access_from(&refresh, now, now)?;
    let successor = match (names.rotate_refresh_tokens, is_exchanged) {
        (false, _) => {
            let access = hallpass.sign(&access)?;
            note(&hallpass, trail, Entry::of(Event::Refresh).user(user.user.id), &refresh).await?;
            return Ok(tokens(&[(&names.access_field, &access)]));
        }
        (true, false) => rotate(&hallpass, trail, &refresh, &user, now).await?,
        (true, true) => {
            let whose = (user.user.id, Admission::AsSeen(user.tokens_refused_until));
            let successor = exchange(&hallpass, trail, token, &refresh, whose, now).await?;
            successor.ok_or_else(|| hallpass.blacklisted())?
        }
    };
    Ok(tokens(&[(&names.access_field, &hallpass.sign(&access)?), (&names.refresh_field, &successor)]))
}

/// The answer to an exchange that is admitted where it is done, as writes take turns. `None` when that does not go, or when
/// something is wrong with the token or its user: then it has to be found out what.
async fn exchanged_in_turn(
    hallpass: &Hallpass,
    trail: &Trail,
    token: &str,
    refresh: &Claims,
    now: Timestamp,
) -> Result<Option<HttpResponse>, ApiError> {
    let names = &hallpass.settings().jwt;
    let claim = refresh.get(&names.user_id_claim).map(|claim| user_key(claim, names.user_id_field));
    let is_refresh =
        || refresh.text(&names.jti_claim).is_some() && hallpass.jwt().check(refresh, TokenKind::Refresh, now).is_ok();
    let Some(Ok(Some(Key::Id(id)))) = claim.filter(|_| hallpass.store().writes_in_turns() && is_refresh()) else {
        return Ok(None);
    };
    let access = hallpass.jwt().access_from(refresh, now, now)?;
    let whose = (id, Admission::Open(refresh.seconds("iat").unwrap_or_default()));
    let Some(successor) = exchange(hallpass, trail.clone(), token.to_owned(), refresh, whose, now).await? else {
        return Ok(None);
    };
    Ok(Some(tokens(&[(&names.access_field, &hallpass.sign(&access)?), (&names.refresh_field, &successor)])))
}

/// The user of a token that is a refresh token in its time, or why they may have no other.
async fn admitted(
    hallpass: &Hallpass,
    refresh: &Claims,
    now: Timestamp,
) -> Result<Result<TokenUser, Reason>, ApiError> {
    hallpass.jwt().check(refresh, TokenKind::Refresh, now).map_err(|error| hallpass.invalid_token(&error))?;
    let Some(found) = hallpass.user_of(refresh).await? else { return Ok(Err(Reason::NoSuchUser)) };
    if !found.user.is_active && hallpass.settings().jwt.check_user_is_active {
        return Ok(Err(Reason::Inactive));
    }
    Ok(match found.refuses_token_of(refresh.seconds("iat").unwrap_or_default()) {
        // One that was given out elsewhere, or so long ago that nobody remembers: the list does not have it.
        true => Err(Reason::Revoked),
        false => Ok(found),
    })
}

/// 401 for a token that we signed and that gets no other, and its row in the audit.
pub(super) async fn refused(
    hallpass: &Hallpass,
    trail: Trail,
    claims: &Claims,
    why: Reason,
) -> Result<HttpResponse, ApiError> {
    let settings = &hallpass.settings().jwt;
    let key = claims.get(&settings.user_id_claim).map(|claim| user_key(claim, settings.user_id_field));
    // Who is gone has no other id than that of the token.
    let user_id = if let Some(Ok(Some(Key::Id(id)))) = key { Some(id) } else { None };
    note(hallpass, trail, Entry::of(Event::Refresh).user(user_id).refused(why), claims).await?;
    Err(if why == Reason::Revoked { hallpass.blacklisted() } else { no_account(hallpass) })
}

fn no_account(hallpass: &Hallpass) -> ApiError {
    hallpass.unauthorized(AuthenticationError::failed("No active account found for the given token."))
}

/// Writes down a refresh that changes nothing in the database.
pub(super) async fn note(hallpass: &Hallpass, trail: Trail, entry: Entry, claims: &Claims) -> Result<(), ApiError> {
    if !trail.is_kept() {
        return Ok(());
    }
    let entry = match claims.text(&hallpass.settings().jwt.jti_claim) {
        Some(jti) => entry.jti(jti),
        None => entry,
    };
    Ok(hallpass.store().write(move |transaction| trail.record(transaction, &entry)).await?)
}

/// A new refresh token beside the old one, which stays good.
async fn rotate(
    hallpass: &Hallpass,
    trail: Trail,
    refresh: &Claims,
    user: &TokenUser,
    now: Timestamp,
) -> Result<String, ApiError> {
    let successor = hallpass.jwt().rotated(refresh, now)?;
    let signed = hallpass.sign(&successor)?;
    let row = outstanding(hallpass, &successor, signed.clone(), Some(user.user.id), now)?;
    let used = refresh.text(&hallpass.settings().jwt.jti_claim).unwrap_or_default().to_owned();
    let user = user.clone();
    let noted = hallpass.store().write(move |transaction| {
        let entry = Entry::of(Event::Refresh).user(user.user.id);
        if !user_state::is_unchanged(transaction, &user)? {
            return trail.record(transaction, &entry.jti(&used).refused(Reason::Revoked)).map(|()| false);
        }
        blacklist::create_outstanding(transaction, &row)?;
        trail.record(transaction, &entry.jti(&row.jti)).map(|()| true)
    });
    match noted.await {
        Ok(true) => Ok(signed),
        Ok(false) => Err(hallpass.blacklisted()),
        Err(StoreError::Gone(_)) => Err(no_account(hallpass)),
        Err(error) => Err(error.into()),
    }
}

/// A new refresh token in place of the old one, which is used up. `None` when the user may have none and nobody had looked.
async fn exchange(
    hallpass: &Hallpass,
    trail: Trail,
    token: String,
    refresh: &Claims,
    (user_id, admission): (i32, Admission),
    now: Timestamp,
) -> Result<Option<String>, ApiError> {
    let successor = hallpass.jwt().rotated(refresh, now)?;
    let signed = hallpass.sign(&successor)?;
    let request = Exchange {
        user_id,
        admission,
        used: outstanding(hallpass, refresh, token, Some(user_id), now)?,
        successor: outstanding(hallpass, &successor, signed.clone(), Some(user_id), now)?,
        grace: hallpass.settings().jwt.refresh_reuse_grace,
        needs_active_user: hallpass.settings().jwt.check_user_is_active,
    };
    let exchanged = hallpass.store().write(move |transaction| families::exchange(transaction, &request, &trail, now));
    match exchanged.await {
        Ok(Exchanged::Done) => Ok(Some(signed)),
        Ok(Exchanged::NotAdmitted) => Ok(None),
        // The client did not get the answer: it gets the same token, made anew from what it says.
        Ok(Exchanged::Again { jti, issued_at, expires_at }) => {
            hallpass.sign(&hallpass.jwt().rotated_as(refresh, &Stamp { jti, issued_at, expires_at })).map(Some)
        }
        Ok(Exchanged::Refused { family_revoked }) => {
            if family_revoked {
                log::warn!("a refresh token of user {user_id} was used twice: its family is revoked");
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
        is_blacklisted(self.store(), &self.settings().jwt, claims).await
    }

    /// 401 for a token that is on the list.
    pub(super) async fn refuse_blacklisted(&self, claims: &Claims) -> Result<(), ApiError> {
        if self.is_blacklisted(claims).await? { Err(self.blacklisted()) } else { Ok(()) }
    }
}
