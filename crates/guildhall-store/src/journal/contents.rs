//! Everything that is in a journal, read and verified once, at the start.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use uuid::Uuid;

use super::entry::Entry;
use super::file::{VERSION, damaged};
use super::record::{Head, unseal};
use super::replay::Flight;
use super::rows::{entries, flights, head};
use crate::error::StoreError;

/// What a good journal holds.
pub(super) struct Contents {
    pub head: Head,
    pub entries: Vec<Entry>,
    /// The checksum of each entry, by sequence number.
    pub checks: Vec<(u64, u128)>,
    pub flights: Vec<FlightRow>,
}

/// A flight as it lies in the file.
#[derive(Clone)]
pub(super) struct FlightRow {
    pub row: u64,
    pub check: u128,
    pub flight: Flight,
}

/// Reads all of it.
///
/// # Errors
/// Another version, or damage of any kind; that one says how many entries could be read.
pub(super) fn read(conn: &mut SqliteConnection, path: &Path) -> Result<Contents, StoreError> {
    known_version(conn, path)?;
    let mut good = Good::default();
    let whole = good.read(conn);
    let damaged = damaged(path, good.entries.len());
    let head = whole.map_err(|detail| damaged(&detail))?;
    Ok(Contents {
        head,
        entries: good.entries,
        checks: good.checks,
        flights: good.flights,
    })
}

/// Looked at first: of another layout nothing else can be said.
fn known_version(conn: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let found = head::table.select(head::version).first::<i64>(conn);
    match found {
        Ok(VERSION) => Ok(()),
        Ok(found) => Err(StoreError::JournalVersion {
            path: path.to_owned(),
            found,
            known: VERSION,
        }),
        // Whatever it is, the rest may be readable and is counted.
        Err(_) => Ok(()),
    }
}

/// What was found to be good so far.
#[derive(Default)]
struct Good {
    entries: Vec<Entry>,
    checks: Vec<(u64, u128)>,
    flights: Vec<FlightRow>,
}

impl Good {
    /// Reads on after the first damage as far as it goes, so that the good entries are counted.
    fn read(&mut self, conn: &mut SqliteConnection) -> Result<Head, String> {
        let entries = self.read_entries(conn);
        integrity(conn)?;
        entries?;
        self.read_flights(conn)?;
        let head: Vec<u8> = head::table
            .select(head::record)
            .first(conn)
            .map_err(|error| error.to_string())?;
        let head = Head::decode(&head).ok_or("its head is damaged")?;
        let checks = self.checks.iter().map(|(_, check)| *check);
        match head.counts(checks.chain(self.flights.iter().map(|flight| flight.check))) {
            true => Ok(head),
            false => Err("what it holds is not what its head counts".to_owned()),
        }
    }

    fn read_entries(&mut self, conn: &mut SqliteConnection) -> Result<(), String> {
        let mut whole = Ok(());
        let rows = entries::table
            .order(entries::seq)
            .load_iter::<(i64, Vec<u8>), _>(conn)
            .map_err(|error| error.to_string())?;
        for row in rows {
            let (seq, record) = row.map_err(|error| error.to_string())?;
            match entry(seq, &record) {
                Some((entry, check)) => {
                    self.checks.push((entry.seq, check));
                    self.entries.push(entry);
                }
                None if whole.is_ok() => whole = Err(format!("entry {seq} is damaged")),
                None => {}
            }
        }
        whole
    }

    fn read_flights(&mut self, conn: &mut SqliteConnection) -> Result<(), String> {
        let rows: Vec<(i64, Vec<u8>)> = flights::table
            .order(flights::id)
            .load(conn)
            .map_err(|error| error.to_string())?;
        for (id, record) in rows {
            let flight = flight(id, &record).ok_or_else(|| format!("flight {id} is damaged"))?;
            self.flights.push(flight);
        }
        Ok(())
    }
}

pub(super) fn entry(seq: i64, record: &[u8]) -> Option<(Entry, u128)> {
    let (body, check) = unseal(record)?;
    let entry = Entry::decode(u64::try_from(seq).ok()?, body)?;
    Some((entry, check))
}

pub(super) fn flight(id: i64, record: &[u8]) -> Option<FlightRow> {
    let (body, check) = unseal(record)?;
    Some(FlightRow {
        row: u64::try_from(id).ok()?,
        check,
        flight: Flight::decode(body)?,
    })
}

/// SQLite's own look at the whole file.
fn integrity(conn: &mut SqliteConnection) -> Result<(), String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let lines: Vec<Line> = sql_query("PRAGMA integrity_check(1)")
        .load(conn)
        .map_err(|error| error.to_string())?;
    match lines.into_iter().find(|line| line.integrity_check != "ok") {
        None => Ok(()),
        Some(line) => Err(line.integrity_check),
    }
}

impl Contents {
    /// Whether it is the journal that is looked for.
    pub fn belongs_to(
        &self,
        path: &Path,
        world: Uuid,
        known: Option<Uuid>,
    ) -> Result<(), StoreError> {
        let (journal, path) = (self.head.journal, path.to_owned());
        if self.head.world != world {
            let found = self.head.world;
            return Err(StoreError::JournalOfAnotherWorld { path, found, world });
        }
        match known {
            Some(known) if known != journal => Err(StoreError::JournalMissing {
                path,
                journal: known,
            }),
            _ => Ok(()),
        }
    }
}
