//! One run over a batch: begin, unit by unit, refusals and history, watermark, commit.

use std::collections::HashMap;

use diesel::connection::SimpleConnection;

use super::errors::{is_environment, judge};
use super::flush::{Banned, Pace, Stop};
use super::group::RefusedGroup;
use super::record::{self, Line};
use super::save::RefusedLinks;
use super::{Connection, sqlite, store_error, watermark};
use crate::changes::{Applied, Change, Document, Failed, Subject};
use crate::error::StoreError;
use crate::world::World;
use crate::write_behind::{Batch, Cause, ChangeUnit, EntityKey, Lane, Outcome, Unit, WriteRefusal};

/// What a committed run did.
pub(super) struct Written {
    /// By sequence number.
    pub outcomes: Vec<(u64, Outcome)>,
    pub rows: usize,
    /// For the batch that comes next.
    pub pace: Pace,
}

/// The state of a run.
pub(super) struct Run<'a> {
    pub conn: &'a mut Connection,
    pub banned: &'a Banned,
    /// Whether an unclear error counts against the write that meets it.
    pub blames: bool,
    pub pace: Pace,
    /// The entities whose rows a save of this batch has written, and in which lane.
    pub saved: HashMap<EntityKey, Lane>,
    /// Refusals that are known, and not yet recorded.
    pub refused: Banned,
    pub refused_links: Vec<RefusedLinks<'a>>,
    pub refused_groups: Vec<RefusedGroup<'a>>,
    /// The number of this batch in the database.
    pub batch: i64,
    pub at_us: i64,
    pub written: Written,
    /// History, written at the end in few statements.
    pub lines: Vec<Line>,
}

/// Runs the batch in one immediate transaction: a deferred one that turns from reading to
/// writing fails at once when another process writes, whatever the busy timeout.
pub(super) fn run(
    conn: &mut Connection,
    world: &World,
    batch: &Batch,
    banned: &Banned,
    (pace, lines_max): (Pace, usize),
) -> Result<Written, Stop> {
    conn.batch_execute(match conn {
        Connection::Sqlite(_) => "BEGIN IMMEDIATE",
        Connection::Postgres(_) => "BEGIN",
    })?;
    let found = watermark::look(conn, batch.id)?;
    if !world.is_ours(found.epoch) {
        world.expect_ours(conn).map_err(Stop::Failed)?;
    }
    if let Some(before) = found.committed_as {
        let written = watermark::report_of(conn, batch, before)?;
        conn.batch_execute("ROLLBACK")?;
        return Ok(written);
    }
    let number = found.newest.saturating_add(1);
    let mut run = Run {
        conn,
        banned,
        blames: batch.may_part(),
        pace,
        saved: HashMap::with_capacity(batch.units.len()),
        refused: Banned::new(),
        refused_links: Vec::new(),
        refused_groups: Vec::new(),
        batch: number,
        at_us: world.clock.now_us(),
        written: Written {
            outcomes: Vec::with_capacity(batch.writes()),
            rows: 0,
            pace: Pace::Full,
        },
        lines: Vec::with_capacity(batch.writes()),
    };
    run.units(&batch.units)?;
    run.record_refused_links()?;
    run.record_refused_groups()?;
    run.write_history(lines_max)?;
    let Run {
        at_us,
        refused,
        mut written,
        ..
    } = run;
    if !refused.is_empty() {
        written.pace = Pace::Wary;
    }
    written.outcomes.sort_unstable_by_key(|(seq, _)| *seq);
    watermark::note_flight(conn, batch)?;
    watermark::set(conn, batch.id, number, at_us, &written)?;
    match conn.batch_execute("COMMIT") {
        Ok(()) => Ok(written),
        Err(error) if is_environment(conn, &error) => Err(error.into()),
        Err(error) => Err(Stop::InParts(error)),
    }
}

impl Written {
    /// Adds what another part of the same batch did.
    pub fn join(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.outcomes.sort_unstable_by_key(|(seq, _)| *seq);
        self.rows = self.rows.saturating_add(other.rows);
        self.pace = self.pace.max(other.pace);
    }
}

impl<'a> Run<'a> {
    /// The units in their order; neighbouring saves are handed on together.
    fn units(&mut self, mut units: &'a [Unit]) -> Result<(), Stop> {
        while let Some((first, others)) = units.split_first() {
            let saves = units
                .iter()
                .take_while(|unit| matches!(unit, Unit::Save(_)));
            let (saves, after) = units.split_at(saves.count());
            if !saves.is_empty() {
                self.saves(saves)?;
                units = after;
                continue;
            }
            match first {
                Unit::Change(unit) => self.change(unit)?,
                Unit::Group(unit) => self.group(unit)?,
                Unit::Save(unit) => self.save(unit)?,
            }
            units = others;
        }
        Ok(())
    }
}

impl Run<'_> {
    /// A change may be several statements, hence a savepoint around it.
    fn change(&mut self, unit: &ChangeUnit) -> Result<(), Stop> {
        if let Some(refusal) = self.refused_before(unit) {
            return self.refuse_change(unit, refusal);
        }
        self.begin_unit()?;
        match unit.change.apply(self.conn, self.at_us) {
            Ok(Applied::Done { version }) => {
                self.end_unit()?;
                self.change_done(unit, version, Vec::new())
            }
            Ok(Applied::Made { version, documents }) => {
                self.end_unit()?;
                self.change_done(unit, version, documents)
            }
            Ok(Applied::Kept(refusal)) => {
                self.end_unit()?;
                self.refuse_change(unit, refusal)
            }
            Err(Failed::Refused(refusal)) => {
                self.undo_unit()?;
                self.refuse_change(unit, refusal)
            }
            Err(Failed::Database(error)) => {
                let refusal = self.refusal_of(unit.seq, error)?;
                self.undo_unit()?;
                self.refuse_change(unit, refusal)
            }
        }
    }

    fn refused_before(&self, unit: &ChangeUnit) -> Option<WriteRefusal> {
        let banned = self.banned.get(&unit.seq).cloned();
        banned.or_else(|| unwritable(&unit.change))
    }

    fn change_done(
        &mut self,
        unit: &ChangeUnit,
        version: u32,
        documents: Vec<Document>,
    ) -> Result<(), Stop> {
        self.lines.extend(change_lines(unit, version, documents));
        self.written.rows = self.written.rows.saturating_add(1);
        let outcome = Outcome::Durable { version };
        self.written.outcomes.push((unit.seq, outcome));
        Ok(())
    }

    fn refuse_change(&mut self, unit: &ChangeUnit, refusal: WriteRefusal) -> Result<(), Stop> {
        let line = change_line(unit, 0, refusal.cause.as_str());
        let payload = payload(&unit.change)?;
        self.refuse(line, refusal, &payload)
    }

    /// Records a refusal where history and the refused writes are kept, and as its outcome.
    pub(super) fn refuse(
        &mut self,
        line: Line,
        refusal: WriteRefusal,
        payload: &[u8],
    ) -> Result<(), Stop> {
        let seq = line.seq;
        self.record_refusal(line, &refusal, payload)?;
        let outcome = Outcome::Refused(refusal);
        self.written.outcomes.push((seq, outcome));
        Ok(())
    }

    pub(super) fn record_refusal(
        &mut self,
        line: Line,
        refusal: &WriteRefusal,
        payload: &[u8],
    ) -> Result<(), Stop> {
        record::refused(self.conn, self.batch, self.at_us, &line, refusal, payload)?;
        self.lines.push(line.of_refusal());
        Ok(())
    }

    /// Writes the history. A write whose line is refused cannot stand: it is taken out by a run
    /// without it, once a run with one line per statement has told which it is.
    fn write_history(&mut self, lines_max: usize) -> Result<(), Stop> {
        let mut lines = self.lines.as_slice();
        while let Some(first) = lines.first() {
            lines = record::history(self.conn, self.batch, self.at_us, lines, lines_max)
                .map_err(|error| line_refused(self.conn, first, lines_max, error, self.blames))?;
        }
        Ok(())
    }

    /// What an error of a write means for it, once it is sure that the transaction still lives.
    pub(super) fn refusal_of(
        &mut self,
        seq: u64,
        error: diesel::result::Error,
    ) -> Result<WriteRefusal, Stop> {
        let Some(refusal) = judge(self.conn, &error, self.blames) else {
            return Err(error.into());
        };
        match self.transaction_is_gone() {
            true => Err(Stop::Without { seq, refusal }),
            false => Ok(refusal),
        }
    }

    /// PostgreSQL ends none by itself: the savepoint around the write brings it back.
    fn transaction_is_gone(&mut self) -> bool {
        match self.conn {
            Connection::Sqlite(conn) => sqlite::transaction_is_gone(conn),
            Connection::Postgres(_) => false,
        }
    }

    pub(super) fn begin_unit(&mut self) -> Result<(), Stop> {
        Ok(self.conn.batch_execute("SAVEPOINT unit")?)
    }

    pub(super) fn end_unit(&mut self) -> Result<(), Stop> {
        Ok(self.conn.batch_execute("RELEASE unit")?)
    }

    pub(super) fn undo_unit(&mut self) -> Result<(), Stop> {
        self.conn
            .batch_execute("ROLLBACK TO unit; RELEASE unit")
            .map_err(|error| Stop::Failed(store_error(&error)))
    }
}

fn line_refused(
    conn: &Connection,
    line: &Line,
    lines_max: usize,
    error: diesel::result::Error,
    blames: bool,
) -> Stop {
    match judge(conn, &error, blames) {
        Some(_) if lines_max > 1 => Stop::OneLineEach,
        Some(refusal) if !line.is_refusal => Stop::Without {
            seq: line.seq,
            refusal,
        },
        _ => error.into(),
    }
}

pub(super) fn change_line(unit: &ChangeUnit, version: u32, cause: &'static str) -> Line {
    let Subject { kind, id } = unit.change.subject();
    Line::new(unit.seq, (kind, id), version, cause, &unit.by)
}

/// A line for the change, unless one of its documents is what the change is about or it leaves none, and one
/// for each document.
pub(super) fn change_lines(
    unit: &ChangeUnit,
    version: u32,
    documents: Vec<Document>,
) -> impl Iterator<Item = Line> + use<> {
    let Subject { kind, id } = unit.change.subject();
    let is_subject = |it: &Document| it.entity.kind.as_str() == kind && it.entity.id == id;
    let leaves_one = unit.change.is_history() && !documents.iter().any(is_subject);
    let of_change = leaves_one.then(|| change_line(unit, version, unit.change.word()));
    let (seq, by) = (unit.seq, unit.by);
    let of_documents = documents.into_iter().map(move |it| {
        let entity = (it.entity.kind.as_str(), it.entity.id);
        Line::new(seq, entity, it.version, it.word, &by).making(it.schema_version, it.state)
    });
    of_change.into_iter().chain(of_documents)
}

pub(super) fn payload(change: &Change) -> Result<Vec<u8>, Stop> {
    serde_json::to_vec(change).map_err(|error| {
        Stop::Failed(StoreError::Database {
            detail: error.to_string(),
        })
    })
}

/// The refusal of what is known to be bad without asking the database.
pub(super) fn unwritable(change: &Change) -> Option<WriteRefusal> {
    let document = change.state_bytes().and_then(too_large);
    document.or_else(|| change.unwritable())
}

/// The refusal of a document of this many bytes, if it is too long.
pub(super) fn too_large(bytes: usize) -> Option<WriteRefusal> {
    let max = crate::STATE_BYTES_MAX;
    (bytes > max).then(|| {
        WriteRefusal::new(
            Cause::TooLarge,
            format!("The state has {bytes} bytes; at most {max} are kept."),
        )
    })
}
