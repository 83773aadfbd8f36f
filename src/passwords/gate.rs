//! The threads on which passwords are hashed, and the queue before them.
//!
//! A hash keeps a core busy for a good part of a second. On the server's own threads, or on as many blocking threads as
//! there are logins, a flood of logins would starve every other request. Here they wait in line, first come first
//! served, for a fixed number of threads, and a login that would wait too long is refused at once, so that its client
//! can be told when to come back. What a job computes is none of this module's business.
//!
//! The threads step back when others want the processor: a request that hashes nothing is over in microseconds.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{io, mem};

use tokio::sync::oneshot;

use crate::process;

/// How long a job is taken to last before the first one has ended: a bcrypt of cost 12 on an ordinary core.
const FIRST_GUESS: Duration = Duration::from_millis(300);

/// How much a new measurement moves the average: an eighth of the way.
const INERTIA: u32 = 8;

/// When a job gives no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// When the queue is so long that the job would wait beyond the pool's patience. It has not been queued.
    #[error("too many passwords are waiting to be hashed")]
    Busy {
        /// After how long the queue of now should be done.
        retry_after: Duration,
    },
    /// When the job panicked.
    #[error("hashing failed")]
    Failed,
}

/// How busy a pool is, and what it has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Jobs that wait for a thread.
    pub waiting: usize,
    /// Jobs that are being run.
    pub running: usize,
    /// Jobs that were run.
    pub done: u64,
    /// Jobs that were refused.
    pub refused: u64,
}

/// A fixed number of threads that run jobs in the order of their arrival.
pub struct HashingPool {
    line: Arc<Line>,
    threads: Vec<JoinHandle<()>>,
    patience: Duration,
}

impl HashingPool {
    /// Starts `threads` threads, or one a core for 0. A job is refused when it would wait longer than `patience`.
    ///
    /// # Errors
    ///
    /// When the system starts no thread.
    pub fn new(threads: usize, patience: Duration) -> io::Result<Self> {
        let threads = if threads == 0 { thread::available_parallelism().map_or(1, usize::from) } else { threads };
        // Filled step by step: when a later thread fails to start, dropping the pool ends the earlier ones.
        let mut pool = Self { line: Arc::default(), threads: Vec::new(), patience };
        for number in 0..threads {
            let line = Arc::clone(&pool.line);
            let thread = thread::Builder::new().name(format!("hallpass-hash-{number}"));
            pool.threads.push(thread.spawn(move || line.work())?);
        }
        Ok(pool)
    }

    /// How busy it is.
    pub fn load(&self) -> Load {
        let state = self.line.lock();
        Load { waiting: state.waiting.len(), running: state.running, done: state.done, refused: state.refused }
    }

    /// Runs `job` on one of the threads and waits for its result without blocking. The job joins the line when the
    /// future is first polled, and leaves it unrun when the future is dropped before a thread takes it.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`] at once when the line is too long, [`Refused::Failed`] when the job panics.
    pub async fn run<T, F>(&self, job: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.join_line(Box::new(Task { job, sender }))?;
        receiver.await.map_err(|_| Refused::Failed)
    }

    fn join_line(&self, job: Box<dyn Job>) -> Result<(), Refused> {
        let mut state = self.line.lock();
        if state.wait(self.threads.len()) > self.patience {
            // Clients that hung up must not keep the others out.
            state.waiting.retain(|job| job.is_wanted());
        }
        let wait = state.wait(self.threads.len());
        if wait > self.patience {
            state.refused += 1;
            return Err(Refused::Busy { retry_after: wait });
        }
        state.waiting.push_back(job);
        drop(state);
        self.line.arrival.notify_one();
        Ok(())
    }
}

impl Drop for HashingPool {
    /// Waits for the jobs that are running; no others can be wanted, as their futures borrow the pool.
    fn drop(&mut self) {
        self.line.lock().closed = true;
        self.line.arrival.notify_all();
        let current = thread::current().id();
        // A job may own the last handle of its own pool. A thread cannot wait for itself.
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != current) {
            // It fails only when the thread panicked, and then it has ended too.
            let _ = thread.join();
        }
    }
}

/// What the threads share.
#[derive(Default)]
struct Line {
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Job>>,
    running: usize,
    done: u64,
    refused: u64,
    /// How long jobs last, the recent ones weighing more.
    average: Option<Duration>,
    closed: bool,
}

impl State {
    /// How long a job that came now would wait until one of the threads took it.
    fn wait(&self, threads: usize) -> Duration {
        let ahead = self.waiting.len() + self.running;
        let ends_needed = u32::try_from((ahead + 1).saturating_sub(threads)).unwrap_or(u32::MAX);
        let threads = u32::try_from(threads).unwrap_or(u32::MAX).max(1);
        self.average.unwrap_or(FIRST_GUESS).saturating_mul(ends_needed) / threads
    }

    fn measured(&mut self, lasted: Duration) {
        self.average = Some(match self.average {
            Some(average) => (average * (INERTIA - 1) + lasted) / INERTIA,
            None => lasted,
        });
    }
}

impl Line {
    /// No job runs under the lock, so what a panic might have left there is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread's life.
    fn work(&self) {
        process::give_way();
        while let Some(job) = self.next() {
            let started = Instant::now();
            job.run();
            let mut state = self.lock();
            state.running -= 1;
            state.done += 1;
            state.measured(started.elapsed());
        }
    }

    /// The first job that is still wanted, as soon as there is one; `None` when the pool is closed.
    fn next(&self) -> Option<Box<dyn Job>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                // Dropped without the lock: what a job captured is not ours to know.
                let unwanted = mem::take(&mut state.waiting);
                drop(state);
                drop(unwanted);
                return None;
            }
            match state.waiting.pop_front() {
                Some(job) if job.is_wanted() => {
                    state.running += 1;
                    return Some(job);
                }
                Some(_unwanted) => {}
                None => state = self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Something to run whose result somebody waits for.
trait Job: Send {
    fn is_wanted(&self) -> bool;
    fn run(self: Box<Self>);
}

struct Task<T, F> {
    job: F,
    sender: oneshot::Sender<T>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce() -> T + Send,
{
    fn is_wanted(&self) -> bool {
        !self.sender.is_closed()
    }

    fn run(self: Box<Self>) {
        let Self { job, sender } = *self;
        // The thread must outlive its jobs. Whatever a panic leaves behind goes with the job, and the sender that is
        // dropped without a result tells the requester.
        if let Ok(result) = catch_unwind(AssertUnwindSafe(job)) {
            // The requester may have left meanwhile.
            let _ = sender.send(result);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::sync::{Arc, Barrier, Mutex};
    use std::task::{Context, Poll, Wake, Waker};
    use std::thread::{self, Thread};
    use std::time::Duration;

    use futures_util::future::{join, join3};

    use super::{FIRST_GUESS, HashingPool, Refused, State};

    const PATIENT: Duration = Duration::from_secs(3600);

    /// Wakes the thread that waits in [`block_on`].
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Polls once, which is what puts a job into the line.
    fn begin<F: Future>(future: Pin<&mut F>) {
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }

    /// A job that tells when it has begun and lasts until it is told to end.
    fn blocker() -> (impl FnOnce() + Send + 'static, Receiver<()>, Sender<()>) {
        let (begun, has_begun) = mpsc::channel();
        let (end, may_end) = mpsc::channel();
        let job = move || {
            begun.send(()).unwrap();
            let _ = may_end.recv();
        };
        (job, has_begun, end)
    }

    #[test]
    fn a_job_runs_on_a_named_thread_and_its_result_comes_back() {
        let pool = HashingPool::new(1, PATIENT).unwrap();

        let name = block_on(pool.run(|| thread::current().name().map(str::to_owned)));

        assert_eq!(name.unwrap().as_deref(), Some("hallpass-hash-0"));
    }

    #[test]
    fn no_number_of_threads_means_one_a_core() {
        let cores = thread::available_parallelism().map_or(1, usize::from);

        assert_eq!(HashingPool::new(0, PATIENT).unwrap().threads.len(), cores);
    }

    #[test]
    fn the_threads_work_at_the_same_time() {
        let pool = HashingPool::new(2, PATIENT).unwrap();
        let meeting = Arc::new(Barrier::new(2));
        let other = Arc::clone(&meeting);

        // Each job ends only once the other has begun.
        let (first, second) = block_on(join(pool.run(move || meeting.wait()), pool.run(move || other.wait())));

        assert!(first.is_ok() && second.is_ok());
    }

    #[test]
    fn jobs_run_in_the_order_of_their_arrival() {
        let pool = HashingPool::new(1, PATIENT).unwrap();
        let (block, has_begun, end) = blocker();
        let mut blocked = pin!(pool.run(block));
        begin(blocked.as_mut());
        has_begun.recv().unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut jobs: Vec<_> = (0..20)
            .map(|number| {
                let order = Arc::clone(&order);
                Box::pin(pool.run(move || order.lock().unwrap().push(number)))
            })
            .collect();
        jobs.iter_mut().for_each(|job| begin(job.as_mut()));

        end.send(()).unwrap();
        for job in jobs {
            block_on(job).unwrap();
        }

        assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn a_job_that_would_wait_beyond_the_patience_is_refused_at_once() {
        let pool = HashingPool::new(1, FIRST_GUESS * 3).unwrap();
        let (block, has_begun, end) = blocker();
        let mut blocked = pin!(pool.run(block));
        begin(blocked.as_mut());
        has_begun.recv().unwrap();
        let mut queued = [(); 3].map(|()| Box::pin(pool.run(|| ())));
        queued.iter_mut().for_each(|job| begin(job.as_mut()));

        let refused = block_on(pool.run(|| ()));

        assert_eq!(refused, Err(Refused::Busy { retry_after: FIRST_GUESS * 4 }));
        end.send(()).unwrap();
        for job in queued {
            assert_eq!(block_on(job), Ok(()));
        }
        assert_eq!(block_on(pool.run(|| ())), Ok(()), "the line is empty again");
    }

    #[test]
    fn without_patience_a_job_runs_only_on_an_idle_thread() {
        let pool = HashingPool::new(1, Duration::ZERO).unwrap();
        let (block, has_begun, end) = blocker();
        let mut blocked = pin!(pool.run(block));
        begin(blocked.as_mut());
        has_begun.recv().unwrap();

        assert_eq!(block_on(pool.run(|| ())), Err(Refused::Busy { retry_after: FIRST_GUESS }));

        end.send(()).unwrap();
        assert_eq!(block_on(blocked), Ok(()));
    }

    #[test]
    fn a_job_whose_requester_has_left_is_skipped() {
        let pool = HashingPool::new(1, PATIENT).unwrap();
        let (block, has_begun, end) = blocker();
        let mut blocked = pin!(pool.run(block));
        begin(blocked.as_mut());
        has_begun.recv().unwrap();
        let ran = Arc::new(AtomicBool::new(false));
        let witness = Arc::clone(&ran);
        let mut abandoned = Box::pin(pool.run(move || witness.store(true, Ordering::SeqCst)));
        begin(abandoned.as_mut());

        drop(abandoned);
        end.send(()).unwrap();
        block_on(pool.run(|| ())).unwrap();

        assert!(!ran.load(Ordering::SeqCst));
    }

    #[test]
    fn requesters_that_have_left_do_not_keep_others_out() {
        let pool = HashingPool::new(1, FIRST_GUESS).unwrap();
        let (block, has_begun, end) = blocker();
        let mut blocked = pin!(pool.run(block));
        begin(blocked.as_mut());
        has_begun.recv().unwrap();
        let mut abandoned = Box::pin(pool.run(|| ()));
        begin(abandoned.as_mut());
        assert!(matches!(block_on(pool.run(|| ())), Err(Refused::Busy { .. })));

        drop(abandoned);
        let mut admitted = Box::pin(pool.run(|| ()));
        begin(admitted.as_mut());

        end.send(()).unwrap();
        assert_eq!(block_on(admitted), Ok(()));
    }

    #[test]
    fn a_job_that_panics_fails_and_its_thread_goes_on() {
        let pool = HashingPool::new(1, PATIENT).unwrap();

        let failed: Result<(), Refused> = block_on(pool.run(|| panic!("on purpose")));
        let thread = block_on(pool.run(|| thread::current().name().map(str::to_owned)));

        assert_eq!(failed, Err(Refused::Failed));
        assert_eq!(thread.unwrap().as_deref(), Some("hallpass-hash-0"));
    }

    #[test]
    fn several_panics_at_once_hurt_nobody_else() {
        let pool = HashingPool::new(2, PATIENT).unwrap();
        let fail = || -> u8 { panic!("on purpose") };

        let results = block_on(join3(pool.run(fail), pool.run(|| 7), pool.run(fail)));

        assert_eq!(results, (Err(Refused::Failed), Ok(7), Err(Refused::Failed)));
    }

    #[test]
    fn dropping_the_pool_ends_its_threads() {
        let pool = HashingPool::new(3, PATIENT).unwrap();
        block_on(pool.run(|| ())).unwrap();
        let line = Arc::downgrade(&pool.line);

        drop(pool);

        assert!(line.upgrade().is_none(), "a thread still holds it");
    }

    #[test]
    fn a_job_may_own_the_last_handle_of_its_pool() {
        let pool = Arc::new(HashingPool::new(1, PATIENT).unwrap());
        let (block, has_begun, end) = blocker();
        let (survived, has_survived) = mpsc::channel();
        let owner = Arc::clone(&pool);
        let mut future = Box::pin(async move {
            let last = Arc::clone(&owner);
            let job = move || {
                block();
                drop(last);
                survived.send(()).unwrap();
            };
            owner.run(job).await
        });
        begin(future.as_mut());
        has_begun.recv().unwrap();

        drop(future);
        drop(pool);
        end.send(()).unwrap();

        assert_eq!(has_survived.recv(), Ok(()));
    }

    #[test]
    fn the_wait_is_the_jobs_ahead_shared_among_the_threads() {
        let second = Duration::from_secs(1);
        let state = |running, average| State { running, average, ..State::default() };

        assert_eq!(state(0, Some(second)).wait(4), Duration::ZERO);
        assert_eq!(state(3, Some(second)).wait(4), Duration::ZERO);
        assert_eq!(state(4, Some(second)).wait(4), second / 4);
        assert_eq!(state(11, Some(second)).wait(4), second * 2);
        assert_eq!(state(1, None).wait(1), FIRST_GUESS);
    }

    #[test]
    fn the_average_begins_with_the_first_job_and_follows_the_others() {
        let mut state = State::default();

        state.measured(Duration::from_millis(80));
        assert_eq!(state.average, Some(Duration::from_millis(80)));
        state.measured(Duration::from_millis(160));
        assert_eq!(state.average, Some(Duration::from_millis(90)));
    }
}
