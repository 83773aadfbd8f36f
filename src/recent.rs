//! What was found out a moment ago, within a bound on memory.
//!
//! Two maps, a young one and an old one. What is asked for again moves to the young one; when that would grow beyond half of the
//! memory, it becomes the old one and what was in the old one is forgotten. So whatever is in use stays, at the price of one
//! look into a map, and forgetting costs nothing until it is due.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// The fewest places of a map.
const LEAST: usize = 16;

/// How many times as many places a map has after it has grown.
const STEP: usize = 16;

/// A bounded map of keys to values.
///
/// Hash values are keyed anew in each map, so that nobody can choose keys that collide.
pub(crate) struct Recent<K, V> {
    young: Generation<K, V>,
    old: Generation<K, V>,
    /// How many bytes one generation may take.
    limit: usize,
    /// How many places a map may have within that.
    most: usize,
}

/// What takes memory besides its own place.
pub trait Heap {
    /// How many bytes that is.
    fn heap(&self) -> usize {
        0
    }
}

impl Heap for i32 {}
impl<const N: usize> Heap for [u8; N] {}

struct Generation<K, V> {
    map: HashMap<K, V, foldhash::quality::RandomState>,
    heap: usize,
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self { map: HashMap::default(), heap: 0 }
    }
}

impl<K: Hash + Eq, V> Generation<K, V> {
    /// What a place in the map takes: beside each entry lies a byte.
    const PLACE: usize = size_of::<(K, V)>() + 1;

    /// How many places the map has. Their number is a power of two, and an eighth of them stays free.
    fn places(&self) -> usize {
        match self.map.capacity() {
            0 => 0,
            capacity => (capacity * 8 / 7).next_power_of_two(),
        }
    }

    /// Forgets everything and keeps the map's memory, or gives it back where most of it was not in use: to look through all
    /// of it for a few entries would take longer than to have it anew.
    fn clear(&mut self) {
        self.heap = 0;
        if self.map.len() < self.map.capacity() / 8 {
            self.map = HashMap::default();
        } else {
            self.map.clear();
        }
    }
}

impl<K: Hash + Eq + Heap, V: Heap> Recent<K, V> {
    /// Keeps `memory` bytes at most; with zero, nothing.
    pub(crate) fn within(memory: usize) -> Self {
        let limit = memory / 2;
        let most = match limit / Generation::<K, V>::PLACE {
            0 => 0,
            places => 1 << places.ilog2(),
        };
        Self { young: Generation::default(), old: Generation::default(), limit, most }
    }

    /// What is known of `key`.
    pub(crate) fn get<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some((key, value)) = self.old.map.remove_entry(key) {
            self.old.heap = self.old.heap.saturating_sub(key.heap() + value.heap());
            self.put(key, value);
        }
        self.young.map.get(key)
    }

    /// Notes `value`, unless it is too large.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let least = self.grown(0) * Generation::<K, V>::PLACE + key.heap() + value.heap();
        if self.most >= LEAST && least <= self.limit {
            self.old.map.remove(&key);
            self.put(key, value);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    fn put(&mut self, key: K, value: V) {
        let heap = key.heap() + value.heap();
        if !self.young_has_room(heap) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.map.clear();
            self.young.heap = 0;
            if !self.young_has_room(heap) {
                // The map itself leaves too little for what its entries have elsewhere.
                self.young.map = HashMap::default();
                self.young_has_room(heap);
            }
        }
        self.young.heap += heap;
        match self.young.map.entry(key) {
            Entry::Occupied(mut entry) => {
                let before = entry.key().heap() + entry.get().heap();
                self.young.heap = self.young.heap.saturating_sub(before);
                entry.insert(value);
            }
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
        }
    }

    /// Makes room for one entry more in the young map, as far as that may be.
    fn young_has_room(&mut self, heap: usize) -> bool {
        let (len, places) = (self.young.map.len(), self.young.places());
        let wanted = if len < self.young.map.capacity() { places } else { self.grown(places) };
        let has_room = wanted > 0 && wanted * Generation::<K, V>::PLACE + self.young.heap + heap <= self.limit;
        if has_room && wanted > places {
            self.young.map.reserve(wanted / 8 * 7 - len);
        }
        has_room
    }

    /// How many places come after so many; zero when there may be no more. The steps are large, and the last leads to the most
    /// there may be: what a smaller map took is given back in pieces that little else fits into.
    fn grown(&self, places: usize) -> usize {
        let mut next = self.most;
        while next >= LEAST * STEP && next / STEP > places {
            next /= STEP;
        }
        if next > places { next } else { 0 }
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

    /// Room for 28 numbers in each generation: 32 places with a key, a value and a byte.
    const MEMORY: usize = 2 * 32 * (2 * size_of::<u32>() + 1);

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
        let mut most = 0;

        for key in 0..10_000 {
            recent.insert(key, key);
            for generation in [&recent.young, &recent.old] {
                assert!(generation.map.capacity() <= 28);
            }
            most = most.max(recent.young.map.len() + recent.old.map.len());
        }

        assert_eq!(most, 56, "all of it is used");
        assert!(recent.get(&9_999).is_some());
        assert_eq!(recent.get(&0), None);
    }

    #[test]
    fn what_entries_have_elsewhere_counts() {
        let mut recent = Recent::<u32, String>::within(10_000);

        for key in 0..1_000 {
            recent.insert(key, "x".repeat(1 + key as usize % 2_000));
            for generation in [&recent.young, &recent.old] {
                assert_eq!(generation.heap, generation.map.values().map(String::capacity).sum::<usize>());
                assert!(generation.heap + generation.places() * super::Generation::<u32, String>::PLACE <= 5_000);
            }
        }
        recent.insert(999, String::new());
        assert_eq!(recent.young.heap, recent.young.map.values().map(String::capacity).sum::<usize>());
    }

    #[test]
    fn what_is_asked_for_again_and_again_stays() {
        let mut recent = numbers(MEMORY);
        recent.insert(0, 0);

        for key in 1..10_000 {
            recent.insert(key, key);
            assert_eq!(recent.get(&0), Some(&0), "after {key} others");
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
        recent.insert(1, "x".repeat(6_000));
        assert_eq!(recent.get(&1), None);

        let mut none = numbers(0);
        none.insert(1, 1);
        assert_eq!(none.get(&1), None);
    }
}
