//! The words with which an operator says why.

use crate::names::harmful_in_title;

#[cfg(test)]
mod tests;

/// A reason has at most this many characters: it fits a dialogue, and the database checks the same bound.
pub const REASON_CHARS_MAX: usize = 200;

/// Whether the words can be shown to whom they are about: 1 to 200 characters, none that cannot be seen or turns
/// the writing.
pub fn reason_ok(reason: &str) -> bool {
    let chars = reason.chars().take(REASON_CHARS_MAX + 1).count();
    let is_said = !reason.trim().is_empty() && chars <= REASON_CHARS_MAX;
    is_said && harmful_in_title(reason).is_none()
}
