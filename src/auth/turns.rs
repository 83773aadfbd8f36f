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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::Turns;
    use crate::secret::Secret;
    use crate::store::counters::{Account, CounterKeys};

    #[actix_web::test]
    async fn one_account_is_for_one_at_a_time_and_no_line_is_left_behind() {
        let (turns, keys) = (Turns::default(), CounterKeys::new(&Secret::new("a key")));
        let [alice, bob] = [1, 2].map(|id| keys.of_account(Account::User(id)));

        let first = turns.take(&alice).await;
        let other = turns.take(&bob).await;
        assert!(timeout(Duration::from_millis(1), turns.take(&alice)).await.is_err());
        drop(first);
        let second = turns.take(&alice).await;
        drop((other, second));

        assert!(turns.lock().is_empty());
    }
}
