//! Random input that can be repeated: every run prints its seed, and
//! `GUILDHALL_SEED` sets it.

use std::hash::{BuildHasher, RandomState};

pub(crate) const VARIABLE: &str = "GUILDHALL_SEED";

/// A small random number generator (xorshift64*). For tests only.
#[derive(Clone, Debug)]
pub struct Seed(u64);

impl Seed {
    /// From the environment, else fresh; printed in either case, and shown by
    /// the test runner when the test fails.
    ///
    /// # Panics
    /// When the variable is set to something that is not a number.
    pub fn new(test: &str) -> Self {
        let seed = match std::env::var(VARIABLE) {
            Ok(told) => told.parse().expect("GUILDHALL_SEED is a decimal number"),
            Err(_) => RandomState::new().hash_one(test),
        };
        println!("{test}: repeat with {VARIABLE}={seed}");
        Self::from_number(seed)
    }

    /// A generator that is the same every time.
    pub fn from_number(seed: u64) -> Self {
        // Spreads small seeds, and zero is a state that xorshift never leaves.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1))
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("usize fits into u64");
        usize::try_from(self.next_u64() % end).expect("below a usize")
    }

    /// True `percent` times out of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items, of which there is at least one.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        items.get(self.below(items.len())).expect("within bounds")
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next_u64().to_le_bytes());
        words.flatten().take(len).collect()
    }
}

#[cfg(test)]
mod tests;
