//! The one writer of a world: its connection, what it must still hold before each batch, and the ways in
//! which a batch that fails as a whole is tried again: without the write that ended the transaction, or
//! in halves, until what fails alone is found and held.

use std::collections::HashMap;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use uuid::Uuid;

use super::connection::Deadline;
use super::run::{self, Written};
use super::{Connection, blame, postgres, sqlite, store_error};
use crate::error::StoreError;
use crate::world::World;
use crate::write_behind::{Batch, BatchReport, WriteRefusal};

/// Writes that a run leaves out, since an earlier run found that they end the transaction, or that they
/// fail alone.
pub(super) type Banned = HashMap<u64, WriteRefusal>;

/// How many rows are written by one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pace {
    /// As many as pay.
    Full,
    /// Few, since rows were refused lately.
    Wary,
}

/// Why a run ended without a commit.
pub(super) enum Stop {
    /// This write took the whole transaction with it: run again without it.
    Without { seq: u64, refusal: WriteRefusal },
    /// One of several lines of history was refused: run again to see which.
    OneLineEach,
    /// Nobody's fault: give the batch again later.
    Failed(StoreError),
    /// The database answered, and failed at the commit or took too long: which write is to blame, if any,
    /// only its parts can tell.
    InParts(diesel::result::Error),
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        match postgres::is_too_slow(&error) {
            true => Self::InParts(error),
            false => Self::Failed(store_error(&error)),
        }
    }
}

/// The writing connection, opened when it is needed.
pub(crate) struct BatchWriter {
    world: World,
    conn: Option<Connection>,
    pace: Pace,
    /// The log could not be moved into the file the last time, which was told.
    log_stays: bool,
}

impl BatchWriter {
    pub(crate) fn new(world: World, conn: Connection) -> Self {
        Self {
            world,
            conn: Some(conn),
            pace: Pace::Full,
            log_stays: false,
        }
    }

    /// Writes the batch; see [`crate::Writer::flush`]. The connection is taken out and put back only after
    /// a commit: after an error or a panic it is closed, which undoes whatever was open, and the next
    /// batch gets a fresh one.
    pub(crate) fn flush(&mut self, batch: &Batch) -> Result<BatchReport, StoreError> {
        let started = Instant::now();
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.world.write_connection()?,
        };
        let written = self.write(&mut conn, batch, &Banned::new())?;
        if batch.may_part() {
            conn.set_deadline(Deadline::Batch)?;
        }
        self.conn = Some(conn);
        self.pace = written.pace;
        Ok(BatchReport {
            batch: batch.id,
            outcomes: written.outcomes,
            rows: written.rows,
            took: started.elapsed(),
        })
    }

    /// See [`crate::Writer::rest`].
    pub(crate) fn rest(&mut self) {
        let Some(Connection::Sqlite(conn)) = &mut self.conn else {
            return;
        };
        let stays = sqlite::checkpoint_if_due(conn).err();
        if let Some(error) = stays.as_ref().filter(|_| !self.log_stays) {
            log::warn!("the write-ahead log stays as long as it is: {error}");
        }
        self.log_stays = stays.is_some();
    }

    /// A batch that the database took and refused at its commit is, when that is no accident any more,
    /// written in two halves, each a transaction of its own with an id of its own.
    fn write(
        &self,
        conn: &mut Connection,
        batch: &Batch,
        banned: &Banned,
    ) -> Result<Written, StoreError> {
        if blame::is_begun(batch, conn)? {
            return self.write_halves(conn, batch, banned);
        }
        let error = match self.commit_without_the_banned(conn, batch, banned.clone()) {
            Ok(written) => return Ok(written),
            Err(Stop::InParts(error)) => error,
            Err(stop) => return Err(failed(stop)),
        };
        match blame::parts(batch, &error, conn) {
            blame::Parts::NoneYet => Err(store_error(&error)),
            blame::Parts::Halves => self.write_halves(conn, batch, banned),
            blame::Parts::Alone(held) => self
                .commit_without_the_banned(conn, batch, held)
                .map_err(failed),
            blame::Parts::Slow(held) => self.write_slow(conn, batch, held),
        }
    }

    fn write_halves(
        &self,
        conn: &mut Connection,
        batch: &Batch,
        banned: &Banned,
    ) -> Result<Written, StoreError> {
        let [first, second] = blame::halves(batch);
        conn.set_deadline(Deadline::Part)?;
        let mut written = self.write(conn, &first, banned)?;
        conn.set_deadline(Deadline::Part)?;
        written.join(self.write(conn, &second, banned)?);
        Ok(written)
    }

    /// One unit that took too long may have met a database that did. It is held if it is slow once more
    /// while others are quick before and after it.
    fn write_slow(
        &self,
        conn: &mut Connection,
        batch: &Batch,
        held: Banned,
    ) -> Result<Written, StoreError> {
        let quick_before = blame::others_are_quick(conn, batch)?;
        conn.set_deadline(Deadline::Alone)?;
        match self.commit_without_the_banned(conn, batch, Banned::new()) {
            Err(Stop::InParts(_)) if quick_before && blame::others_are_quick(conn, batch)? => self
                .commit_without_the_banned(conn, batch, held)
                .map_err(failed),
            other => other.map_err(failed),
        }
    }

    /// Each turn but one bans one more write, so there are at most as many turns as writes and one.
    fn commit_without_the_banned(
        &self,
        conn: &mut Connection,
        batch: &Batch,
        mut banned: Banned,
    ) -> Result<Written, Stop> {
        let mut lines_max = usize::MAX;
        loop {
            match run::run(conn, &self.world, batch, &banned, (self.pace, lines_max)) {
                Ok(written) => return Ok(written),
                Err(Stop::Without { seq, refusal }) => {
                    banned.insert(seq, refusal);
                }
                Err(Stop::OneLineEach) => lines_max = 1,
                Err(stop @ (Stop::Failed(_) | Stop::InParts(_))) => {
                    let _ended = conn.batch_execute("ROLLBACK");
                    return Err(stop);
                }
            }
            // Fails when the write has already ended the transaction, which is all we want.
            let _ended = conn.batch_execute("ROLLBACK");
        }
    }
}

fn failed(stop: Stop) -> StoreError {
    match stop {
        Stop::Failed(error) => error,
        Stop::InParts(error) => store_error(&error),
        Stop::Without { .. } | Stop::OneLineEach => StoreError::Database {
            detail: "a batch could not be written without the write that ended it".to_owned(),
        },
    }
}

/// An id for a part of a batch: the same at every attempt, so that the watermark tells of each part.
pub(super) fn part_id(batch: Uuid, first_seq: u64, last_seq: u64) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    hasher.update(batch.as_bytes());
    hasher.update(&first_seq.to_be_bytes());
    hasher.update(&last_seq.to_be_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests;
