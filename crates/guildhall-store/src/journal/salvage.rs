//! What can be read of a journal that is damaged, or whose world is gone. A copy is read, so that the journal
//! and its log stay as they were found: SQLite moves the log into the file whenever it closes one. Called by
//! the command `guildhall journal`.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use serde::Serialize;
use uuid::Uuid;

use super::contents::{entry, flight};
use super::entry::Entry;
use super::file::{MAGIC, beside, establish, make};
use super::mark::Mark;
use super::record::Head;
use super::replay::Flight;
use super::rows::{entries, flights, head};
use crate::changes::Change;
use crate::error::StoreError;
use crate::write_behind::{Author, Member, Save, Write};

/// Numbers that are tried behind one that cannot be read, until one can be again.
const PROBES_MAX: i64 = 100_000;
/// Bytes of the page that SQLite reads first, and that says what tables there are.
const PAGE_BYTES: usize = 4_096;
/// Where that page says how the file is written, and the word for a write-ahead log.
const FORMAT: (u64, [u8; 2]) = (18, [2, 2]);
/// Where it says how many pages there are, and the word for as many as are in the file.
const LENGTH: (u64, [u8; 4]) = (28, [0; 4]);

/// What a journal holds that can be read, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Salvage {
    pub journal: Option<Uuid>,
    pub world: Option<Uuid>,
    /// In their order.
    pub entries: Vec<Entry>,
    /// Batches that went to the database; whether they arrived, it knows.
    pub flights: Vec<Flight>,
    /// What cannot be read, each as a sentence; empty for a journal that is whole.
    pub damage: Vec<String>,
}

/// One save, or what rode with it, in words for programs.
#[derive(Debug, Serialize)]
pub struct SavedWrite {
    /// Its number in the journal; all with the same number are one group.
    pub seq: u64,
    /// Microseconds since 1970.
    pub at_us: i64,
    pub account: Uuid,
    pub session: Option<Uuid>,
    /// The batch that carried it to the database, if one took off: ask `guildhall explain batch` for it.
    pub batch: Option<Uuid>,
    #[serde(flatten)]
    pub what: What,
}

/// What was to be written.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    Save {
        kind: &'static str,
        id: Uuid,
        /// The version that it makes, from the one before.
        version: u32,
        schema_version: u16,
        play_epoch: Option<u32>,
        #[serde(flatten)]
        state: State,
    },
    Change(Box<Change>),
}

/// A document: as text where it is text, else as hexadecimal digits.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    State(String),
    StateHex(String),
}

impl Salvage {
    /// Every save, and what rode with it.
    pub fn writes(&self) -> impl Iterator<Item = SavedWrite> + '_ {
        self.entries.iter().flat_map(|entry| self.of_entry(entry))
    }

    fn of_entry(&self, entry: &Entry) -> Vec<SavedWrite> {
        let carrying = |flight: &&Flight| flight.carries(entry.seq);
        let batch = self.flights.iter().find(carrying).map(|it| it.batch);
        let write = |by: &Author, what| SavedWrite {
            seq: entry.seq,
            at_us: entry.at_us,
            account: by.account,
            session: by.session,
            batch,
            what,
        };
        let member = |member: &Member, by: &Author| match member {
            Member::Save(it) => write(&it.by, save(it)),
            Member::Change(change) => write(by, What::Change(Box::new(change.clone()))),
        };
        match &entry.write {
            Write::Save(it) => vec![write(&it.by, save(it))],
            Write::Change(change, by) => vec![write(by, What::Change(Box::new(change.clone())))],
            Write::Group(members, by) => members.iter().map(|it| member(it, by)).collect(),
        }
    }
}

fn save(save: &Save) -> What {
    let hex = || {
        save.state
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    What::Save {
        kind: save.key.kind.as_str(),
        id: save.key.id,
        version: save.version(),
        schema_version: save.schema_version,
        play_epoch: save.fence,
        state: match std::str::from_utf8(&save.state) {
            Ok(text) => State::State(text.to_owned()),
            Err(_) => State::StateHex(hex()),
        },
    }
}

/// Reads what can be read of the journal at `path`, and changes nothing there.
///
/// # Errors
/// There is no such file; there is no place for a copy of it.
pub fn salvage(path: &Path) -> Result<Salvage, StoreError> {
    let copy = Copy::of(path)?;
    let mut found = Salvage::default();
    copy.mend_first_page(&mut found)?;
    let opened = establish(&copy.path()).and_then(|mut conn| {
        // A file that was cut off is opened all the same.
        conn.batch_execute("PRAGMA writable_schema = ON; PRAGMA locking_mode = EXCLUSIVE")?;
        Ok(conn)
    });
    match opened {
        Ok(mut conn) => found.read(&mut conn, &copy),
        Err(error) => found.damage.push(format!("Nothing can be read: {error}.")),
    }
    Ok(found)
}

impl Salvage {
    fn read(&mut self, conn: &mut SqliteConnection, copy: &Copy) {
        self.read_structure(conn);
        let head = self.read_head(conn);
        self.read_entries(conn, head.as_ref().map(|head| head.next_seq));
        self.read_flights(conn);
        let Some(head) = head else {
            return;
        };
        (self.journal, self.world) = (Some(head.journal), Some(head.world));
        let rows = self.entries.len().saturating_add(self.flights.len());
        if u64::try_from(rows).is_ok_and(|rows| rows != head.rows()) {
            self.damage.push(format!(
                "Its head counts {} entries and flights, and {rows} can be read.",
                head.rows()
            ));
        }
        let commits = Mark::open(&copy.path()).map_or(0, |mark| mark.commits(head.journal));
        match commits.saturating_sub(head.commits) {
            0 => {}
            missing => self
                .damage
                .push(format!("Its newest {missing} transactions are missing.")),
        }
    }

    /// SQLite names the pages that are damaged.
    fn read_structure(&mut self, conn: &mut SqliteConnection) {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            integrity_check: String,
        }
        match sql_query("PRAGMA integrity_check(20)").load::<Line>(conn) {
            Ok(lines) => {
                let bad = lines
                    .into_iter()
                    .filter(|line| line.integrity_check != "ok");
                let told = bad.map(|line| format!("SQLite says: {}.", line.integrity_check));
                self.damage.extend(told);
            }
            Err(error) => self.damage.push(format!("SQLite says: {error}.")),
        }
    }

    fn read_head(&mut self, conn: &mut SqliteConnection) -> Option<Head> {
        let record = head::table.select(head::record).first::<Vec<u8>>(conn);
        let decoded = record.ok().and_then(|record| Head::decode(&record));
        if decoded.is_none() {
            let lost =
                "Its head cannot be read: whose it is and how much must be there is unknown.";
            self.damage.push(lost.to_owned());
        }
        decoded
    }

    fn read_entries(&mut self, conn: &mut SqliteConnection, next_seq: Option<u64>) {
        let end = next_seq.and_then(|seq| i64::try_from(seq).ok());
        let mut from = 0;
        while let Err((after, error)) = self.read_entries_from(conn, from) {
            let last = end
                .unwrap_or(i64::MAX)
                .min(after.saturating_add(PROBES_MAX));
            let again = (after.saturating_add(1)..=last).find(|seq| is_readable(conn, *seq));
            let until = match again {
                Some(seq) => format!("up to {}", seq - 1),
                None => "on".to_owned(),
            };
            self.damage.push(format!(
                "Entries with the numbers from {after} {until} cannot be read: {error}."
            ));
            match again {
                Some(seq) => from = seq,
                None => return,
            }
        }
    }

    /// Reads in order; where it had to stop, the first number that was not read, and why.
    fn read_entries_from(
        &mut self,
        conn: &mut SqliteConnection,
        from: i64,
    ) -> Result<(), (i64, diesel::result::Error)> {
        let mut next = from;
        let rows = entries::table
            .filter(entries::seq.ge(from))
            .order(entries::seq)
            .load_iter::<(i64, Vec<u8>), _>(conn)
            .map_err(|error| (next, error))?;
        for row in rows {
            let (seq, record) = row.map_err(|error| (next, error))?;
            match entry(seq, &record) {
                Some((entry, _)) => self.entries.push(entry),
                None => self.damage.push(format!(
                    "Entry {seq} is damaged: its checksum is not its own."
                )),
            }
            next = seq.saturating_add(1);
        }
        Ok(())
    }

    fn read_flights(&mut self, conn: &mut SqliteConnection) {
        let rows = flights::table
            .order(flights::id)
            .load::<(i64, Vec<u8>)>(conn);
        match rows {
            Ok(rows) => {
                for (id, record) in rows {
                    match flight(id, &record) {
                        Some(row) => self.flights.push(row.flight),
                        None => self.damage.push(format!("Flight {id} is damaged.")),
                    }
                }
            }
            Err(error) => {
                let lost = "Which batches took off cannot be read";
                self.damage.push(format!("{lost}: {error}."));
            }
        }
    }
}

fn is_readable(conn: &mut SqliteConnection, from: i64) -> bool {
    let first = entries::table
        .filter(entries::seq.ge(from))
        .order(entries::seq)
        .first::<(i64, Vec<u8>)>(conn)
        .optional();
    first.is_ok()
}

/// A copy of a journal in a directory of its own, which goes with it.
struct Copy(PathBuf);

impl Copy {
    fn of(path: &Path) -> Result<Self, StoreError> {
        let dir = std::env::temp_dir().join(format!("guildhall-journal-{}", Uuid::now_v7()));
        let made = fs::DirBuilder::new().mode(0o700).create(&dir);
        made.map_err(StoreError::files(format!("making {}", dir.display())))?;
        let copy = Self(dir);
        for suffix in ["", "-wal", "-mark"] {
            let from = beside(path, suffix);
            if suffix.is_empty() || from.exists() {
                let doing = StoreError::files(format!("copying {}", from.display()));
                fs::copy(&from, beside(&copy.path(), suffix)).map_err(doing)?;
            }
        }
        Ok(copy)
    }

    fn path(&self) -> PathBuf {
        self.0.join("journal.sqlite3")
    }

    /// Without its first page nothing of a file can be read, and that of every new journal says the same.
    fn mend_first_page(&self, found: &mut Salvage) -> Result<(), StoreError> {
        let doing = || StoreError::files("reading a journal");
        let journal = OpenOptions::new().read(true).write(true).open(self.path());
        let journal = journal.map_err(doing())?;
        let mut magic = *MAGIC;
        let begins_well = journal.read_exact_at(&mut magic, 0).is_ok() && magic == *MAGIC;
        if begins_well {
            return Ok(());
        }
        let new = self.0.join("new.sqlite3");
        make(&new, Uuid::nil(), Uuid::nil())?;
        let mut page = fs::read(&new).map_err(doing())?;
        page.truncate(PAGE_BYTES);
        journal
            .write_all_at(&page, 0)
            .and_then(|()| journal.write_all_at(&FORMAT.1, FORMAT.0))
            .and_then(|()| journal.write_all_at(&LENGTH.1, LENGTH.0))
            .map_err(doing())?;
        let lost = "Its first page is damaged; the others are read as those of any journal.";
        found.damage.push(lost.to_owned());
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}
