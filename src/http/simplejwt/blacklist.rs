//! `TokenVerifyView` and `TokenBlacklistView`: is it good, and let it be good no longer.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};

use super::{Hallpass, RequestData, only_field, outstanding};
use crate::clock::Timestamp;
use crate::error::{ApiError, FieldErrors};
use crate::http::view::ok;
use crate::jwt::{Claims, TokenKind};
use crate::store::audit::{Entry, Event, Reason, Trail};
use crate::store::blacklist;
use crate::store::blacklist::OutstandingToken;
use crate::store::families;
use crate::store::{Store, StoreError};

/// 200 for any token of ours that is in its time, whatever its type and its user.
///
/// # Errors
/// 401 for a bad one; 400 for one that is refused, if `jwt.blacklist_after_rotation` is set. SimpleJWT looks only then.
pub(super) async fn verify(hallpass: web::Data<Hallpass>, data: RequestData) -> Result<HttpResponse, ApiError> {
    let token = only_field(data, "token").await?;
    let now = hallpass.clock().now();
    let claims = hallpass.decode(&token, now).await?;
    hallpass.jwt().check(&claims, TokenKind::Untyped, now).map_err(|error| hallpass.invalid_token(&error))?;
    if hallpass.settings().jwt.blacklist_after_rotation && hallpass.is_blacklisted(&claims).await? {
        return Err(FieldErrors::non_field("Token is blacklisted").into());
    }
    Ok(nothing())
}

/// Ends a refresh token.
///
/// # Errors
/// 401 for a token that is bad or has been ended before. If it was exchanged for another one before, one of the two who
/// hold it is a thief, and the whole family is revoked.
pub(super) async fn blacklist(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let token = only_field(data, "refresh").await?;
    let now = hallpass.clock().now();
    let refresh = hallpass.decode(&token, now).await?;
    if let Err(error) = hallpass.jwt().check(&refresh, TokenKind::Refresh, now) {
        hallpass.refuse_blacklisted(&refresh).await?;
        return Err(hallpass.invalid_token(&error));
    }
    let row = outstanding(&hallpass, &refresh, token, user_id(&hallpass, &refresh).await?, now)?;
    let entry = Entry::of(Event::Blacklist).user(row.user_id).jti(&row.jti);
    // One of the two who have it is a thief.
    let replayed = |entry: Entry| entry.called(Event::FamilyRevoked).because(Reason::Replay);
    match end(hallpass.store(), hallpass.trail(&request), row, now, entry, replayed).await? {
        true => Ok(nothing()),
        false => Err(hallpass.blacklisted()),
    }
}

/// The user of the token while there is one; the token ends without them too.
pub(in crate::http) async fn user_id(hallpass: &Hallpass, refresh: &Claims) -> Result<Option<i32>, ApiError> {
    match refresh.get(&hallpass.settings().jwt.user_id_claim) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => Ok(hallpass.user_of(refresh).await?.map(|found| found.user.id)),
    }
}

/// Ends a token and says so in the audit with `entry`; gives whether it was good until now. If it had been exchanged for another
/// one before, its family ends, and `of_family` makes what is said of that.
pub(in crate::http) async fn end(
    store: &Store,
    trail: Trail,
    token: OutstandingToken,
    now: Timestamp,
    entry: Entry,
    of_family: fn(Entry) -> Entry,
) -> Result<bool, StoreError> {
    let run = |token: OutstandingToken, entry: Entry| {
        let trail = trail.clone();
        store.write(move |transaction| {
            let was_good = blacklist::blacklist(transaction, &token, now)?;
            let entry = if was_good {
                entry
            } else if families::revoke_if_exchanged(transaction, &token.jti, now)? {
                of_family(entry)
            } else {
                entry.refused(Reason::Revoked)
            };
            trail.record(transaction, &entry)?;
            Ok(was_good)
        })
    };
    match run(token.clone(), entry.clone()).await {
        // The user was deleted in between; SimpleJWT keeps their tokens without a user.
        Err(StoreError::Gone(_)) => run(OutstandingToken { user_id: None, ..token }, entry.user(None)).await,
        ended => ended,
    }
}

fn nothing() -> HttpResponse {
    ok(&Map::new())
}
