//! Restart back-off, an addition to OTP: how long a supervisor waits before a restart. Pure but
//! for the dice; the waiting is a timer message of the supervisor.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::hooks;

/// The waits before the restarts of one child: the bound doubles with every restart in a row, from
/// `first` to `max`. A child that has run for `max` begins anew with `first`.
///
/// The restart is counted against the intensity when the child ends (or a restart fails), not
/// when the wait is over: with waits longer than the intensity's time a supervisor never gives up.
///
/// ```
/// use std::time::Duration;
/// use guildhall_process::{Backoff, Jitter};
///
/// let gentle = Backoff::new(Duration::from_millis(100), Duration::from_secs(30));
/// assert_eq!(gentle.jitter, Jitter::Full);
/// let exact = Backoff { jitter: Jitter::None, ..gentle };
/// # drop(exact);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait; zero means that no wait is ever made.
    pub first: Duration,
    /// The longest wait.
    pub max: Duration,
    /// How a wait is chosen below its bound.
    pub jitter: Jitter,
}

/// How a wait is chosen below its bound.
///
/// ```
/// # use std::time::Duration;
/// # use guildhall_process::{Backoff, Jitter};
/// let second = Duration::from_secs(1);
/// let repeatable = Backoff { jitter: Jitter::Seeded(7), ..Backoff::new(second, 60 * second) };
/// # assert_eq!(repeatable.first, second);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// It is the bound.
    None,
    /// Anything from nothing to the bound, so that those who failed together do not return
    /// together ("full jitter").
    Full,
    /// The same, from this seed: equal seeds give equal waits, for tests.
    Seeded(u64),
}

impl Backoff {
    /// With full jitter.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use guildhall_process::Backoff;
    /// let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(10));
    /// # assert_eq!(backoff.max, Duration::from_secs(10));
    /// ```
    pub fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            jitter: Jitter::Full,
        }
    }

    /// The wait after `streak` restarts in a row.
    fn wait(&self, streak: u32) -> Duration {
        let doubled = 1_u32.checked_shl(streak).unwrap_or(u32::MAX);
        let bound = self.first.saturating_mul(doubled).min(self.max);
        match self.jitter {
            Jitter::None => bound,
            Jitter::Full => {
                let random = || RandomState::new().hash_one(streak);
                below(bound, hooks::chance().unwrap_or_else(random))
            }
            Jitter::Seeded(seed) => below(bound, mixed(seed.wrapping_add(u64::from(streak)))),
        }
    }
}

/// `bound` × `dice` / 2⁶⁴.
fn below(bound: Duration, dice: u64) -> Duration {
    let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
    let share = (u128::from(bound) * u128::from(dice)) >> u64::BITS;
    Duration::from_nanos(u64::try_from(share).unwrap_or(bound))
}

/// The output function of SplitMix64.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The restarts in a row of one child.
#[derive(Debug, Default)]
pub(crate) struct Streak {
    length: u32,
    /// When the child was started that runs now.
    since: Option<Instant>,
}

impl Streak {
    /// The child runs.
    pub fn started(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// The child has ended, or a restart has failed: how long to wait before the next one.
    pub fn wait(&mut self, backoff: Option<Backoff>, now: Instant) -> Duration {
        let since = self.since.take();
        let Some(backoff) = backoff else {
            return Duration::ZERO;
        };
        if since.is_some_and(|since| now.duration_since(since) >= backoff.max) {
            self.length = 0;
        }
        let wait = backoff.wait(self.length);
        self.length = self.length.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests;
