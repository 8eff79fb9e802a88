//! Guessing at passwords: after some failures each further one doubles the wait before the next attempt, and rest
//! makes failures forgotten, one by one. The same rule for an account, whether it exists or not, and for an address.

use std::time::Duration;

use crate::kept::Fades;

#[cfg(test)]
mod tests;

/// How failures count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutLimits {
    /// Failures that cost nothing: fingers slip.
    pub free: u32,
    /// The wait after the first one beyond; the next one doubles it.
    pub first_delay: Duration,
    /// The longest wait.
    pub delay_max: Duration,
    /// One failure is forgotten for each of these since the last one.
    pub forgotten_after: Duration,
}

impl LockoutLimits {
    /// The wait after so many failures.
    #[must_use]
    pub fn delay(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free.saturating_add(1)) else {
            return Duration::ZERO;
        };
        let times = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first_delay.saturating_mul(times).min(self.delay_max)
    }

    /// Failures beyond which the wait does not grow: more are not counted, so that a lock ends.
    fn failures_max(&self) -> u32 {
        let grows = |failures: &u32| self.delay(*failures) < self.delay_max;
        let last = self.free.saturating_add(33);
        (self.free..last).find(|n| !grows(n)).unwrap_or(last)
    }
}

/// What is remembered of the attempts of one kind. Times are those since the caller's origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    failures: u32,
    last: Duration,
    locked_until: Duration,
    forgotten_at: Duration,
}

impl Attempts {
    /// How long an attempt must wait at `now`; `None`: it may be made.
    #[must_use]
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        let wait = self.locked_until.saturating_sub(now);
        (!wait.is_zero()).then_some(wait)
    }

    /// An attempt failed, or is about to be made and counts as failed until it is taken back.
    pub fn fail(&mut self, now: Duration, limits: &LockoutLimits) {
        let failures = self.remembered(now, limits).saturating_add(1);
        self.set(failures.min(limits.failures_max()), now, limits);
        self.locked_until = now.saturating_add(limits.delay(self.failures));
    }

    /// An attempt that was counted was none: it was not decided.
    pub fn take_back(&mut self, now: Duration, limits: &LockoutLimits) {
        let failures = self.remembered(now, limits).saturating_sub(1);
        self.set(failures, now, limits);
        self.locked_until = now
            .saturating_add(limits.delay(failures))
            .min(self.locked_until);
    }

    /// Failures that count at `now`.
    #[must_use]
    pub fn remembered(&self, now: Duration, limits: &LockoutLimits) -> u32 {
        let rested = now.saturating_sub(self.last).as_nanos();
        let forgotten = rested
            .checked_div(limits.forgotten_after.as_nanos())
            .and_then(|forgotten| u32::try_from(forgotten).ok());
        self.failures.saturating_sub(forgotten.unwrap_or(u32::MAX))
    }

    fn set(&mut self, failures: u32, now: Duration, limits: &LockoutLimits) {
        self.failures = failures;
        self.last = now;
        let rest = limits.forgotten_after.saturating_mul(failures);
        self.forgotten_at = now.saturating_add(rest);
    }
}

impl Fades for Attempts {
    fn fades_at(&self) -> Duration {
        self.forgotten_at.max(self.locked_until)
    }
}
