//! Whose fault it is when no statement fails and the commit does (a constraint that waits for it), or when
//! a reason cannot be told: first nobody's, and the batch is given again; after some tries each half is
//! tried by itself, and what fails alone is held, so that one stubborn write blocks nobody for ever.

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use super::errors::is_environment;
use super::flush::{Banned, part_id};
use super::{Connection, postgres, watermark};
use crate::write_behind::{Batch, Cause, Unit, WriteRefusal};

/// What to do with a batch that failed at its commit.
pub(super) enum Parts {
    /// Give it again as it is.
    NoneYet,
    Halves,
    /// One unit is left: its writes are refused.
    Alone(Banned),
    /// One unit is left, and took too long: its writes are refused if that is its own doing.
    Slow(Banned),
}

/// Only a database that still answers is asked again in parts.
pub(super) fn parts(batch: &Batch, error: &Error, conn: &mut Connection) -> Parts {
    let slow = postgres::is_too_slow(error);
    let nobodys = is_environment(conn, error) && !slow;
    if !batch.may_part() || nobodys || conn.batch_execute("SELECT 1").is_err() {
        return Parts::NoneYet;
    }
    if batch.units.len() > 1 {
        return Parts::Halves;
    }
    let refusal = || WriteRefusal::new(Cause::Held, error.to_string());
    let seqs = batch.units.iter().flat_map(Unit::seqs);
    let held = seqs.map(|seq| (seq, refusal())).collect();
    match slow {
        true => Parts::Slow(held),
        false => Parts::Alone(held),
    }
}

/// Whether the database writes another row like this unit's in a small part of the time that the unit had:
/// what is slow then is the unit, and not the database.
pub(super) fn others_are_quick(conn: &mut Connection, batch: &Batch) -> QueryResult<bool> {
    let entity = batch.units.iter().flat_map(Unit::entities).next();
    match conn {
        Connection::Sqlite(_) => Ok(true),
        Connection::Postgres(conn) => postgres::others_are_quick(conn, entity),
    }
}

/// The halves of a batch, each a batch with an id of its own.
pub(super) fn halves(batch: &Batch) -> [Batch; 2] {
    let (first, second) = batch.units.split_at(batch.units.len() / 2);
    let part = |units: &[Unit]| Batch {
        id: part_id(batch.id, first_seq(units), last_seq(units)),
        attempts: batch.attempts,
        noted_for: batch.noted_for,
        units: units.into(),
    };
    [part(first), part(second)]
}

/// Whether an earlier attempt has committed parts of the batch: then it must go in the same parts again, for
/// a change that is given twice refuses itself. The first half of the first half … is always the first.
pub(super) fn is_begun(batch: &Batch, conn: &mut Connection) -> QueryResult<bool> {
    if !batch.may_part() {
        return Ok(false);
    }
    let mut part = batch.clone();
    while part.units.len() > 1 {
        let [first, _] = halves(&part);
        if watermark::look(conn, first.id)?.committed_as.is_some() {
            return Ok(true);
        }
        part = first;
    }
    Ok(false)
}

fn first_seq(units: &[Unit]) -> u64 {
    units.iter().flat_map(Unit::seqs).min().unwrap_or(0)
}

fn last_seq(units: &[Unit]) -> u64 {
    units.iter().flat_map(Unit::seqs).max().unwrap_or(0)
}
