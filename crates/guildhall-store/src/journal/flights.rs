//! Batches on their way to the database: recorded before they go, deleted with what they carried
//! when the next one goes. In between, a start asks the database about them. While the disk has no
//! room for the record, the batch notes in its own transaction what it carries.

use std::collections::BTreeMap;

use diesel::result::QueryResult;
use uuid::Uuid;

use super::contents::FlightRow;
use super::replay::{Flight, Left, Replay, Run, replay};
use super::{Entry, Journal, rows};
use crate::error::StoreError;

/// A flight of which somebody may have to be asked.
pub(super) struct Out {
    flight: Flight,
    /// Where it lies in the file; `None` where only the database can know of it.
    place: Option<Place>,
    fate: Fate,
}

#[derive(Clone, Copy)]
struct Place {
    row: u64,
    check: u128,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nobody said yet whether the batch was committed.
    Open,
    /// Committed: the entries go with the flight.
    Landed,
    /// Never committed: the flight goes, its entries stay.
    Lost,
}

impl Out {
    pub(super) fn open(FlightRow { row, check, flight }: FlightRow) -> Self {
        Self {
            flight,
            place: Some(Place { row, check }),
            fate: Fate::Open,
        }
    }

    fn noted(flight: Flight) -> Self {
        Self {
            flight,
            place: None,
            fate: Fate::Open,
        }
    }
}

impl Journal {
    /// Records that a batch goes to the database, and what of this journal it carries; whatever
    /// else is in `seqs` (changes) is left out. What earlier landed flights carried is deleted in
    /// the same transaction. The same batch once more changes nothing.
    ///
    /// `Some` when the disk is full: then the batch must note it, for this journal
    /// ([`crate::Batch::noted_for`]), and may go.
    ///
    /// # Errors
    /// [`StoreError::JournalFailed`], as [`Journal::append`]: the batch must not go.
    pub fn take_off(&mut self, batch: Uuid, seqs: &[u64]) -> Result<Option<Uuid>, StoreError> {
        self.still_good()?;
        let of_batch = |out: &Out| out.flight.batch == batch;
        if self
            .flights
            .iter()
            .any(|out| of_batch(out) && out.place.is_some())
        {
            return Ok(None);
        }
        let flight = Flight::carrying(batch, seqs, &self.live);
        if flight.runs.is_empty() {
            return Ok(None);
        }
        self.flights.retain(|out| !of_batch(out));
        match self.turn_over(Some(flight.clone())) {
            Err(StoreError::DiskFull { .. }) => {
                self.flights.push(Out::noted(flight));
                Ok(Some(self.id()))
            }
            recorded => recorded.map(|()| None),
        }
    }

    /// Adds the flights that the database alone knows of to what was left. They carried numbers that this file
    /// never saw, those of changes and of what there was no room for: an entry with one of them would be taken
    /// for committed.
    pub(crate) fn add_noted(&mut self, noted: Vec<Flight>, left: &mut Left) {
        for flight in noted {
            let last = flight.runs.last().map_or(0, |run| run.last);
            self.head.next_seq = self.head.next_seq.max(last.saturating_add(1));
            if left.flights.iter().all(|it| it.batch != flight.batch) {
                self.flights.push(Out::noted(flight.clone()));
                left.flights.push(flight);
            }
        }
    }

    /// The batch was committed, or was found to have been. Its entries are deleted when the next
    /// flight takes off: until then the database is asked about them at a start.
    pub fn landed(&mut self, batch: Uuid) {
        self.end_flight(batch, Fate::Landed);
    }

    /// What must be given to the database again after a start, in order. `committed` asks it for
    /// the watermark of a batch; ask only when the world is locked, so that no transaction of an
    /// earlier server can be under way.
    ///
    /// # Errors
    /// What `committed` said; nothing was changed and it may be tried again.
    pub fn replay<E>(
        &mut self,
        left: Left,
        committed: impl FnMut(Uuid) -> Result<bool, E>,
    ) -> Result<Vec<Entry>, E> {
        let Replay {
            again,
            landed,
            lost,
        } = replay(left, committed)?;
        for batch in landed {
            self.end_flight(batch, Fate::Landed);
        }
        for batch in lost {
            self.end_flight(batch, Fate::Lost);
        }
        Ok(again)
    }

    fn end_flight(&mut self, batch: Uuid, fate: Fate) {
        let of_batch = |out: &&mut Out| out.flight.batch == batch;
        if let Some(out) = self.flights.iter_mut().find(of_batch) {
            out.fate = fate;
        }
    }

    /// Deletes what landed and closes the file: the end of a clean stop.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn close(mut self) -> Result<(), StoreError> {
        self.settle()
    }

    /// Deletes what landed. When all flights had ended, what batches noted in the database for this journal is
    /// needed no more: nothing is left here that they carried.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn settle(&mut self) -> Result<(), StoreError> {
        self.still_good()?;
        match self.flights.iter().any(|out| out.fate != Fate::Open) {
            true => self.turn_over(None),
            false => Ok(()),
        }
    }

    /// One transaction: the ended flights go, the next one comes.
    fn turn_over(&mut self, next: Option<Flight>) -> Result<(), StoreError> {
        let ended = || self.flights.iter().filter(|out| out.fate != Fate::Open);
        let landed = || ended().filter(|out| out.fate == Fate::Landed);
        let runs: Vec<Run> = landed().flat_map(|out| out.flight.runs.clone()).collect();
        // Once each, should two flights have carried the same.
        let gone: BTreeMap<u64, u128> = landed()
            .flat_map(|out| out.flight.entries_in(&self.live))
            .collect();
        let places: Vec<Place> = ended().filter_map(|out| out.place).collect();
        let checks = gone.values().copied();
        let checks = checks.chain(places.iter().map(|place| place.check));
        let mut head = self.head.clone().without_rows(checks);
        let mut record = Vec::new();
        let next = next.map(|flight| FlightRow {
            row: self.head.commits,
            check: flight.seal(&mut record),
            flight,
        });
        head = head.with_rows(next.iter().map(|row| row.check));
        let write = |conn: &mut _| -> QueryResult<()> {
            let mut ended = places.iter();
            ended.try_for_each(|place| rows::delete_flight(conn, place.row))?;
            rows::delete_entries(conn, &runs, gone.len())?;
            let mut next = next.iter();
            next.try_for_each(|row| rows::insert_flight(conn, row.row, &record))
        };
        self.commit(head, record.len(), write)?;
        for seq in gone.keys() {
            self.live.remove(seq);
        }
        self.flights.retain(|out| out.fate == Fate::Open);
        self.flights.extend(next.map(Out::open));
        self.checkpoint_if_due()
    }
}
