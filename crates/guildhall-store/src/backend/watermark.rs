//! The watermark: one line per committed batch, written in its transaction. After a commit of
//! unknown outcome it tells whether the batch is in, and the recorded refusals and history lines
//! give back its report.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::Connection;
use super::flush::{Pace, Stop};
use super::group::rows_of;
use super::run::Written;
use super::save::present_if_readable;
use crate::changes::{Change, KEPT};
use crate::columns::{Count32, MaybeCount32, Size64, signed, signed_len};
use crate::error::StoreError;
use crate::journal::Flight;
use crate::schema::{batches, entity_history, flights, refused_writes, world};
use crate::write_behind::{
    Batch, Cause, ChangeUnit, GroupUnit, Member, Outcome, Present, SaveUnit, Unit, WriteRefusal,
};

/// What a batch must know before it begins.
pub(super) struct Found {
    /// The epoch of the world, if it has its row.
    pub epoch: Option<i64>,
    /// The number of the newest batch, 0 without one. The next one is free: nobody else writes.
    pub newest: i64,
    /// The number under which this batch was committed by an earlier attempt.
    pub committed_as: Option<i64>,
}

/// Asks all of it in one statement: each question more is a way to another host and back.
pub(super) fn look(conn: &mut Connection, id: Uuid) -> QueryResult<Found> {
    let epoch = world::table.filter(world::id.eq(1)).select(world::epoch);
    let newest = batches::table.select(diesel::dsl::max(batches::seq));
    let same = batches::table.filter(batches::id.eq(id.to_string()));
    let (epoch, newest, committed_as): (Option<i64>, Option<i64>, Option<i64>) = diesel::select((
        epoch.single_value(),
        newest.single_value(),
        same.select(batches::seq).single_value(),
    ))
    .get_result(conn)?;
    Ok(Found {
        epoch,
        newest: newest.unwrap_or(0),
        committed_as,
    })
}

/// Notes what the batch carries of a journal that had no room to record it: known here exactly when the batch
/// is committed, so no replay gives it again.
pub(super) fn note_flight(conn: &mut Connection, batch: &Batch) -> QueryResult<()> {
    let Some(journal) = batch.noted_for else {
        return Ok(());
    };
    let flight = Flight::of_all(batch.id, batch.seqs().collect());
    diesel::insert_into(flights::table)
        .values((
            flights::batch_id.eq(batch.id.to_string()),
            flights::journal_id.eq(journal.to_string()),
            flights::runs.eq(flight.runs_as_bytes()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes the line. The last statement of every batch, and it must report exactly one row: an
/// error that was swallowed before cannot end in a commit that looks whole.
pub(super) fn set(
    conn: &mut Connection,
    id: Uuid,
    number: i64,
    at_us: i64,
    written: &Written,
) -> Result<(), Stop> {
    let refused = written.outcomes.iter().filter(|(_, o)| !o.is_durable());
    let rows = diesel::insert_into(batches::table)
        .values((
            batches::seq.eq(number),
            batches::id.eq(id.to_string()),
            batches::at.eq(at_us),
            batches::rows.eq(signed_len(written.rows)),
            batches::refused.eq(signed_len(refused.count())),
        ))
        .execute(conn)?;
    if rows == 1 {
        return Ok(());
    }
    Err(Stop::Failed(StoreError::Database {
        detail: format!("the watermark took {rows} rows instead of 1"),
    }))
}

/// The report of the batch that was committed under this number by an earlier attempt.
pub(super) fn report_of(
    conn: &mut Connection,
    batch: &Batch,
    number: i64,
) -> Result<Written, Stop> {
    let rows: i64 = batches::table
        .find(number)
        .select(batches::rows)
        .first(conn)?;
    let refusals = refusals_of(conn, number)?;
    let mut outcomes = Vec::with_capacity(batch.writes());
    for unit in batch.units.iter() {
        match unit {
            Unit::Change(unit) => outcomes.push(change_outcome(conn, number, unit, &refusals)?),
            Unit::Save(unit) => save_outcomes(conn, unit, &refusals, &mut outcomes)?,
            Unit::Group(unit) => outcomes.push(group_outcome(conn, number, unit, &refusals)?),
        }
    }
    outcomes.sort_unstable_by_key(|(seq, _)| *seq);
    let rows = usize::try_from(rows).unwrap_or(0);
    Ok(Written {
        outcomes,
        rows,
        pace: Pace::Full,
    })
}

/// The recorded refusals of a batch by the sequence numbers of their writes. Whoever keeps only
/// a version in `present` is done; the rows of entities are read again.
fn refusals_of(conn: &mut Connection, number: i64) -> QueryResult<HashMap<u64, WriteRefusal>> {
    type Row = (
        Size64,
        String,
        Option<String>,
        String,
        MaybeCount32,
        MaybeCount32,
    );
    let rows: Vec<Row> = refused_writes::table
        .filter(refused_writes::batch.eq(number))
        .select((
            refused_writes::write_seq,
            refused_writes::cause,
            refused_writes::constraint_name,
            refused_writes::detail,
            refused_writes::present_version,
            refused_writes::kept_as,
        ))
        .load(conn)?;
    let refusal = |(seq, cause, constraint, detail, present, kept_as): Row| {
        let refusal = WriteRefusal {
            cause: Cause::from_word(&cause),
            constraint,
            detail,
            present: Option::<u32>::from(present).map(Present::version_only),
            beside: None,
            kept_as: kept_as.into(),
        };
        (seq.into(), refusal)
    };
    Ok(rows.into_iter().map(refusal).collect())
}

fn change_outcome(
    conn: &mut Connection,
    number: i64,
    unit: &ChangeUnit,
    refusals: &HashMap<u64, WriteRefusal>,
) -> QueryResult<(u64, Outcome)> {
    if let Some(refusal) = refusals.get(&unit.seq) {
        return Ok((unit.seq, Outcome::Refused(refusal.clone())));
    }
    let version = change_version(conn, number, unit.seq, &unit.change)?;
    Ok((unit.seq, Outcome::Durable { version }))
}

fn change_version(
    conn: &mut Connection,
    number: i64,
    seq: u64,
    change: &Change,
) -> QueryResult<u32> {
    if !change.is_history() {
        return Ok(1);
    }
    let version: Count32 = entity_history::table
        .filter(entity_history::entity_id.eq(change.subject().id.to_string()))
        .filter(entity_history::batch.eq(number))
        .filter(entity_history::write_seq.eq(signed(seq)))
        .filter(entity_history::cause.ne(KEPT))
        .select(entity_history::version)
        .order(entity_history::id)
        .first(conn)?;
    Ok(version.into())
}

fn group_outcome(
    conn: &mut Connection,
    number: i64,
    unit: &GroupUnit,
    refusals: &HashMap<u64, WriteRefusal>,
) -> QueryResult<(u64, Outcome)> {
    if let Some(refusal) = refusals.get(&unit.seq) {
        let refusal = refusal.clone().showing(rows_of(conn, unit)?);
        return Ok((unit.seq, Outcome::Refused(refusal)));
    }
    let version = match unit.members.first() {
        Some(Member::Save(save)) => save.version(),
        Some(Member::Change(change)) => change_version(conn, number, unit.seq, change)?,
        None => 1,
    };
    Ok((unit.seq, Outcome::Durable { version }))
}

fn save_outcomes(
    conn: &mut Connection,
    unit: &SaveUnit,
    refusals: &HashMap<u64, WriteRefusal>,
    outcomes: &mut Vec<(u64, Outcome)>,
) -> QueryResult<()> {
    for link in &unit.links {
        let outcome = match refusals.get(&link.seq) {
            None => Outcome::Durable {
                version: link.version,
            },
            Some(refusal) => Outcome::Refused(WriteRefusal {
                present: present_if_readable(conn, unit.key)?,
                ..refusal.clone()
            }),
        };
        outcomes.push((link.seq, outcome));
    }
    Ok(())
}
