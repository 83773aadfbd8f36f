//! `hallpass_refresh_*`: which refresh tokens descend from one login, and the exchange of one for the next.
//!
//! However often and by however many servers a token is exchanged, it has one successor at most. What decides is Django's
//! own unique row in `token_blacklist_blacklistedtoken`: whoever inserts it has exchanged the token, and whoever comes later
//! is repeating it. Locks are always taken in the order user, family, token.

use std::time::Duration;

use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamp as SqlTimestamp};

use super::audit::{Entry, Event, Outcome, Reason, Trail};
use super::blacklist::{self, OutstandingToken};
use super::connection::on_each;
use super::kept::Kept;
use super::schema::{
    hallpass_refresh_family as family, hallpass_refresh_member as member,
    token_blacklist_blacklistedtoken as blacklisted, token_blacklist_outstandingtoken as outstanding,
};
use super::stored_time::StoredTime;
use super::users::is_refused;
use super::{DbConnection, StoreError, user_state};
use crate::clock::Timestamp;

/// An exchange of one refresh token for another.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Whose tokens they are.
    pub user_id: i32,
    /// What is known of them so far.
    pub admission: Admission,
    /// The token that is given back.
    pub used: OutstandingToken,
    /// The token that is to take its place.
    pub successor: OutstandingToken,
    /// For how long the same exchange may be repeated by a client that did not get the answer; zero is never.
    pub grace: Duration,
    /// Whether the user must be active, and not only be there.
    pub needs_active_user: bool,
}

/// Whether a user may have another token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They might when the token was looked at. Until then their tokens were refused up to this moment; if that is another
    /// one now, everything of theirs has been ended since.
    AsSeen(Option<Timestamp>),
    /// Nobody has looked. The token was issued at this second, as far as it says.
    Open(Option<i64>),
}

/// How an exchange ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchanged {
    /// The successor was noted: give it out.
    Done,
    /// The token was exchanged a moment ago: the successor that it has, to be given out once more.
    Again {
        /// The successor's jti.
        jti: String,
        /// When it was made, to the second.
        issued_at: Timestamp,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// The token is refused. If it had been exchanged before, its whole family is refused from now on.
    Refused {
        /// Whether a family was revoked for it, which was not before.
        family_revoked: bool,
    },
    /// The user is not there any more, or may not log in.
    NoUser,
    /// The user may have no other token, and nobody had looked before: nothing was done, and nothing is in the audit.
    NotAdmitted,
}

/// Exchanges a token and writes its row in the audit, in a transaction of the caller's.
pub fn exchange(
    transaction: &mut DbConnection<'_>,
    exchange: &Exchange,
    trail: &Trail,
    now: Timestamp,
) -> Result<Exchanged, StoreError> {
    if let (DbConnection::Postgres(connection), Admission::AsSeen(until)) = (&mut *transaction, exchange.admission)
        && exchange_at_once(connection, exchange, until, trail, now)?
    {
        return Ok(Exchanged::Done);
    }
    let exchanged = exchange_step_by_step(transaction, exchange, now)?;
    if let Some(entry) = told(exchange, &exchanged) {
        trail.record(transaction, &entry)?;
    }
    Ok(exchanged)
}

/// What the audit says of an exchange: the token that was given out, or the one that was refused.
fn told(exchange: &Exchange, exchanged: &Exchanged) -> Option<Entry> {
    let entry = |event, jti: &str| Entry::of(event).user(exchange.user_id).jti(jti);
    let used = &exchange.used.jti;
    Some(match exchanged {
        Exchanged::Done => entry(Event::Refresh, &exchange.successor.jti),
        Exchanged::Again { jti, .. } => entry(Event::Refresh, jti).because(Reason::Repeated),
        Exchanged::Refused { family_revoked: true } => entry(Event::FamilyRevoked, used).because(Reason::Replay),
        Exchanged::Refused { family_revoked: false } => entry(Event::Refresh, used).refused(Reason::Revoked),
        Exchanged::NoUser => entry(Event::Refresh, used).refused(Reason::ChangedMeanwhile),
        Exchanged::NotAdmitted => return None,
    })
}

fn exchange_step_by_step(
    transaction: &mut DbConnection<'_>,
    exchange: &Exchange,
    now: Timestamp,
) -> Result<Exchanged, StoreError> {
    let standing = user_state::lock_shared(transaction, exchange.user_id)?;
    let standing = standing.filter(|standing| standing.is_active || !exchange.needs_active_user);
    match (standing, exchange.admission) {
        (None, Admission::AsSeen(_)) => return Ok(Exchanged::NoUser),
        (None, Admission::Open(_)) => return Ok(Exchanged::NotAdmitted),
        (Some(standing), Admission::AsSeen(until)) if standing.tokens_refused_until != until => {
            return Ok(Exchanged::Refused { family_revoked: false });
        }
        (Some(standing), Admission::Open(issued_at)) if is_refused(issued_at, standing.tokens_refused_until) => {
            return Ok(Exchanged::NotAdmitted);
        }
        _ => {}
    }
    let known = match transaction {
        // The transaction is the only one that writes, so that a family of one is made when it is known to be needed.
        DbConnection::Sqlite(_) => find_family(transaction, &exchange.used.jti)?,
        DbConnection::Postgres(_) => Some(lock_family(transaction, &exchange.used.jti)?),
    };
    if !blacklist::blacklist(transaction, &exchange.used, now)? {
        return match known {
            Some(family) => repeated(transaction, exchange, &family, now),
            None => Ok(Exchanged::Refused { family_revoked: false }),
        };
    }
    let family_id = match known {
        Some(Family { is_revoked: true, .. }) => return Ok(Exchanged::Refused { family_revoked: false }),
        Some(family) => family.id,
        None => begin_family(transaction, &exchange.successor.jti)?,
    };
    blacklist::create_outstanding(transaction, &exchange.successor)?;
    note_exchange(transaction, exchange, &family_id, now)?;
    Ok(Exchanged::Done)
}

/// The exchange as it nearly always goes, in one statement: the steps below in the same order, and the same locks. Each step
/// takes its rows from the one before, so that nothing is written unless everything is as it should be.
///
/// The rows that are locked are looked at once more when somebody else has changed them meanwhile, as PostgreSQL does at its
/// default level of isolation. So who ends a user's tokens at the same time comes before or after, and not in between.
const EXCHANGE_AT_ONCE: &str = "\
WITH admitted AS (
    SELECT u.id FROM auth_user u JOIN hallpass_user_state s ON s.user_id = u.id
    WHERE u.id = $1 AND (u.is_active OR NOT $2) AND s.tokens_refused_until IS NOT DISTINCT FROM $3
    FOR SHARE OF u, s
), family AS (
    INSERT INTO hallpass_refresh_family AS f (id)
    SELECT coalesce((SELECT m.family_id FROM hallpass_refresh_member m WHERE m.jti = $4), $4) FROM admitted
    ON CONFLICT (id) DO UPDATE SET revoked_at = NULL WHERE f.revoked_at IS NULL
    RETURNING id
), used AS (
    INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at)
    SELECT o.id, $5 FROM family, token_blacklist_outstandingtoken o WHERE o.jti = $4
    ON CONFLICT (token_id) DO NOTHING
    RETURNING token_id
), successor AS (
    INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti)
    SELECT $6, $7, $8, $1, $9 FROM used
), old AS (
    INSERT INTO hallpass_refresh_member
        (jti, family_id, expires_at, exchanged_at, successor_jti, successor_iat, successor_exp)
    SELECT $4, family.id, $10, $5, $9, $11, $12 FROM used, family
    ON CONFLICT (jti) DO UPDATE SET exchanged_at = excluded.exchanged_at, successor_jti = excluded.successor_jti,
        successor_iat = excluded.successor_iat, successor_exp = excluded.successor_exp
), new AS (
    INSERT INTO hallpass_refresh_member (jti, family_id, expires_at) SELECT $9, family.id, $8 FROM used, family
)";

/// The row in the audit of the same statement, so that it costs no way to the server and back.
const AND_TELL: &str = "\
, told AS (
    INSERT INTO hallpass_audit (at, event, outcome, user_id, client, request_id, token)
    SELECT $13, $14, $15, $1, $16, $17, $9 FROM used
)";

#[derive(QueryableByName)]
struct AtOnce {
    #[diesel(sql_type = BigInt)]
    exchanged: i64,
}

/// Whether the exchange was done; `false` when something is not as usual, and [`exchange`] has to find out what.
fn exchange_at_once(
    connection: &mut PgConnection,
    exchange: &Exchange,
    refused_until: Option<Timestamp>,
    trail: &Trail,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Exchange { user_id, used, successor, needs_active_user, .. } = exchange;
    let and_tell = if trail.is_kept() { AND_TELL } else { "" };
    let exchanged = diesel::sql_query(format!("{EXCHANGE_AT_ONCE}{and_tell} SELECT count(*) AS exchanged FROM used"))
        .bind::<Integer, _>(user_id)
        .bind::<Bool, _>(needs_active_user)
        .bind::<Nullable<SqlTimestamp>, _>(refused_until.map(StoredTime))
        .bind::<Text, _>(&used.jti)
        .bind::<SqlTimestamp, _>(StoredTime(now))
        .bind::<Text, _>(&successor.token)
        .bind::<SqlTimestamp, _>(StoredTime(successor.created_at))
        .bind::<SqlTimestamp, _>(StoredTime(successor.expires_at))
        .bind::<Text, _>(&successor.jti)
        .bind::<SqlTimestamp, _>(StoredTime(used.expires_at))
        .bind::<BigInt, _>(successor.created_at.as_seconds())
        .bind::<BigInt, _>(successor.expires_at.as_seconds());
    let row: AtOnce = match trail.is_kept() {
        false => Kept(exchanged).get_result(connection)?,
        true => {
            let exchanged = exchanged
                .bind::<SqlTimestamp, _>(StoredTime(trail.at()))
                .bind::<Text, _>(Event::Refresh.as_str())
                .bind::<Text, _>(Outcome::Success.as_str())
                .bind::<Text, _>(trail.client())
                .bind::<Nullable<Text>, _>(trail.request_id());
            Kept(exchanged).get_result(connection)?
        }
    };
    Ok(row.exchanged == 1)
}

/// Refuses every token of the family of `jti`, if that token has been exchanged. Gives whether that revoked anything:
/// not if it was not exchanged, nor if the family was revoked before.
///
/// For a token that somebody logs out with when it already has a successor: one of the two holders is a thief.
pub fn revoke_if_exchanged(transaction: &mut DbConnection<'_>, jti: &str, now: Timestamp) -> Result<bool, StoreError> {
    let Some(Member { successor_jti: Some(_), family_id, .. }) = find_member(transaction, jti)? else {
        return Ok(false);
    };
    let family = lock_family_row(transaction, &family_id)?;
    revoke(transaction, &family_id, now)?;
    Ok(!family.is_revoked)
}

/// Forgets up to `limit` expired members, and the families that they leave empty. Gives how many members.
pub fn delete_expired(transaction: &mut DbConnection<'_>, now: Timestamp, limit: i64) -> Result<usize, StoreError> {
    let query = member::table
        .filter(member::expires_at.le(StoredTime(now)))
        .order(member::expires_at)
        .limit(limit)
        .select((member::jti, member::family_id));
    let expired: Vec<(String, String)> = on_each!(transaction, |c| query.load(c))?;
    let (jtis, families): (Vec<String>, Vec<String>) = expired.into_iter().unzip();
    let members = member::table.filter(member::jti.eq_any(&jtis));
    on_each!(transaction, |c| diesel::delete(members).execute(c))?;
    let kept = member::table.filter(member::family_id.eq_any(&families)).select(member::family_id);
    let kept: Vec<String> = on_each!(transaction, |c| kept.load(c))?;
    let empty: Vec<&String> = families.iter().filter(|family| !kept.contains(family)).collect();
    let empty = family::table.filter(family::id.eq_any(empty));
    on_each!(transaction, |c| diesel::delete(empty).execute(c))?;
    Ok(jtis.len())
}

struct Family {
    id: String,
    is_revoked: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = member)]
struct Member {
    family_id: String,
    exchanged_at: Option<StoredTime>,
    successor_jti: Option<String>,
    successor_iat: Option<i64>,
    successor_exp: Option<i64>,
}

/// The family of a token, if it has one yet.
fn find_family(transaction: &mut DbConnection<'_>, jti: &str) -> Result<Option<Family>, StoreError> {
    match find_member(transaction, jti)? {
        Some(member) => lock_family_row(transaction, &member.family_id).map(Some),
        None => Ok(None),
    }
}

/// A family with a name of our own making: beginning with the time, it lies beside the last ones in the index, where the first
/// token may be from anywhere. What nobody else can see needs no name that others would find it by.
fn begin_family(transaction: &mut DbConnection<'_>, name: &str) -> Result<String, StoreError> {
    let row = family::id.eq(name);
    on_each!(transaction, |c| diesel::insert_into(family::table).values(row).execute(c))?;
    Ok(name.to_owned())
}

/// The family of a token, locked. Of one that has none yet it is named by the token, so that whoever exchanges that at the same time
/// finds it.
fn lock_family(transaction: &mut DbConnection<'_>, jti: &str) -> Result<Family, StoreError> {
    if let Some(family) = find_family(transaction, jti)? {
        return Ok(family);
    }
    // The first of its family, as far as anybody knows.
    let row = family::id.eq(jti);
    let inserted = on_each!(transaction, |c| {
        diesel::insert_into(family::table).values(row).on_conflict(family::id).do_nothing().execute(c)
    })?;
    match inserted {
        // Nobody else sees it yet, so that it need not be locked.
        1 => Ok(Family { id: jti.to_owned(), is_revoked: false }),
        _ => lock_family_row(transaction, jti),
    }
}

fn lock_family_row(transaction: &mut DbConnection<'_>, id: &str) -> Result<Family, StoreError> {
    let query = family::table.find(id).select(family::revoked_at);
    let revoked_at: Option<StoredTime> = match transaction {
        DbConnection::Sqlite(c) => query.get_result(&mut **c)?,
        DbConnection::Postgres(c) => query.for_update().get_result(&mut **c)?,
    };
    Ok(Family { id: id.to_owned(), is_revoked: revoked_at.is_some() })
}

fn find_member(transaction: &mut DbConnection<'_>, jti: &str) -> Result<Option<Member>, StoreError> {
    let query = member::table.find(jti);
    Ok(on_each!(transaction, |c| query.select(Member::as_select()).get_result(c).optional())?)
}

/// The token was refused before: by its own exchange, or by somebody who logged out.
fn repeated(
    transaction: &mut DbConnection<'_>,
    exchange: &Exchange,
    family: &Family,
    now: Timestamp,
) -> Result<Exchanged, StoreError> {
    let member = find_member(transaction, &exchange.used.jti)?;
    let Some(Member { successor_jti: Some(jti), exchanged_at, successor_iat, successor_exp, .. }) = member else {
        return Ok(Exchanged::Refused { family_revoked: false });
    };
    let is_recent =
        exchanged_at.is_some_and(|at| exchange.grace > Duration::ZERO && at.0.saturating_add(exchange.grace) >= now);
    if let (true, false, Some(iat), Some(exp)) = (is_recent, family.is_revoked, successor_iat, successor_exp)
        && !blacklist::is_blacklisted(transaction, &jti)?
    {
        let (issued_at, expires_at) = (Timestamp::from_seconds(iat), Timestamp::from_seconds(exp));
        return Ok(Exchanged::Again { jti, issued_at, expires_at });
    }
    revoke(transaction, &family.id, now)?;
    Ok(Exchanged::Refused { family_revoked: !family.is_revoked })
}

/// Refuses every token of a family, in Django's table too.
fn revoke(transaction: &mut DbConnection<'_>, family_id: &str, now: Timestamp) -> Result<(), StoreError> {
    let jtis = member::table.filter(member::family_id.eq(family_id)).select(member::jti);
    let live = outstanding::table
        .left_join(blacklisted::table)
        .filter(outstanding::jti.eq_any(jtis).and(blacklisted::id.nullable().is_null()))
        .select(outstanding::id);
    let live: Vec<i64> = on_each!(transaction, |c| live.load(c))?;
    for id in live {
        on_each!(transaction, |c| {
            diesel::insert_into(blacklisted::table)
                .values((blacklisted::token_id.eq(id), blacklisted::blacklisted_at.eq(StoredTime(now))))
                .on_conflict(blacklisted::token_id)
                .do_nothing()
                .execute(c)
        })?;
    }
    let unrevoked = family::table.find(family_id).filter(family::revoked_at.is_null());
    let update = diesel::update(unrevoked).set(family::revoked_at.eq(StoredTime(now)));
    on_each!(transaction, |c| update.execute(c))?;
    Ok(())
}

fn note_exchange(
    transaction: &mut DbConnection<'_>,
    exchange: &Exchange,
    family_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Exchange { used, successor, .. } = exchange;
    let exchanged = (
        member::exchanged_at.eq(StoredTime(now)),
        member::successor_jti.eq(&successor.jti),
        member::successor_iat.eq(successor.created_at.as_seconds()),
        member::successor_exp.eq(successor.expires_at.as_seconds()),
    );
    let row = |token: &OutstandingToken| {
        (
            member::jti.eq(token.jti.clone()),
            member::family_id.eq(family_id.to_owned()),
            member::expires_at.eq(StoredTime(token.expires_at)),
        )
    };
    on_each!(transaction, |c| {
        let insert = diesel::insert_into(member::table).values((row(used), exchanged));
        let upsert = insert.on_conflict(member::jti).do_update().set(exchanged).returning(member::jti);
        Kept(upsert).get_result::<String>(c)
    })?;
    on_each!(transaction, |c| diesel::insert_into(member::table).values(row(successor)).execute(c))?;
    Ok(())
}
