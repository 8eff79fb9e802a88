//! Small tools for shared state: a lock that survives panics, a hash for our own numbers, a clock.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::PoisonError;
use std::time::Duration;

use crate::hooks;

#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};

// The models run on these, so that every order of threads can be tried.
#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard, atomic};

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

/// A hash for users' keys: nobody can foresee it, but for a seed, which always means the same.
pub(crate) enum KeyHash {
    Random(RandomState),
    Seeded(u64),
}

impl KeyHash {
    pub fn new() -> Self {
        hooks::chance().map_or_else(|| Self::Random(RandomState::new()), Self::Seeded)
    }

    pub fn hash_one<K: Hash + ?Sized>(&self, key: &K) -> u64 {
        match self {
            Self::Random(state) => state.hash_one(key),
            Self::Seeded(seed) => {
                let mut hasher = DefaultHasher::new();
                hasher.write_u64(*seed);
                key.hash(&mut hasher);
                hasher.finish()
            }
        }
    }
}

/// The clock that every turn is timed with. A precise clock costs as much as handling a message; this one is told
/// by the kernel's tick, so it is off by up to 4 ms, and a time summed up from it is right on average.
#[cfg(target_os = "linux")]
fn ticks() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::MonotonicCoarse)).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn ticks() -> Duration {
    static EPOCH: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    EPOCH.elapsed()
}

/// Nanoseconds of a monotonic clock, to the kernel's tick; at least 1, so that 0 can mean "not". Under a test kit
/// it is the kit's clock, whose time may be virtual.
pub(crate) fn now_ns() -> u64 {
    let now = hooks::clock().unwrap_or_else(ticks);
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).max(1)
}

pub(crate) fn since_ns(then: u64) -> Duration {
    Duration::from_nanos(now_ns().saturating_sub(then))
}
