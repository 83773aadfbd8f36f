//! `rest_framework.authtoken.views.obtain_auth_token`: a name and a password for the user's one token.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::Hallpass;
use super::body::{Data, Parser};
use super::fields::Serializer;
use super::request_data::RequestData;
use super::view::{Field, View, ok};
use crate::auth::{AllowAny, Auth};
use crate::error::{ApiError, FieldErrors};
use crate::secret::Secret;
use crate::store::audit::{Entry, Event, Reason, Trail};
use crate::store::tokens::{self, Lifetime, new_key};
use crate::store::users::{self, TokenUser};
use crate::store::{StoreError, user_state};

const PARSERS: &[Parser] = &[Parser::Form, Parser::Multipart, Parser::Json];

/// `AuthTokenSerializer`.
const FIELDS: &[Field] = &[
    Field::required("username", "Username"),
    Field::required("password", "Password"),
    Field::read_only("token", "Token"),
];

/// The view, at `paths`.
pub(super) fn view(paths: Vec<String>) -> View {
    View::new::<AllowAny>(paths, "Obtain Auth Token")
        .json_only()
        .parsers(PARSERS)
        .serializer(FIELDS)
        .unthrottled()
        .post(obtain_auth_token)
}

#[derive(Serialize)]
struct ObtainedToken {
    token: String,
}

/// Gives the caller their token, the same one every time.
///
/// # Errors
/// 400 for missing or wrong fields and for wrong credentials; 401 for a bad `Authorization` header, which REST framework
/// looks at here too.
async fn obtain_auth_token(
    _caller: Auth<AllowAny>,
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let (username, password) = credentials(&hallpass, data.parse(PARSERS).await?)?;
    let user = hallpass.backend().authenticate_for_token(&hallpass.client(&request), &username, &password).await?;
    let user = user.ok_or_else(wrong_credentials)?;
    let token = token_of(&hallpass, hallpass.trail(&request), &user, false).await?;
    let mut response = ok(&ObtainedToken { token });
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The name is trimmed, the password is not: a password of blanks is a password.
fn credentials(hallpass: &Hallpass, data: Data) -> Result<(String, Secret), FieldErrors> {
    let mut serializer = Serializer::new(data)?;
    let username = serializer.login_name(hallpass);
    let password = Secret::new(serializer.untrimmed("password"));
    serializer.finish()?;
    Ok((username, password))
}

fn wrong_credentials() -> ApiError {
    FieldErrors::non_field("Unable to log in with provided credentials.").into()
}

/// The token of a user who has just proved who they are. `is_login` notes the time too.
pub(super) async fn token_of(
    hallpass: &Hallpass,
    trail: Trail,
    user: &TokenUser,
    is_login: bool,
) -> Result<String, ApiError> {
    let lifetime = Lifetime(hallpass.settings().token.lifetime);
    let (user, now) = (user.clone(), hallpass.clock().now());
    let (key, vault) = (new_key()?, hallpass.token_vault().clone());
    let token = hallpass.store().write(move |transaction| {
        let login = Entry::of(Event::Login).user(user.user.id);
        if !user_state::admit(transaction, &user, now)? {
            return trail.record(transaction, &login.refused(Reason::ChangedMeanwhile)).map(|()| None);
        }
        if is_login {
            users::set_last_login(transaction, user.user.id, now)?;
        }
        let key = tokens::get_or_create(transaction, &vault, user.user.id, &key, now, lifetime)?;
        trail.record(transaction, &login.key(&key))?;
        Ok(Some(key))
    });
    match token.await {
        // The user was deleted, or given another password, since theirs was checked.
        Ok(None) | Err(StoreError::Gone(_)) => Err(wrong_credentials()),
        Ok(Some(token)) => Ok(token),
        Err(error) => Err(error.into()),
    }
}
