//! The one writer of an SQLite database: writes that wait at the same time share a commit.
//!
//! SQLite lets one transaction write at a time, and a commit that is safe on the disk costs a flush of it. Instead of
//! waiting for the lock one by one, requests leave their work with a thread. It begins a transaction, does all the work that
//! has come by then, each piece in a savepoint of its own, and commits once; only then is anybody answered. While the disk is
//! busy, the next pieces gather.
//!
//! Nobody is answered by what might still be lost: if the commit fails, every piece of it has failed, those too that had
//! refused what they were asked because of another piece.

mod piece;
#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use self::piece::{Piece, Task};
use super::file_identity::FileIdentity;
use super::{DbConnection, StoreError, pool};

/// How much work may wait. Above that it is refused at once.
const LONGEST_QUEUE: usize = 1024;

/// How long a piece of work waits for its turn before it is given up: somebody else holds the lock, or the disk stands
/// still.
const PATIENCE: Duration = Duration::from_millis(1000);

/// How long an answer is waited for in all. The rest is for the commit: a disk that takes longer for it may still finish the
/// work of one who was told that it takes too long.
const LONGEST_WAIT: Duration = Duration::from_millis(1400);

/// How long the thread waits for another process's lock before it looks whose time is over.
const LOCK_TIMEOUT: Duration = Duration::from_millis(250);

/// What undoes one piece of many stays in memory, where SQLite would write every page of it to a file. The log grows to 4,000
/// pages before it is moved into the database: as many as its index finds with one look, and pages that are written over and
/// over are moved once.
const SETUP: &str = "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000";

/// The way to the thread that writes. Clones lead to the same one; it ends with the last of them.
#[derive(Clone)]
pub(super) struct Writer(Arc<Handle>);

struct Handle(Arc<Queue>);

impl Writer {
    /// A writer for the database at `path`, which puts up to `most` pieces of work into one commit. The thread starts with
    /// the first piece.
    pub(super) fn of(path: &Path, most: usize) -> Self {
        let queue = Queue { path: path.to_owned(), most, state: Mutex::default(), arrival: Condvar::new() };
        Self(Arc::new(Handle(Arc::new(queue))))
    }

    /// Does `work` in a transaction that may write, and gives its result once that is on the disk. When the caller leaves
    /// before its turn comes, nothing is done.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much waits, or the turn does not come in time; then nothing was done, save by a disk
    /// that stood still while the work was on its way there. Else what `work` gives, after its changes were taken back, or
    /// why the transaction failed.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let answer = self.leave(work)?;
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(answer) => answer.map_err(|_| StoreError::Interrupted)?,
            Err(_) => Err(StoreError::Busy("the disk takes too long".to_owned())),
        }
    }

    /// The same for a thread that may block.
    pub(super) fn write_blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.leave(work)?.blocking_recv().map_err(|_| StoreError::Interrupted)?
    }

    fn leave<T, F>(&self, work: F) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError>
    where
        F: FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        let task = Task::new(work, answer, Instant::now() + PATIENCE);
        self.0.0.push(Box::new(task))?;
        Ok(receiver)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.arrival.notify_one();
    }
}

/// The connection that writes, and the file that it has open.
type Open = (SqliteConnection, FileIdentity);

/// What the requests and the thread share.
struct Queue {
    path: PathBuf,
    most: usize,
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Piece>>,
    is_running: bool,
    closed: bool,
}

impl Queue {
    /// No work is done under the lock, so what is there is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(self: &Arc<Self>, piece: Box<dyn Piece>) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.waiting.len() >= LONGEST_QUEUE {
            return Err(StoreError::Busy("too many writes are waiting".to_owned()));
        }
        if !state.is_running {
            let queue = Arc::clone(self);
            thread::Builder::new()
                .name("hallpass-write".to_owned())
                .spawn(move || queue.work())
                .map_err(|error| StoreError::Unavailable(format!("no thread to write with: {error}")))?;
            state.is_running = true;
        }
        state.waiting.push_back(piece);
        drop(state);
        self.arrival.notify_one();
        Ok(())
    }

    /// The thread's life.
    fn work(&self) {
        let mut connection = None;
        while self.wait_for_work() {
            let open = match connection.take().filter(|(_, file): &Open| file.is_at(&self.path)) {
                Some(open) => Ok(open),
                None => self.open(),
            };
            match open {
                Ok(open) => connection = self.commit_a_batch(open),
                // The file may be there again at the next try.
                Err(error) => self.refuse(&error),
            }
        }
    }

    fn open(&self) -> Result<Open, StoreError> {
        let file = FileIdentity::of(&self.path)?;
        let mut connection = pool::open_sqlite(&self.path, LOCK_TIMEOUT)?;
        connection.batch_execute(SETUP)?;
        Ok((connection, file))
    }

    /// Whether there is some; `false` when there will be none any more.
    fn wait_for_work(&self) -> bool {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.closed {
            state = self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.waiting.is_empty()
    }

    /// Does what is waiting in one transaction, and gives the connection back if that is still usable.
    fn commit_a_batch(&self, (mut connection, file): Open) -> Option<Open> {
        let mut batch = Vec::new();
        let committed = catch_unwind(AssertUnwindSafe(|| {
            connection.immediate_transaction(|transaction| {
                // The lock is ours: from here on nobody of these is told that it took too long.
                batch = self.take();
                batch.iter_mut().try_for_each(|piece| piece.run(transaction))?;
                let now = Instant::now();
                match batch.iter().all(|piece| piece.until() > now) && file.is_at(&self.path) {
                    true => Ok(()),
                    // Nothing is committed for somebody who is about to be told that it was not, nor into a file that
                    // nobody will read.
                    false => Err(StoreError::Busy("it took too long to be committed".to_owned())),
                }
            })
        }));
        match committed {
            Ok(Ok(())) => {
                batch.into_iter().for_each(Piece::answer);
                Some((connection, file))
            }
            Ok(Err(error)) if batch.is_empty() => {
                // The lock was not to be had.
                let is_locked = matches!(error, StoreError::Busy(_));
                if is_locked {
                    self.give_up(&error)
                } else {
                    self.refuse(&error)
                }
                is_locked.then_some((connection, file))
            }
            Ok(Err(error)) => {
                batch.into_iter().for_each(|piece| piece.fail(&error));
                None
            }
            Err(_) => {
                batch.into_iter().for_each(|piece| piece.fail(&StoreError::Interrupted));
                None
            }
        }
    }

    /// The pieces that are next and still wanted.
    fn take(&self) -> Vec<Box<dyn Piece>> {
        let mut state = self.lock();
        let count = state.waiting.len().min(self.most.max(1));
        let due: Vec<_> = state.waiting.drain(..count).collect();
        drop(state);
        due.into_iter().filter(|piece| piece.is_wanted()).collect()
    }

    /// Refuses those whose time is over, for the reason that kept them waiting.
    fn give_up(&self, error: &StoreError) {
        let now = Instant::now();
        let mut state = self.lock();
        let (late, waiting): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut state.waiting).into_iter().partition(|piece| piece.until() <= now);
        state.waiting = waiting;
        drop(state);
        late.into_iter().for_each(|piece| piece.fail(error));
    }

    /// Refuses all that is waiting.
    fn refuse(&self, error: &StoreError) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        waiting.into_iter().for_each(|piece| piece.fail(error));
    }
}
