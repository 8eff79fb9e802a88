//! A token bucket: so many at once, and then one in each interval. It holds one time, that at which it would be
//! full again, so that there is nothing to refill.

use std::time::Duration;

use crate::kept::Fades;

#[cfg(test)]
mod tests;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// One for each of these, in the long run.
    pub every: Duration,
    /// So many at once, after a rest.
    pub burst: u32,
}

/// See the file's head. Times are those since the caller's origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    full_at: Duration,
}

impl Bucket {
    /// Takes one.
    ///
    /// # Errors
    /// How long it takes until there is one; nothing was taken.
    pub fn take(&mut self, now: Duration, rate: Rate) -> Result<(), Duration> {
        let full_at = self.full_at.max(now).saturating_add(rate.every);
        let room = rate.every.saturating_mul(rate.burst.max(1));
        match full_at.saturating_sub(now).checked_sub(room) {
            None | Some(Duration::ZERO) => {
                self.full_at = full_at;
                Ok(())
            }
            Some(wait) => Err(wait),
        }
    }
}

impl Fades for Bucket {
    fn fades_at(&self) -> Duration {
        self.full_at
    }
}
