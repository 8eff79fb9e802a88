//! Whether a save that finds its own state in the row was done before: a retry after a lost answer. An equal
//! state does not tell that: the history does, where one write leaves one line for everything it did.

use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;

use super::record::Line;
use super::run::Run;
use crate::schema::entity_history;
use crate::write_behind::{EntityKey, GroupUnit, Link, Member};

/// The word of a save in the history.
pub(super) const SAVED: &str = "saved";

/// Everything that one write did: kind and id of the thing, the word for it, and of a save the version.
type Shape = BTreeSet<(String, String, String, i64)>;

impl Run<'_> {
    /// Whether the version of this link was made by a write of the same account that did this and no more.
    pub(super) fn repeats_alone(&mut self, key: EntityKey, link: &Link) -> QueryResult<bool> {
        let shape = Shape::from([part_of_save(key, link.version)]);
        self.was_made_by(key, link.version, link.by.account, &shape)
    }

    /// Whether one write of the same account did everything that this group is to do, and no more.
    pub(super) fn repeats_together(&mut self, unit: &GroupUnit) -> QueryResult<bool> {
        let Some(first) = unit.saves().next() else {
            return Ok(false);
        };
        let shape = unit.members.iter().filter_map(|member| match member {
            Member::Save(save) => Some(part_of_save(save.key, save.version())),
            Member::Change(change) if change.is_history() => {
                let subject = change.subject();
                Some(part(subject.kind, subject.id.to_string(), change.word(), 0))
            }
            Member::Change(_) => None,
        });
        self.was_made_by(
            first.key,
            first.version(),
            unit.by.account,
            &shape.collect(),
        )
    }

    fn was_made_by(
        &mut self,
        key: EntityKey,
        version: u32,
        account: Uuid,
        shape: &Shape,
    ) -> QueryResult<bool> {
        let (id, account) = (key.id.to_string(), account.to_string());
        let made = |line: &&Line| {
            !line.is_refusal
                && line.cause == SAVED
                && (line.kind, line.id.as_str()) == (key.kind.as_str(), id.as_str())
                && line.version == i64::from(version)
        };
        // What this batch has written is not in the table yet.
        if let Some(line) = self.lines.iter().rev().find(made) {
            let same = self.lines.iter().filter(|it| it.seq == line.seq);
            let did = same.map(|it| part(it.kind, it.id.as_str().to_owned(), it.cause, it.version));
            return Ok(line.account.as_str() == account && did.collect::<Shape>() == *shape);
        }
        let line: Option<(i64, i64, String)> = entity_history::table
            .filter(entity_history::entity_id.eq(&id))
            .filter(entity_history::entity_kind.eq(key.kind.as_str()))
            .filter(entity_history::version.eq(i64::from(version)))
            .filter(entity_history::cause.eq(SAVED))
            .order(entity_history::id.desc())
            .select((
                entity_history::batch,
                entity_history::write_seq,
                entity_history::account_id,
            ))
            .first(self.conn)
            .optional()?;
        match line {
            Some((batch, seq, by)) if by == account => Ok(self.shape_of(batch, seq)? == *shape),
            _ => Ok(false),
        }
    }

    fn shape_of(&mut self, batch: i64, write_seq: i64) -> QueryResult<Shape> {
        let lines: Vec<(String, String, String, i64)> = entity_history::table
            .filter(entity_history::batch.eq(batch))
            .filter(entity_history::write_seq.eq(write_seq))
            .select((
                entity_history::entity_kind,
                entity_history::entity_id,
                entity_history::cause,
                entity_history::version,
            ))
            .load(self.conn)?;
        let parts = lines
            .into_iter()
            .map(|(kind, id, cause, version)| part(&kind, id, &cause, version));
        Ok(parts.collect())
    }
}

fn part_of_save(key: EntityKey, version: u32) -> (String, String, String, i64) {
    part(key.kind.as_str(), key.id.to_string(), SAVED, version.into())
}

fn part(kind: &str, id: String, word: &str, version: i64) -> (String, String, String, i64) {
    let version = if word == SAVED { version } else { 0 };
    (kind.to_owned(), id, word.to_owned(), version)
}
