//! The tokens that were verified a moment ago. A signature does not change: as long as the keys are the same ones and the
//! time is within the token's own, a token that was good is good, and need not be computed again.

use std::cell::RefCell;
use std::sync::Arc;

use thread_local::ThreadLocal;

use super::claims::Claims;
use super::rules::Window;
use super::tokens::{Generation, Tokens};
use crate::clock::Timestamp;
use crate::recent::Recent;

/// Tokens that one reader has found good, for each thread. What a reader asks of a token must not change in its life.
pub struct Verified {
    threads: ThreadLocal<RefCell<Recent<Box<[u8]>, Entry>>>,
    /// How many bytes a thread may use.
    memory: usize,
}

struct Entry {
    claims: Arc<Claims>,
    window: Window,
    generation: Generation,
}

impl Verified {
    /// Remembers tokens in about `memory` bytes a thread; with zero, none.
    pub fn within(memory: usize) -> Self {
        Self { threads: ThreadLocal::new(), memory }
    }

    /// The claims of a token that was good, and still is at `now`.
    pub fn recall(&self, tokens: &Tokens, token: &[u8], now: Timestamp) -> Option<Arc<Claims>> {
        let mut recent = self.threads.get_or(|| self.start()).try_borrow_mut().ok()?;
        let entry = recent.get(token)?;
        let is_good = entry.window.holds(now) && tokens.is_of(entry.generation);
        is_good.then(|| Arc::clone(&entry.claims))
    }

    /// Notes that a token is good. `generation` is that of the keys from before it was verified.
    pub fn note(&self, tokens: &Tokens, token: &[u8], claims: &Arc<Claims>, generation: Option<Generation>) {
        let (Some(window), Some(generation)) = (tokens.window(claims), generation) else { return };
        if let Ok(mut recent) = self.threads.get_or(|| self.start()).try_borrow_mut() {
            let entry = Entry { claims: Arc::clone(claims), window, generation };
            // Claims in memory take a multiple of their text.
            recent.insert(token.into(), entry, token.len() * 5);
        }
    }

    fn start(&self) -> RefCell<Recent<Box<[u8]>, Entry>> {
        RefCell::new(Recent::within(self.memory))
    }
}
