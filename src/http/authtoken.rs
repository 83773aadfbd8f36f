//! `rest_framework.authtoken.views.obtain_auth_token`: a name and a password for the user's one token.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::Hallpass;
use super::body::{Data, Parser};
use super::fields::Serializer;
use super::request_data::RequestData;
use super::view::{Field, View, ok};
use crate::auth::{AllowAny, Auth};
use crate::error::{ApiError, FieldErrors};
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::tokens::{self, Lifetime, new_key};
use crate::store::users::User;

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
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let (username, password) = credentials(&hallpass, data.parse(PARSERS).await?)?;
    let user = hallpass.backend().authenticate(&username, &password).await?.ok_or_else(wrong_credentials)?;
    let token = token_of(&hallpass, &user).await?;
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

pub(super) async fn token_of(hallpass: &Hallpass, user: &User) -> Result<String, ApiError> {
    let lifetime = Lifetime(hallpass.settings().token.lifetime);
    let (user_id, now) = (user.id, hallpass.clock().now());
    let key = new_key()?;
    let token =
        hallpass.store().run(move |connection| tokens::get_or_create(connection, user_id, &key, now, lifetime)).await;
    match token {
        // The user was deleted since their password was checked.
        Err(StoreError::Gone(_)) => Err(wrong_credentials()),
        token => Ok(token?),
    }
}
