//! A world moves from one database to another: every table in the order of what refers to what, in one
//! snapshot of the source, in batches; then both sides are counted and their checksums compared. A target
//! that is not finished bears a mark, refuses to be served, and is begun anew by the next copy. Called by the
//! command `guildhall copy`.

mod blobs;
mod rows;
mod tables;

use std::path::Path;

use diesel::prelude::*;

use crate::backend::{Access, Connection, Target, connect};
use crate::database::Database;
use crate::error::StoreError;
use crate::journal::replay;
use crate::schema::world;
use crate::world::COPYING;

pub use blobs::{CopiedBlobs, copy_blobs};
pub use rows::Sum;
use tables::Table;

/// How far a copy or a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is being done: `copying` or `comparing`.
    pub step: &'static str,
    pub table: &'a str,
    /// Rows of all tables that this step has done.
    pub rows: u64,
    /// Rows of all tables that it has to do.
    pub rows_in_all: u64,
}

/// What a copy has moved: a table, its rows and their checksum, the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    pub tables: Vec<(String, Sum)>,
}

impl Copied {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, sum)| sum.rows).sum()
    }
}

/// Copies all rows. Both databases must be open to nobody else: their locks are the caller's to hold. The
/// target has the schema and holds no world, or an unfinished copy.
///
/// # Errors
/// [`StoreError::NotEmpty`], [`StoreError::CopyDiffers`], pending migrations, a row that the target refuses,
/// either database. Then the target stays marked as unfinished.
pub fn copy(
    from: &Database,
    to: &Database,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Copied, StoreError> {
    from.migrations()?.refuse_pending()?;
    to.migrations()?.refuse_pending()?;
    let source = &mut reader(from.target())?;
    let target = &mut connect(to.target(), Access::Write)?;
    tables::without_deadlines(target)?;
    source.snapshot(|source| {
        refuse_unfinished(source)?;
        let tables = tables::common(source, target)?;
        begin(target, &tables, &from.target().to_string())?;
        let counts = counts(source, &tables)?;
        let in_all = counts.iter().sum();
        let mut done = 0;
        for table in &tables {
            let mut tell = |rows| {
                done += rows;
                progress(Progress {
                    step: "copying",
                    table: &table.name,
                    rows: done,
                    rows_in_all: in_all,
                });
            };
            rows::transfer(source, target, table, &mut tell)?;
        }
        let copied = compared(source, target, &tables, in_all, progress)?;
        finish(source, target, &tables)?;
        Ok(copied)
    })
}

/// Compares two worlds as a copy does at its end.
///
/// # Errors
/// [`StoreError::CopyDiffers`] with the first table that differs; either database.
pub fn compare(one: &Database, other: &Database) -> Result<Copied, StoreError> {
    let (one, other) = (&mut reader(one.target())?, &mut reader(other.target())?);
    one.snapshot(|one| {
        let tables = tables::common(one, other)?;
        let in_all = counts(one, &tables)?.iter().sum();
        compared(one, other, &tables, in_all, &mut |_| {})
    })
}

/// A connection that reads for as long as it takes.
pub(crate) fn reader(target: &Target) -> Result<Connection, StoreError> {
    let mut conn = connect(target, Access::Read)?;
    tables::without_deadlines(&mut conn)?;
    Ok(conn)
}

/// A table and its sum, or why not all of it can be read.
pub(crate) type Summed = (String, Result<Sum, StoreError>);

/// Every table that a copy would move. PostgreSQL answers nothing more after the first that cannot be read.
pub(crate) fn sums(conn: &mut Connection) -> Result<Vec<Summed>, StoreError> {
    let tables = tables::of(conn)?;
    let mut sums = Vec::with_capacity(tables.len());
    for table in tables {
        let sum = rows::sum(conn, &table);
        sums.push((table.name, sum));
    }
    Ok(sums)
}

/// Refuses a source whose local journal holds saves that its database has not: they would not be copied.
///
/// # Errors
/// [`StoreError::JournalUnseen`] when the world has a journal and `journal` is not its path,
/// [`StoreError::JournalWaits`]; what opening a journal may say.
pub fn refuse_waiting(from: &Database, journal: Option<&Path>) -> Result<(), StoreError> {
    let remembered: Option<String> = from.read(|conn| {
        let row = world::table.find(1).select(world::journal_id);
        Ok(row.first(conn)?)
    })?;
    if remembered.is_none() {
        return Ok(());
    }
    let path = journal.ok_or(StoreError::JournalUnseen)?;
    let (_journal, left) = from.open_journal(path)?;
    let waiting = replay(left, |batch| from.is_committed(batch))?.again.len();
    match waiting {
        0 => Ok(()),
        saves => Err(StoreError::JournalWaits {
            path: path.to_owned(),
            saves,
        }),
    }
}

/// What comes to be in the world's row is the last thing that is written, so it is not compared here.
fn compared(
    source: &mut Connection,
    target: &mut Connection,
    tables: &[Table],
    rows_in_all: u64,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Copied, StoreError> {
    let mut copied = Vec::with_capacity(tables.len());
    let mut rows = 0;
    for table in tables {
        let (theirs, ours) = (rows::sum(source, table)?, rows::sum(target, table)?);
        if theirs != ours {
            return Err(StoreError::CopyDiffers {
                table: table.name.clone(),
                from: theirs.to_string(),
                to: ours.to_string(),
            });
        }
        rows += theirs.rows;
        progress(Progress {
            step: "comparing",
            table: &table.name,
            rows,
            rows_in_all,
        });
        copied.push((table.name.clone(), theirs));
    }
    Ok(Copied { tables: copied })
}

fn counts(conn: &mut Connection, tables: &[Table]) -> Result<Vec<u64>, StoreError> {
    tables
        .iter()
        .map(|table| rows::count(conn, table))
        .collect()
}

fn refuse_unfinished(source: &mut Connection) -> Result<(), StoreError> {
    let (epoch, holder) = mark(source)?;
    match epoch == COPYING {
        true => Err(StoreError::CopyUnfinished { from: holder }),
        false => Ok(()),
    }
}

fn mark(conn: &mut Connection) -> Result<(i64, String), StoreError> {
    Ok(world::table
        .find(1)
        .select((world::epoch, world::holder))
        .first(conn)?)
}

/// Empties the target of what a migration or an unfinished copy has put there, and marks it.
fn begin(target: &mut Connection, tables: &[Table], from: &str) -> Result<(), StoreError> {
    let (epoch, _) = mark(target)?;
    if epoch != COPYING {
        for table in tables {
            // A new database has its first realm and nothing else.
            let rows_max = u64::from(table.name == "realms");
            if rows::count(target, table)? > rows_max {
                return Err(StoreError::NotEmpty {
                    table: table.name.clone(),
                });
            }
        }
        if epoch != 0 {
            return Err(StoreError::NotEmpty {
                table: "world".to_owned(),
            });
        }
    }
    diesel::update(world::table.find(1))
        .set((world::epoch.eq(COPYING), world::holder.eq(from)))
        .execute(target)?;
    for table in tables.iter().rev() {
        rows::empty(target, table)?;
    }
    Ok(())
}

/// The counters of new numbers go on where the rows end, and the mark gives way to the source's own row: it is
/// the same world. Its journal stays where it was, with nothing in it; at the new place none is known yet.
fn finish(
    source: &mut Connection,
    target: &mut Connection,
    tables: &[Table],
) -> Result<(), StoreError> {
    for table in tables {
        tables::go_on_counting(target, table)?;
    }
    let row: (String, i64, String, i64) = world::table
        .find(1)
        .select((world::world_id, world::epoch, world::holder, world::since))
        .first(source)?;
    diesel::update(world::table.find(1))
        .set((
            world::world_id.eq(row.0),
            world::journal_id.eq(None::<String>),
            world::epoch.eq(row.1),
            world::holder.eq(row.2),
            world::since.eq(row.3),
        ))
        .execute(target)?;
    Ok(())
}
