//! What an attempt at a password has cost so far, until it says how it ended.

use super::attempt::Attempt;
use super::guard::Guard;
use super::lockout::End;
use crate::error::ApiError;
use crate::store::audit::Reason;
use crate::store::counters::CounterKey;

/// An attempt that is charged. One that is dropped without a word was wrong.
#[must_use]
pub(super) struct Charge(Option<Open>);

/// An attempt whose end is not known yet.
pub(super) struct Open {
    pub(super) attempt: Attempt,
    /// Under which key and which id it is under way; `None` where there is no lockout.
    pub(super) counted: Option<(CounterKey, String)>,
    pub(super) guard: Guard,
}

impl Charge {
    pub(super) fn of(open: Open) -> Self {
        Self(Some(open))
    }

    /// Says how it ended.
    ///
    /// # Errors
    /// 503 when that cannot be written. It then counts as a wrong password, when its time is over.
    pub(super) async fn end(mut self, end: End) -> Result<(), ApiError> {
        match self.0.take() {
            Some(open) => Ok(open.end(end).await?),
            None => Ok(()),
        }
    }
}

impl Drop for Charge {
    /// The client hung up and the request was given up with them.
    fn drop(&mut self) {
        if let Some(open) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = open.end(End::Wrong(Reason::Abandoned)).await {
                    log::warn!("an attempt at a password stays open: {error}");
                }
            });
        }
    }
}
