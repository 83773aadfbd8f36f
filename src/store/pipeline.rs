//! The short road to the rows on PostgreSQL: a connection for each thread on which many lookups are under way at once.
//!
//! diesel speaks to the server through libpq, one question at a time, and so from a thread that may block: for a lookup that
//! takes the server a few microseconds, the way there and back through a pool costs more than the answer. Here a worker writes
//! its questions one behind the other on a connection of its own and reads the answers as they come; those that come while one of
//! their kind is on its way are put into one. It asks nothing but the hot lookups; whenever it cannot, for whatever reason, the
//! lookup goes by [`Store::run`](super::Store::run), which is also the one to say what is wrong.

use std::cell::RefCell;
use std::error::Error;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thread_local::ThreadLocal;
use tokio::runtime::Handle;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use super::StoreError;
use super::groups::Groups;
use super::together::Together;
use super::tokens::Holder;
use super::users::{Key, TokenUser, User};
use crate::clock::Timestamp;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(1300);

/// How long a server is left alone that could not be reached this way.
const REST: Duration = Duration::from_secs(2);

/// 2000-01-01 00:00 UTC in microseconds since 1970.
const Y2K: i64 = 946_684_800_000_000;

/// What the connection is told first: nothing is written on it, and no question outlives its asker.
const OPTIONS: &str = "-c default_transaction_read_only=on -c statement_timeout=1200";

const HOLDER: &str = "SELECT u.id, u.username, u.is_active, u.is_staff, u.is_superuser, t.created, t.key \
     FROM authtoken_token t JOIN auth_user u ON u.id = t.user_id";

const USER: &str = "SELECT u.id, u.username, u.is_active, u.is_staff, u.is_superuser, s.tokens_refused_until \
     FROM auth_user u LEFT JOIN hallpass_user_state s ON s.user_id = u.id";

const GROUPS: &str =
    "SELECT g.name FROM auth_user_groups m JOIN auth_group g ON g.id = m.group_id WHERE m.user_id = $1";

/// A line to the server for each thread that asks for one.
#[derive(Clone)]
pub(super) struct Pipelines(Arc<Inner>);

struct Inner {
    config: Config,
    threads: ThreadLocal<RefCell<Slot>>,
}

/// What a thread has.
#[derive(Default)]
enum Slot {
    #[default]
    Nothing,
    /// A task is at it.
    Connecting,
    Open(Arc<Line>),
    /// The server could not be reached, and is left alone until then.
    Resting(Instant),
}

struct Line {
    client: Arc<Client>,
    holders: Together<String, Holder>,
    holder_of_either: Statement,
    users: Together<i32, TokenUser>,
    user_by_name: Statement,
    groups: Statement,
}

impl Pipelines {
    /// Lines to the server of `url`; `None` when that asks for what only libpq can do.
    pub(super) fn to(url: &str) -> Option<Self> {
        let mut config: Config = url.parse().ok()?;
        let options = config.get_options().map_or(OPTIONS.to_owned(), |own| format!("{own} {OPTIONS}"));
        config.options(&options).connect_timeout(PATIENCE).tcp_user_timeout(PATIENCE * 2);
        Some(Self(Arc::new(Inner { config, threads: ThreadLocal::new() })))
    }

    /// Who holds the token that stands in the table as `stored`, or as `or`; `None` when the long road has to be taken.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the server does not answer.
    pub(super) async fn find_holder(
        &self,
        stored: &str,
        or: Option<&str>,
    ) -> Result<Option<Option<Holder>>, StoreError> {
        let Some(line) = self.line() else { return Ok(None) };
        // A letter that the database's encoding does not have would spoil the question for all who are in it.
        let row = match or {
            None if stored.is_ascii() => return self.patiently(line.holders.find(stored.to_owned())).await,
            None => self.ask(&line, &line.holder_of_either, &[&stored, &stored]).await?,
            Some(or) => self.ask(&line, &line.holder_of_either, &[&stored, &or]).await?,
        };
        Ok(row.and_then(|row| found(row, holder)))
    }

    /// The user of this key; `None` when the long road has to be taken.
    ///
    /// # Errors
    /// As [`Pipelines::find_holder`].
    pub(super) async fn find_token_user(&self, key: &Key) -> Result<Option<Option<TokenUser>>, StoreError> {
        let Some(line) = self.line() else { return Ok(None) };
        let row = match key {
            Key::Id(id) => return self.patiently(line.users.find(*id)).await,
            // PostgreSQL has no such text.
            Key::Username(name) if name.contains('\0') => return Ok(Some(None)),
            Key::Username(name) => self.ask(&line, &line.user_by_name, &[name]).await?,
        };
        Ok(row.and_then(|row| found(row, token_user)))
    }

    /// The groups of a user; `None` when the long road has to be taken.
    ///
    /// # Errors
    /// As [`Pipelines::find_holder`].
    pub(super) async fn find_groups(&self, user_id: i32) -> Result<Option<Groups>, StoreError> {
        let Some(line) = self.line() else { return Ok(None) };
        let rows = self.wait_for(line.client.query(&line.groups, &[&user_id])).await?;
        let names = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0).ok()).collect::<Option<Vec<String>>>());
        Ok(names.map(Groups::of))
    }

    /// The answer; `None` when there was none that could be understood.
    async fn ask(
        &self,
        line: &Line,
        question: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Option<Row>>, StoreError> {
        self.wait_for(line.client.query_opt(question, values)).await
    }

    async fn wait_for<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<Option<T>, StoreError> {
        self.patiently(async { answer.await.ok() }).await
    }

    async fn patiently<T>(&self, answer: impl Future<Output = Option<T>>) -> Result<Option<T>, StoreError> {
        tokio::time::timeout(PATIENCE, answer).await.map_err(|_| {
            // What it still owes would be waited for by the next question too.
            self.set(Slot::Resting(Instant::now() + REST));
            StoreError::Busy("the database takes too long to answer".to_owned())
        })
    }

    /// This thread's line if it is open; else one is begun.
    fn line(&self) -> Option<Arc<Line>> {
        let cell = self.0.threads.get_or_default();
        let mut slot = cell.try_borrow_mut().ok()?;
        match &*slot {
            Slot::Open(line) if !line.client.is_closed() => return Some(Arc::clone(line)),
            Slot::Connecting => return None,
            Slot::Resting(until) if *until > Instant::now() => return None,
            _ => {}
        }
        // Outside a runtime of tokio's nobody would read the answers.
        let runtime = Handle::try_current().ok()?;
        *slot = Slot::Connecting;
        let this = self.clone();
        runtime.spawn(async move {
            this.set(match tokio::time::timeout(PATIENCE, this.connect()).await {
                Ok(Ok(line)) => Slot::Open(Arc::new(line)),
                Ok(Err(error)) => {
                    log::debug!("lookups take the long road: {error}");
                    Slot::Resting(Instant::now() + REST)
                }
                // The server accepts connections and says nothing.
                Err(_) => Slot::Resting(Instant::now() + REST),
            });
        });
        None
    }

    async fn connect(&self) -> Result<Line, tokio_postgres::Error> {
        let (client, connection) = self.0.config.connect(NoTls).await?;
        tokio::spawn(connection);
        let client = Arc::new(client);
        let holders = Each {
            client: Arc::clone(&client),
            one: client.prepare(&format!("{HOLDER} WHERE t.key = $1")).await?,
            some: client.prepare(&format!("{HOLDER} WHERE t.key = ANY ($1)")).await?,
        };
        let users = Each {
            client: Arc::clone(&client),
            one: client.prepare(&format!("{USER} WHERE u.id = $1")).await?,
            some: client.prepare(&format!("{USER} WHERE u.id = ANY ($1)")).await?,
        };
        let holder_of_either = client.prepare(&format!("{HOLDER} WHERE t.key IN ($1, $2)")).await?;
        let user_by_name = client.prepare(&format!("{USER} WHERE u.username = $1")).await?;
        let groups = client.prepare(GROUPS).await?;
        let holders = holders.together(|row| Some((row.try_get(6).ok()?, holder(row)?)));
        let users = users.together(|row| Some((row.try_get(0).ok()?, token_user(row)?)));
        Ok(Line { client, holders, holder_of_either, users, user_by_name, groups })
    }

    fn set(&self, new: Slot) {
        if let Ok(mut slot) = self.0.threads.get_or_default().try_borrow_mut() {
            *slot = new;
        }
    }
}

/// A question in two forms: for one key, which is the cheapest, and for some.
struct Each {
    client: Arc<Client>,
    one: Statement,
    some: Statement,
}

impl Each {
    /// Asks it for all who want to know at the same time; `read` makes the key and the value of a row.
    fn together<K, V>(self, read: fn(&Row) -> Option<(K, V)>) -> Together<K, V>
    where
        K: ToSql + Clone + Eq + Hash + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let this = Arc::new(self);
        Together::new(move |keys: Vec<K>| {
            let this = Arc::clone(&this);
            async move {
                let rows = match keys.as_slice() {
                    [key] => tokio::time::timeout(PATIENCE, this.client.query(&this.one, &[key])).await,
                    _ => tokio::time::timeout(PATIENCE, this.client.query(&this.some, &[&keys])).await,
                };
                rows.ok()?.ok()?.iter().map(read).collect()
            }
        })
    }
}

fn holder(row: &Row) -> Option<Holder> {
    Some(Holder { user: user(row)?, created: moment(row)? })
}

fn token_user(row: &Row) -> Option<TokenUser> {
    Some(TokenUser { user: user(row)?, tokens_refused_until: moment(row)? })
}

/// That there is no row, or what `read` makes of it; `None` when it makes nothing of it.
fn found<T>(row: Option<Row>, read: impl Fn(&Row) -> Option<T>) -> Option<Option<T>> {
    match row {
        None => Some(None),
        Some(row) => read(&row).map(Some),
    }
}

fn user(row: &Row) -> Option<User> {
    Some(User {
        id: row.try_get(0).ok()?,
        username: row.try_get(1).ok()?,
        is_active: row.try_get(2).ok()?,
        is_staff: row.try_get(3).ok()?,
        is_superuser: row.try_get(4).ok()?,
    })
}

/// The sixth column, if there is anything in it.
fn moment(row: &Row) -> Option<Option<Timestamp>> {
    let moment: Option<Moment> = row.try_get(5).ok()?;
    Some(moment.map(|Moment(moment)| moment))
}

/// `timestamp with time zone`, which is sent as microseconds since the year 2000. What lies before and after all times is as far
/// away as can be.
struct Moment(Timestamp);

impl FromSql<'_> for Moment {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(Timestamp::from_micros(micros.saturating_add(Y2K))))
    }

    fn accepts(column: &Type) -> bool {
        *column == Type::TIMESTAMPTZ
    }
}
