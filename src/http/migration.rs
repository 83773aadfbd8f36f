//! The tables when the service starts: brought to this version at once, or as soon as their server is there.

use std::thread;
use std::time::Duration;

use super::Hallpass;
use crate::store::StoreError;

/// How long to wait before a server that could not be reached is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// Applies what is pending. Where the start does not require the database, one that cannot be reached is waited for on a
/// thread of its own; until then requests are answered 503.
///
/// # Errors
/// When it fails, and in the second case when it fails for another reason.
pub(super) fn bring_up_to_date(hallpass: &Hallpass) -> Result<(), StoreError> {
    match migrate(hallpass) {
        Err(StoreError::Unavailable(why)) if !hallpass.settings().database.required_at_start => {
            log::warn!("everything is answered 503 until the database is there: {why}");
            let hallpass = hallpass.clone();
            let waiting = thread::Builder::new().name("database".to_owned()).spawn(move || wait_for(&hallpass));
            waiting.map(drop).map_err(|error| StoreError::Unavailable(format!("cannot wait for it: {error}")))
        }
        result => result,
    }
}

fn migrate(hallpass: &Hallpass) -> Result<(), StoreError> {
    let store = hallpass.store();
    for migration in store.migrate()? {
        let verb = if migration.adopted { "adopted" } else { "applied" };
        log::info!("{verb} migration {}", migration.name);
    }
    let of_tokens = store.token_warning(hallpass.settings().token.storage)?;
    for warning in store.durability_warnings()?.into_iter().chain(of_tokens) {
        log::warn!("{warning}");
    }
    Ok(())
}

fn wait_for(hallpass: &Hallpass) {
    loop {
        match migrate(hallpass) {
            Ok(()) => return log::info!("the database is there"),
            Err(StoreError::Unavailable(_) | StoreError::Busy(_)) => thread::sleep(PAUSE),
            // Nobody but an administrator can help, and what is answered stays 503.
            Err(error) => return log::error!("the database is there and cannot be used: {error}"),
        }
    }
}
