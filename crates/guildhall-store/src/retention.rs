//! Which records are past their retention, found by reading in small steps: a pass goes over the entities in
//! the order of their ids. The rule is `guildhall_rules::retention`; the deleting is [`Prune`], a change like
//! any other, so that no batch waits for long. Called by the server's retention process.

use std::collections::HashMap;

mod refused;

use diesel::prelude::*;
use guildhall_rules::retention::{HistoryLine, RetentionLimits, is_over, superfluous};

use crate::backend::Connection;
use crate::changes::Prune;
use crate::error::StoreError;
use crate::schema::{batches, entity_history};

/// Entities that one step looks at.
const ENTITIES_PER_STEP: i64 = 64;
/// Lines that one step has deleted, about: some ten milliseconds of the writer.
const LINES_PER_STEP: usize = 2_000;
/// Lines beyond the limit that are looked at in one visit of an entity.
const LINES_BEYOND: usize = 500;
/// Refused writes, and batches, that one step looks at, the oldest ones.
const OLDEST_PER_STEP: i64 = 500;

/// What a step found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    pub prune: Prune,
    /// Where the next step begins; `None`: every entity was visited, the next pass begins at the start.
    pub after: Option<String>,
    /// Up to here the refused writes were counted against their bounds; the next step begins behind it.
    pub seen: i64,
    /// Whether more refused writes wait to be counted: the next step should not wait.
    pub more_refused: bool,
}

/// The next step of a pass; `after` is where the last one ended, empty at the start, and `seen` the refused
/// write up to which they were counted, 0 at the start. Refused writes are counted from where they were
/// written last, and not in the pass, which may be long.
///
/// # Errors
/// The database.
pub fn next_prune(
    conn: &mut Connection,
    after: &str,
    seen: i64,
    limits: &RetentionLimits,
    now_us: i64,
) -> Result<Planned, StoreError> {
    let counted = refused::next(conn, seen, limits)?;
    let mut refused = refused::old(conn, limits, now_us)?;
    refused.extend(counted.lines);
    refused.sort_unstable();
    refused.dedup();
    let mut planned = Planned {
        prune: Prune {
            history: Vec::new(),
            refused,
            batches: marks(conn, limits, now_us)?,
        },
        after: None,
        seen: counted.seen,
        more_refused: counted.more,
    };
    let entities: Vec<String> = entity_history::table
        .filter(entity_history::entity_id.gt(after))
        .select(entity_history::entity_id)
        .distinct()
        .order(entity_history::entity_id)
        .limit(ENTITIES_PER_STEP)
        .load(conn)?;
    let mut visited = after.to_owned();
    let more = i64::try_from(entities.len()).is_ok_and(|found| found == ENTITIES_PER_STEP);
    for entity in entities {
        let (gone, whole) = of_entity(conn, &entity, limits, now_us)?;
        // One with more to forget is visited again, as long as that brings us on.
        let again = !whole && !gone.is_empty();
        planned.prune.history.extend(gone);
        if again || planned.prune.history.len() >= LINES_PER_STEP {
            planned.after = Some(if again { visited } else { entity });
            return Ok(planned);
        }
        visited = entity;
    }
    planned.after = more.then_some(visited);
    Ok(planned)
}

/// The superfluous lines of what has this id, and whether all its lines were seen. A guild and its ship
/// share their id.
fn of_entity(
    conn: &mut Connection,
    entity: &str,
    limits: &RetentionLimits,
    now_us: i64,
) -> Result<(Vec<i64>, bool), StoreError> {
    let lines_max = limits.history_lines_max.saturating_add(LINES_BEYOND);
    let lines: Vec<(String, i64, i64, bool)> = entity_history::table
        .filter(entity_history::entity_id.eq(entity))
        .order(entity_history::id.desc())
        .limit(i64::try_from(lines_max).unwrap_or(i64::MAX))
        .select((
            entity_history::entity_kind,
            entity_history::id,
            entity_history::at,
            entity_history::state.is_not_null(),
        ))
        .load(conn)?;
    let whole = lines.len() < lines_max;
    let mut kinds: HashMap<String, Vec<HistoryLine>> = HashMap::new();
    for (kind, id, at_us, has_state) in lines {
        kinds.entry(kind).or_default().push(HistoryLine {
            id,
            at_us,
            has_state,
        });
    }
    let of_kind = |lines: &Vec<HistoryLine>| superfluous(lines, limits, now_us);
    Ok((kinds.values().flat_map(of_kind).collect(), whole))
}

/// The newest batch stays: the number of the next one is made from it.
fn marks(
    conn: &mut Connection,
    limits: &RetentionLimits,
    now_us: i64,
) -> Result<Vec<i64>, StoreError> {
    let newest: Option<i64> = batches::table
        .select(batches::seq)
        .order(batches::seq.desc())
        .first(conn)
        .optional()?;
    let oldest: Vec<(i64, i64)> = batches::table
        .filter(batches::seq.lt(newest.unwrap_or(0)))
        .order(batches::seq)
        .limit(OLDEST_PER_STEP)
        .select((batches::seq, batches::at))
        .load(conn)?;
    Ok(over(oldest, limits.batches_age_max_us, now_us))
}

fn over(oldest: Vec<(i64, i64)>, age_max_us: i64, now_us: i64) -> Vec<i64> {
    let old = oldest.into_iter();
    old.filter(|(_, at)| is_over(*at, age_max_us, now_us))
        .map(|(id, _)| id)
        .collect()
}
