//! Whether the system's clock may be believed beside what is known of the time. Asked when a world is opened,
//! with its newest record, and while the world's clock is held: a clock that jumps by years must not have
//! anything forgotten, freed or expired.

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// How far the system's clock may be off: the `[limits.clock]` table. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WallLimits {
    /// How far the system's clock may be ahead of the newest record: a world that rested over the holidays, and
    /// half of the shortest time that something is kept in days. 14 days.
    pub ahead_max_ms: u64,
    /// How far it may be behind: one that was set right by hours, whatever the zone. 1 day.
    pub behind_max_ms: u64,
    /// How long nothing may be written before the time alone is noted, so that a world in which nobody plays
    /// has a newest record too. 1 h.
    pub note_interval_ms: u64,
}

impl Default for WallLimits {
    fn default() -> Self {
        let hour_ms = 60 * 60 * 1000;
        Self {
            ahead_max_ms: 14 * 24 * hour_ms,
            behind_max_ms: 24 * hour_ms,
            note_interval_ms: hour_ms,
        }
    }
}

impl WallLimits {
    /// Whether every figure is above zero.
    #[must_use]
    pub fn all_positive(&self) -> bool {
        ![self.ahead_max_ms, self.behind_max_ms, self.note_interval_ms].contains(&0)
    }

    /// Whether the time is noted before it is too long ago to be believed.
    #[must_use]
    pub fn notes_in_time(&self) -> bool {
        self.note_interval_ms <= self.ahead_max_ms && self.note_interval_ms <= self.behind_max_ms
    }

    /// Whether the newest record, of this time, is so far from the world's that the time must be noted.
    #[must_use]
    pub fn is_note_due(&self, newest_us: i64, now_us: i64) -> bool {
        now_us.abs_diff(newest_us) > us(self.note_interval_ms)
    }
}

/// How the system's clock stands beside what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be believed.
    Agrees,
    /// It is further ahead than it may be.
    Ahead {
        /// Microseconds.
        by_us: u64,
    },
    /// It is further behind than it may be.
    Behind {
        /// Microseconds.
        by_us: u64,
    },
}

/// Judges the system's clock by something of which the time is known; both in microseconds since 1970.
#[must_use]
pub fn judge(system_us: i64, known_us: i64, limits: &WallLimits) -> Standing {
    let by_us = system_us.abs_diff(known_us);
    match system_us >= known_us {
        true if by_us > us(limits.ahead_max_ms) => Standing::Ahead { by_us },
        false if by_us > us(limits.behind_max_ms) => Standing::Behind { by_us },
        _ => Standing::Agrees,
    }
}

fn us(ms: u64) -> u64 {
    ms.saturating_mul(1_000)
}
