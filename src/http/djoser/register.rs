//! `POST /users/`: registration.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::super::fields::{Presence, Serializer};
use super::super::request_data::RequestData;
use super::super::view::DEFAULT_PARSERS;
use super::{Hallpass, Hides, links};
use crate::accounts::{Email, InvalidAccount, Username, normalize_username, validate_email, validate_username};
use crate::error::{ApiError, FieldErrors};
use crate::json;
use crate::mail::MailKind;
use crate::passwords::validators::{self, UserAttributes};
use crate::secret::Secret;
use crate::store::audit::{Entry, Event, Trail};
use crate::store::users::{self, NewUser};
use crate::store::{DbConnection, StoreError, accounts, user_state};

pub(super) const NAME_TAKEN: &str = "A user with that username already exists.";
pub(super) const EMAIL_TAKEN: &str = "user with this email address already exists.";

/// What somebody registers with.
struct Registration {
    email: String,
    username: String,
    password: Secret,
}

/// A new account as `UserCreateSerializer` shows it: the id comes last here.
#[derive(Serialize)]
struct Created<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    id: i32,
}

/// Makes an account; with `accounts.send_activation_email` one that waits for its link.
///
/// # Errors
/// 400 for what is missing, malformed, taken or too weak.
pub(super) async fn create(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.user_create;
    hallpass.admit(&request, permission, Hides::Nothing).await?;
    let registration = validated(&hallpass, data).await?;
    let encoded = hallpass.backend().hash(&hallpass.client(&request), &registration.password).await?;
    let (username, email) = (normalize_username(&registration.username), Email::normalized(&registration.email));
    let id = store(&hallpass, hallpass.trail(&request), username.clone(), email.as_str().to_owned(), encoded).await?;
    hallpass.post().wake();
    let username = (!hallpass.logs_in_by_email()).then_some(username.as_str());
    let created = Created { email: email.as_str(), username, id };
    Ok(HttpResponse::build(StatusCode::CREATED)
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(json::render(&created)))
}

async fn validated(hallpass: &Hallpass, data: RequestData) -> Result<Registration, ApiError> {
    let settings = &hallpass.settings().accounts;
    let by_email = hallpass.logs_in_by_email();
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let presence = if by_email { Presence::Required } else { Presence::Optional };
    let email = serializer.email("email", presence, validate_email);
    if by_email && !serializer.has_complained_of("email") {
        serializer.complain("email", taken_email(hallpass, &email).await?);
    }
    // With an address to log in with, whoever sends no name is called by it, if it fits.
    let username = match by_email && !serializer.has("username") && fits_as_username(&email) {
        true => email.clone(),
        false => serializer.validated("username", validate_username),
    };
    if !username.is_empty() {
        let field = if by_email && username == email { "email" } else { "username" };
        serializer.insert_second(field, taken_username(hallpass, &username).await?);
    }
    let password = Secret::new(serializer.trimmed("password"));
    let again = settings.user_create_password_retype.then(|| Secret::new(serializer.trimmed("re_password")));
    serializer.finish()?;
    let user = UserAttributes { username: &username, first_name: "", last_name: "", email: &email };
    let weaknesses = validators::validate(password.expose(), Some(&user), &hallpass.settings().password);
    if !weaknesses.is_empty() {
        return Err(FieldErrors::of("password", weaknesses).into());
    }
    match again {
        Some(again) if again != password => Err(FieldErrors::non_field("The two password fields didn't match.").into()),
        _ => Ok(Registration { email, username, password }),
    }
}

fn fits_as_username(email: &str) -> bool {
    Username::parse(email) != Err(InvalidAccount::LongUsername)
}

/// Whether an address has somebody already; asked only where one logs in with it.
pub(super) async fn taken_email(hallpass: &Hallpass, email: &str) -> Result<Vec<String>, ApiError> {
    let wanted = Email::normalized(email).as_str().to_owned();
    let others = hallpass.store().run(move |connection| accounts::find_by_email(connection, &wanted)).await?;
    Ok(if others.is_empty() { Vec::new() } else { vec![EMAIL_TAKEN.to_owned()] })
}

/// Whether a name has somebody already.
pub(super) async fn taken_username(hallpass: &Hallpass, username: &str) -> Result<Option<String>, ApiError> {
    let wanted = username.to_owned();
    let taken = hallpass.store().run(move |connection| users::find_by_username(connection, &wanted)).await?;
    Ok(taken.map(|_| NAME_TAKEN.to_owned()))
}

/// Writes the account and its mail; both or neither.
async fn store(
    hallpass: &Hallpass,
    trail: Trail,
    username: String,
    email: String,
    encoded: Secret,
) -> Result<i32, ApiError> {
    let waits = hallpass.settings().accounts.send_activation_email;
    let (this, now) = (hallpass.clone(), hallpass.clock().now());
    let stored = hallpass.store().write(move |transaction| {
        if this.logs_in_by_email() {
            accounts::reserve_email(transaction, &email)?;
        }
        let user = NewUser {
            username: &username,
            email: &email,
            encoded_password: encoded.expose(),
            is_active: !waits,
            is_staff: false,
            is_superuser: false,
        };
        let id = users::create(transaction, &user, now)?;
        match waits {
            true => user_state::set_awaiting(transaction, id)?,
            false => user_state::set_activated(transaction, id, now)?,
        }
        mail(&this, transaction, id)?;
        trail.record(transaction, &Entry::of(Event::Registration).user(id))?;
        Ok(id)
    });
    match stored.await {
        // Somebody else was faster, or the name is taken in its normal form only.
        Err(StoreError::Exists(_)) => Err(ApiError::List("Unable to create account.")),
        stored => Ok(stored?),
    }
}

fn mail(hallpass: &Hallpass, transaction: &mut DbConnection<'_>, id: i32) -> Result<(), StoreError> {
    let settings = &hallpass.settings().accounts;
    let Some(account) = accounts::find(transaction, id)? else { return Ok(()) };
    if settings.send_activation_email {
        hallpass.post().enqueue(transaction, &links::activation(hallpass, &account))?;
    } else if settings.send_confirmation_email {
        hallpass.post().enqueue(transaction, &links::without_link(&account, MailKind::Confirmation))?;
    }
    Ok(())
}
