//! Saving one entity: the newest state of its chain, or, when that is refused, the one before.
//! One statement on the row's primary key: it reports 1 row, the entity's own, or it missed. On
//! PostgreSQL the newest states of many entities go together first, and only what is left over goes so.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::errors::is_environment;
use super::flush::Stop;
use super::record::Line;
use super::repeat::SAVED;
use super::run::{Run, too_large};
use super::{Connection, postgres, sqlite};
use crate::columns::{Count32, Small16, StoredId};
use crate::schema::{characters, ships};
use crate::write_behind::{
    Cause, EntityKey, EntityKind, Link, Outcome, Present, SaveUnit, Unit, WriteRefusal,
};

/// A row as a save wants it, ids as the text that is stored.
pub(super) struct Row<'a> {
    pub seq: u64,
    pub kind: EntityKind,
    pub id: StoredId,
    pub base: i64,
    pub version: i64,
    /// The play epoch that the row must have; ships have none.
    pub fence: Option<i64>,
    pub schema_version: i32,
    pub state: &'a [u8],
    pub at_us: i64,
}

impl<'a> Row<'a> {
    pub fn new(
        key: EntityKey,
        (base, fence): (u32, Option<u32>),
        link: &'a Link,
        at_us: i64,
    ) -> Self {
        let fence = fence.filter(|_| key.kind == EntityKind::Character);
        Self {
            seq: link.seq,
            kind: key.kind,
            id: key.id.into(),
            base: base.into(),
            version: link.version.into(),
            fence: fence.map(i64::from),
            schema_version: link.schema_version.into(),
            state: link.state.as_ref(),
            at_us,
        }
    }
}

/// A row as it is, and who may write it.
struct Found {
    row: Present,
    play_epoch: Option<u32>,
}

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
        self.settle(unit, through, refusals);
        Ok(())
    }

    /// Neighbouring saves: on PostgreSQL together as far as that goes, and the rest one by one, in order.
    pub(super) fn saves(&mut self, units: &'a [Unit]) -> Result<(), Stop> {
        let units = || {
            units.iter().filter_map(|unit| match unit {
                Unit::Save(unit) => Some(unit),
                Unit::Change(_) | Unit::Group(_) => None,
            })
        };
        let written = match self.conn {
            Connection::Sqlite(_) => HashSet::new(),
            Connection::Postgres(_) => self.save_together(units())?,
        };
        for unit in units() {
            let newest = unit.links.last().filter(|link| written.contains(&link.seq));
            match newest {
                Some(link) => self.settle(unit, Some(link.version), Refusals::new()),
                None => self.save(unit)?,
            }
        }
        Ok(())
    }

    /// Writes the newest link of each unit that is the first of its entity, and returns the sequence
    /// numbers of those that were taken.
    fn save_together(
        &mut self,
        units: impl Iterator<Item = &'a SaveUnit>,
    ) -> Result<HashSet<u64>, Stop> {
        let mut keys = HashSet::new();
        let mut links: BTreeMap<EntityKind, Vec<(&'a SaveUnit, &'a Link)>> = BTreeMap::new();
        let mut rows: BTreeMap<EntityKind, Vec<Row<'a>>> = BTreeMap::new();
        for unit in units {
            let (key, based_on) = (unit.key, (unit.base_version, unit.fence));
            let is_first = keys.insert(key) && !self.saved.contains_key(&key);
            let newest = unit.links.last();
            let Some(link) = newest.filter(|_| is_first && !unit.builds_on_refused) else {
                continue;
            };
            if self.refused_link(link).is_none() {
                links.entry(key.kind).or_default().push((unit, link));
                let row = Row::new(key, based_on, link, self.at_us);
                rows.entry(key.kind).or_default().push(row);
            }
        }
        let mut written = HashSet::new();
        for (kind, rows) in &rows {
            if let Connection::Postgres(conn) = self.conn {
                let saved = postgres::save_many(conn, *kind, rows, self.pace, self.blames)?;
                written.extend(saved.touched);
                self.refused.extend(saved.refused);
            }
        }
        for (unit, link) in links.into_values().flatten() {
            if written.contains(&link.seq) {
                self.wrote(unit, link);
            }
        }
        Ok(written)
    }

    /// A link is in its row now.
    fn wrote(&mut self, unit: &SaveUnit, link: &Link) {
        self.saved.extend(unit.lane().map(|lane| (unit.key, lane)));
        self.lines.push(saved_line(unit.key, link));
        self.written.rows = self.written.rows.saturating_add(1);
    }

    /// The links through this version are durable, the others refused.
    fn settle(&mut self, unit: &'a SaveUnit, through: Option<u32>, mut refusals: Refusals) {
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

    /// The version that the unit reached, `None` if none of it was taken. Where another lane's
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
        let other = self.saved.get(&key);
        if other.is_some_and(|other| Some(*other) != unit.lane()) {
            let found = find(self.conn, key)?;
            return self.missed(unit, found, links, links, refusals);
        }
        self.write_chain(unit, unit.base_version, links, refusals)
    }

    /// The version that the chain reached, `None` if none of it was taken.
    fn write_chain(
        &mut self,
        unit: &SaveUnit,
        base: u32,
        links: &[Link],
        refusals: &mut Refusals,
    ) -> Result<Option<u32>, Stop> {
        let key = unit.key;
        for (at, link) in links.iter().enumerate().rev() {
            if let Some(refusal) = self.refused_link(link) {
                refusals.insert(link.seq, refusal);
                continue;
            }
            let row = Row::new(key, (base, unit.fence), link, self.at_us);
            match update(self.conn, &row) {
                Ok(1) => {
                    self.wrote(unit, link);
                    return Ok(Some(link.version));
                }
                Ok(_) => match self.look(key, link.seq)? {
                    Ok(Some(found)) if found.row.version == base && !found.fences(unit.fence) => {
                        refusals.insert(link.seq, ignored());
                    }
                    Ok(found) => {
                        let missed = links.get(..=at).unwrap_or_default();
                        return self.missed(unit, found, links, missed, refusals);
                    }
                    Err(refusal) => {
                        refusals.insert(link.seq, refusal);
                    }
                },
                Err(error) => {
                    let (seq, refusal) = (link.seq, self.refusal_of(link.seq, error)?);
                    if self.may_stand(key, link)? {
                        return Err(Stop::Without { seq, refusal });
                    }
                    refusals.insert(seq, refusal);
                }
            }
        }
        Ok(None)
    }

    /// Whether a save that ended in an error was written all the same: `RAISE(FAIL)` after the fact does
    /// that, and a row that cannot be read may be such a one. PostgreSQL takes back what failed.
    fn may_stand(&mut self, key: EntityKey, link: &Link) -> Result<bool, Stop> {
        if matches!(self.conn, Connection::Postgres(_)) {
            return Ok(false);
        }
        Ok(match self.look(key, link.seq)? {
            Ok(found) => found.is_some_and(|it| holds(&it.row, link)),
            Err(_) => true,
        })
    }

    /// The row as it is for this write, or its refusal where the row cannot be read.
    fn look(
        &mut self,
        key: EntityKey,
        seq: u64,
    ) -> Result<Result<Option<Found>, WriteRefusal>, Stop> {
        match find(self.conn, key) {
            Ok(found) => Ok(Ok(found)),
            Err(error) => self.refusal_of(seq, error).map(Err),
        }
    }

    fn refused_link(&self, link: &Link) -> Option<WriteRefusal> {
        let known = self.banned.get(&link.seq).or(self.refused.get(&link.seq));
        known.cloned().or_else(|| too_large(link.state.len()))
    }

    /// The row is not at the base. If one of the links is what it holds, and all that made it, that link was
    /// written before (a retry after a lost answer) and the rest goes on from there.
    fn missed(
        &mut self,
        unit: &SaveUnit,
        found: Option<Found>,
        links: &[Link],
        missed: &[Link],
        refusals: &mut Refusals,
    ) -> Result<Option<u32>, Stop> {
        let refusal = match found {
            None => gone(unit.key),
            Some(found) => {
                let row = &found.row;
                let mut newest = links.iter().enumerate().rev();
                let held = newest.find(|(_, link)| holds(row, link));
                if let Some((at, link)) = held
                    && self.repeats_alone(unit.key, link)?
                {
                    let rest = links.get(at.saturating_add(1)..).unwrap_or_default();
                    let reached = self.write_chain(unit, row.version, rest, refusals)?;
                    return Ok(reached.or(Some(row.version)));
                }
                found.refusal(unit.fence)
            }
        };
        for link in missed {
            refusals.insert(link.seq, refusal.clone());
        }
        Ok(None)
    }
}

impl Found {
    /// Whether the character is played under another epoch than the save's.
    fn fences(&self, fence: Option<u32>) -> bool {
        self.play_epoch
            .zip(fence)
            .is_some_and(|(present, fence)| present != fence)
    }

    /// Why a save missed this row.
    fn refusal(&self, fence: Option<u32>) -> WriteRefusal {
        match self.fences(fence) {
            true => fenced(),
            false => stale(self.row.version),
        }
    }
}

/// Writes one row; the number of rows that were there. A failure leaves the transaction alive.
pub(super) fn update(conn: &mut Connection, row: &Row<'_>) -> QueryResult<usize> {
    match conn {
        Connection::Sqlite(conn) => sqlite::update(conn, row),
        Connection::Postgres(conn) => {
            conn.batch_execute("SAVEPOINT alone")?;
            let updated = postgres::update(conn, row);
            conn.batch_execute(match updated {
                Ok(_) => "RELEASE alone",
                Err(_) => "ROLLBACK TO alone; RELEASE alone",
            })?;
            updated
        }
    }
}

/// What a save that touched no row is told, unless the row holds what it wants.
pub(super) fn why_missed(
    conn: &mut Connection,
    key: EntityKey,
    fence: Option<u32>,
    link: &Link,
) -> QueryResult<Result<WriteRefusal, WriteRefusal>> {
    Ok(match find(conn, key)? {
        None => Err(gone(key)),
        Some(found) if holds(&found.row, link) => Ok(stale(found.row.version)),
        Some(found) => Err(found.refusal(fence)),
    })
}

/// The row as it is; `None` also where what it holds fits none of our types.
pub(super) fn present_if_readable(
    conn: &mut Connection,
    key: EntityKey,
) -> QueryResult<Option<Present>> {
    match find(conn, key).map(|found| found.map(|found| found.row)) {
        Err(error) if !is_environment(conn, &error) => Ok(None),
        read => read,
    }
}

fn find(conn: &mut Connection, key: EntityKey) -> QueryResult<Option<Found>> {
    let id = key.id.to_string();
    let (row, play_epoch) = match key.kind {
        EntityKind::Character => {
            let row: Option<(Count32, Small16, Vec<u8>, Count32)> = characters::table
                .find(id)
                .select((
                    characters::version,
                    characters::schema_version,
                    characters::state,
                    characters::play_epoch,
                ))
                .get_result(conn)
                .optional()?;
            let Some((version, schema_version, state, epoch)) = row else {
                return Ok(None);
            };
            ((version, schema_version, state), Some(epoch.into()))
        }
        EntityKind::Ship => {
            let row: Option<(Count32, Small16, Vec<u8>)> = ships::table
                .find(id)
                .select((ships::version, ships::schema_version, ships::state))
                .get_result(conn)
                .optional()?;
            let Some(row) = row else { return Ok(None) };
            (row, None)
        }
    };
    let (version, schema_version, state) = row;
    let row = Present {
        version: version.into(),
        schema_version: schema_version.into(),
        state: Bytes::from(state),
    };
    Ok(Some(Found { row, play_epoch }))
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

fn fenced() -> WriteRefusal {
    WriteRefusal::new(Cause::Fenced, "Somebody else plays the character by now.")
}

fn gone(key: EntityKey) -> WriteRefusal {
    WriteRefusal::gone(format!("There is no {} {}.", key.kind.as_str(), key.id))
}

/// The line of a save that was taken, with what it made.
pub(super) fn saved_line(key: EntityKey, link: &Link) -> Line {
    line(key, link, SAVED).making(link.schema_version, link.state.clone())
}
