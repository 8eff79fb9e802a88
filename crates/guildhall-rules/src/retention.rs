//! What of an entity's history may be forgotten: decided by count and by age, never what is newest. Called by
//! the store's retention, which finds the lines and has them deleted.

#[cfg(test)]
mod tests;

/// How long records are kept. Times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionLimits {
    /// Lines of history per entity.
    pub history_lines_max: usize,
    /// Age of a line of history.
    pub history_age_max_us: i64,
    /// Refused writes of one entity.
    pub refused_lines_max: usize,
    /// Refused writes of one player's account.
    pub refused_lines_per_account_max: usize,
    /// Age of a refused write with its payload.
    pub refused_age_max_us: i64,
    /// Age of the mark of a committed batch.
    pub batches_age_max_us: i64,
}

/// A line of history, as far as its keeping depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// Its number; a line that was written later has a higher one.
    pub id: i64,
    /// When it was written, microseconds since 1970.
    pub at_us: i64,
    /// Whether it holds a state that can be put back.
    pub has_state: bool,
}

/// The numbers of the lines that may go. `lines` are those of one entity, newest first. The newest line stays
/// whatever its age, and so does the newest one that holds a state: nothing that is there now can be lost by
/// forgetting.
#[must_use]
pub fn superfluous(lines: &[HistoryLine], limits: &RetentionLimits, now_us: i64) -> Vec<i64> {
    let newest_state = lines.iter().position(|line| line.has_state);
    let stays = |rank: usize, line: &HistoryLine| {
        let young = !is_over(line.at_us, limits.history_age_max_us, now_us);
        rank == 0 || Some(rank) == newest_state || (rank < limits.history_lines_max && young)
    };
    let ranked = lines.iter().enumerate();
    ranked
        .filter(|(rank, line)| !stays(*rank, line))
        .map(|(_, line)| line.id)
        .collect()
}

/// Whether something of this time has reached an age. What lies in the future is young.
#[must_use]
pub fn is_over(at_us: i64, age_max_us: i64, now_us: i64) -> bool {
    now_us.saturating_sub(at_us) > age_max_us
}
