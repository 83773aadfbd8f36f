//! Moments as the two databases keep them: `timestamptz` on PostgreSQL, Django's own text on SQLite.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::pg::data_types::PgTimestamp;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Text, Timestamp as SqlTimestamp};
use diesel::sqlite::Sqlite;

use crate::clock::Timestamp;

/// Microseconds between 1970-01-01 and 2000-01-01, where PostgreSQL counts from.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// A [`Timestamp`] in a column.
#[derive(Clone, Copy, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = SqlTimestamp)]
pub struct StoredTime(pub(super) Timestamp);

impl From<Timestamp> for StoredTime {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl From<StoredTime> for Timestamp {
    fn from(stored: StoredTime) -> Self {
        stored.0
    }
}

impl ToSql<SqlTimestamp, Pg> for StoredTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let stored = PgTimestamp(self.0.as_micros().saturating_sub(POSTGRES_EPOCH));
        ToSql::<SqlTimestamp, Pg>::to_sql(&stored, &mut out.reborrow())
    }
}

impl FromSql<SqlTimestamp, Pg> for StoredTime {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let PgTimestamp(micros) = FromSql::<SqlTimestamp, Pg>::from_sql(bytes)?;
        Ok(Self(Timestamp::from_micros(micros.saturating_add(POSTGRES_EPOCH))))
    }
}

impl ToSql<SqlTimestamp, Sqlite> for StoredTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_django_text().ok_or("the time is outside the years that a date can have")?);
        Ok(IsNull::No)
    }
}

impl FromSql<SqlTimestamp, Sqlite> for StoredTime {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        let timestamp = Timestamp::from_django_text(&text).ok_or_else(|| format!("{text:?} is no date"))?;
        Ok(Self(timestamp))
    }
}

/// A moment that nobody is kept out by. SQLite keeps anything in any column; what is no date counts as none there, as it does
/// to Django, whose `parse_datetime` makes nothing of it.
#[derive(Clone, Copy, Debug, FromSqlRow)]
#[diesel(sql_type = SqlTimestamp)]
pub struct ReadableTime(pub(super) Option<Timestamp>);

impl FromSql<SqlTimestamp, Pg> for ReadableTime {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let StoredTime(timestamp) = FromSql::<SqlTimestamp, Pg>::from_sql(bytes)?;
        Ok(Self(Some(timestamp)))
    }
}

impl FromSql<SqlTimestamp, Sqlite> for ReadableTime {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let stored = <StoredTime as FromSql<SqlTimestamp, Sqlite>>::from_sql(value);
        Ok(Self(stored.ok().map(Timestamp::from)))
    }
}
