//! Numbers that come in the same order whenever they begin with the same seed.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

pub struct Random {
    seed: u64,
    state: u64,
}

/// A seed that nobody has chosen.
pub fn seed() -> u64 {
    RandomState::new().hash_one(std::process::id()) >> 32
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { seed, state: seed ^ 0x9e37_79b9_7f4a_7c15 }
    }

    /// What to set to see the same once more, as far as threads let it.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Another one that goes its own way.
    pub fn branch(&mut self) -> Self {
        Self::new(self.next())
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a small number");
        usize::try_from(self.next() % bound).expect("a small number")
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + (most - least).mul_f64(self.below(1_000) as f64 / 1_000.0)
    }

    /// SplitMix64, by Sebastiano Vigna.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
