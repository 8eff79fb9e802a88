//! When somebody who was told to come again later should do so: not before it helps, and not all at once.

use std::time::Duration;

/// Seconds over which those are spread who come again for the same reason, beside half of the wait.
const SPREAD_S: u64 = 4;

/// Whole seconds after which to come again: at least `wait` and at least one, and by `chance`, any number, up to half
/// as long again and some seconds.
#[must_use]
pub fn retry_after_s(wait: Duration, chance: u64) -> u64 {
    let whole = wait
        .as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0));
    let least = whole.max(1);
    let spread = (least / 2).saturating_add(SPREAD_S);
    least.saturating_add(chance.checked_rem(spread).unwrap_or(0))
}

#[cfg(test)]
mod tests;
