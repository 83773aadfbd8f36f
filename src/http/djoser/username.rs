//! A new name to log in with: with the password, or with a link. Where one logs in with the address, it is the address
//! that is changed.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::{Presence, Serializer};
use super::super::request_data::RequestData;
use super::super::view::DEFAULT_PARSERS;
use super::register::{EMAIL_TAKEN, NAME_TAKEN, taken_email, taken_username};
use super::{Hallpass, Hides, gone, links, no_content};
use crate::accounts::{validate_email, validate_username};
use crate::error::{ApiError, FieldErrors};
use crate::mail::MailKind;
use crate::secret::Secret;
use crate::store::accounts;
use crate::store::audit::{Entry, Event, Trail};
use crate::store::counters::Account as Counted;
use crate::store::{StoreError, users};

/// What is changed, by its names in a body.
struct Field {
    new: &'static str,
    again: &'static str,
    mismatch: &'static str,
}

const USERNAME: Field =
    Field { new: "new_username", again: "re_new_username", mismatch: "The two username fields didn't match." };
const EMAIL: Field = Field { new: "new_email", again: "re_new_email", mismatch: "The two email fields didn't match." };

/// Changes the caller's name: `SetUsernameSerializer`.
pub(super) async fn set(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let settings = &hallpass.settings().accounts;
    let account = hallpass.admit_account(&request, settings.permissions.set_username).await?;
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let current = Secret::new(serializer.trimmed("current_password"));
    if !serializer.has_complained_of("current_password")
        && !hallpass
            .backend()
            .check_password(&hallpass.client(&request), Event::UsernameChange, account.id, &current)
            .await?
    {
        serializer.complain("current_password", vec!["Invalid password.".to_owned()]);
    }
    let new = new_name(&hallpass, serializer, settings.set_username_retype).await?;
    store(&hallpass, hallpass.trail(&request), account.id, new, None).await
}

/// Changes the name of whoever the link belongs to: `UsernameResetConfirmSerializer`.
pub(super) async fn reset(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let settings = &hallpass.settings().accounts;
    hallpass.admit(&request, settings.permissions.username_reset_confirm, Hides::Nothing).await?;
    let serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    // djoser leaves these two out of its serializer: without them nobody is found.
    let (uid, token) = (serializer.raw_text("uid"), serializer.raw_text("token"));
    let new = new_name(&hallpass, serializer, settings.username_reset_confirm_retype).await?;
    let account = links::owner(&hallpass, &uid, &token, |account| account.is_active).await?;
    store(&hallpass, hallpass.trail(&request), account.id, new, Some(token)).await
}

/// The new name, if nobody has it and it was sent twice where that is asked for.
async fn new_name(hallpass: &Hallpass, mut serializer: Serializer, retype: bool) -> Result<String, ApiError> {
    let by_email = hallpass.logs_in_by_email();
    let field = if by_email { &EMAIL } else { &USERNAME };
    let new = match by_email {
        true => serializer.email(field.new, Presence::Required, validate_email),
        false => serializer.validated(field.new, validate_username),
    };
    if by_email && !serializer.has_complained_of(field.new) {
        serializer.complain(field.new, taken_email(hallpass, &new).await?);
    } else if !by_email && !new.is_empty() {
        serializer.insert_second(field.new, taken_username(hallpass, &new).await?);
    }
    let again = retype.then(|| serializer.trimmed(field.again));
    serializer.finish()?;
    match again {
        Some(again) if again != new => Err(FieldErrors::non_field(field.mismatch).into()),
        _ => Ok(new),
    }
}

/// Stores the new name; by a link only if that is still good.
async fn store(
    hallpass: &Hallpass,
    trail: Trail,
    id: i32,
    new: String,
    link: Option<String>,
) -> Result<HttpResponse, ApiError> {
    let (this, now) = (hallpass.clone(), hallpass.clock().now());
    let (by_email, confirms) =
        (hallpass.logs_in_by_email(), hallpass.settings().accounts.username_changed_email_confirmation);
    let stored = hallpass.store().write(move |transaction| {
        let gone = || StoreError::Gone("the user".to_owned());
        let mut changed = accounts::find_for_update(transaction, id)?.ok_or_else(gone)?;
        if let Some(link) = &link
            && !(changed.is_active && links::is_good(&this, &changed, link))
        {
            return Ok(false);
        }
        let before = if by_email { &changed.email } else { &changed.username };
        let name = this.counters().of_account(Counted::Nobody(before));
        match by_email {
            true => {
                accounts::reserve_email(transaction, &new)?;
                accounts::set_email(transaction, changed.id, &new, false)?;
                changed.email = new;
            }
            false => {
                accounts::set_username(transaction, changed.id, &new)?;
                changed.username = new;
            }
        }
        let event = if link.is_some() { Event::UsernameReset } else { Event::UsernameChange };
        trail.record(transaction, &Entry::of(event).user(id).named(&name))?;
        if link.is_some() {
            users::set_last_login(transaction, changed.id, now)?;
        }
        if confirms {
            let letter = links::without_link(&changed, MailKind::UsernameChangedConfirmation);
            this.post().enqueue(transaction, &letter)?;
        }
        Ok(true)
    });
    match stored.await {
        // Somebody else was faster.
        Err(StoreError::Exists(_)) if by_email => Err(FieldErrors::of(EMAIL.new, vec![EMAIL_TAKEN.to_owned()]).into()),
        Err(StoreError::Exists(_)) => Err(FieldErrors::of(USERNAME.new, vec![NAME_TAKEN.to_owned()]).into()),
        stored => match stored.map_err(gone)? {
            true => {
                hallpass.post().wake();
                Ok(no_content())
            }
            false => Err(links::wrong_token()),
        },
    }
}
