//! What an attempt at a password has cost so far, until it says how it ended.

use super::guard::Guard;
use super::lockout::End;
use crate::error::ApiError;
use crate::store::counters::CounterKey;

/// An attempt that is charged. One that is dropped without a word was wrong.
#[must_use]
pub(super) struct Charge(Option<Open>);

struct Open {
    guard: Guard,
    key: CounterKey,
    id: String,
}

impl Charge {
    /// Where there is no lockout, it does not matter how an attempt ends.
    pub(super) fn free() -> Self {
        Self(None)
    }

    /// The attempt `id` at the account that is counted under `key`.
    pub(super) fn open(guard: Guard, key: CounterKey, id: String) -> Self {
        Self(Some(Open { guard, key, id }))
    }

    /// Says how it ended.
    ///
    /// # Errors
    /// 503 when that cannot be written. It then counts as a wrong password, when its time is over.
    pub(super) async fn end(mut self, end: End) -> Result<(), ApiError> {
        match self.0.take() {
            Some(Open { guard, key, id }) => Ok(guard.end(key, id, end).await?),
            None => Ok(()),
        }
    }
}

impl Drop for Charge {
    /// The client hung up and the request was given up with them.
    fn drop(&mut self) {
        if let Some(Open { guard, key, id }) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = guard.end(key, id, End::Wrong).await {
                    log::warn!("an attempt at a password stays open: {error}");
                }
            });
        }
    }
}
