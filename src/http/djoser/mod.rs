//! djoser's views: registration, activation, and what users do to their own accounts.

mod activation;
mod email_reset;
mod links;
mod me;
mod metadata;
mod password;
mod register;
mod token;
mod username;
mod users;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::Hallpass;
use super::simplejwt;
use super::view::{View, ok};
use crate::auth::{self, Authenticated, UserId, user_key};
use crate::error::{ApiError, AuthenticationError};
use crate::settings::{LoginField, Permission};
use crate::store::StoreError;
use crate::store::accounts::{self, Account};
use crate::store::users::{self as rows, Key};

/// Every view; `at` gives the paths that one is to be found at.
pub(super) fn views(at: impl Fn(&str) -> Vec<String>) -> Vec<View> {
    let user_view = |path: &str, name| View::deciding(with_suffix(at(path)), name, metadata::of_users);
    let mut views = vec![
        View::deciding(with_suffix(at("/")), "Api Root", metadata::of_root)
            .description("The default basic root view for DefaultRouter")
            .get(root),
        user_view("/users/", "User List").get(users::list).post(register::create),
        View::deciding(with_suffix(at("/users/me/")), "Me", metadata::of_me)
            .get(me::read)
            .put(me::update)
            .patch(me::update)
            .delete(me::delete),
        user_view("/users/activation/", "Activation").post(activation::activate),
        user_view("/users/resend_activation/", "Resend activation").post(activation::resend),
        user_view("/users/set_password/", "Set password").post(password::set),
        user_view("/users/reset_password/", "Reset password").post(email_reset::password),
        user_view("/users/reset_password_confirm/", "Reset password confirm").post(password::reset),
        user_view("/users/set_username/", "Set username").post(username::set),
        user_view("/users/reset_username/", "Reset username").post(email_reset::username),
        user_view("/users/reset_username_confirm/", "Reset username confirm").post(username::reset),
        View::deciding(with_suffix(at("/users/{id:[^/.]+}/")), "User Instance", metadata::of_user)
            .get(users::read)
            .put(users::update)
            .patch(users::update)
            .delete(users::delete),
        View::deciding(at("/token/login/"), "Token Create", metadata::of_login)
            .description("Use this endpoint to obtain user authentication token.")
            .post(token::login),
        View::deciding(at("/token/logout/"), "Token Destroy", metadata::of_logout)
            .description("Use this endpoint to logout user (remove user authentication token).")
            .post(token::logout),
    ];
    views.extend(simplejwt::djoser_views(|path| at(&format!("/jwt{path}"))));
    views
}

/// The paths, and the same with the format at the end that REST framework's router adds: `/users.json`.
fn with_suffix(paths: Vec<String>) -> Vec<String> {
    let suffixed = |path: &String| match path.strip_suffix("/users/") {
        // The root alone keeps its slash before the suffix.
        None if path.ends_with('/') && !path.contains("/users") => vec![format!("{path}.{{format:[a-z0-9]+}}")],
        _ => {
            let bare = path.trim_end_matches('/');
            vec![format!("{bare}.{{format:[a-z0-9]+}}"), format!("{bare}.{{format:[a-z0-9]+}}/")]
        }
    };
    let with_slash: Vec<&String> = paths.iter().filter(|path| path.ends_with('/')).collect();
    let more: Vec<String> = with_slash.into_iter().flat_map(suffixed).collect();
    paths.into_iter().chain(more).collect()
}

#[derive(Serialize)]
struct Root {
    users: String,
}

/// Where the users are. djoser names the host of the request; here it is the path alone that a request may choose.
async fn root(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    hallpass.admit(&request, Permission::IsAuthenticated, Hides::Nothing).await?;
    let host = request.headers().get(actix_web::http::header::HOST).and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_else(|| hallpass.settings().server.bind.as_str());
    let prefix = hallpass.settings().routes.prefix_djoser.as_ref().map_or("", |prefix| prefix.without_slash());
    let users = match (request.match_info().get("format"), request.query_string()) {
        (Some(format), _) => format!("http://{host}{prefix}/users.{format}"),
        (None, "format=json") => format!("http://{host}{prefix}/users/?format=json"),
        (None, _) => format!("http://{host}{prefix}/users/"),
    };
    Ok(ok(&Root { users }))
}

/// Whether a caller who may not do something learns that there is something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hides {
    /// 403.
    Nothing,
    /// 404, where `accounts.hide_users` is set.
    Users,
}

impl Hallpass {
    /// Lets a caller in whom `permission` lets in before anything is known of what they ask for.
    async fn admit(
        &self,
        request: &HttpRequest,
        permission: Permission,
        hides: Hides,
    ) -> Result<Option<Authenticated>, ApiError> {
        let (authenticator, caller) = auth::recognise(request, permission == Permission::AllowAny).await?;
        let may = match (permission, &caller) {
            (Permission::AllowAny, _) => true,
            (Permission::IsAdminUser, Some(caller)) => caller.user.is_staff,
            (_, caller) => caller.is_some(),
        };
        match may {
            true => {
                authenticator.due(request, caller.as_ref()).count(request).await?;
                Ok(caller)
            }
            false if caller.is_some() => Err(self.forbidden(hides)),
            false => Err(authenticator.refusal(false, request)),
        }
    }

    /// The same, for what only a known caller can do: with their account.
    async fn admit_account(&self, request: &HttpRequest, permission: Permission) -> Result<Account, ApiError> {
        match self.admit(request, permission, Hides::Nothing).await? {
            Some(caller) => self.account_of(request, &caller).await,
            // The settings let anybody in where nobody can be meant.
            None => Err(self.authenticator.refusal(false, request)),
        }
    }

    fn forbidden(&self, hides: Hides) -> ApiError {
        match hides == Hides::Users && self.settings().accounts.hide_users {
            true => ApiError::NotFound,
            false => ApiError::PermissionDenied,
        }
    }

    /// The row of a caller; a scheme that did not look it up may name one that is gone.
    async fn account_of(&self, request: &HttpRequest, caller: &Authenticated) -> Result<Account, ApiError> {
        let gone = || {
            let error = AuthenticationError::failed("User not found").with_code("user_not_found");
            self.authenticator.challenge(error, request)
        };
        let key = self.key_of(caller).ok_or_else(gone)?;
        let account = self.store().run(move |connection| {
            Ok(match rows::find(connection, &key)? {
                Some(user) => accounts::find(connection, user.id)?,
                None => None,
            })
        });
        account.await?.ok_or_else(gone)
    }

    fn key_of(&self, caller: &Authenticated) -> Option<Key> {
        match &caller.user.id {
            UserId::Row(id) => Some(Key::Id(*id)),
            UserId::Claim(claim) => user_key(claim, self.settings().jwt.user_id_field).unwrap_or_default(),
        }
    }

    /// Whether `account` is the caller's own. A claim may hold a name, and a name may be a number.
    fn is_own(&self, caller: &Authenticated, account: &Account) -> bool {
        match self.key_of(caller) {
            Some(Key::Id(id)) => id == account.id,
            Some(Key::Username(name)) => name == account.username,
            None => false,
        }
    }

    /// Whether `caller` may do to `account` what `permission` is about.
    fn may(&self, caller: Option<&Authenticated>, account: &Account, permission: Permission, reads: bool) -> bool {
        let is_staff = caller.is_some_and(|caller| caller.user.is_staff);
        let is_self = caller.is_some_and(|caller| self.is_own(caller, account));
        match permission {
            Permission::AllowAny | Permission::IsAuthenticated | Permission::IsAdminUser => true,
            Permission::CurrentUserOrAdmin => is_staff || is_self,
            Permission::CurrentUserOrAdminOrReadOnly => is_staff || is_self || reads,
        }
    }

    fn logs_in_by_email(&self) -> bool {
        self.settings().accounts.login_field == LoginField::Email
    }
}

/// An account as `UserSerializer` shows it: the address, the id, and the name where one logs in with that.
#[derive(Serialize)]
struct Shown<'a> {
    email: &'a str,
    id: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(account: &'a Account, hallpass: &Hallpass) -> Self {
        let username = (!hallpass.logs_in_by_email()).then_some(account.username.as_str());
        Self { email: &account.email, id: account.id, username }
    }
}

/// 204, which has neither a body nor a media type.
fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// What a change of an account that was deleted in between is answered.
fn gone(error: StoreError) -> ApiError {
    match error {
        StoreError::Gone(_) => ApiError::NoSuchUser,
        error => error.into(),
    }
}
