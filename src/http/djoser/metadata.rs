//! What djoser's views answer to OPTIONS and to methods that they lack. Who is calling is settled first.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::view::{About, Field, metadata};
use super::{Hallpass, Hides, users};
use crate::error::ApiError;
use crate::settings::Permission;

/// `UserSerializer`, which djoser describes every view of users by.
const USER: &[Field] = &[
    Field::of("email", "email", "Email address").optional().max_length(254),
    Field::of("id", "integer", "ID").answered(),
    Field::of("username", "string", "Username")
        .answered()
        .help_text("Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."),
];

/// `TokenCreateSerializer`.
const CREDENTIALS: &[Field] =
    &[Field::of("password", "string", "Password").optional(), Field::of("username", "string", "Username").optional()];

pub(super) async fn of_users(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    about: web::Data<About>,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.user;
    let hides = Hides::Nothing;
    answer(&hallpass, &request, &about, permission, hides, Some(("POST", USER))).await
}

/// A single user is described only to whom they are shown.
pub(super) async fn of_user(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    about: web::Data<About>,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.user;
    let caller = hallpass.admit(&request, permission, Hides::Nothing).await?;
    if request.method() != Method::OPTIONS {
        return Err(ApiError::MethodNotAllowed(request.method().clone()));
    }
    let is_shown = users::found(&hallpass, &request, caller.as_ref(), permission, false).await.is_ok();
    Ok(metadata(&about, is_shown.then_some(("PUT", USER))))
}

/// The own user is described as any other is; djoser has no answer here.
pub(super) async fn of_me(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    about: web::Data<About>,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.user;
    answer(&hallpass, &request, &about, permission, Hides::Nothing, Some(("PUT", USER))).await
}

pub(super) async fn of_root(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    about: web::Data<About>,
) -> Result<HttpResponse, ApiError> {
    answer(&hallpass, &request, &about, Permission::IsAuthenticated, Hides::Nothing, None).await
}

pub(super) async fn of_login(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    about: web::Data<About>,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.token_create;
    answer(&hallpass, &request, &about, permission, Hides::Nothing, Some(("POST", CREDENTIALS))).await
}

pub(super) async fn of_logout(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    about: web::Data<About>,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.token_destroy;
    answer(&hallpass, &request, &about, permission, Hides::Nothing, None).await
}

async fn answer(
    hallpass: &Hallpass,
    request: &HttpRequest,
    about: &About,
    permission: Permission,
    hides: Hides,
    fields: Option<(&'static str, &'static [Field])>,
) -> Result<HttpResponse, ApiError> {
    hallpass.admit(request, permission, hides).await?;
    match *request.method() == Method::OPTIONS {
        true => Ok(metadata(about, fields)),
        false => Err(ApiError::MethodNotAllowed(request.method().clone())),
    }
}
