//! A password that is tried, as the audit tells of it.

use super::lockout::End;
use crate::store::audit::{Entry, Event, Reason, Trail};
use crate::store::counters::{Account, CounterKey};
use crate::store::{DbConnection, StoreError};

/// By whom a password is tried, for what, and at whose account.
#[derive(Clone)]
pub(super) struct Attempt {
    trail: Trail,
    entry: Entry,
    purpose: Purpose,
}

/// What a password is tried for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose {
    /// What a wrong one is called.
    pub(super) event: Event,
    /// Whether a right one has its row with the attempt. Else it is in the transaction of what it was sent for.
    pub(super) notes_success: bool,
}

impl Attempt {
    /// An attempt at `account`, which is counted under `key`.
    pub(super) fn new(trail: Trail, purpose: Purpose, account: Account<'_>, key: &CounterKey) -> Self {
        let entry = match account {
            Account::User(id) => Entry::of(purpose.event).user(id),
            Account::Nobody(_) => Entry::of(purpose.event).named(key),
        };
        Self { trail, entry, purpose }
    }

    /// Whether this end has a row.
    pub(super) fn notes(&self, end: End) -> bool {
        let is_told = match end {
            End::Right => self.purpose.notes_success,
            // Who was let in by a token although they are inactive is not refused for it here.
            End::Wrong(Reason::Inactive) => self.purpose.event == Event::Login,
            End::Wrong(_) => true,
            End::Untried => false,
        };
        is_told && self.trail.is_kept()
    }

    /// Writes down how it ended.
    pub(super) fn record(&self, transaction: &mut DbConnection<'_>, end: End) -> Result<(), StoreError> {
        match end {
            _ if !self.notes(end) => Ok(()),
            End::Wrong(why) => self.trail.record(transaction, &self.entry.clone().refused(why)),
            _ => self.trail.record(transaction, &self.entry),
        }
    }

    /// Writes down that the account is locked now.
    pub(super) fn record_lock(&self, transaction: &mut DbConnection<'_>, why: Reason) -> Result<(), StoreError> {
        self.trail.record(transaction, &self.entry.clone().called(Event::Lock).because(why))
    }
}
