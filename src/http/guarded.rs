//! A connection with what actix-http leaves out: a limit on how long a client may take, and a body in the errors that
//! it answers before any application sees the request.
//!
//! actix-http limits the head of a connection's first request, and nothing after it: neither a body that never ends, nor
//! the head of a second request, nor an answer that nobody reads. Its own 400, 408 and 431 are empty.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::admission::Admission;
use super::endless_name::EndlessName;

/// How long a client may keep a connection without being answered.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// Until it begins the next request.
    pub(super) idle: Duration,
    /// From the first byte of a request until it is answered, and for what does not fit into the socket until it has left.
    pub(super) request: Duration,
}

/// How long a client that was told 408 may go on sending, so that it reads the answer rather than that nobody is there.
const PARTING: Duration = Duration::from_secs(1);

/// The longest head of an empty error of actix-http's has some 130 bytes.
const LONGEST_EMPTY_ERROR: usize = 200;

/// A stream that reads as ended when the client's time is over; actix-http then closes it. A request that was read in time
/// is answered all the same.
pub(super) struct Guarded<S> {
    stream: S,
    patience: Patience,
    /// When the client's time is over.
    deadline: Instant,
    /// Wakes the connection at a deadline. It is set anew when it goes off, and not at every request: as long as requests
    /// keep coming it is behind the times, and goes off to no purpose now and then.
    alarm: Pin<Box<Sleep>>,
    /// Whether the client has sent something since it was last answered.
    is_asking: bool,
    /// Whether it was told that its time is over. What it sends then begins nothing anew: actix-http would read on, to the
    /// end of a body in chunks.
    is_parting: bool,
    name: EndlessName,
    /// The end of an error that did not fit into the socket.
    unsent: Vec<u8>,
    /// Until when the client has to read what waits for it; `None` while nothing does.
    reading: Option<Pin<Box<Sleep>>>,
    /// The lines that every answer has.
    headers: Rc<str>,
    _admission: Admission,
}

impl<S> Guarded<S> {
    pub(super) fn new(stream: S, patience: Patience, headers: Rc<str>, admission: Admission) -> Self {
        let alarm = Box::pin(sleep(patience.request));
        Self {
            stream,
            patience,
            deadline: alarm.deadline(),
            alarm,
            is_asking: true,
            is_parting: false,
            name: EndlessName::new(),
            unsent: Vec::new(),
            reading: None,
            headers,
            _admission: admission,
        }
    }

    fn wait(&mut self, is_asking: bool) {
        if self.is_parting {
            return;
        }
        self.is_asking = is_asking;
        self.end_after(if is_asking { self.patience.request } else { self.patience.idle });
    }

    /// Sets the deadline that nothing moves any more when the client is told 408.
    fn part_if_told(&mut self, sent: &[u8]) {
        if !self.is_parting && sent.starts_with(b"HTTP/1.") && sent.get(8..13) == Some(b" 408 ") {
            self.is_asking = true;
            self.is_parting = true;
            self.end_after(PARTING);
        }
    }

    fn end_after(&mut self, span: Duration) {
        self.deadline = Instant::now() + span;
        if self.deadline < self.alarm.deadline() {
            self.alarm.as_mut().reset(self.deadline);
        }
    }

    /// Whether the client's time is over; if not, has the task woken when it may be.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        while self.alarm.as_mut().poll(context).is_ready() {
            if self.deadline <= Instant::now() {
                return true;
            }
            self.alarm.as_mut().reset(self.deadline);
        }
        false
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        // Between two requests of a client that is there the alarm need not be asked: it is when nothing has come.
        if this.is_asking && this.is_late(context) {
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(&mut this.stream).poll_read(context, buffer)?;
        if read.is_pending() {
            return if !this.is_asking && this.is_late(context) { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        this.name.spoil(buffer.filled_mut().get_mut(before..).unwrap_or_default());
        if !this.is_asking && buffer.filled().len() > before {
            this.wait(true);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(context))?;
        let (start, completed) = match completed(bytes, &this.headers) {
            Some((0, completed)) => (0, completed),
            // What comes before the error goes out as it is; the error is seen again at the next call.
            Some((start, _)) => (start, Vec::new()),
            None => (bytes.len(), Vec::new()),
        };
        if start > 0 {
            let written = ready!(this.poll_send(context, bytes.get(..start).unwrap_or(bytes)))?;
            this.wait(false);
            this.part_if_told(bytes);
            return Poll::Ready(Ok(written));
        }
        let written = ready!(this.poll_send(context, &completed))?;
        this.unsent = completed.get(written..).unwrap_or_default().to_vec();
        this.wait(false);
        this.part_if_told(&completed);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(context))?;
        match Pin::new(&mut this.stream).poll_flush(context) {
            Poll::Pending => this.poll_reading(context),
            flushed => {
                this.reading = None;
                flushed
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

impl<S: AsyncWrite + Unpin> Guarded<S> {
    /// Writes what the client takes, as long as it may.
    fn poll_send(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // One that takes a byte now and then is no better than one that takes none.
        if self.reading.is_some() && self.poll_reading::<()>(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.poll_reading(context),
            sent => sent,
        }
    }

    /// Waits until the client's time to read is over, which begins now if it has not.
    fn poll_reading<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let patience = self.patience.request;
        ready!(self.reading.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_unsent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            let sent = self.poll_send(context, &unsent);
            self.unsent = unsent;
            let written = ready!(sent)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

/// Where the empty error begins with which `bytes` end, and how it reads in full.
///
/// Only actix-http sends one: every error of the application has a body, and ends with a brace.
fn completed(bytes: &[u8], headers: &str) -> Option<(usize, Vec<u8>)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail = bytes.len().saturating_sub(LONGEST_EMPTY_ERROR);
    let mut windows = bytes.get(tail..)?.windows(9);
    let start = tail + windows.rposition(|window| window == b"HTTP/1.1 " || window == b"HTTP/1.0 ")?;
    let head = std::str::from_utf8(bytes.get(start..)?).ok()?;
    let (first, rest) = head.split_once("\r\n")?;
    let detail = match first.split(' ').nth(1)? {
        "400" => "Bad request.",
        "408" => "The request took too long to arrive.",
        "431" => "The request's headers are too large.",
        _ => return None,
    };
    let others = rest.strip_prefix("content-length: 0\r\n")?.trim_end();
    let others = others.strip_prefix("connection: close\r\n").unwrap_or(others);
    let body = format!("{{\"detail\":\"{detail}\"}}");
    log::info!(target: "hallpass::request", status = first.split(' ').nth(1).unwrap_or("-"); "refused before any route");
    let full = format!(
        "{first}\r\ncontent-length: {}\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}{others}\r\n\
         \r\n{body}",
        body.len()
    );
    Some((start, full.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::completed;

    #[test]
    fn an_empty_error_gets_a_body_and_nothing_else_does() {
        let empty = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: today\r\n\r\n";
        let (start, full) = completed(empty, "").unwrap_or_default();
        let full = String::from_utf8_lossy(&full).into_owned();
        assert_eq!(start, 0);
        assert!(full.starts_with("HTTP/1.1 400 Bad Request\r\ncontent-length: 25\r\nconnection: close\r\n"), "{full}");
        assert!(full.ends_with("\r\n\r\n{\"detail\":\"Bad request.\"}"), "{full}");

        let behind_another = [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".as_slice(), empty].concat();
        assert_eq!(completed(&behind_another, "").map(|(start, _)| start), Some(behind_another.len() - empty.len()));

        for other in [
            "HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 27\r\ndate: today\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
        ] {
            assert_eq!(completed(other.as_bytes(), ""), None, "{other}");
        }
    }
}
