//! Whether a save may be promised before its commit: not while somebody else's write of its entity waits that
//! may be what it fails at, and not on top of what the last commits are known to have ended. Kept by a
//! buffer that promises early; pure.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

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
    /// What moves with the saves of a write, and rests on more than its own entity.
    moves: HashMap<u64, Vec<Move>>,
    /// Writes without an outcome that put into an escrow or take from it.
    escrows: HashMap<Uuid, BTreeSet<u64>>,
    young: HashMap<Thing, Settled>,
    old: HashMap<Thing, Settled>,
}

/// What goes into an escrow, with whom it is for, or comes out of it.
#[derive(Clone, Copy)]
struct Move {
    escrow: Uuid,
    to: Option<EntityKey>,
}

/// What the last commits are remembered of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Thing {
    Entity(EntityKey),
    Escrow(Uuid),
}

/// What the last commits have told of it.
#[derive(Clone, Copy, Default)]
struct Settled {
    version: Option<u32>,
    fence: Fence,
    /// Nothing can be put there: the guild is disbanded; or nothing taken: it was refused, or taken.
    ended: bool,
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
        // The entities among whose saves a change of this write waits its turn.
        let changed = write.changes().filter_map(Change::among_saves_of);
        for (key, save) in saves.chain(changed.map(|key| (key, None))) {
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
        let moves: Vec<_> = write.changes().filter_map(Move::of).collect();
        for it in &moves {
            self.escrows.entry(it.escrow).or_default().insert(seq);
        }
        if !moves.is_empty() {
            self.moves.insert(seq, moves);
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
        for it in self.moves.remove(&seq).unwrap_or_default() {
            if let Entry::Occupied(mut writes) = self.escrows.entry(it.escrow) {
                writes.get_mut().remove(&seq);
                if writes.get().is_empty() {
                    writes.remove();
                }
            }
        }
    }

    /// Remembers what a commit tells, from the units in the order in which they were written.
    pub fn settle(&mut self, units: &[Unit], outcomes: &[(u64, Outcome)]) {
        let outcomes: HashMap<u64, &Outcome> =
            outcomes.iter().map(|(seq, it)| (*seq, it)).collect();
        for unit in units {
            match unit {
                Unit::Change(unit) => {
                    if let (Change::ReviveGuild(it), Some(Outcome::Durable { .. })) =
                        (&unit.change, outcomes.get(&unit.seq))
                    {
                        self.ends(Thing::Entity(ship_of(it.guild)), false);
                    }
                }
                Unit::Save(unit) => {
                    let outcomes = unit.links.iter().filter_map(|it| outcomes.get(&it.seq));
                    if let Some(version) = outcomes.filter_map(|it| version_by(it)).max() {
                        self.at(Thing::Entity(unit.key)).version = Some(version);
                    }
                }
                Unit::Group(unit) => match outcomes.get(&unit.seq) {
                    Some(Outcome::Durable { version }) => {
                        for save in unit.saves() {
                            self.at(Thing::Entity(save.key)).version = Some(save.version());
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
                self.at(Thing::Entity(save.key)).version = Some(present.version);
            }
        }
        for change in unit.changes() {
            if let Change::PutEscrow(put) = change {
                self.ends(Thing::Escrow(put.escrow), true);
            }
        }
    }

    fn ends(&mut self, thing: Thing, ended: bool) {
        self.at(thing).ended = ended;
    }

    fn changed(&mut self, change: &Change, version: u32) {
        match change {
            Change::PutEscrow(put) => return self.ends(Thing::Escrow(put.escrow), false),
            Change::TakeEscrow(take) => return self.ends(Thing::Escrow(take.escrow), true),
            Change::DisbandGuild(it) => return self.ends(Thing::Entity(ship_of(it.guild)), true),
            _ => {}
        }
        let Some(key) = change.among_saves_of() else {
            return;
        };
        let settled = self.at(Thing::Entity(key));
        match change {
            Change::EnterPlay(_) => settled.fence = Fence::Is(version),
            Change::Restore(_) if key.kind == EntityKind::Character => {
                *settled = Settled {
                    version: Some(version),
                    fence: Fence::Raised,
                    ended: false,
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
        let mut moves = self.moves.get(&seq).into_iter().flatten();
        moves.all(|it| self.may_move(it, seq))
            && places.iter().all(|(key, lane)| match lane {
                Some(lane) => {
                    self.is_alone(*key, *lane, seq)
                        && self.goes_on(*key, *lane)
                        && !self.is_behind_open_group(*lane, seq)
                }
                None => false,
            })
    }

    /// What moves is there, or somebody to take it, whatever becomes of the writes taken up before.
    fn may_move(&self, it: &Move, seq: u64) -> bool {
        let escrow = self.escrows.get(&it.escrow).and_then(BTreeSet::first);
        let change = |to: EntityKey| self.waiting.get(&to)?.get(&None)?.keys().next();
        let earlier = [escrow, it.to.and_then(change)];
        let decided = !earlier.into_iter().flatten().any(|at| *at < seq);
        let ended = |thing| self.settled(thing).is_some_and(|settled| settled.ended);
        let is_over = match it.to {
            Some(to) => ended(Thing::Entity(to)),
            None => ended(Thing::Escrow(it.escrow)),
        };
        decided && !is_over
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
        let Some(settled) = self.settled(Thing::Entity(key)) else {
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

    /// The newest save of an entity without an outcome that is wanted. Of each lane the newest are looked at
    /// until one is: mostly the first.
    pub fn newest_save(
        &self,
        key: EntityKey,
        is_wanted: impl Fn(u64, &Save) -> bool,
    ) -> Option<&Save> {
        let lanes = self.waiting.get(&key)?.values();
        let newest = lanes.filter_map(|in_lane| {
            let mut saves = in_lane.iter().rev();
            saves.find_map(|(seq, save)| {
                let save = save.as_ref()?;
                is_wanted(*seq, save).then_some((*seq, save))
            })
        });
        newest.max_by_key(|(seq, _)| *seq).map(|(_, save)| save)
    }

    fn settled(&self, thing: Thing) -> Option<&Settled> {
        self.young.get(&thing).or_else(|| self.old.get(&thing))
    }

    fn at(&mut self, thing: Thing) -> &mut Settled {
        if self.young.len() >= SETTLED_MAX && !self.young.contains_key(&thing) {
            self.old = std::mem::take(&mut self.young);
        }
        let known = self.old.remove(&thing).unwrap_or_default();
        self.young.entry(thing).or_insert(known)
    }
}

/// The version that the row has after this.
fn version_by(outcome: &Outcome) -> Option<u32> {
    match outcome {
        Outcome::Durable { version } => Some(*version),
        Outcome::Refused(refusal) => Some(refusal.present.as_ref()?.version),
    }
}

impl Move {
    fn of(change: &Change) -> Option<Self> {
        let (escrow, to) = match change {
            Change::PutEscrow(put) => (put.escrow, Some(put.to)),
            Change::TakeEscrow(take) => (take.escrow, None),
            _ => return None,
        };
        Some(Self { escrow, to })
    }
}

fn ship_of(guild: Uuid) -> EntityKey {
    EntityKey {
        kind: EntityKind::Ship,
        id: guild,
    }
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
