//! Whether a save may be promised before its commit: not while somebody else's write of its entity waits that
//! may be what it fails at, and not on top of what the last commits are known to have ended. Kept by a
//! buffer that promises early; pure.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::batch::{GroupUnit, Unit};
use super::outcome::{Outcome, WriteRefusal};
use super::write::{EntityKey, EntityKind, Lane, Save, Write};
use crate::changes::Change;

/// Entities of which the last commits are remembered, in each of two generations: those that are saved now,
/// and some megabytes. What is forgotten costs no write, only the certainty of a promise.
const SETTLED_MAX: usize = 65_536;

/// The writes of one entity by one lane, or the changes among its saves (`None`), by their numbers.
type InLane = BTreeMap<u64, Option<Save>>;

#[derive(Default)]
pub(super) struct Contests {
    /// Writes without an outcome.
    waiting: HashMap<EntityKey, HashMap<Option<Lane>, InLane>>,
    /// Where in `waiting` each write is.
    places: HashMap<u64, Vec<(EntityKey, Option<Lane>)>>,
    /// Groups of several entities that are not promised: by the danger of one of them what builds on the others
    /// is in danger too.
    open_groups: HashMap<Lane, BTreeSet<u64>>,
    young: HashMap<EntityKey, Settled>,
    old: HashMap<EntityKey, Settled>,
}

/// What the last commits have told of an entity.
#[derive(Clone, Copy, Default)]
struct Settled {
    version: Option<u32>,
    fence: Fence,
}

/// Under which play epoch saves are written.
#[derive(Clone, Copy, Default)]
enum Fence {
    #[default]
    Unknown,
    Is(u32),
    /// Above every one that was given out before.
    Raised,
}

impl Contests {
    pub fn take_up(&mut self, seq: u64, write: &Write) {
        let mut places = Vec::new();
        let saves = write.saves().map(|save| (save.key, Some(save)));
        for (key, save) in saves.chain(changed(write).map(|key| (key, None))) {
            let lane = save.map(Save::lane);
            let lanes = self.waiting.entry(key).or_default();
            lanes.entry(lane).or_default().insert(seq, save.cloned());
            places.push((key, lane));
        }
        if places.len() > 1 {
            for lane in places.iter().filter_map(|(_, lane)| *lane) {
                self.open_groups.entry(lane).or_default().insert(seq);
            }
        }
        if !places.is_empty() {
            self.places.insert(seq, places);
        }
    }

    /// The write was promised, so what builds on it may be.
    pub fn promised(&mut self, seq: u64) {
        let places = self.places.get(&seq).map_or([].as_slice(), Vec::as_slice);
        for lane in places.iter().filter_map(|(_, lane)| *lane) {
            if let Entry::Occupied(mut open) = self.open_groups.entry(lane) {
                open.get_mut().remove(&seq);
                if open.get().is_empty() {
                    open.remove();
                }
            }
        }
    }

    /// The write has its outcome, or was taken back.
    pub fn clear(&mut self, seq: u64) {
        self.promised(seq);
        for (key, lane) in self.places.remove(&seq).unwrap_or_default() {
            let Some(lanes) = self.waiting.get_mut(&key) else {
                continue;
            };
            if let Some(in_lane) = lanes.get_mut(&lane) {
                in_lane.remove(&seq);
            }
            lanes.retain(|_, in_lane| !in_lane.is_empty());
            if lanes.is_empty() {
                self.waiting.remove(&key);
            }
        }
    }

    /// Remembers what a commit tells, from the units in the order in which they were written.
    pub fn settle(&mut self, units: &[Unit], outcomes: &[(u64, Outcome)]) {
        let outcomes: HashMap<u64, &Outcome> =
            outcomes.iter().map(|(seq, it)| (*seq, it)).collect();
        for unit in units {
            match unit {
                Unit::Change(_) => {}
                Unit::Save(unit) => {
                    let outcomes = unit.links.iter().filter_map(|it| outcomes.get(&it.seq));
                    if let Some(version) = outcomes.filter_map(|it| version_by(it)).max() {
                        self.at(unit.key).version = Some(version);
                    }
                }
                Unit::Group(unit) => match outcomes.get(&unit.seq) {
                    Some(Outcome::Durable { version }) => {
                        for save in unit.saves() {
                            self.at(save.key).version = Some(save.version());
                        }
                        for change in unit.changes() {
                            self.changed(change, *version);
                        }
                    }
                    Some(Outcome::Refused(refusal)) => self.refused(unit, refusal),
                    None => {}
                },
            }
        }
    }

    /// The rows of a refused group are as they are shown.
    fn refused(&mut self, unit: &GroupUnit, refusal: &WriteRefusal) {
        for (at, save) in unit.saves().enumerate() {
            if let Some(present) = refusal.of_save(at).present {
                self.at(save.key).version = Some(present.version);
            }
        }
    }

    fn changed(&mut self, change: &Change, version: u32) {
        let Some(key) = change.among_saves_of() else {
            return;
        };
        let settled = self.at(key);
        match change {
            Change::EnterPlay(_) => settled.fence = Fence::Is(version),
            Change::Restore(_) if key.kind == EntityKind::Character => {
                *settled = Settled {
                    version: Some(version),
                    fence: Fence::Raised,
                };
            }
            Change::Restore(_) | Change::RestoreShip(_) => settled.version = Some(version),
            _ => {}
        }
    }

    /// Whether nothing is known at which the saves of this write may fail, but the database itself.
    pub fn may_promise(&self, seq: u64) -> bool {
        let Some(places) = self.places.get(&seq) else {
            return false;
        };
        places.iter().all(|(key, lane)| match lane {
            Some(lane) => {
                self.is_alone(*key, *lane, seq)
                    && self.goes_on(*key, *lane)
                    && !self.is_behind_open_group(*lane, seq)
            }
            None => false,
        })
    }

    /// No other lane's write of the entity, taken up before, may still spoil it.
    fn is_alone(&self, key: EntityKey, mine: Lane, seq: u64) -> bool {
        let Some(lanes) = self.waiting.get(&key) else {
            return true;
        };
        let earlier = |in_lane: &InLane| in_lane.first_key_value().is_some_and(|(at, _)| *at < seq);
        !lanes
            .iter()
            .any(|(lane, in_lane)| may_spoil(*lane, mine) && earlier(in_lane))
    }

    fn is_behind_open_group(&self, lane: Lane, seq: u64) -> bool {
        let open = self.open_groups.get(&lane).and_then(BTreeSet::first);
        open.is_some_and(|at| *at < seq)
    }

    /// The first save of the lane that waits builds on what is known to be there.
    fn goes_on(&self, key: EntityKey, mine: Lane) -> bool {
        let lanes = self.waiting.get(&key);
        let first = lanes.and_then(|lanes| lanes.get(&Some(mine))?.first_key_value());
        let Some((_, Some(first))) = first else {
            return true;
        };
        let Some(settled) = self.young.get(&key).or_else(|| self.old.get(&key)) else {
            return true;
        };
        let fence_holds = match (settled.fence, mine.fence) {
            (Fence::Unknown, _) | (_, None) => true,
            (Fence::Is(present), Some(fence)) => present == fence,
            (Fence::Raised, Some(_)) => false,
        };
        fence_holds
            && settled
                .version
                .is_none_or(|version| version == first.base_version)
    }

    /// The saves of an entity without an outcome, the newest first.
    pub fn saves_of(&self, key: EntityKey) -> impl Iterator<Item = (u64, &Save)> {
        let lanes = self.waiting.get(&key).into_iter().flatten();
        let saves = lanes.flat_map(|(_, in_lane)| in_lane.iter());
        let mut saves: Vec<_> = saves
            .filter_map(|(seq, save)| Some((*seq, save.as_ref()?)))
            .collect();
        saves.sort_unstable_by_key(|(seq, _)| std::cmp::Reverse(*seq));
        saves.into_iter()
    }

    fn at(&mut self, key: EntityKey) -> &mut Settled {
        if self.young.len() >= SETTLED_MAX && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        let known = self.old.remove(&key).unwrap_or_default();
        self.young.entry(key).or_insert(known)
    }
}

/// The version that the row has after this.
fn version_by(outcome: &Outcome) -> Option<u32> {
    match outcome {
        Outcome::Durable { version } => Some(*version),
        Outcome::Refused(refusal) => Some(refusal.present.as_ref()?.version),
    }
}

/// The entities among whose saves a change of this write waits its turn.
fn changed(write: &Write) -> impl Iterator<Item = EntityKey> {
    let (one, members) = match write {
        Write::Save(_) => (None, [].as_slice()),
        Write::Change(change, _) => (Some(change), [].as_slice()),
        Write::Group(members, _) => (None, members.as_slice()),
    };
    let changes = one
        .into_iter()
        .chain(members.iter().filter_map(super::Member::as_change));
    changes.filter_map(Change::among_saves_of)
}

/// Whether a write of another lane may be what one of mine fails at. An older play is over: what is saved
/// under it changes nothing any more.
fn may_spoil(other: Option<Lane>, mine: Lane) -> bool {
    let Some(other) = other else {
        return true;
    };
    let is_over = |(theirs, ours)| theirs < ours;
    other != mine && !other.fence.zip(mine.fence).is_some_and(is_over)
}

#[cfg(test)]
mod tests;
