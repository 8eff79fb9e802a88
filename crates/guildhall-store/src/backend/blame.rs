//! Whose fault it is when no statement fails and the commit does (a constraint that waits for it), or when
//! a reason cannot be told: first nobody's, and the batch is given again; after some tries each half is
//! tried by itself, and what fails alone is held, so that one stubborn write blocks nobody for ever.

use diesel::connection::SimpleConnection;
use diesel::result::Error;

use super::Connection;
use super::errors::is_environment;
use super::flush::{Banned, part_id};
use crate::write_behind::{Batch, Cause, Unit, WriteRefusal};

/// So often a batch fails as a whole before an unclear error counts against the write that met it.
pub(super) const FAILURES_BEFORE_BLAME: u32 = 3;

/// What to do with a batch that failed at its commit.
pub(super) enum Parts {
    /// Give it again as it is.
    NoneYet,
    Halves(Box<[Batch; 2]>),
    /// One unit is left: its writes are refused.
    Alone(Banned),
}

/// Only a database that still answers is asked again in parts.
pub(super) fn parts(batch: &Batch, error: &Error, conn: &mut Connection) -> Parts {
    let patient = batch.attempts < FAILURES_BEFORE_BLAME;
    if patient || is_environment(conn, error) || conn.batch_execute("SELECT 1").is_err() {
        return Parts::NoneYet;
    }
    if batch.units.len() > 1 {
        return halves(batch);
    }
    let refusal = || WriteRefusal::new(Cause::Held, error.to_string());
    let seqs = batch.units.iter().flat_map(Unit::seqs);
    Parts::Alone(seqs.map(|seq| (seq, refusal())).collect())
}

fn halves(batch: &Batch) -> Parts {
    let (first, second) = batch.units.split_at(batch.units.len() / 2);
    let part = |units: &[Unit]| Batch {
        id: part_id(batch.id, first_seq(units), last_seq(units)),
        attempts: batch.attempts,
        units: units.into(),
    };
    Parts::Halves(Box::new([part(first), part(second)]))
}

fn first_seq(units: &[Unit]) -> u64 {
    units.iter().flat_map(Unit::seqs).min().unwrap_or(0)
}

fn last_seq(units: &[Unit]) -> u64 {
    units.iter().flat_map(Unit::seqs).max().unwrap_or(0)
}
