//! Connections to PostgreSQL that are asked whether they are alive only when there is reason to doubt it.
//!
//! diesel's own manager asks at every use, which is a way to the server and back for each request. Here a connection that was
//! used a moment ago is trusted, unless what was done on it failed.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::r2d2::{ConnectionManager, Error};
use r2d2::ManageConnection;

/// How long a connection is trusted after it was used.
const TRUSTED_FOR: Duration = Duration::from_millis(5);

/// Makes connections and looks after them.
pub(super) struct PostgresManager(ConnectionManager<PgConnection>);

/// A connection, and since when it is known to be alive.
pub(super) struct Line {
    connection: PgConnection,
    trusted_since: Option<Instant>,
}

impl PostgresManager {
    pub(super) fn to(url: String) -> Self {
        Self(ConnectionManager::new(url))
    }
}

impl Line {
    /// Something failed on it: it is asked before it is used again.
    pub(super) fn doubt(&mut self) {
        self.trusted_since = None;
    }
}

impl Deref for Line {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl ManageConnection for PostgresManager {
    type Connection = Line;
    type Error = Error;

    fn connect(&self) -> Result<Line, Error> {
        Ok(Line { connection: self.0.connect()?, trusted_since: None })
    }

    fn is_valid(&self, line: &mut Line) -> Result<(), Error> {
        if line.trusted_since.is_none_or(|since| since.elapsed() > TRUSTED_FOR) {
            self.0.is_valid(&mut line.connection)?;
        }
        line.trusted_since = Some(Instant::now());
        Ok(())
    }

    fn has_broken(&self, line: &mut Line) -> bool {
        self.0.has_broken(&mut line.connection)
    }
}
