//! What a request leaves with the writer: its work, and the way of the answer.

use std::time::Instant;

use diesel::{QueryableByName, RunQueryDsl, SqliteConnection};
use tokio::sync::oneshot;

use crate::store::kept::Kept;
use crate::store::{DbConnection, Lent, StoreError};

/// The rows of a statement that has none.
#[derive(QueryableByName)]
struct Nothing {}

/// A piece of work that somebody waits for.
pub(super) trait Piece: Send {
    fn is_wanted(&self) -> bool;
    /// When it is to be given up, if it has not begun by then.
    fn until(&self) -> Instant;
    /// Does the work. What comes of it is kept until it is on the disk.
    ///
    /// # Errors
    /// When it found the database in a state in which the whole transaction cannot go on.
    fn run(&mut self, transaction: &mut SqliteConnection) -> Result<(), StoreError>;
    /// Gives the result, now that it is on the disk.
    fn answer(self: Box<Self>);
    fn fail(self: Box<Self>, error: &StoreError);
}

/// The work of one request, and who is told of it.
pub(super) struct Task<F, T> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    answer: Option<oneshot::Sender<Result<T, StoreError>>>,
    until: Instant,
}

impl<F, T> Task<F, T> {
    pub(super) fn new(work: F, answer: oneshot::Sender<Result<T, StoreError>>, until: Instant) -> Self {
        Self { work: Some(work), result: None, answer: Some(answer), until }
    }

    fn send(&mut self, result: Result<T, StoreError>) {
        if let Some(answer) = self.answer.take() {
            // Whoever asked may have left.
            let _ = answer.send(result);
        }
    }
}

impl<F, T> Piece for Task<F, T>
where
    F: FnOnce(&mut DbConnection<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn is_wanted(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| !answer.is_closed())
    }

    fn until(&self) -> Instant {
        self.until
    }

    fn run(&mut self, transaction: &mut SqliteConnection) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        // diesel's own savepoints are parsed each time.
        let tell = |transaction: &mut SqliteConnection, sql| Kept(diesel::sql_query(sql)).load::<Nothing>(transaction);
        tell(transaction, "SAVEPOINT piece")?;
        match work(&mut DbConnection::Sqlite(Lent::new(transaction, None))) {
            // A full or broken disk: SQLite may have ended the transaction by itself.
            Err(error @ (StoreError::Unavailable(_) | StoreError::Interrupted)) => Err(error),
            result => {
                if result.is_err() {
                    tell(transaction, "ROLLBACK TO piece")?;
                }
                tell(transaction, "RELEASE piece")?;
                self.result = Some(result);
                Ok(())
            }
        }
    }

    fn answer(mut self: Box<Self>) {
        let result = self.result.take().unwrap_or(Err(StoreError::Interrupted));
        self.send(result);
    }

    fn fail(mut self: Box<Self>, error: &StoreError) {
        self.send(Err(error.clone()));
    }
}
