//! What must be given to the database again after a crash. Pure: whether a batch was committed is
//! asked, and nothing depends on a clock.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::entry::Entry;
use super::record::{Reader, Tag, seal};

/// What an earlier server left in its journal.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// By sequence number, rising.
    pub entries: Vec<Entry>,
    /// In the order in which they took off.
    pub flights: Vec<Flight>,
}

/// A batch that went to the database, with the entries that it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    pub batch: Uuid,
    /// Rising and apart.
    pub runs: Vec<Run>,
}

/// Sequence numbers, both included: all entries between them that were in the journal when the
/// flight took off. Later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub first: u64,
    pub last: u64,
}

/// What is to be done about what was left.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Not in the database: to be given to it again, in this order.
    pub again: Vec<Entry>,
    /// Flights that were committed.
    pub landed: Vec<Uuid>,
    /// Flights that never were.
    pub lost: Vec<Uuid>,
}

/// Leaves out what the batches carried that were committed, and keeps the order of the rest.
///
/// # Errors
/// What `committed` said.
pub fn replay<E>(
    left: Left,
    mut committed: impl FnMut(Uuid) -> Result<bool, E>,
) -> Result<Replay, E> {
    let (mut landed, mut lost) = (Vec::new(), Vec::new());
    for flight in left.flights {
        match committed(flight.batch)? {
            true => landed.push(flight),
            false => lost.push(flight.batch),
        }
    }
    let is_in = |entry: &Entry| landed.iter().any(|flight| flight.carries(entry.seq));
    let mut again = left.entries;
    again.retain(|entry| !is_in(entry));
    Ok(Replay {
        again,
        landed: landed.into_iter().map(|flight| flight.batch).collect(),
        lost,
    })
}

impl Flight {
    /// Of these numbers, in any order, what is in the journal.
    pub(super) fn carrying(batch: Uuid, seqs: &[u64], live: &BTreeMap<u64, u128>) -> Self {
        let mut seqs: Vec<u64> = seqs
            .iter()
            .copied()
            .filter(|seq| live.contains_key(seq))
            .collect();
        seqs.sort_unstable();
        let mut runs: Vec<Run> = Vec::new();
        for seq in seqs {
            match runs.last_mut() {
                Some(run) if live.range(run.last..=seq).nth(2).is_none() => run.last = seq,
                _ => runs.push(Run {
                    first: seq,
                    last: seq,
                }),
            }
        }
        Self { batch, runs }
    }

    /// Exactly these numbers, in any order.
    pub(crate) fn of_all(batch: Uuid, mut seqs: Vec<u64>) -> Self {
        seqs.sort_unstable();
        let mut runs: Vec<Run> = Vec::new();
        for seq in seqs {
            match runs.last_mut() {
                Some(run) if seq <= run.last.saturating_add(1) => run.last = seq,
                _ => runs.push(Run {
                    first: seq,
                    last: seq,
                }),
            }
        }
        Self { batch, runs }
    }

    /// Whether the entry with this number is in it.
    pub fn carries(&self, seq: u64) -> bool {
        let after = self.runs.partition_point(|run| run.first <= seq);
        let run = after.checked_sub(1).and_then(|at| self.runs.get(at));
        run.is_some_and(|run| seq <= run.last)
    }

    /// Its entries with their checksums.
    pub(super) fn entries_in(&self, live: &BTreeMap<u64, u128>) -> Vec<(u64, u128)> {
        let runs = self.runs.iter();
        runs.flat_map(|run| live.range(run.first..=run.last))
            .map(|(seq, check)| (*seq, *check))
            .collect()
    }

    /// Appends its record and returns the checksum.
    pub(super) fn seal(&self, out: &mut Vec<u8>) -> u128 {
        seal(out, |out| {
            out.push(Tag::Flight.byte());
            out.extend_from_slice(self.batch.as_bytes());
            out.extend_from_slice(&self.runs_as_bytes());
        })
    }

    pub(crate) fn runs_as_bytes(&self) -> Vec<u8> {
        let ends = self.runs.iter().flat_map(|run| [run.first, run.last]);
        ends.flat_map(u64::to_le_bytes).collect()
    }

    pub(super) fn decode(mut body: Reader<'_>) -> Option<Self> {
        body.expect(Tag::Flight)?;
        let batch = body.uuid()?;
        Self::with_runs(batch, body)
    }

    /// The flight of a batch with what [`Flight::runs_as_bytes`] made.
    pub(crate) fn noted(batch: Uuid, runs: &[u8]) -> Option<Self> {
        Self::with_runs(batch, Reader::new(runs))
    }

    fn with_runs(batch: Uuid, mut body: Reader<'_>) -> Option<Self> {
        let mut runs = Vec::new();
        while !body.is_at_end() {
            let (first, last) = (body.u64()?, body.u64()?);
            runs.push(Run { first, last });
        }
        Some(Self { batch, runs })
    }
}
