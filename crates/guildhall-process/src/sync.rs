//! Small tools for shared state: a lock that survives panics, a hash for our own numbers, a clock.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::Instant as ClockInstant;

/// Locks; our critical sections run no user code, so a poisoned lock guards sound data.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A hash for numbers that we count up ourselves: nobody can choose them to collide.
#[derive(Default)]
pub(crate) struct NumberHasher(u64);

pub(crate) type NumberHash = BuildHasherDefault<NumberHasher>;

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the first call; at least 1, so that 0 can mean "not".
pub(crate) fn now_ns() -> u64 {
    // tokio's clock, so that virtual time (feature `testing`) holds for figures as well.
    let now = ClockInstant::now().into_std();
    let ns = now.saturating_duration_since(*EPOCH).as_nanos();
    u64::try_from(ns).unwrap_or(u64::MAX).max(1)
}

pub(crate) fn since_ns(then: u64) -> Duration {
    Duration::from_nanos(now_ns().saturating_sub(then))
}
