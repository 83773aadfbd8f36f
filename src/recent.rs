//! What was found out a moment ago, within a bound on memory.
//!
//! Two maps, a young one and an old one. What is asked for again moves to the young one; when that has taken up half of the
//! memory, it becomes the old one and what was in the old one is forgotten. So whatever is in use stays, at the price of one
//! look into a map, and forgetting costs nothing until it is due.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// What a place in a map takes besides the key and the value themselves.
const OVERHEAD: usize = 16;

/// A bounded map of keys to values.
///
/// Hash values are keyed anew in each map, so that nobody can choose keys that collide.
pub(crate) struct Recent<K, V> {
    young: Generation<K, V>,
    old: Generation<K, V>,
    /// How many bytes one generation may take.
    limit: usize,
}

struct Generation<K, V> {
    map: HashMap<K, Slot<V>, foldhash::quality::RandomState>,
    bytes: usize,
}

struct Slot<V> {
    value: V,
    bytes: usize,
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self { map: HashMap::default(), bytes: 0 }
    }
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// Keeps about `memory` bytes at most; with zero, nothing.
    pub(crate) fn within(memory: usize) -> Self {
        Self { young: Generation::default(), old: Generation::default(), limit: memory / 2 }
    }

    /// What is known of `key`.
    pub(crate) fn get<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some((key, slot)) = self.old.map.remove_entry(key) {
            self.old.bytes = self.old.bytes.saturating_sub(slot.bytes);
            self.put(key, slot);
        }
        self.young.map.get(key).map(|slot| &slot.value)
    }

    /// Notes `value`, whose own allocations and those of its key take `heap` bytes.
    pub(crate) fn insert(&mut self, key: K, value: V, heap: usize) {
        let bytes = heap + size_of::<K>() + size_of::<Slot<V>>() + OVERHEAD;
        if bytes <= self.limit {
            self.old.map.remove(&key);
            self.put(key, Slot { value, bytes });
        }
    }

    fn put(&mut self, key: K, slot: Slot<V>) {
        if self.young.bytes + slot.bytes > self.limit {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes += slot.bytes;
        if let Some(replaced) = self.young.map.insert(key, slot) {
            self.young.bytes = self.young.bytes.saturating_sub(replaced.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    /// What one entry of these tests takes.
    const ENTRY: usize = 100 + size_of::<u32>() + size_of::<super::Slot<u32>>() + super::OVERHEAD;

    #[test]
    fn what_was_noted_last_is_known() {
        let mut recent = Recent::within(ENTRY * 20);

        recent.insert(1, 10, 100);
        recent.insert(1, 11, 100);

        assert_eq!(recent.get(&1), Some(&11));
        assert_eq!(recent.get(&2), None);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut recent = Recent::within(ENTRY * 20);

        for key in 0_u32..10_000 {
            recent.insert(key, key, 100);
            assert!(recent.young.map.len() + recent.old.map.len() <= 20);
            assert_eq!(recent.young.bytes, recent.young.map.len() * ENTRY);
        }

        assert!(recent.get(&9_999).is_some());
        assert_eq!(recent.get(&0), None);
    }

    #[test]
    fn what_is_asked_for_again_and_again_stays() {
        let mut recent = Recent::within(ENTRY * 20);
        recent.insert(0, 0, 100);

        for key in 1_u32..10_000 {
            recent.insert(key, key, 100);
            assert_eq!(recent.get(&0), Some(&0), "after {key} others");
        }
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_without_memory_nothing_is() {
        let mut recent = Recent::within(ENTRY * 20);
        recent.insert(1, 1, ENTRY * 20);
        assert_eq!(recent.get(&1), None);

        let mut none = Recent::within(0);
        none.insert(1, 1, 0);
        assert_eq!(none.get(&1), None);
    }
}
