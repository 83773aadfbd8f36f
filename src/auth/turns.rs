//! Whoever asks for the same account at the same time takes turns: one of them asks the database, the others wait here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::store::counters::CounterKey;

type Lines = HashMap<CounterKey, Arc<tokio::sync::Mutex<()>>>;

/// The lines of this process, one for each account that somebody waits for.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<Lines>>);

/// Somebody's turn, until it is dropped.
pub(super) struct Turn {
    turns: Turns,
    key: CounterKey,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits in line for `key`, first come first served.
    pub(super) async fn take(&self, key: &CounterKey) -> Turn {
        let line = Arc::clone(self.lock().entry(key.clone()).or_default());
        // Made before the wait: it also tidies up when the waiting is given up.
        let mut turn = Turn { turns: self.clone(), key: key.clone(), held: None };
        turn.held = Some(line.lock_owned().await);
        turn
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lines = self.turns.lock();
        self.held = None;
        // The map's own is the last one: nobody waits any more.
        if lines.get(&self.key).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(&self.key);
        }
    }
}
