//! Many saves in one statement over arrays. It tells which rows it touched; whatever it did not touch,
//! or was refused for, is left to be written by itself, where its cause is found.

use std::collections::{HashMap, HashSet};

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text};

use super::errors::named_row;
use super::{cause, is_environment};
use crate::backend::errors::refusal;
use crate::backend::flush::Pace;
use crate::backend::save::Row;
use crate::write_behind::{Cause, EntityKind, WriteRefusal};

/// Rows of one statement: nothing is gained beyond this.
const ROWS_PER_STATEMENT: usize = 256;

/// Rows of one statement once one of them was refused, in this batch or the one before: each refusal undoes
/// and repeats a statement, and whoever sends one bad row sends more.
const ROWS_AFTER_REFUSAL: usize = 32;

/// One run over rows of one kind.
struct Bulk<'a> {
    conn: &'a mut PgConnection,
    kind: EntityKind,
    blames: bool,
    saved: Saved,
    /// The rows that the database has named, and whose saves they are.
    left_out: HashMap<String, u64>,
}

/// What became of the saves, by their sequence numbers. Of one that is in neither nothing is known: its row
/// was not as it expects.
#[derive(Default)]
pub(in crate::backend) struct Saved {
    pub touched: HashSet<u64>,
    pub refused: HashMap<u64, WriteRefusal>,
}

/// Writes the rows, all of one kind, no id twice (`UPDATE … FROM unnest` would keep any one of them).
///
/// # Errors
/// The transaction cannot go on, or, unless `blames`, the database failed for a reason that may be nobody's
/// fault.
pub(in crate::backend) fn save_many(
    conn: &mut PgConnection,
    kind: EntityKind,
    rows: &[Row<'_>],
    pace: Pace,
    blames: bool,
) -> QueryResult<Saved> {
    let mut bulk = Bulk {
        conn,
        kind,
        blames,
        saved: Saved::default(),
        left_out: HashMap::new(),
    };
    let rows_max = match pace {
        Pace::Full => ROWS_PER_STATEMENT,
        Pace::Wary => ROWS_AFTER_REFUSAL,
    };
    for some in rows.chunks(rows_max) {
        bulk.save(some.iter().collect())?;
    }
    Ok(bulk.saved)
}

impl Bulk<'_> {
    /// Leaves out the row that the database names and tries again; where it names none, tries each half.
    /// Every turn has fewer rows than the one before, so there is an end.
    fn save(&mut self, mut rows: Vec<&Row<'_>>) -> QueryResult<()> {
        self.conn.batch_execute("SAVEPOINT several")?;
        loop {
            let error = match UpdateRows::new(self.kind, &rows).load::<i64>(self.conn) {
                Ok(numbers) => {
                    let seq = |number: &i64| seq_of(&rows, *number);
                    self.saved.touched.extend(numbers.iter().filter_map(seq));
                    return self.conn.batch_execute("RELEASE several");
                }
                Err(error) => error,
            };
            let cause = cause(&error);
            if cause.is_none() && (!self.blames || is_environment(&error)) {
                return Err(error);
            }
            let refusal = refusal(cause.unwrap_or(Cause::Held), &error);
            let named = self.leave_out_the_named(&mut rows, &error, &refusal);
            if named && (1..=ROWS_AFTER_REFUSAL).contains(&rows.len()) {
                self.conn.batch_execute("ROLLBACK TO several")?;
                continue;
            }
            self.conn
                .batch_execute("ROLLBACK TO several; RELEASE several")?;
            return match rows.as_slice() {
                rows if named => self.save_parts(rows, ROWS_AFTER_REFUSAL),
                [alone] => {
                    self.saved.refused.insert(alone.seq, refusal);
                    Ok(())
                }
                rows => self.save_parts(rows, rows.len().div_ceil(2)),
            };
        }
    }

    /// Takes the row that the database names out of the statement, if it is one of it. Where a row is named
    /// that was left out already, another one's rule spoils it: of the named one nothing is known then.
    fn leave_out_the_named(
        &mut self,
        rows: &mut Vec<&Row<'_>>,
        error: &Error,
        refusal: &WriteRefusal,
    ) -> bool {
        let Some(named) = named_row(error).map(|id| id.to_string()) else {
            return false;
        };
        match rows.iter().position(|row| row.id.as_str() == named) {
            Some(at) => {
                let row = rows.remove(at);
                self.saved.refused.insert(row.seq, refusal.clone());
                self.left_out.insert(named, row.seq);
                true
            }
            None => {
                if let Some(seq) = self.left_out.get(&named) {
                    self.saved.refused.remove(seq);
                }
                false
            }
        }
    }

    fn save_parts(&mut self, rows: &[&Row<'_>], rows_max: usize) -> QueryResult<()> {
        rows.chunks(rows_max)
            .try_for_each(|part| self.save(part.to_vec()))
    }
}

/// The database counts from 1.
fn seq_of(rows: &[&Row<'_>], number: i64) -> Option<u64> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    rows.get(at).map(|row| row.seq)
}

/// The update of many rows; one text per kind, so it is prepared once.
struct UpdateRows<'a> {
    kind: EntityKind,
    at_us: i64,
    ids: Vec<&'a str>,
    bases: Vec<i64>,
    versions: Vec<i64>,
    fences: Vec<Option<i64>>,
    schema_versions: Vec<i32>,
    states: Vec<&'a [u8]>,
}

impl<'a> UpdateRows<'a> {
    fn new(kind: EntityKind, rows: &[&'a Row<'a>]) -> Self {
        Self {
            kind,
            at_us: rows.first().map_or(0, |row| row.at_us),
            ids: rows.iter().map(|row| row.id.as_str()).collect(),
            bases: rows.iter().map(|row| row.base).collect(),
            versions: rows.iter().map(|row| row.version).collect(),
            fences: rows.iter().map(|row| row.fence).collect(),
            schema_versions: rows.iter().map(|row| row.schema_version).collect(),
            states: rows.iter().map(|row| row.state).collect(),
        }
    }
}

impl QueryId for UpdateRows<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for UpdateRows<'_> {}

impl diesel::query_builder::Query for UpdateRows<'_> {
    type SqlType = BigInt;
}

impl QueryFragment<Pg> for UpdateRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(match self.kind {
            EntityKind::Character => "UPDATE characters AS t",
            EntityKind::Ship => "UPDATE ships AS t",
        });
        out.push_sql(
            " SET version = u.version, schema_version = u.schema_version, state = u.state, \
             updated_at = ",
        );
        out.push_bind_param::<BigInt, i64>(&self.at_us)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.bases)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<BigInt>>, Vec<Option<i64>>>(&self.fences)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, Vec<i32>>(&self.schema_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, Vec<&[u8]>>(&self.states)?;
        out.push_sql(") WITH ORDINALITY AS u (id, base, version, fence, schema_version, state, number) WHERE ");
        out.push_sql(match self.kind {
            EntityKind::Character => {
                "t.id = u.id AND t.version = u.base AND (u.fence IS NULL OR t.play_epoch = u.fence) \
                 RETURNING u.number"
            }
            EntityKind::Ship => {
                "t.guild_id = u.id AND t.version = u.base RETURNING u.number"
            }
        });
        Ok(())
    }
}
