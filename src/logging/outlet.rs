//! The way of finished lines to standard error: a buffer, and a thread that empties it.
//!
//! Whoever writes a line never waits for whoever reads the log. Lines that come within a few milliseconds leave in one
//! piece. A reader that does not keep up loses lines, and is told how many once it reads again.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much may wait for a slow reader, in bytes.
const MOST_WAITING: usize = 4 << 20;

/// How long the thread lets lines gather before it writes them.
const GATHERING: Duration = Duration::from_millis(5);

/// What a logger writes to. Clones lead to the same thread.
#[derive(Clone)]
pub(super) struct Outlet(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrival: Condvar,
    emptied: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    lost: u64,
    /// Whether the thread sleeps until a line comes.
    is_idle: bool,
}

impl Outlet {
    /// Starts the thread, which writes to `sink`.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub(super) fn open(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let outlet = Self(Arc::default());
        let shared = Arc::clone(&outlet.0);
        thread::Builder::new().name("hallpass-log".to_owned()).spawn(move || shared.empty_into(sink))?;
        Ok(outlet)
    }

    /// Waits until everything is written, or until `patience` is over.
    pub(super) fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut waiting = self.0.lock();
        while !(waiting.is_idle && waiting.lines.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            waiting = self.0.emptied.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Write for Outlet {
    /// Takes a whole line, or none of it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock();
        if waiting.lines.len() + line.len() > MOST_WAITING {
            waiting.lost += 1;
            return Ok(line.len());
        }
        waiting.lines.extend_from_slice(line);
        let wake = std::mem::take(&mut waiting.is_idle);
        drop(waiting);
        if wake {
            self.0.arrival.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    /// Nothing panics under the lock, so what is there is whole.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread's life. A sink that fails loses its lines: there is nowhere to say so.
    fn empty_into(&self, mut sink: impl Write) {
        let mut lines = Vec::new();
        loop {
            let lost = self.next(&mut lines);
            let _ = sink.write_all(&lines);
            if lost > 0 {
                let _ = writeln!(sink, "{lost} lines of the log were lost: nobody read them in time");
            }
            let _ = sink.flush();
            lines.clear();
            thread::sleep(GATHERING);
        }
    }

    /// Waits for lines, puts them into `lines`, and tells how many were lost meanwhile.
    fn next(&self, lines: &mut Vec<u8>) -> u64 {
        let mut waiting = self.lock();
        while waiting.lines.is_empty() && waiting.lost == 0 {
            waiting.is_idle = true;
            self.emptied.notify_all();
            waiting = self.arrival.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.is_idle = false;
        std::mem::swap(&mut waiting.lines, lines);
        std::mem::take(&mut waiting.lost)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::{MOST_WAITING, Outlet};

    const LONG: Duration = Duration::from_secs(60);

    /// A reader that takes nothing until it is told to.
    struct Sink {
        taken: Arc<Mutex<Vec<u8>>>,
        asked: Sender<()>,
        may: Receiver<()>,
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.asked.send(());
            let _ = self.may.recv();
            self.taken.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_out_in_their_order() {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (asked, _asks) = mpsc::channel();
        let (allow, may) = mpsc::channel();
        drop(allow);
        let mut outlet = Outlet::open(Sink { taken: Arc::clone(&taken), asked, may }).unwrap();

        for number in 0..1000 {
            writeln!(outlet, "{number}").unwrap();
        }
        outlet.flush(LONG);

        let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8(taken.lock().unwrap().clone()).unwrap(), expected);
    }

    #[test]
    fn nobody_waits_for_a_reader_who_takes_nothing_and_what_was_lost_is_counted() {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (asked, asks) = mpsc::channel();
        let (allow, may) = mpsc::channel();
        let mut outlet = Outlet::open(Sink { taken: Arc::clone(&taken), asked, may }).unwrap();
        outlet.write_all(b"first\n").unwrap();
        asks.recv().unwrap();
        let line = [b'x'; 1024];

        for _ in 0..MOST_WAITING / line.len() + 3 {
            outlet.write_all(&line).unwrap();
        }
        drop(allow);
        outlet.flush(LONG);

        let taken = taken.lock().unwrap();
        assert!(taken.ends_with(b"\n") && taken.windows(8).any(|part| part == b"3 lines "), "three are lost and told");
        assert!(taken.len() > MOST_WAITING);
    }
}
