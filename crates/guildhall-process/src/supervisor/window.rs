//! Restart intensity: a sliding window over the restarts of one supervisor (OTP's `add_restart`).

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// OTP's default: one restart in five seconds.
const RESTARTS_MAX: u32 = 1;
const WITHIN: Duration = Duration::from_secs(5);

/// At most `max` restarts within `within`.
#[derive(Debug)]
pub(crate) struct Window {
    max: u32,
    within: Duration,
    times: VecDeque<Instant>,
}

impl Default for Window {
    fn default() -> Self {
        Self::new(RESTARTS_MAX, WITHIN)
    }
}

impl Window {
    pub fn new(max: u32, within: Duration) -> Self {
        Self {
            max,
            within,
            times: VecDeque::new(),
        }
    }

    /// Counts a restart; false if it is one too many.
    pub fn allows(&mut self, now: Instant) -> bool {
        self.times.push_back(now);
        while let Some(oldest) = self.times.front()
            && now.duration_since(*oldest) > self.within
        {
            self.times.pop_front();
        }
        u32::try_from(self.times.len()).is_ok_and(|count| count <= self.max)
    }
}

#[cfg(test)]
mod tests;
