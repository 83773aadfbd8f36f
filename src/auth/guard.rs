//! What has to happen before a password is hashed: the client's rate and the account's lockout are charged.
//!
//! A charge is written before the hash begins and taken back when the password turns out to be right. So an attempt counts
//! whatever becomes of it, be it that the process is killed, and however many servers there are on one database.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use tokio::time::{Instant, sleep, timeout};

use super::attempt::{Attempt, Purpose};
use super::charge::{Charge, Open};
use super::client::Client;
use super::lockout::{Admission, End, Rules};
use super::turns::Turns;
use crate::clock::{Clock, Timestamp};
use crate::error::ApiError;
use crate::settings::{Rate, Settings};
use crate::store::audit::Trail;
use crate::store::counters::{Account, CounterKey, CounterKeys};
use crate::store::{DbConnection, Store, StoreError, lockout, throttle};

/// How much longer than its wait for a core an attempt may take before it is given up for lost.
const LONGEST_HASH: Duration = Duration::from_secs(30);

/// How soon to look again what has become of the attempts under way: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// The limits on trying passwords: `throttle.login` and `[lockout]`. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Guard(Arc<Limits>);

struct Limits {
    store: Store,
    clock: Clock,
    keys: CounterKeys,
    trusted_proxies: usize,
    rate: Option<Rate>,
    rules: Option<Rules>,
    is_audited: bool,
    patience: Duration,
    turns: Turns,
}

/// What the database says of an attempt.
enum Answer {
    /// Not before so long, whosever password it is.
    TooOften(Duration),
    /// Not before so long, whoever tries.
    Locked(Duration),
    /// It may begin.
    Begun,
    /// It is up to those under way.
    Undecided,
}

impl Guard {
    /// The limits that the settings ask for, counted in `store` under `keys`.
    pub fn new(store: Store, clock: Clock, settings: &Settings, keys: CounterKeys) -> Self {
        let patience = settings.password.queue_timeout;
        let rules = Rules::of(&settings.lockout, patience.saturating_add(LONGEST_HASH));
        let (trusted_proxies, rate) = (settings.server.trusted_proxies, settings.throttle.login);
        let (turns, is_audited) = (Turns::default(), settings.audit.enabled);
        Self(Arc::new(Limits { store, clock, keys, trusted_proxies, rate, rules, is_audited, patience, turns }))
    }

    /// Whoever sent `request`.
    pub(super) fn client(&self, request: &HttpRequest) -> Client {
        Client::of(request, self.0.trusted_proxies)
    }

    /// What the audit says of `client` now.
    pub(super) fn trail(&self, client: &Client) -> Trail {
        Trail::of_request(self.0.is_audited, client.address(), client.request_id(), self.0.clock.now())
    }

    /// Counts a client who has a password hashed, once for each of their requests.
    ///
    /// # Errors
    /// [`ApiError::Throttled`] when they did so too often; 503 when the database gives no answer.
    pub(super) async fn count(&self, client: &Client) -> Result<(), ApiError> {
        let Some(rate) = self.rate_of(client) else { return Ok(()) };
        let now = self.0.clock.now();
        let wait = match self.used_up(&rate, now).await? {
            Some(wait) => Some(wait),
            None => self.0.store.write(move |transaction| rate.take(transaction, now)).await?,
        };
        match wait {
            Some(wait) => Err(rate_used_up(wait)),
            None => {
                client.set_counted();
                Ok(())
            }
        }
    }

    /// Charges an attempt at the password of `account`. While it is up to attempts under way whether this one may begin, it
    /// waits for them.
    ///
    /// # Errors
    /// [`ApiError::Throttled`] when the client or the account has to wait; 503 when the database gives no answer, or those
    /// under way do not end in time.
    pub(super) async fn charge(
        &self,
        client: &Client,
        account: Account<'_>,
        purpose: Purpose,
    ) -> Result<Charge, ApiError> {
        let key = self.0.keys.of_account(account);
        let attempt = Attempt::new(self.trail(client), purpose, account, &key);
        if self.0.rules.is_none() {
            self.count(client).await?;
            return Ok(Charge::of(Open { attempt, counted: None, guard: self.clone() }));
        }
        let id = new_id()?;
        let until = Instant::now() + self.0.patience;
        let _turn = timeout(self.0.patience, self.0.turns.take(&key)).await.map_err(|_| undecided())?;
        let mut pause = PAUSES.0;
        loop {
            match self.ask(client, &attempt, &key, &id).await? {
                Answer::Begun => {
                    client.set_counted();
                    return Ok(Charge::of(Open { attempt, counted: Some((key, id)), guard: self.clone() }));
                }
                Answer::TooOften(wait) => return Err(rate_used_up(wait)),
                Answer::Locked(wait) => {
                    return Err(ApiError::Throttled { cause: "the account is locked", wait });
                }
                Answer::Undecided if Instant::now() >= until => return Err(undecided()),
                Answer::Undecided => client.set_counted(),
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// One short transaction for both limits. What refuses a client does not touch the account.
    async fn ask(&self, client: &Client, attempt: &Attempt, key: &CounterKey, id: &str) -> Result<Answer, StoreError> {
        let (rate, now) = (self.rate_of(client), self.0.clock.now());
        if let Some(rate) = &rate
            && let Some(wait) = self.used_up(rate, now).await?
        {
            return Ok(Answer::TooOften(wait));
        }
        let (this, attempt, key, id) = (self.clone(), attempt.clone(), key.clone(), id.to_owned());
        let work = move |transaction: &mut DbConnection<'_>| {
            let wait = rate.as_ref().map_or(Ok(None), |rate| rate.take(transaction, now))?;
            if let Some(wait) = wait {
                return Ok(Answer::TooOften(wait));
            }
            let Some(rules) = &this.0.rules else { return Ok(Answer::Begun) };
            let mut attempts = lockout::find_for_update(transaction, &key, now)?;
            let before = attempts.failures;
            match rules.admit(&mut attempts, &id, now) {
                Admission::Locked(wait) => Ok(Answer::Locked(wait)),
                Admission::Undecided => Ok(Answer::Undecided),
                Admission::Begun => {
                    lockout::save(transaction, &key, &attempts, rules.expiry(now))?;
                    // Those before it may not have said how they ended.
                    if let Some(why) = rules.locks(before, attempts.failures) {
                        attempt.record_lock(transaction, why)?;
                    }
                    Ok(Answer::Begun)
                }
            }
        };
        self.0.store.write(work).await
    }

    /// How long a client has to wait whose rate is used up. A read before the write: who is refused writes nothing.
    async fn used_up(&self, rate: &Counter, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        let rate = rate.clone();
        self.0.store.run(move |connection| rate.used_up(connection, now)).await
    }

    fn rate_of(&self, client: &Client) -> Option<Counter> {
        let rate = self.0.rate.filter(|_| !client.is_counted())?;
        Some(Counter { key: self.0.keys.of_rate("login", client.address()), rate })
    }
}

impl Open {
    /// Writes down how the attempt ended: what counts and what the audit tells of it, both or neither.
    pub(super) async fn end(self, end: End) -> Result<(), StoreError> {
        if self.counted.is_none() && !self.attempt.notes(end) {
            return Ok(());
        }
        let Self { attempt, counted, guard } = self;
        let now = guard.0.clock.now();
        let this = guard.clone();
        let work = move |transaction: &mut DbConnection<'_>| {
            let (Some(rules), Some((key, id))) = (&this.0.rules, &counted) else {
                return attempt.record(transaction, end);
            };
            let mut attempts = lockout::find_for_update(transaction, key, now)?;
            let before = attempts.failures;
            Rules::end(&mut attempts, id, end, now);
            lockout::save(transaction, key, &attempts, rules.expiry(now))?;
            attempt.record(transaction, end)?;
            match rules.locks(before, attempts.failures) {
                Some(why) => attempt.record_lock(transaction, why),
                None => Ok(()),
            }
        };
        guard.0.store.write(work).await
    }
}

/// A rate and where it is counted.
#[derive(Clone)]
struct Counter {
    key: CounterKey,
    rate: Rate,
}

impl Counter {
    fn used_up(&self, connection: &mut DbConnection<'_>, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        throttle::used_up(connection, &self.key, self.rate, now)
    }

    fn take(&self, transaction: &mut DbConnection<'_>, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        throttle::take(transaction, &self.key, self.rate, now)
    }
}

fn rate_used_up(wait: Duration) -> ApiError {
    ApiError::Throttled { cause: "throttle.login is used up", wait }
}

fn undecided() -> ApiError {
    let cause = "too many logins of one account are under way".to_owned();
    ApiError::Unavailable { cause, retry_after: Duration::from_secs(1) }
}

fn new_id() -> Result<String, ApiError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::Internal(format!("no random numbers: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
