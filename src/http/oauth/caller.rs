//! Who asks: a client with its secret (RFC 6749 section 2.3.1), or a user who is staff.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;

use super::{Hallpass, RequestData, fields, parameter};
use crate::auth::{self, Findings, UserId, basic_credentials, header_words, joined_header, recognise};
use crate::error::{ApiError, OauthError};
use crate::http::body::Fields;
use crate::secret::Secret;
use crate::settings::{Backend, OauthClient};
use crate::store::audit::Entry;

/// Who may ask.
#[derive(Clone)]
pub(super) enum Caller {
    Client(String),
    Staff(UserId),
}

impl Caller {
    /// Says of something that was done that they did it.
    pub(super) fn mark(&self, entry: Entry) -> Entry {
        match self {
            Self::Client(id) => entry.by_client(id),
            Self::Staff(id) => match id.row() {
                Some(id) => entry.by(id),
                None => entry,
            },
        }
    }
}

/// Who asks, and the fields of the body.
///
/// # Errors
/// 401 and 403, in OAuth's shape for a client and in REST framework's for anybody else; 429 for too many wrong secrets; what is
/// wrong with the body.
pub(super) async fn admit(
    request: &HttpRequest,
    hallpass: &Hallpass,
    data: RequestData,
) -> Result<(Caller, Fields), ApiError> {
    let by_header = match client_in_header(request, hallpass)? {
        Some(claimed) => Some(verified(request, hallpass, &claimed).await?),
        None if request.headers().contains_key(AUTHORIZATION) => Some(staff(request).await?),
        None => None,
    };
    let fields = fields(data).await?;
    let secret = parameter(&fields, "client_secret")?.map(Secret::new);
    let caller = match (by_header, secret) {
        (Some(_), Some(_)) => return Err(OauthError::InvalidRequest("There are two ways of authentication.").into()),
        (Some(caller), None) => caller,
        (None, Some(secret)) => {
            let id = parameter(&fields, "client_id")?.unwrap_or_default().to_owned();
            verified(request, hallpass, &Claimed { id, secret }).await?
        }
        (None, None) => staff(request).await?,
    };
    Ok((caller, fields))
}

/// Who somebody says they are, and how they prove it.
struct Claimed {
    id: String,
    secret: Secret,
}

impl Claimed {
    /// The client, if there is one with this id. Both are to be coded as in a form; most do not, so that either will do.
    fn client<'h>(&self, hallpass: &'h Hallpass) -> Option<&'h OauthClient> {
        let decoded = decoded(&self.id);
        hallpass.settings().oauth.clients.iter().find(|client| client.id == self.id || client.id == decoded)
    }

    fn proves(&self, client: &OauthClient) -> bool {
        let decoded = Secret::new(decoded(self.secret.expose()));
        // Both are looked at, whatever the first says.
        (client.secret == self.secret) | (client.secret == decoded)
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned().into()
}

/// Who a header with `Basic` speaks of. Where users log in by it too (`auth.backends`), one that names no client is theirs.
fn client_in_header(request: &HttpRequest, hallpass: &Hallpass) -> Result<Option<Claimed>, OauthError> {
    let Some(value) = joined_header(request, &AUTHORIZATION) else { return Ok(None) };
    let is_for_users = hallpass.settings().auth.backends.contains(&Backend::Basic);
    match basic_credentials(&header_words(&value)) {
        Ok(None) => Ok(None),
        Ok(Some((id, secret))) => {
            let claimed = Claimed { id, secret };
            let is_client = claimed.client(hallpass).is_some();
            Ok((is_client || !is_for_users).then_some(claimed))
        }
        Err(_) if is_for_users => Ok(None),
        Err(_) => Err(OauthError::InvalidClient),
    }
}

/// A wrong secret is counted as a wrong password is, by the client's address; a right one is not.
async fn verified(request: &HttpRequest, hallpass: &Hallpass, claimed: &Claimed) -> Result<Caller, ApiError> {
    match claimed.client(hallpass) {
        Some(client) if claimed.proves(client) => {
            let user_id = UserId::Claim(client.id.as_str().into());
            let found = auth::Caller { scheme: "oauth_client", user_id };
            Findings::add(request, |findings| findings.caller = Some(found));
            Ok(Caller::Client(client.id.clone()))
        }
        _ => {
            hallpass.backend().count_guess(&hallpass.client(request)).await?;
            Err(OauthError::InvalidClient.into())
        }
    }
}

async fn staff(request: &HttpRequest) -> Result<Caller, ApiError> {
    let (authenticator, caller) = recognise(request, false).await?;
    let due = authenticator.due(request, caller.as_ref());
    let is_known = caller.is_some();
    let Some(caller) = caller.filter(|caller| caller.user.is_staff) else {
        return Err(authenticator.refusal(is_known, request));
    };
    due.count(request).await?;
    Ok(Caller::Staff(caller.user.id))
}
