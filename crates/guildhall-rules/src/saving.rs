//! How saving goes, as one word that clients and operators are told: decided from the age of the
//! oldest unsaved write, how full the buffer is, and failures. Pure; the persistence process asks
//! after everything that it does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// The states, best first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SavingState {
    /// What is taken up is committed soon.
    #[default]
    Saving,
    /// Writes are taken up and wait longer than they should.
    SavingDelayed,
    /// No more writes are taken up: the buffer is full, or nothing can be promised.
    ReadOnly,
}

impl SavingState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Saving => "saving",
            Self::SavingDelayed => "saving_delayed",
            Self::ReadOnly => "read_only",
        }
    }
}

/// From where on saving counts as delayed.
#[derive(Clone, Copy, Debug)]
pub struct SavingLimits {
    /// Age of the oldest unsaved write; at half of it saving counts as well again.
    pub delayed_after: Duration,
}

/// Batches that failed one after the other until saving counts as delayed whatever the ages.
pub const FAILURES_UNTIL_DELAYED: u32 = 3;
/// Hundredths of the buffer: at this many nothing more fits for long.
pub const FULL_PERCENT: u8 = 95;
/// Hundredths of the buffer that must be reached again for writing to go on, so that the state
/// does not come and go with each write.
pub const ROOM_PERCENT: u8 = 75;

/// What is seen of the buffer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SavingSight {
    /// `None`: everything is saved.
    pub oldest_unsaved: Option<Duration>,
    /// Of its places or of its bytes, whichever is fuller, in hundredths.
    pub full_percent: u8,
    /// Batches that failed since the last one that did not.
    pub failures: u32,
    /// Nothing will be promised any more: the journal has failed, or another server has the world.
    pub broken: bool,
}

/// The state that follows `now` when this is seen.
pub fn next_state(now: SavingState, seen: &SavingSight, limits: &SavingLimits) -> SavingState {
    let full = match now {
        SavingState::ReadOnly => ROOM_PERCENT,
        SavingState::Saving | SavingState::SavingDelayed => FULL_PERCENT,
    };
    let delayed_after = match now {
        SavingState::Saving => limits.delayed_after,
        SavingState::SavingDelayed | SavingState::ReadOnly => limits.delayed_after / 2,
    };
    let is_old = seen.oldest_unsaved.is_some_and(|age| age >= delayed_after);
    if seen.broken || seen.full_percent >= full {
        SavingState::ReadOnly
    } else if is_old || seen.failures >= FAILURES_UNTIL_DELAYED {
        SavingState::SavingDelayed
    } else {
        SavingState::Saving
    }
}

/// How full a buffer is, in hundredths, rounded down.
pub fn percent(held: usize, most: usize) -> u8 {
    let percent = held.saturating_mul(100) / most.max(1);
    u8::try_from(percent.min(100)).unwrap_or(100)
}
