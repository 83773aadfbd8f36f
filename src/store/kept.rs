//! Statements that stay prepared.
//!
//! diesel keeps the prepared statements of most queries with the connection, but not of updates, inserts with `DO UPDATE`,
//! PostgreSQL's inserts, and SQL written by hand: their text could be another one each time, and what is kept is kept for
//! good. Here it is not, and to parse and plan a statement costs more than to execute it.

use diesel::QueryResult;
use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A query of which every connection keeps the prepared statement, by its text. For queries whose texts are few: never
/// around a list whose length differs, which has a text for each length.
///
/// It has to be loaded (`load`, `get_result`), if need be with a `RETURNING`: what is executed diesel asks by reference, and
/// never hears what is said here.
pub(super) struct Kept<Q>(pub(super) Q);

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Kept<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, Connection> RunQueryDsl<Connection> for Kept<Q> {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::connection::{Connection, InstrumentationEvent};
    use diesel::sql_types::Integer;
    use diesel::{QueryableByName, RunQueryDsl, SqliteConnection};

    use super::Kept;

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = Integer)]
        n: i32,
    }

    /// How many statements a connection has kept after `work`.
    fn kept_by(work: impl Fn(&mut SqliteConnection)) -> usize {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        diesel::sql_query("CREATE TABLE numbers (n INTEGER)").execute(&mut connection).unwrap();
        let kept = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&kept);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        work(&mut connection);
        kept.load(Ordering::SeqCst)
    }

    #[test]
    fn a_statement_is_prepared_once_and_for_all() {
        let insert = |n: i32| diesel::sql_query("INSERT INTO numbers VALUES (?) RETURNING n").bind::<Integer, _>(n);

        let kept = kept_by(|connection| {
            for n in 0..3 {
                let row: Number = Kept(insert(n)).get_result(connection).unwrap();
                assert_eq!(row.n, n);
            }
        });
        let without = kept_by(|connection| {
            let row: Number = insert(0).get_result(connection).unwrap();
            assert_eq!(row.n, 0);
        });

        assert_eq!((kept, without), (1, 0));
    }
}
