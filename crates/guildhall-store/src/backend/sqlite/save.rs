//! Saving one entity: the newest state of its chain, or, when that is refused, the one before.
//! One statement on the row's primary key: it reports 1 row, the entity's own, or it missed.

use std::collections::BTreeMap;

use bytes::Bytes;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Text};
use diesel::sqlite::Sqlite;

use super::Stop;
use super::errors::is_environment;
use super::record::Line;
use super::run::{Run, too_large};
use crate::backend::Connection;
use crate::columns::{Count32, Small16};
use crate::schema::{characters, ships};
use crate::write_behind::{
    Cause, EntityKey, EntityKind, Link, Outcome, Present, SaveUnit, WriteRefusal,
};

/// Refusals of links by sequence number.
type Refusals = BTreeMap<u64, WriteRefusal>;

/// Links of one unit that were refused, with their causes.
pub(super) struct RefusedLinks<'a> {
    key: EntityKey,
    links: Vec<(&'a Link, WriteRefusal)>,
}

impl<'a> Run<'a> {
    /// The links up to the version that is in the database now are durable, those after it
    /// refused, each with its own cause.
    pub(super) fn save(&mut self, unit: &'a SaveUnit) -> Result<(), Stop> {
        let mut refusals = Refusals::new();
        let through = self.write_unit(unit, &mut refusals)?;
        let is_durable = |link: &Link| through.is_some_and(|version| link.version <= version);
        let durable = unit
            .links
            .iter()
            .take_while(|link| is_durable(link))
            .count();
        let (durable, refused) = unit.links.split_at_checked(durable).unwrap_or_default();
        self.written.outcomes.extend(durable.iter().map(|link| {
            let version = link.version;
            (link.seq, Outcome::Durable { version })
        }));
        if !refused.is_empty() {
            let mut with_cause = |link: &'a Link| {
                let refusal = refusals.remove(&link.seq);
                (link, refusal.unwrap_or_else(based_on_refused))
            };
            let (key, links) = (unit.key, refused.iter().map(&mut with_cause).collect());
            self.refused_links.push(RefusedLinks { key, links });
        }
        Ok(())
    }

    /// Records the refused saves, once no other save can change the row that they are shown.
    pub(super) fn record_refused_links(&mut self) -> Result<(), Stop> {
        for RefusedLinks { key, links } in std::mem::take(&mut self.refused_links) {
            let present = present_if_readable(self.conn, key)?;
            for (link, mut refusal) in links {
                refusal.present.clone_from(&present);
                let line = line(key, link, refusal.cause.as_str());
                self.refuse(line, refusal, &link.state)?;
            }
        }
        Ok(())
    }

    /// The version that the unit reached, `None` if none of it was taken. Where another author's
    /// save of this batch has written the row, no base can be the present version: nobody was
    /// told of it yet, and equal numbers mean nothing.
    fn write_unit(
        &mut self,
        unit: &SaveUnit,
        refusals: &mut Refusals,
    ) -> Result<Option<u32>, Stop> {
        let (key, links) = (unit.key, &unit.links);
        if unit.builds_on_refused {
            return Ok(None);
        }
        if let Some(refusal) = self.fenced(key, unit.fence)? {
            let refused = links.iter().map(|link| (link.seq, refusal.clone()));
            refusals.extend(refused);
            return Ok(None);
        }
        let by = links.first().map(|link| link.by);
        if self.saved.get(&key).is_some_and(|other| Some(*other) != by) {
            let present = present(self.conn, key)?;
            return self.missed(key, present, links, links, refusals);
        }
        self.write_chain(key, unit.base_version, links, refusals)
    }

    /// The version that the chain reached, `None` if none of it was taken.
    fn write_chain(
        &mut self,
        key: EntityKey,
        base: u32,
        links: &[Link],
        refusals: &mut Refusals,
    ) -> Result<Option<u32>, Stop> {
        for (at, link) in links.iter().enumerate().rev() {
            if let Some(refusal) = self.refused_link(link) {
                refusals.insert(link.seq, refusal);
                continue;
            }
            match update(self.conn, key, base, link, self.at_us) {
                Ok(1) => {
                    self.saved.insert(key, link.by);
                    self.lines.push(line(key, link, "saved"));
                    self.written.rows = self.written.rows.saturating_add(1);
                    return Ok(Some(link.version));
                }
                Ok(_) => match self.look(key, link.seq)? {
                    Ok(Some(row)) if row.version == base => {
                        refusals.insert(link.seq, ignored());
                    }
                    Ok(present) => {
                        let missed = links.get(..=at).unwrap_or_default();
                        return self.missed(key, present, links, missed, refusals);
                    }
                    Err(refusal) => {
                        refusals.insert(link.seq, refusal);
                    }
                },
                Err(error) => {
                    let (seq, refusal) = (link.seq, self.refusal_of(link.seq, &error)?);
                    // `RAISE(FAIL)` after the fact: an error, and yet the row was written. A row
                    // that cannot be read may be such a one.
                    match self.look(key, seq)? {
                        Ok(row) if row.as_ref().is_none_or(|row| !holds(row, link)) => {
                            refusals.insert(seq, refusal);
                        }
                        _ => return Err(Stop::Without { seq, refusal }),
                    }
                }
            }
        }
        Ok(None)
    }

    /// The row as it is for this write, or its refusal where the row cannot be read.
    fn look(
        &mut self,
        key: EntityKey,
        seq: u64,
    ) -> Result<Result<Option<Present>, WriteRefusal>, Stop> {
        match present(self.conn, key) {
            Ok(row) => Ok(Ok(row)),
            Err(error) => self.refusal_of(seq, &error).map(Err),
        }
    }

    fn refused_link(&self, link: &Link) -> Option<WriteRefusal> {
        let banned = self.banned.get(&link.seq).cloned();
        banned.or_else(|| too_large(link.state.len()))
    }

    /// The row is not at the base. If one of the links is what it holds, that link was written
    /// before (a retry after a lost answer) and the rest goes on from there.
    fn missed(
        &mut self,
        key: EntityKey,
        present: Option<Present>,
        links: &[Link],
        missed: &[Link],
        refusals: &mut Refusals,
    ) -> Result<Option<u32>, Stop> {
        let refusal = match present {
            None => gone(key),
            Some(row) => {
                if let Some(at) = links.iter().rposition(|link| holds(&row, link)) {
                    let rest = links.get(at.saturating_add(1)..).unwrap_or_default();
                    let reached = self.write_chain(key, row.version, rest, refusals)?;
                    return Ok(reached.or(Some(row.version)));
                }
                stale(row.version)
            }
        };
        for link in missed {
            refusals.insert(link.seq, refusal.clone());
        }
        Ok(None)
    }
}

impl Run<'_> {
    /// The refusal of a save under another play epoch than the character's present one.
    pub(super) fn fenced(
        &mut self,
        key: EntityKey,
        fence: Option<u32>,
    ) -> Result<Option<WriteRefusal>, Stop> {
        let (EntityKind::Character, Some(fence)) = (key.kind, fence) else {
            return Ok(None);
        };
        let epoch: Option<i64> = characters::table
            .find(key.id.to_string())
            .select(characters::play_epoch)
            .first(self.conn)
            .optional()?;
        Ok(epoch.filter(|epoch| *epoch != i64::from(fence)).map(|_| {
            let sentence = "Somebody else plays the character by now.";
            WriteRefusal::new(Cause::Fenced, sentence)
        }))
    }
}

pub(super) fn gone(key: EntityKey) -> WriteRefusal {
    WriteRefusal::gone(format!("There is no {} {}.", key.kind.as_str(), key.id))
}

/// Writes a link over the version it builds on; the number of rows that were there.
pub(super) fn update(
    conn: &mut Connection,
    key: EntityKey,
    base: u32,
    link: &Link,
    at_us: i64,
) -> QueryResult<usize> {
    UpdateRow {
        sql: match key.kind {
            EntityKind::Character => ["UPDATE characters SET version = ", " WHERE id = "],
            EntityKind::Ship => ["UPDATE ships SET version = ", " WHERE guild_id = "],
        },
        id: key.id.to_string(),
        base: base.into(),
        version: link.version.into(),
        schema_version: link.schema_version.into(),
        state: link.state.as_ref(),
        at_us,
    }
    .execute(conn)
}

/// The statement of the hot path. diesel's own update is prepared anew each time, which would
/// cost more than its running.
struct UpdateRow<'a> {
    /// Up to the version, and from the condition on.
    sql: [&'static str; 2],
    id: String,
    base: i64,
    version: i64,
    schema_version: i32,
    state: &'a [u8],
    at_us: i64,
}

impl QueryId for UpdateRow<'_> {
    type QueryId = ();
    /// One text per kind of entity; it is kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<Connection> for UpdateRow<'_> {}

impl QueryFragment<Sqlite> for UpdateRow<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let [head, condition] = self.sql;
        out.push_sql(head);
        out.push_bind_param::<BigInt, i64>(&self.version)?;
        out.push_sql(", schema_version = ");
        out.push_bind_param::<Integer, i32>(&self.schema_version)?;
        out.push_sql(", state = ");
        out.push_bind_param::<Binary, [u8]>(self.state)?;
        out.push_sql(", updated_at = ");
        out.push_bind_param::<BigInt, i64>(&self.at_us)?;
        out.push_sql(condition);
        out.push_bind_param::<Text, String>(&self.id)?;
        out.push_sql(" AND version = ");
        out.push_bind_param::<BigInt, i64>(&self.base)
    }
}

/// The row as it is; `None` also where what it holds fits none of our types.
pub(super) fn present_if_readable(
    conn: &mut Connection,
    key: EntityKey,
) -> QueryResult<Option<Present>> {
    match present(conn, key) {
        Err(error) if !is_environment(&error) => Ok(None),
        read => read,
    }
}

fn present(conn: &mut Connection, key: EntityKey) -> QueryResult<Option<Present>> {
    let id = key.id.to_string();
    let row: Option<(Count32, Small16, Vec<u8>)> = match key.kind {
        EntityKind::Character => characters::table
            .find(id)
            .select((
                characters::version,
                characters::schema_version,
                characters::state,
            ))
            .get_result(conn)
            .optional()?,
        EntityKind::Ship => ships::table
            .find(id)
            .select((ships::version, ships::schema_version, ships::state))
            .get_result(conn)
            .optional()?,
    };
    Ok(row.map(|(version, schema_version, state)| Present {
        version: version.into(),
        schema_version: schema_version.into(),
        state: Bytes::from(state),
    }))
}

pub(super) fn holds(row: &Present, link: &Link) -> bool {
    row.version == link.version
        && row.schema_version == link.schema_version
        && row.state == link.state
}

pub(super) fn line(key: EntityKey, link: &Link, cause: &'static str) -> Line {
    let entity = (key.kind.as_str(), key.id);
    Line::new(link.seq, entity, link.version, cause, &link.by)
}

pub(super) fn stale(present: u32) -> WriteRefusal {
    WriteRefusal::new(
        Cause::Stale,
        format!("The save builds on another state than the present one, version {present}."),
    )
}

pub(super) fn based_on_refused() -> WriteRefusal {
    WriteRefusal::new(Cause::Stale, "The save builds on one that was refused.")
}

/// `RAISE(IGNORE)`: no error, no row, and yet the row is where the save wants it.
fn ignored() -> WriteRefusal {
    WriteRefusal::new(
        Cause::Trigger,
        "A rule inside the database left the save out without a word.",
    )
}
