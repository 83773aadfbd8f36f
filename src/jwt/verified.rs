//! The tokens that were verified a moment ago. A signature does not change: as long as the keys are the same ones and the
//! time is within the token's own, a token that was good is good, and need not be computed again.
//!
//! What is kept of a token is its digest, and what its reader wants to know of it without reading it again. So it takes little
//! memory, and nothing that is kept can be used as a token.

use std::cell::RefCell;

use sha2::{Digest, Sha256};
use thread_local::ThreadLocal;

use super::claims::Claims;
use super::rules::Window;
use super::tokens::{Generation, Tokens};
use crate::clock::Timestamp;
use crate::recent::{Heap, Recent};

/// Tokens that one reader has found good, for each thread, with a `Fact` about each. What a reader asks of a token must not
/// change in its life.
pub struct Verified<Fact: Heap + Send> {
    threads: ThreadLocal<RefCell<Recent<Mark, Entry<Fact>>>>,
    /// How many bytes a thread may use.
    memory: usize,
}

struct Entry<Fact> {
    fact: Fact,
    window: Window,
    generation: Generation,
}

impl<Fact: Heap> Heap for Entry<Fact> {
    fn heap(&self) -> usize {
        self.fact.heap()
    }
}

impl<Fact: Clone + Heap + Send> Verified<Fact> {
    /// Remembers tokens in about `memory` bytes a thread; with zero, none.
    pub fn within(memory: usize) -> Self {
        Self { threads: ThreadLocal::new(), memory }
    }

    /// The claims of a token that was good, and still is at `now`, and what is known of it.
    pub fn recall(&self, tokens: &Tokens, token: &[u8], now: Timestamp) -> Option<(Claims, Fact)> {
        if self.memory == 0 {
            return None;
        }
        let mut recent = self.threads.get_or(|| self.start()).try_borrow_mut().ok()?;
        let entry = recent.get(&mark(token))?;
        let is_good = entry.window.holds(now) && tokens.is_of(entry.generation);
        is_good.then(|| (Claims::of_verified(token), entry.fact.clone()))
    }

    /// Notes that a token is good. `generation` is that of the keys from before it was verified.
    pub fn note(&self, tokens: &Tokens, (token, claims): (&[u8], &Claims), generation: Option<Generation>, fact: Fact) {
        let (Some(window), Some(generation)) = (tokens.window(claims), generation) else { return };
        if let Ok(mut recent) = self.threads.get_or(|| self.start()).try_borrow_mut() {
            recent.insert(mark(token), Entry { fact, window, generation });
        }
    }

    fn start(&self) -> RefCell<Recent<Mark, Entry<Fact>>> {
        RefCell::new(Recent::within(self.memory))
    }
}

/// Half of the token's SHA-256. A forged token would need the same 128 bits as one that this server has signed, and whoever
/// forges cannot choose that one.
type Mark = [u8; 16];

fn mark(token: &[u8]) -> Mark {
    let digest: [u8; 32] = Sha256::digest(token).into();
    std::array::from_fn(|place| digest[place])
}
