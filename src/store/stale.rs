//! Rows of PostgreSQL's that are believed for a while without asking, where `cache.max_staleness` allows it.
//!
//! Time is cut into spans of that length, and what was read in one is not believed in the next: no row is older than a span,
//! and most are younger. What this process itself writes ends what it knows at once.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use thread_local::ThreadLocal;

use super::known::{Known, Since};

/// What each thread knows.
#[derive(Clone)]
pub(super) struct Stale(Arc<Inner>);

struct Inner {
    span: Duration,
    /// How many bytes of rows a thread may remember.
    memory: usize,
    started: Instant,
    writes: AtomicU64,
    threads: ThreadLocal<RefCell<Known>>,
}

impl Stale {
    /// Believes rows for up to `span`; `None` when that is no time at all.
    pub(super) fn within(memory: usize, span: Duration) -> Option<Self> {
        let (started, writes, threads) = (Instant::now(), AtomicU64::new(0), ThreadLocal::new());
        (!span.is_zero()).then(|| Self(Arc::new(Inner { span, memory, started, writes, threads })))
    }

    /// The present. To be asked before the database is.
    pub(super) fn now(&self) -> Since {
        let spans = self.0.started.elapsed().as_nanos() / self.0.span.as_nanos().max(1);
        Since(u64::try_from(spans).unwrap_or(u64::MAX), self.0.writes.load(Ordering::SeqCst))
    }

    /// Something was written: nothing that is known now is believed any more.
    pub(super) fn forget(&self) {
        self.0.writes.fetch_add(1, Ordering::SeqCst);
    }

    /// Looks into what this thread knows.
    pub(super) fn recall<T>(&self, look: impl FnOnce(&mut Known) -> Option<T>) -> Option<T> {
        self.known().try_borrow_mut().ok().and_then(|mut known| look(&mut known))
    }

    /// Adds to what this thread knows.
    pub(super) fn note(&self, note: impl FnOnce(&mut Known)) {
        if let Ok(mut known) = self.known().try_borrow_mut() {
            note(&mut known);
        }
    }

    fn known(&self) -> &RefCell<Known> {
        self.0.threads.get_or(|| RefCell::new(Known::within(self.0.memory)))
    }
}
