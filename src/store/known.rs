//! The rows of the hot lookups that were read a moment ago.

use super::groups::Groups;
use super::tokens::Holder;
use super::users::{Key, TokenUser, User};
use crate::recent::Recent;

/// Since when a row is known. It is good as long as this is the one of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since(pub(super) u64, pub(super) u64);

/// What a thread knows, each row with the moment that it is good for.
pub(super) struct Known {
    holders: Recent<Box<str>, (Since, Holder)>,
    users: Recent<Key, (Since, TokenUser)>,
    groups: Recent<i32, (Since, Groups)>,
}

impl Known {
    /// Keeps about `memory` bytes of each kind.
    pub(super) fn within(memory: usize) -> Self {
        Self { holders: Recent::within(memory), users: Recent::within(memory), groups: Recent::within(memory) }
    }

    /// Who holds a token, and since when if that is asked for.
    pub(super) fn holder(&mut self, key: &str, with_age: bool, now: Since) -> Option<Holder> {
        let is_enough = |holder: &Holder| holder.created.is_some() || !with_age;
        let (_, holder) = self.holders.get(key).filter(|(since, holder)| *since == now && is_enough(holder))?;
        Some(holder.clone())
    }

    /// Notes who holds a token; that nobody does is not noted.
    pub(super) fn note_holder(&mut self, key: &str, holder: Option<&Holder>, since: Since) {
        if let Some(holder) = holder {
            self.holders.insert(key.into(), (since, holder.clone()), key.len() + heap_of(&holder.user));
        }
    }

    /// The user of a key.
    pub(super) fn user(&mut self, key: &Key, now: Since) -> Option<TokenUser> {
        self.users.get(key).filter(|(since, _)| *since == now).map(|(_, user)| user.clone())
    }

    /// Notes the user of a key; that there is none is not noted.
    pub(super) fn note_user(&mut self, key: &Key, user: Option<&TokenUser>, since: Since) {
        if let Some(user) = user {
            let name = if let Key::Username(name) = key { name.len() } else { 0 };
            self.users.insert(key.clone(), (since, user.clone()), name + heap_of(&user.user));
        }
    }

    /// The groups of a user.
    pub(super) fn groups(&mut self, user_id: i32, now: Since) -> Option<Groups> {
        self.groups.get(&user_id).filter(|(since, _)| *since == now).map(|(_, groups)| groups.clone())
    }

    /// Notes the groups of a user; that they are in none is noted as well, since most are.
    pub(super) fn note_groups(&mut self, user_id: i32, groups: &Groups, since: Since) {
        self.groups.insert(user_id, (since, groups.clone()), groups.heap());
    }
}

fn heap_of(user: &User) -> usize {
    user.username.len()
}
