//! A new password: with the old one, or with a link.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::Serializer;
use super::super::request_data::RequestData;
use super::super::view::DEFAULT_PARSERS;
use super::{Hallpass, Hides, gone, links, no_content};
use crate::auth::Client;
use crate::error::{ApiError, FieldErrors};
use crate::mail::MailKind;
use crate::passwords::validators::{self, UserAttributes};
use crate::secret::Secret;
use crate::store::accounts::Account;
use crate::store::audit::{Entry, Event, Reason};
use crate::store::counters::Account as Counted;
use crate::store::{lockout, user_state, users};

const MISMATCH: &str = "The two password fields didn't match.";

/// Sets the caller's password: `SetPasswordSerializer`.
pub(super) async fn set(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let settings = &hallpass.settings().accounts;
    let account = hallpass.admit_account(&request, settings.permissions.set_password).await?;
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let new = Secret::new(serializer.trimmed("new_password"));
    let again = settings.set_password_retype.then(|| Secret::new(serializer.trimmed("re_new_password")));
    let current = Secret::new(serializer.trimmed("current_password"));
    let client = hallpass.client(&request);
    if !serializer.has_complained_of("current_password")
        && !hallpass.backend().check_password(&client, Event::PasswordChange, account.id, &current).await?
    {
        serializer.complain("current_password", vec!["Invalid password.".to_owned()]);
    }
    serializer.finish()?;
    require_strong(&hallpass, &new, Some(&account))?;
    require_same(&new, again)?;
    let ends_tokens = settings.logout_on_password_change;
    store(&hallpass, &client, &account, &new, Change { ends_tokens, is_login: false }).await
}

/// Sets the password of whoever the link belongs to: `PasswordResetConfirmSerializer`. Everything that they were given
/// before is dead at the next request.
pub(super) async fn reset(
    request: HttpRequest,
    hallpass: web::Data<Hallpass>,
    data: RequestData,
) -> Result<HttpResponse, ApiError> {
    let settings = &hallpass.settings().accounts;
    let caller = hallpass.admit(&request, settings.permissions.password_reset_confirm, Hides::Nothing).await?;
    let mut serializer = Serializer::new(data.parse(DEFAULT_PARSERS).await?)?;
    let (uid, token) = serializer.link();
    let new = Secret::new(serializer.trimmed("new_password"));
    let again = settings.password_reset_confirm_retype.then(|| Secret::new(serializer.trimmed("re_new_password")));
    serializer.finish()?;
    // djoser asks whether the password is strong before it knows whose it is: what it must not be like is the caller.
    let caller = match caller {
        Some(caller) => Some(hallpass.account_of(&request, &caller).await?),
        None => None,
    };
    require_strong(&hallpass, &new, caller.as_ref())?;
    require_same(&new, again)?;
    let account = links::owner(&hallpass, &uid, &token, |account| account.is_active).await?;
    store(&hallpass, &hallpass.client(&request), &account, &new, Change { ends_tokens: true, is_login: true }).await
}

fn require_strong(hallpass: &Hallpass, password: &Secret, account: Option<&Account>) -> Result<(), FieldErrors> {
    let user = account.map(|account| UserAttributes {
        username: &account.username,
        first_name: &account.first_name,
        last_name: &account.last_name,
        email: &account.email,
    });
    let weaknesses = validators::validate(password.expose(), user.as_ref(), &hallpass.settings().password);
    if weaknesses.is_empty() { Ok(()) } else { Err(FieldErrors::of("new_password", weaknesses)) }
}

fn require_same(password: &Secret, again: Option<Secret>) -> Result<(), FieldErrors> {
    match again {
        Some(again) if again != *password => Err(FieldErrors::non_field(MISMATCH)),
        _ => Ok(()),
    }
}

/// What goes with a new password.
#[derive(Clone, Copy)]
struct Change {
    ends_tokens: bool,
    is_login: bool,
}

async fn store(
    hallpass: &Hallpass,
    client: &Client,
    account: &Account,
    password: &Secret,
    change: Change,
) -> Result<HttpResponse, ApiError> {
    let encoded = hallpass.backend().hash(client, password).await?;
    let (this, before) = (hallpass.clone(), account.clone());
    let lock = hallpass.counters().of_account(Counted::User(account.id));
    let confirms = hallpass.settings().accounts.password_changed_email_confirmation;
    let trail = hallpass.backend().trail(client);
    let event = if change.is_login { Event::PasswordReset } else { Event::PasswordChange };
    let stored = hallpass.store().write(move |transaction| {
        let entry = Entry::of(event).user(before.id);
        // A link works once: whoever used it at the same time has changed the password that it depends on.
        if !users::replace_password(transaction, before.id, &before.encoded_password(), &encoded)? {
            return match change.is_login {
                true => Ok(false),
                // The password that was right is refused now.
                false => trail.record(transaction, &entry.refused(Reason::ChangedMeanwhile)).map(|()| false),
            };
        }
        trail.record(transaction, &entry)?;
        // From here on nobody else changes this user: what was issued before was issued by now.
        let now = this.clock().now();
        if change.is_login {
            lockout::forgive(transaction, &lock)?;
            users::set_last_login(transaction, before.id, now)?;
        }
        if change.ends_tokens {
            user_state::end_all_tokens(transaction, before.id, now)?;
        }
        if confirms {
            let letter = links::without_link(&before, MailKind::PasswordChangedConfirmation);
            this.post().enqueue(transaction, &letter)?;
        }
        Ok(true)
    });
    match stored.await.map_err(gone)? {
        true => {
            hallpass.post().wake();
            Ok(no_content())
        }
        false if change.is_login => Err(links::wrong_token()),
        false => Err(FieldErrors::of("current_password", vec!["Invalid password.".to_owned()]).into()),
    }
}
