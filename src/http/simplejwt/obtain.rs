//! `TokenObtainPairView`, and what the two views that take a name and a password share.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::Serializer;
use super::{DEFAULT_PARSERS, Hallpass, RequestData, outstanding, tokens};
use crate::auth::user_claim;
use crate::clock::Timestamp;
use crate::error::{ApiError, AuthenticationError};
use crate::jwt::Claims;
use crate::secret::Secret;
use crate::store::audit::{Entry, Event, Reason, Trail};
use crate::store::blacklist::{self, OutstandingToken};
use crate::store::users::{self, Key, TokenUser, User};
use crate::store::{StoreError, user_state};

/// A refresh token and its access token for a name and a password.
///
/// # Errors
/// 400 for missing fields, 401 for wrong credentials: an unknown, an inactive and a mistaken user read the same.
pub(super) async fn obtain_pair(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let user = authenticate(&hallpass, &request, data).await?;
    let now = hallpass.moment_of_issue(&user).await;
    let mark = hallpass.revoke_mark(&user.user).await?;
    let claim = user_claim(&user.user, hallpass.settings().jwt.user_id_field);
    let refresh = hallpass.jwt().refresh_for(&claim, mark.as_deref(), now)?;
    let access = hallpass.sign(&hallpass.jwt().access_from(&refresh, now, now)?)?;
    let token = hallpass.sign(&refresh)?;
    let row = outstanding(&hallpass, &refresh, token.clone(), Some(user.user.id), now)?;
    note_login(&hallpass, hallpass.trail(&request), &user, row).await?;
    let names = &hallpass.settings().jwt;
    Ok(tokens(&[(&names.refresh_field, &token), (&names.access_field, &access)]))
}

/// The user whose name and password are in the body. Both are trimmed: a password that begins or ends with a blank
/// cannot log in here, and can at `/api-token-auth/`.
pub(super) async fn authenticate(
    hallpass: &Hallpass,
    request: &HttpRequest,
    data: RequestData,
) -> Result<TokenUser, ApiError> {
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let username = serializer.login_name(hallpass);
    let password = Secret::new(serializer.trimmed("password"));
    serializer.finish()?;
    let user = hallpass.backend().authenticate_for_token(&hallpass.client(request), &username, &password).await?;
    user.ok_or_else(|| wrong_credentials(hallpass))
}

/// Writes what a login leaves behind: the token that was given out and, if the settings say so, the time.
pub(super) async fn note_login(
    hallpass: &Hallpass,
    trail: Trail,
    user: &TokenUser,
    token: OutstandingToken,
) -> Result<(), ApiError> {
    let (user, now) = (user.clone(), token.created_at);
    let update_last_login = hallpass.settings().jwt.update_last_login;
    let noted = hallpass.store().write(move |transaction| {
        let login = Entry::of(Event::Login).user(user.user.id);
        if !user_state::admit(transaction, &user, now)? {
            return trail.record(transaction, &login.refused(Reason::ChangedMeanwhile)).map(|()| false);
        }
        if update_last_login {
            users::set_last_login(transaction, user.user.id, now)?;
        }
        blacklist::create_outstanding(transaction, &token)?;
        trail.record(transaction, &login.jti(&token.jti)).map(|()| true)
    });
    match noted.await {
        // The user was deleted, or given another password, since theirs was checked.
        Ok(false) | Err(StoreError::Gone(_)) => Err(wrong_credentials(hallpass)),
        Ok(true) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn wrong_credentials(hallpass: &Hallpass) -> ApiError {
    hallpass.unauthorized(AuthenticationError::failed("No active account found with the given credentials"))
}

impl Hallpass {
    /// What ties a token to the password of now, with `jwt.check_revoke_token`.
    pub(super) async fn revoke_mark(&self, user: &User) -> Result<Option<String>, ApiError> {
        if !self.settings().jwt.check_revoke_token {
            return Ok(None);
        }
        // Read anew: the login may have just upgraded the hash.
        let key = Key::Id(user.id);
        let login = self.store().run(move |connection| users::find_login_by(connection, &key)).await?;
        Ok(login.map(|login| crate::jwt::revoke_mark(login.encoded_password().expose())))
    }

    /// When the user's next token is issued: now, or a moment later when all of theirs were ended within this second, so
    /// that this one is not taken for one of those.
    pub(super) async fn moment_of_issue(&self, user: &TokenUser) -> Timestamp {
        let now = self.clock().now();
        let next = |until: Timestamp| Timestamp::from_seconds(until.as_seconds().saturating_add(1));
        let Some(next) = user.tokens_refused_until.map(next) else {
            return now;
        };
        if now < next {
            let wait = u64::try_from(next.as_micros().saturating_sub(now.as_micros())).unwrap_or_default();
            tokio::time::sleep(Duration::from_micros(wait).min(Duration::from_secs(1))).await;
        }
        self.clock().now().max(next)
    }

    /// The token in its one-line form.
    pub(super) fn sign(&self, claims: &Claims) -> Result<String, ApiError> {
        Ok(self.jwt().sign(claims)?)
    }
}
