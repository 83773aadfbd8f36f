//! `auth_group` and `auth_user_groups`: which groups a user is in.

use std::ops::Deref;
use std::sync::Arc;

use diesel::prelude::*;

use super::connection::on_each;
use super::schema::{auth_group, auth_user_groups};
use super::{DbConnection, Store, StoreError};
use crate::recent::Heap;

/// The names of a user's groups, sorted by their bytes. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(Arc<[String]>);

impl Groups {
    /// The order of a database depends on its collation.
    pub(super) fn of(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        Self(names.into())
    }
}

impl Heap for Groups {
    fn heap(&self) -> usize {
        self.iter().map(|name| name.len() + size_of::<String>()).sum()
    }
}

impl Deref for Groups {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl Store {
    /// The groups of a user, asked for at every request of the check for reverse proxies. They are found as the hot lookups
    /// find their rows. A user who is not there is in none.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn find_groups(&self, user_id: i32) -> Result<Groups, StoreError> {
        if let Some(readers) = &self.readers {
            let read = readers.try_read(
                |known, now| known.groups(user_id, now),
                |connection| of_user(connection, user_id),
                |known, groups, since| known.note_groups(user_id, groups, since),
            );
            if let Some(groups) = read {
                return Ok(groups);
            }
        }
        let now = self.stale.as_ref().map(|stale| (stale, stale.now()));
        if let Some((stale, now)) = now
            && let Some(groups) = stale.recall(|known| known.groups(user_id, now))
        {
            return Ok(groups);
        }
        let asked = match &self.pipelines {
            Some(pipelines) => pipelines.find_groups(user_id).await?,
            None => None,
        };
        let groups = match asked {
            Some(groups) => groups,
            None => self.run(move |connection| of_user(connection, user_id)).await?,
        };
        if let Some((stale, now)) = now {
            stale.note(|known| known.note_groups(user_id, &groups, now));
        }
        Ok(groups)
    }
}

fn of_user(connection: &mut DbConnection<'_>, user_id: i32) -> Result<Groups, StoreError> {
    let query = auth_user_groups::table
        .inner_join(auth_group::table)
        .filter(auth_user_groups::user_id.eq(user_id))
        .select(auth_group::name);
    Ok(Groups::of(on_each!(connection, |c| query.load(c))?))
}
