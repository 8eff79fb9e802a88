//! Refused writes that are past their retention: by age the oldest ones, by count what is beyond the bound of
//! its entity or of its account. Only entities and accounts with new refusals are counted, so that a flood is
//! cut short soon however large the world is.

use std::collections::BTreeSet;

use diesel::prelude::*;
use guildhall_rules::retention::RetentionLimits;

use super::{OLDEST_PER_STEP, over};
use crate::backend::Connection;
use crate::error::StoreError;
use crate::schema::{accounts, refused_writes};

/// New refused writes that one step looks at.
const NEW_PER_STEP: i64 = 256;
/// Lines of one entity or account that go in one step.
const BEYOND_PER_STEP: i64 = 500;

/// What counting found.
pub(super) struct Counted {
    /// Lines beyond a bound.
    pub lines: Vec<i64>,
    /// Up to here everything was counted.
    pub seen: i64,
    /// Whether there is more to count.
    pub more: bool,
}

/// Numbers rise with time: whatever is old stands at the beginning.
pub(super) fn old(
    conn: &mut Connection,
    limits: &RetentionLimits,
    now_us: i64,
) -> Result<Vec<i64>, StoreError> {
    let oldest: Vec<(i64, i64)> = refused_writes::table
        .order(refused_writes::id)
        .limit(OLDEST_PER_STEP)
        .select((refused_writes::id, refused_writes::at))
        .load(conn)?;
    Ok(over(oldest, limits.refused_age_max_us, now_us))
}

/// Counts for the refusals behind `seen`. Where more is beyond a bound than a step takes, the same ones are
/// looked at again.
pub(super) fn next(
    conn: &mut Connection,
    seen: i64,
    limits: &RetentionLimits,
) -> Result<Counted, StoreError> {
    let new: Vec<(i64, String, String, String)> = refused_writes::table
        .filter(refused_writes::id.gt(seen))
        .order(refused_writes::id)
        .limit(NEW_PER_STEP)
        .select((
            refused_writes::id,
            refused_writes::account_id,
            refused_writes::entity_kind,
            refused_writes::entity_id,
        ))
        .load(conn)?;
    let newest = new.last().map_or(seen, |(id, ..)| *id);
    let full = i64::try_from(new.len()).is_ok_and(|found| found == NEW_PER_STEP);
    let (mut entities, mut accounts) = (BTreeSet::new(), BTreeSet::new());
    for (_, account, kind, entity) in new {
        entities.insert((kind, entity));
        accounts.insert(account);
    }
    let (mut lines, mut whole) = (Vec::new(), true);
    for (kind, entity) in entities {
        whole &= add(&mut lines, beyond_of_entity(conn, &kind, &entity, limits)?);
    }
    for account in accounts {
        whole &= add(&mut lines, beyond_of_account(conn, &account, limits)?);
    }
    Ok(Counted {
        lines,
        seen: if whole { newest } else { seen },
        more: full || !whole,
    })
}

/// Whether these were all.
fn add(lines: &mut Vec<i64>, beyond: Vec<i64>) -> bool {
    let whole = i64::try_from(beyond.len()).is_ok_and(|found| found < BEYOND_PER_STEP);
    lines.extend(beyond);
    whole
}

fn beyond_of_entity(
    conn: &mut Connection,
    kind: &str,
    entity: &str,
    limits: &RetentionLimits,
) -> Result<Vec<i64>, StoreError> {
    Ok(refused_writes::table
        .filter(refused_writes::entity_id.eq(entity))
        .filter(refused_writes::entity_kind.eq(kind))
        .order(refused_writes::id.desc())
        .offset(rows(limits.refused_lines_max))
        .limit(BEYOND_PER_STEP)
        .select(refused_writes::id)
        .load(conn)?)
}

/// A service saves for all characters of its realm and is trusted: its refusals are bounded by entity alone,
/// so that none of its characters loses what was kept for it to another.
fn beyond_of_account(
    conn: &mut Connection,
    account: &str,
    limits: &RetentionLimits,
) -> Result<Vec<i64>, StoreError> {
    let services: i64 = accounts::table
        .find(account)
        .filter(accounts::kind.eq("service"))
        .count()
        .get_result(conn)?;
    if services > 0 {
        return Ok(Vec::new());
    }
    Ok(refused_writes::table
        .filter(refused_writes::account_id.eq(account))
        .order(refused_writes::id.desc())
        .offset(rows(limits.refused_lines_per_account_max))
        .limit(BEYOND_PER_STEP)
        .select(refused_writes::id)
        .load(conn)?)
}

fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
