//! `/oauth/introspect/` (RFC 7662): whether a token is good, and whose it is.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

use super::caller::admit;
use super::{Hallpass, RequestData, not_stored, token};
use crate::auth::Inspected;
use crate::error::ApiError;
use crate::http::view::ok;
use crate::jwt::{Claims, TokenKind};
use crate::store::tokens::Holder;

/// What is said of a token that is good: RFC 7662 section 2.2. Of any other one, only that it is not.
#[derive(Default, Serialize)]
struct Introspection {
    active: bool,
    /// The word before it in `Authorization`; a refresh token is never sent there.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<String>,
    /// `access_token` or `refresh_token`: who protects something with a token must not take the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_use: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Value>,
}

/// Whether a token would be taken, by the rules of the scheme that is for it: its user has to be there and active, and it must not
/// have been ended. Nothing is changed by it.
///
/// # Errors
/// 401 and 403 for who may not ask, 400 without a token, 503 when the database gives no answer.
pub(super) async fn introspect(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let (_, fields) = admit(&request, &hallpass, data).await?;
    let found = match hallpass.inspector().inspect(token(&fields)?).await? {
        None => Introspection::default(),
        Some(Inspected::Opaque(holder)) => opaque(&hallpass, holder),
        Some(Inspected::Signed(kind, claims, user)) => Introspection {
            sub: Some(user.id.to_string()),
            username: Some(user.username),
            ..signed(&hallpass, kind, &claims)
        },
    };
    Ok(not_stored(ok(&found)))
}

fn opaque(hallpass: &Hallpass, holder: Holder) -> Introspection {
    let settings = &hallpass.settings().token;
    let expires_at = holder.created.zip(settings.lifetime).map(|(created, lifetime)| created.saturating_add(lifetime));
    Introspection {
        active: true,
        token_type: Some(settings.keyword.as_str().to_owned()),
        token_use: Some("access_token"),
        sub: Some(holder.user.id.to_string()),
        username: Some(holder.user.username),
        iat: expires_at.and(holder.created).map(|created| created.as_seconds()),
        exp: expires_at.map(|moment| moment.as_seconds()),
        ..Introspection::default()
    }
}

fn signed(hallpass: &Hallpass, kind: TokenKind, claims: &Claims) -> Introspection {
    let settings = &hallpass.settings().jwt;
    let seconds = |name| claims.seconds(name).unwrap_or_default();
    let is_refresh = kind == TokenKind::Refresh;
    let keyword = settings.auth_header_types.first().map(|keyword| keyword.as_str().to_owned());
    Introspection {
        active: true,
        token_type: keyword.filter(|_| !is_refresh),
        token_use: Some(if is_refresh { "refresh_token" } else { "access_token" }),
        iat: seconds("iat"),
        exp: seconds("exp"),
        nbf: seconds("nbf"),
        jti: claims.text(&settings.jti_claim).map(ToOwned::to_owned),
        iss: claims.get("iss").cloned(),
        aud: claims.get("aud").cloned(),
        ..Introspection::default()
    }
}
