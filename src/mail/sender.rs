//! The thread that sends: it works through what there is, and sleeps until it is woken or it is time again.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a sender rests whose work panicked.
const REST: Duration = Duration::from_secs(30);

/// Wakes a [`Sender`]. Cheap to clone; clones wake the same ones.
#[derive(Clone, Default)]
pub struct Signal(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_given: Mutex<bool>,
    changed: Condvar,
}

/// What a sender does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There may be more to do.
    Again,
    /// There is nothing to do for so long, unless the signal is given.
    In(Duration),
}

/// A thread that sends; it is told to stop when this is dropped.
pub struct Sender {
    signal: Signal,
    is_stopping: Arc<AtomicBool>,
    ended: Receiver<()>,
}

impl Signal {
    /// Wakes the sender, or has it look once more before it sleeps.
    pub fn give(&self) {
        *self.lock() = true;
        self.0.changed.notify_all();
    }

    /// Sleeps until the signal is given, for `longest` at most, or not at all when `is_stopping`.
    fn wait(&self, longest: Duration, is_stopping: &AtomicBool) {
        let must_sleep = |is_given: &mut bool| !*is_given && !is_stopping.load(Ordering::SeqCst);
        let waited = self.0.changed.wait_timeout_while(self.lock(), longest, must_sleep);
        let (mut is_given, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *is_given = false;
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.is_given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    /// Starts a thread that calls `work` until it is told to stop.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(signal: &Signal, mut work: impl FnMut() -> Next + Send + 'static) -> io::Result<Self> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let (end, ended) = channel();
        let (own_signal, own_stop) = (signal.clone(), Arc::clone(&is_stopping));
        thread::Builder::new().name("mail".to_owned()).spawn(move || {
            while !own_stop.load(Ordering::SeqCst) {
                // Whatever happens to one mail, the others must still go.
                let next = catch_unwind(AssertUnwindSafe(&mut work)).unwrap_or_else(|_| {
                    log::error!("sending mail panicked");
                    Next::In(REST)
                });
                if let Next::In(pause) = next {
                    own_signal.wait(pause, &own_stop);
                }
            }
            drop(end);
        })?;
        Ok(Self { signal: signal.clone(), is_stopping, ended })
    }

    /// Tells the thread to stop after the mail that it is sending, and waits for that, for `patience` at most. Gives
    /// whether it has stopped; when not, it ends with the process.
    pub fn stop(self, patience: Duration) -> bool {
        self.tell();
        self.ended.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected)
    }

    fn tell(&self) {
        // Under the lock, so that it does not fall between a sender's look and its sleep.
        let guard = self.signal.lock();
        self.is_stopping.store(true, Ordering::SeqCst);
        drop(guard);
        self.signal.0.changed.notify_all();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.tell();
    }
}
