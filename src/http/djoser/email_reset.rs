//! Asking for a link by an address: to choose a new password or a new name.
//!
//! Whether somebody has the address can be told neither from the answer nor from its time: a mail to nobody is written as
//! one to somebody is.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::{Presence, Serializer};
use super::super::request_data::RequestData;
use super::super::view::DEFAULT_PARSERS;
use super::{Hallpass, Hides, links, no_content};
use crate::accounts::{InvalidAccount, validate_email};
use crate::error::ApiError;
use crate::mail::{Letter, MailKind};
use crate::settings::UrlTemplate;
use crate::store::accounts::{self, Account};
use crate::store::audit::{Entry, Event, Reason, Trail};
use crate::store::counters::Account as Counted;

pub(super) async fn password(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.password_reset;
    hallpass.admit(&request, permission, Hides::Nothing).await?;
    let email = email(data).await?;
    let candidate = candidate(&hallpass, &email, true).await?;
    send(&hallpass, hallpass.trail(&request), candidate, email, MailKind::PasswordReset).await
}

pub(super) async fn username(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let permission = hallpass.settings().accounts.permissions.username_reset;
    hallpass.admit(&request, permission, Hides::Nothing).await?;
    let email = email(data).await?;
    let candidate = candidate(&hallpass, &email, true).await?;
    send(&hallpass, hallpass.trail(&request), candidate, email, MailKind::UsernameReset).await
}

/// The address in the body: `SendEmailResetSerializer`.
pub(super) async fn email(data: RequestData) -> Result<String, ApiError> {
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let email = serializer.email("email", Presence::Required, email_format);
    serializer.finish()?;
    Ok(email)
}

/// Any length will do here: it is nothing that is stored.
fn email_format(text: &str) -> Vec<String> {
    let mut errors = validate_email(text);
    errors.retain(|error| *error != InvalidAccount::LongEmail.to_string());
    errors
}

/// The account with this address that is active, or that waits for its activation.
///
/// Where several have the address it is the oldest: whoever takes somebody's address later takes no mail from them. Not
/// all of them, so that the number of accounts cannot be told from what an answer costs.
///
/// # Errors
/// 400 when there is none and the settings let that be told.
pub(super) async fn candidate(hallpass: &Hallpass, email: &str, active: bool) -> Result<Option<Account>, ApiError> {
    let wanted = email.to_owned();
    let found = hallpass.store().run(move |connection| {
        for account in accounts::find_by_email_and_activity(connection, &wanted, active)? {
            let fits = active || accounts::awaits_activation(connection, &account)?;
            if fits && account.has_usable_password() {
                return Ok(Some(account));
            }
        }
        Ok(None)
    });
    match found.await? {
        None if hallpass.settings().accounts.shows_email_not_found() => {
            Err(ApiError::List("User with given email does not exist."))
        }
        found => Ok(found),
    }
}

/// Writes the mail, or one to nobody.
pub(super) async fn send(
    hallpass: &Hallpass,
    trail: Trail,
    account: Option<Account>,
    asked_for: String,
    kind: MailKind,
) -> Result<HttpResponse, ApiError> {
    let entry = match &account {
        Some(account) => Entry::of(asked(kind)).user(account.id),
        None => {
            let key = hallpass.counters().of_account(Counted::Nobody(&asked_for));
            Entry::of(asked(kind)).named(&key).refused(Reason::NoSuchUser)
        }
    };
    let letter: Option<Letter> =
        account.map(|account| links::with_link(hallpass, &account, kind, page(hallpass, kind)));
    let post = hallpass.post().clone();
    hallpass
        .store()
        .write(move |transaction| {
            let is_within = match &letter {
                Some(letter) => post.enqueue(transaction, letter)?,
                None => post.enqueue_nothing(transaction, kind, &asked_for)?,
            };
            // What is thrown away has not happened, however often somebody asks.
            if is_within { trail.record(transaction, &entry) } else { Ok(()) }
        })
        .await?;
    hallpass.post().wake();
    Ok(no_content())
}

fn asked(kind: MailKind) -> Event {
    match kind {
        MailKind::Activation => Event::ActivationAsked,
        MailKind::UsernameReset => Event::UsernameResetAsked,
        _ => Event::PasswordResetAsked,
    }
}

fn page(hallpass: &Hallpass, kind: MailKind) -> &UrlTemplate {
    let settings = &hallpass.settings().accounts;
    match kind {
        MailKind::Activation => &settings.activation_url,
        MailKind::UsernameReset => &settings.username_reset_confirm_url,
        _ => &settings.password_reset_confirm_url,
    }
}
