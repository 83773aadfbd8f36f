//! What was found out a moment ago, within a bound on memory.
//!
//! When there is no room for one more, the oldest entry goes that nobody has asked for since the last time it was looked at: a
//! hand goes round, and whom it passes is looked at. So what is in use stays, and to ask costs no more than a look into a map.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

/// How many bytes the index takes for an entry, a number and a byte, as its places are twice as many as are in use.
const INDEX: usize = 2 * (size_of::<u32>() + 1);

/// What takes memory besides its own place.
pub trait Heap {
    /// How many bytes that is.
    fn heap(&self) -> usize {
        0
    }
}

impl Heap for i32 {}
impl<const N: usize> Heap for [u8; N] {}

/// A bounded map of keys to values.
///
/// Hash values are keyed anew in each map, so that nobody can choose keys that collide.
pub(crate) struct Recent<K, V> {
    entries: Vec<(K, V)>,
    /// Which of them were asked for since the hand went by.
    asked_for: Vec<bool>,
    /// Where a key's entry is.
    index: HashTable<u32>,
    hasher: RandomState,
    hand: usize,
    /// How many bytes the entries take besides themselves.
    heap: usize,
    memory: usize,
}

impl<K: Hash + Eq + Heap, V: Heap> Recent<K, V> {
    /// What an entry takes that has nothing elsewhere.
    const ENTRY: usize = size_of::<(K, V)>() + size_of::<bool>() + INDEX;

    /// Keeps `memory` bytes at most; with zero, nothing.
    pub(crate) fn within(memory: usize) -> Self {
        Self {
            entries: Vec::new(),
            asked_for: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            hand: 0,
            heap: 0,
            memory,
        }
    }

    /// What is known of `key`.
    pub(crate) fn get<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let place = self.place(key)?;
        *self.asked_for.get_mut(place)? = true;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// Notes `value`, unless it is too large.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if let Some(place) = self.place(&key) {
            self.remove(place);
        }
        let heap = key.heap() + value.heap();
        if Self::ENTRY + heap > self.memory {
            return;
        }
        while (self.entries.len() + 1) * Self::ENTRY + self.heap + heap > self.memory {
            self.forget_one();
        }
        let Ok(place) = u32::try_from(self.entries.len()) else { return };
        let Self { entries, hasher, index, .. } = self;
        let rehash = |place: &u32| entries.get(*place as usize).map_or(0, |(key, _)| hasher.hash_one(key));
        index.insert_unique(hasher.hash_one(&key), place, rehash);
        if self.entries.len() == self.entries.capacity() {
            // By halves and never beyond what there may be: a vector left to itself doubles.
            let most = self.memory / Self::ENTRY;
            let more = (self.entries.len() / 2).max(16).min(most - self.entries.len());
            self.entries.reserve_exact(more);
            self.asked_for.reserve_exact(more);
        }
        self.entries.push((key, value));
        self.asked_for.push(false);
        self.heap += heap;
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.asked_for.clear();
        self.index.clear();
        self.heap = 0;
    }

    fn place<Q>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let is_it = |place: &u32| self.entries.get(*place as usize).is_some_and(|(known, _)| known.borrow() == key);
        self.index.find(self.hasher.hash_one(key), is_it).map(|place| *place as usize)
    }

    fn forget_one(&mut self) {
        loop {
            match self.asked_for.get_mut(self.hand) {
                None => self.hand = 0,
                Some(asked_for) if *asked_for => {
                    *asked_for = false;
                    self.hand += 1;
                }
                Some(_) => break,
            }
        }
        self.remove(self.hand);
        // The newest has come to this place, and has a whole turn before it.
        self.hand += 1;
    }

    /// Takes the entry at `place` out, and puts the last one there.
    fn remove(&mut self, place: usize) {
        let last = self.entries.len() - 1;
        self.unindex(place);
        let (key, value) = self.entries.swap_remove(place);
        self.asked_for.swap_remove(place);
        self.heap = self.heap.saturating_sub(key.heap() + value.heap());
        if let Some((moved, _)) = self.entries.get(place) {
            let found = self.index.find_mut(self.hasher.hash_one(moved), |known| *known as usize == last);
            if let (Some(found), Ok(place)) = (found, u32::try_from(place)) {
                *found = place;
            }
        }
    }

    fn unindex(&mut self, place: usize) {
        let Some((key, _)) = self.entries.get(place) else { return };
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(key), |known| *known as usize == place) {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Heap, Recent};

    impl Heap for u32 {}

    impl Heap for String {
        fn heap(&self) -> usize {
            self.capacity()
        }
    }

    const MEMORY: usize = 20 * Recent::<u32, u32>::ENTRY;

    fn numbers(memory: usize) -> Recent<u32, u32> {
        Recent::within(memory)
    }

    #[test]
    fn what_was_noted_last_is_known() {
        let mut recent = numbers(MEMORY);

        recent.insert(1, 10);
        recent.insert(1, 11);

        assert_eq!(recent.get(&1), Some(&11));
        assert_eq!(recent.get(&2), None);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut recent = numbers(MEMORY);

        for key in 0..10_000 {
            recent.insert(key, key);
            assert!(recent.entries.capacity() <= 20);
            assert_eq!(recent.get(&key), Some(&key));
            assert_eq!(recent.index.len(), recent.entries.len());
        }

        assert_eq!(recent.entries.len(), 20, "all of it is used");
        assert_eq!(recent.get(&0), None);
    }

    #[test]
    fn what_entries_have_elsewhere_counts() {
        let mut recent = Recent::<u32, String>::within(10_000);
        let of_all =
            |recent: &Recent<u32, String>| recent.entries.iter().map(|(_, text)| text.capacity()).sum::<usize>();

        for key in 0..1_000 {
            recent.insert(key % 300, "x".repeat(1 + key as usize % 2_000));
            assert_eq!(recent.heap, of_all(&recent));
            assert!(recent.heap + recent.entries.len() * Recent::<u32, String>::ENTRY <= 10_000);
        }
        recent.clear();
        assert_eq!(recent.heap, 0);
    }

    #[test]
    fn what_is_asked_for_again_and_again_stays() {
        let mut recent = numbers(MEMORY);
        for key in 0..10 {
            recent.insert(key, key);
        }

        for key in 10..10_000 {
            recent.insert(key, key);
            for wanted in 0..10 {
                assert_eq!(recent.get(&wanted), Some(&wanted), "after {key} others");
            }
        }
    }

    #[test]
    fn as_many_as_there_is_room_for_stay_all_together() {
        let mut recent = numbers(MEMORY);
        (0..20).for_each(|key| recent.insert(key, key));

        assert!((0..20).all(|key| recent.get(&key) == Some(&key)));
    }

    #[test]
    fn a_map_and_this_know_the_same() {
        let mut recent = numbers(usize::MAX);
        let mut map = std::collections::HashMap::new();
        let mut random = fastrand::Rng::with_seed(7);

        for value in 0..20_000 {
            let key = random.u32(0..500);
            recent.insert(key, value);
            map.insert(key, value);
            let asked = random.u32(0..600);
            assert_eq!(recent.get(&asked), map.get(&asked));
        }
    }

    #[test]
    fn nothing_is_known_after_it_was_forgotten() {
        for entries in [1, 40] {
            let mut recent = numbers(MEMORY);
            (0..entries).for_each(|key| recent.insert(key, key));

            recent.clear();

            assert!((0..entries).all(|key| recent.get(&key).is_none()));
            recent.insert(7, 8);
            assert_eq!(recent.get(&7), Some(&8));
        }
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_without_memory_nothing_is() {
        let mut recent = Recent::<u32, String>::within(10_000);
        recent.insert(1, String::from("small"));
        recent.insert(1, "x".repeat(12_000));
        assert_eq!(recent.get(&1), None, "nor is what was known before");

        let mut none = numbers(0);
        none.insert(1, 1);
        assert_eq!(none.get(&1), None);
    }
}
