//! Members that are written or refused as one: a savepoint around them all.

use diesel::QueryResult;

use super::Connection;
use super::flush::Stop;
use super::record::Line;
use super::run::{Run, change_line, change_lines, payload, too_large, unwritable};
use super::save::{self, Row, holds, line, present_if_readable};
use crate::changes::{Applied, Change, Failed};
use crate::write_behind::{
    ChangeUnit, GroupUnit, Link, Member, Outcome, Present, Save, WriteRefusal,
};

/// A group that was refused.
pub(super) struct RefusedGroup<'a> {
    unit: &'a GroupUnit,
    refusal: WriteRefusal,
}

/// Why a member was not written.
enum Not {
    Refused(WriteRefusal),
    /// The row holds what the save wants: the group was written before, or the save is stale.
    Held(WriteRefusal),
}

impl<'a> Run<'a> {
    pub(super) fn group(&mut self, unit: &'a GroupUnit) -> Result<(), Stop> {
        if let Some(refusal) = self.group_refused_before(unit) {
            self.refused_groups.push(RefusedGroup { unit, refusal });
            return Ok(());
        }
        let lines = self.lines.len();
        self.begin_unit()?;
        let mut version = None;
        for member in &unit.members {
            match self.member(unit, member)? {
                Ok(made) => version = version.or(Some(made)),
                Err(not) => {
                    self.undo_unit()?;
                    self.lines.truncate(lines);
                    return self.not_written(unit, not);
                }
            }
        }
        self.end_unit()?;
        let lane = |save: &Save| (save.key, save.lane());
        self.saved.extend(unit.saves().map(lane));
        self.written.rows = self.written.rows.saturating_add(1);
        self.group_is_durable(unit, version.unwrap_or(1));
        Ok(())
    }

    fn group_is_durable(&mut self, unit: &GroupUnit, version: u32) {
        let outcome = Outcome::Durable { version };
        self.written.outcomes.push((unit.seq, outcome));
    }

    fn group_refused_before(&self, unit: &GroupUnit) -> Option<WriteRefusal> {
        if unit.builds_on_refused {
            return Some(save::based_on_refused());
        }
        let unwritable = |member: &Member| match member {
            Member::Save(save) => too_large(save.state.len()),
            Member::Change(change) => unwritable(change),
        };
        let banned = self.banned.get(&unit.seq).cloned();
        banned.or_else(|| unit.members.iter().find_map(unwritable))
    }

    fn member(&mut self, unit: &GroupUnit, member: &Member) -> Result<Result<u32, Not>, Stop> {
        match member {
            Member::Save(save) => self.member_save(unit, save),
            Member::Change(change) => self.member_change(unit, change),
        }
    }

    fn member_save(&mut self, unit: &GroupUnit, save: &Save) -> Result<Result<u32, Not>, Stop> {
        let link = link(unit, save);
        let saved = self.saved.get(&save.key);
        let by_another = saved.is_some_and(|lane| *lane != save.lane());
        if !by_another {
            let row = Row::new(save.key, (save.base_version, save.fence), &link, self.at_us);
            match save::update(self.conn, &row) {
                Ok(1) => {
                    self.lines.push(save::saved_line(save.key, &link));
                    return Ok(Ok(link.version));
                }
                Ok(_) => {}
                Err(error) => return Ok(Err(Not::Refused(self.refusal_of(unit.seq, error)?))),
            }
        }
        let why = save::why_missed(self.conn, save.key, save.fence, &link)?;
        Ok(Err(why.map_or_else(Not::Refused, Not::Held)))
    }

    fn member_change(
        &mut self,
        unit: &GroupUnit,
        change: &Change,
    ) -> Result<Result<u32, Not>, Stop> {
        match change.apply(self.conn, self.at_us) {
            Ok(Applied::Done { version }) => {
                self.lines
                    .extend(change_lines(&alone(unit, change), version, Vec::new()));
                Ok(Ok(version))
            }
            Ok(Applied::Made { version, documents }) => {
                self.lines
                    .extend(change_lines(&alone(unit, change), version, documents));
                Ok(Ok(version))
            }
            Ok(Applied::Kept(refusal)) | Err(Failed::Refused(refusal)) => {
                Ok(Err(Not::Refused(refusal)))
            }
            Err(Failed::Database(error)) => {
                Ok(Err(Not::Refused(self.refusal_of(unit.seq, error)?)))
            }
        }
    }

    /// A retry after a lost answer finds every row as it wants it, and all of the group done and no more: also
    /// what went along with the saves, for an equal state alone does not tell that.
    fn not_written(&mut self, unit: &'a GroupUnit, not: Not) -> Result<(), Stop> {
        let refusal = match not {
            Not::Held(refusal) => {
                if let Some(version) = self.written_before(unit)? {
                    self.group_is_durable(unit, version);
                    return Ok(());
                }
                refusal
            }
            Not::Refused(refusal) => refusal,
        };
        self.refused_groups.push(RefusedGroup { unit, refusal });
        Ok(())
    }

    fn written_before(&mut self, unit: &GroupUnit) -> Result<Option<u32>, Stop> {
        for save in unit.saves() {
            let row = present_if_readable(self.conn, save.key)?;
            if !row.is_some_and(|row| holds(&row, &link(unit, save))) {
                return Ok(None);
            }
        }
        for member in &unit.members {
            if let Member::Change(change) = member
                && !change.is_done(self.conn)?
            {
                return Ok(None);
            }
        }
        if !self.repeats_together(unit)? {
            return Ok(None);
        }
        Ok(unit.saves().next().map(Save::version))
    }

    /// Records the refused groups, once nothing else can change the rows that they are shown.
    pub(super) fn record_refused_groups(&mut self) -> Result<(), Stop> {
        for RefusedGroup { unit, mut refusal } in std::mem::take(&mut self.refused_groups) {
            refusal = refusal.showing(rows_of(self.conn, unit)?);
            let mut saves = 0..;
            for member in &unit.members {
                let at = member.as_save().and_then(|_| saves.next());
                let shown = refusal.of_save(at.unwrap_or_default());
                self.record_refused_member(unit, member, &shown)?;
            }
            let outcome = Outcome::Refused(refusal);
            self.written.outcomes.push((unit.seq, outcome));
        }
        Ok(())
    }

    fn record_refused_member(
        &mut self,
        unit: &GroupUnit,
        member: &Member,
        refusal: &WriteRefusal,
    ) -> Result<(), Stop> {
        let cause = refusal.cause.as_str();
        match member {
            Member::Save(save) => {
                let line = line(save.key, &link(unit, save), cause);
                self.record_refusal(line, refusal, &save.state)
            }
            Member::Change(change) if !change.is_history() => Ok(()),
            Member::Change(change) => {
                let line: Line = change_line(&alone(unit, change), 0, cause);
                self.record_refusal(line, refusal, &payload(change)?)
            }
        }
    }
}

/// The rows of its saves as they are.
pub(super) fn rows_of(
    conn: &mut Connection,
    unit: &GroupUnit,
) -> QueryResult<Vec<Option<Present>>> {
    let keys = unit.saves().map(|save| save.key);
    keys.map(|key| present_if_readable(conn, key)).collect()
}

fn link(unit: &GroupUnit, save: &Save) -> Link {
    Link {
        seq: unit.seq,
        version: save.version(),
        schema_version: save.schema_version,
        state: save.state.clone(),
        by: unit.by,
    }
}

fn alone(unit: &GroupUnit, change: &Change) -> ChangeUnit {
    ChangeUnit {
        seq: unit.seq,
        change: change.clone(),
        by: unit.by,
    }
}
