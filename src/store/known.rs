//! The rows of the hot lookups that were read a moment ago, in little memory.

use smol_str::SmolStr;

use super::groups::Groups;
use super::tokens::Holder;
use super::users::{self, TokenUser};
use crate::clock::Timestamp;
use crate::recent::{Heap, Recent};

/// Since when something is known. It is good as long as this is the one of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Since(pub(super) u64, pub(super) u64);

/// What a thread knows, all of it good for the same moment.
pub(super) struct Known {
    since: Since,
    holders: Recent<TokenKey, Held>,
    users: Recent<UserKey, Seen>,
    groups: Recent<i32, Groups>,
}

impl Known {
    /// Keeps up to `memory` bytes of each kind.
    pub(super) fn within(memory: usize) -> Self {
        Self {
            since: Since::default(),
            holders: Recent::within(memory),
            users: Recent::within(memory),
            groups: Recent::within(memory),
        }
    }

    /// Who holds a token, and since when if that is asked for.
    pub(super) fn holder(&mut self, key: &str, with_age: bool, now: Since) -> Option<Holder> {
        let held = self.at(now).holders.get(&TokenKey::from(key))?;
        let created = held.created.get();
        (created.is_some() || !with_age).then(|| Holder { user: held.user.to_user(), created })
    }

    /// Notes who holds a token; that nobody does is not noted.
    pub(super) fn note_holder(&mut self, key: &str, holder: Option<&Holder>, since: Since) {
        if let Some(holder) = holder.filter(|_| self.since == since) {
            let held = Held { user: User::from(&holder.user), created: holder.created.into() };
            self.holders.insert(TokenKey::from(key), held);
        }
    }

    /// The user of a key.
    pub(super) fn user(&mut self, key: &users::Key, now: Since) -> Option<TokenUser> {
        let seen = self.at(now).users.get(&UserKey::from(key))?;
        Some(TokenUser { user: seen.user.to_user(), tokens_refused_until: seen.tokens_refused_until.get() })
    }

    /// Notes the user of a key; that there is none is not noted.
    pub(super) fn note_user(&mut self, key: &users::Key, user: Option<&TokenUser>, since: Since) {
        if let Some(user) = user.filter(|_| self.since == since) {
            let seen = Seen { user: User::from(&user.user), tokens_refused_until: user.tokens_refused_until.into() };
            self.users.insert(UserKey::from(key), seen);
        }
    }

    /// The groups of a user.
    pub(super) fn groups(&mut self, user_id: i32, now: Since) -> Option<Groups> {
        self.at(now).groups.get(&user_id).cloned()
    }

    /// Notes the groups of a user; that they are in none is noted as well, since most are.
    pub(super) fn note_groups(&mut self, user_id: i32, groups: &Groups, since: Since) {
        if self.since == since {
            self.groups.insert(user_id, groups.clone());
        }
    }

    /// What is good now: nothing, if it was known at another moment.
    fn at(&mut self, now: Since) -> &mut Self {
        if self.since != now {
            self.since = now;
            self.holders.clear();
            self.users.clear();
            self.groups.clear();
        }
        self
    }
}

/// A token of the table. Nearly all are 40 hexadecimal digits, which take half as much.
#[derive(PartialEq, Eq, Hash)]
enum TokenKey {
    Digits([u8; 20]),
    Text(Box<str>),
}

impl Heap for TokenKey {
    fn heap(&self) -> usize {
        match self {
            Self::Digits(_) => 0,
            Self::Text(text) => text.len(),
        }
    }
}

impl From<&str> for TokenKey {
    fn from(key: &str) -> Self {
        bytes_of(key.as_bytes()).map_or_else(|| Self::Text(key.into()), Self::Digits)
    }
}

/// What 40 digits mean; `None` for any other text, digits in capital letters too, since those are another token.
fn bytes_of(digits: &[u8]) -> Option<[u8; 20]> {
    let digits: &[u8; 40] = digits.try_into().ok()?;
    let mut bytes = [0; 20];
    let mut is_any_wrong = false;
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| DIGITS[usize::from(digit)]);
        is_any_wrong |= (high | low) == NO_DIGIT;
        *byte = high << 4 | low & 15;
    }
    (!is_any_wrong).then_some(bytes)
}

const NO_DIGIT: u8 = u8::MAX;

/// What each byte means as a digit.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    digits
};

/// [`users::Key`].
#[derive(PartialEq, Eq, Hash)]
enum UserKey {
    Id(i32),
    Username(Box<str>),
}

impl Heap for UserKey {
    fn heap(&self) -> usize {
        match self {
            Self::Id(_) => 0,
            Self::Username(name) => name.len(),
        }
    }
}

impl From<&users::Key> for UserKey {
    fn from(key: &users::Key) -> Self {
        match key {
            users::Key::Id(id) => Self::Id(*id),
            users::Key::Username(name) => Self::Username(name.as_str().into()),
        }
    }
}

/// [`Holder`].
struct Held {
    user: User,
    created: Moment,
}

impl Heap for Held {
    fn heap(&self) -> usize {
        self.user.heap()
    }
}

/// [`TokenUser`].
struct Seen {
    user: User,
    tokens_refused_until: Moment,
}

/// `Option<Timestamp>` in half of its size: no row has the least one.
struct Moment(i64);

impl Moment {
    const NONE: i64 = i64::MIN;

    fn get(&self) -> Option<Timestamp> {
        (self.0 != Self::NONE).then(|| Timestamp::from_micros(self.0))
    }
}

impl From<Option<Timestamp>> for Moment {
    fn from(moment: Option<Timestamp>) -> Self {
        Self(moment.map_or(Self::NONE, Timestamp::as_micros))
    }
}

impl Heap for Seen {
    fn heap(&self) -> usize {
        self.user.heap()
    }
}

/// [`users::User`].
struct User {
    username: SmolStr,
    id: i32,
    is_active: bool,
    is_staff: bool,
    is_superuser: bool,
}

impl User {
    fn to_user(&self) -> users::User {
        let Self { username, id, is_active, is_staff, is_superuser } = self;
        users::User {
            id: *id,
            username: username.to_string(),
            is_active: *is_active,
            is_staff: *is_staff,
            is_superuser: *is_superuser,
        }
    }
}

impl Heap for User {
    fn heap(&self) -> usize {
        if self.username.is_heap_allocated() { self.username.len() } else { 0 }
    }
}

impl From<&users::User> for User {
    fn from(user: &users::User) -> Self {
        let users::User { id, username, is_active, is_staff, is_superuser } = user;
        Self {
            username: SmolStr::new(username),
            id: *id,
            is_active: *is_active,
            is_staff: *is_staff,
            is_superuser: *is_superuser,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Since, TokenKey};
    use crate::store::tokens::Holder;
    use crate::store::users::User;

    #[test]
    fn little_is_kept_of_a_row() {
        assert!(size_of::<(super::TokenKey, super::Held)>() <= 64);
        assert!(size_of::<(super::UserKey, super::Seen)>() <= 64);
    }

    const DIGITS: &str = "9054f7aa9305e012b3c2300408c3dfdf390fcddf";

    fn holder(username: &str) -> Holder {
        let user = User { id: 1, username: username.into(), is_active: true, is_staff: false, is_superuser: true };
        Holder { user, created: None }
    }

    #[test]
    fn tokens_that_differ_in_anything_are_different_keys() {
        let capitals = DIGITS.to_uppercase();
        let others = [capitals.as_str(), &DIGITS[1..], "", "9054f7aa9305e012b3c2300408c3dfdf390fcddg", &DIGITS[..39]];

        assert!(
            matches!(TokenKey::from(DIGITS), TokenKey::Digits(bytes) if bytes[..2] == [0x90, 0x54] && bytes[19] == 0xdf)
        );
        for other in others {
            assert!(matches!(TokenKey::from(other), TokenKey::Text(text) if *text == *other));
        }
    }

    #[test]
    fn what_was_noted_comes_back_whole() {
        for (key, username) in [(DIGITS, "alice"), ("a-key", &"x".repeat(150))] {
            let mut known = Known::within(10_000);
            assert!(known.holder(key, false, Since(1, 0)).is_none());

            known.note_holder(key, Some(&holder(username)), Since(1, 0));

            let found = known.holder(key, false, Since(1, 0)).map(|holder| holder.user);
            assert_eq!(found, Some(holder(username).user));
            assert!(known.holder(key, true, Since(1, 0)).is_none(), "its age is not known");
        }
    }

    #[test]
    fn nothing_is_good_at_another_moment_than_it_was_read_for() {
        let mut known = Known::within(10_000);
        assert!(known.holder(DIGITS, false, Since(1, 0)).is_none());
        known.note_holder(DIGITS, Some(&holder("alice")), Since(1, 0));
        assert!(known.holder(DIGITS, false, Since(2, 0)).is_none());

        // Read before something changed, and noted after it.
        known.note_holder(DIGITS, Some(&holder("alice")), Since(1, 0));

        assert!(known.holder(DIGITS, false, Since(2, 0)).is_none());
        assert!(known.holder(DIGITS, false, Since(1, 0)).is_none());
    }
}
