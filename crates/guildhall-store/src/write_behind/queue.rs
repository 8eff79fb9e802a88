//! What waits for the next batch: changes in their order, saves coalesced per lane, groups as they
//! are. Pure; limits and clocks are the buffer's business.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use super::batch::{ChangeUnit, GroupUnit, Link, Newest, SaveUnit, Unit};
use super::write::{EntityKey, Lane};

/// A share of each batch that changes leave to saves, so that neither starves: a quarter.
const SAVES_SHARE: usize = 4;

/// A chain or a group that waits since then.
struct Waiting {
    unit: Unit,
    since: Duration,
}

#[derive(Default)]
pub(super) struct Queue {
    changes: VecDeque<(ChangeUnit, Duration)>,
    /// By the number of the first write in each: oldest first, those of one lane in their order.
    saves: BTreeMap<u64, Waiting>,
    /// Where in `saves` the newest save of each lane is.
    newest: HashMap<Lane, u64>,
}

impl Queue {
    /// Units that wait.
    pub fn units(&self) -> usize {
        self.changes.len().saturating_add(self.saves.len())
    }

    /// When the oldest write that waits was submitted.
    pub fn oldest(&self) -> Option<Duration> {
        let change = self.changes.front().map(|(_, since)| *since);
        let save = self.saves.first_key_value().map(|(_, it)| it.since);
        [change, save].into_iter().flatten().min()
    }

    /// The newest save of a lane that waits.
    pub fn newest(&self, lane: Lane) -> Option<Newest<'_>> {
        let at = self.newest.get(&lane)?;
        self.saves.get(at)?.unit.newest(lane)
    }

    /// What waits in these lanes builds on a save that was refused, and so does what builds on
    /// that in turn, by a group of several lanes, and what will join it.
    pub fn ban(&mut self, lanes: impl IntoIterator<Item = Lane>) {
        let waits = |lane: &Lane| self.newest.contains_key(lane);
        let mut banned: HashSet<Lane> = lanes.into_iter().filter(waits).collect();
        if banned.is_empty() {
            return;
        }
        for waiting in self.saves.values_mut() {
            if waiting.unit.lanes().any(|lane| banned.contains(&lane)) {
                waiting.unit.ban();
                banned.extend(waiting.unit.lanes());
            }
        }
    }

    pub fn push_change(&mut self, unit: ChangeUnit, now: Duration) {
        self.changes.push_back((unit, now));
    }

    /// Takes a change out again, if it waits, also one that waits its turn among saves. Saves, and what
    /// rides with them, stay.
    pub fn withdraw(&mut self, seq: u64) -> bool {
        let at = self
            .changes
            .binary_search_by_key(&seq, |(unit, _)| unit.seq);
        if let Ok(at) = at {
            return self.changes.remove(at).is_some();
        }
        let alone = |unit: &Unit| matches!(unit, Unit::Group(_)) && unit.lanes().next().is_none();
        match self.saves.get(&seq) {
            Some(waiting) if alone(&waiting.unit) => self.saves.remove(&seq).is_some(),
            _ => false,
        }
    }

    /// Joins the chain of its lane. A group closes the chains of its lanes: what comes after it
    /// starts another.
    pub fn push_save(&mut self, lane: Lane, base_version: u32, link: Link, now: Duration) {
        let seq = link.seq;
        let newest = self.newest.get(&lane).and_then(|at| self.saves.get_mut(at));
        if let Some(Waiting {
            unit: Unit::Save(chain),
            ..
        }) = newest
        {
            return chain.links.push(link);
        }
        let builds_on_refused = self.is_banned(lane);
        let unit = Unit::Save(SaveUnit {
            key: lane.key,
            fence: lane.fence,
            base_version,
            builds_on_refused,
            links: vec![link],
        });
        self.newest.insert(lane, seq);
        self.saves.insert(seq, Waiting { unit, since: now });
    }

    pub fn push_group(&mut self, mut unit: GroupUnit, now: Duration) {
        let seq = unit.seq;
        let lanes: Vec<Lane> = unit.lanes().collect();
        unit.builds_on_refused = lanes.iter().any(|lane| self.is_banned(*lane));
        self.newest
            .extend(lanes.into_iter().map(|lane| (lane, seq)));
        let unit = Unit::Group(unit);
        self.saves.insert(seq, Waiting { unit, since: now });
    }

    fn is_banned(&self, lane: Lane) -> bool {
        let newest = self.newest.get(&lane).and_then(|at| self.saves.get(at));
        newest.is_some_and(|waiting| waiting.unit.builds_on_refused())
    }

    /// Takes the units of a batch, in the order in which they are written.
    pub fn take(&mut self, units_max: usize) -> Vec<Unit> {
        let kept_for_saves = self.saves.len().min(units_max / SAVES_SHARE);
        let changes = self.changes.len().min(units_max - kept_for_saves);
        let mut units: Vec<Unit> = self
            .changes
            .drain(..changes)
            .map(|(unit, _)| Unit::Change(unit))
            .collect();
        units.extend(in_layers(self.take_saves(units_max - changes)));
        units
    }

    /// The oldest chains and groups.
    fn take_saves(&mut self, units_max: usize) -> Vec<Unit> {
        let mut taken = Vec::with_capacity(units_max.min(self.saves.len()));
        while taken.len() < units_max
            && let Some((at, Waiting { unit, .. })) = self.saves.pop_first()
        {
            for lane in unit.lanes() {
                if self.newest.get(&lane) == Some(&at) {
                    self.newest.remove(&lane);
                }
            }
            taken.push(unit);
        }
        taken
    }
}

/// Sorts units that come in the order of their submission. Within a layer first the chains, sorted
/// by entity, since neighbours in the table are written together, then the groups. What shares an
/// entity with an earlier group, and a group that shares one with anything earlier, is in a later
/// layer; chains of one entity keep their order.
fn in_layers(units: Vec<Unit>) -> Vec<Unit> {
    let mut tops: HashMap<EntityKey, Top> = HashMap::new();
    let mut placed: Vec<_> = units
        .into_iter()
        .map(|unit| (place(&unit, &mut tops), unit))
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, unit)| unit).collect()
}

/// The layer of the last unit that touches an entity, and whether it is a group.
type Top = (usize, bool);

fn place(unit: &Unit, tops: &mut HashMap<EntityKey, Top>) -> (Top, Option<EntityKey>) {
    let is_group = matches!(unit, Unit::Group(_));
    let keys = || unit.entities();
    let above = keys().filter_map(|key| {
        let (layer, group_there) = tops.get(&key)?;
        Some(layer.saturating_add(usize::from(is_group || *group_there)))
    });
    let top = (above.max().unwrap_or(0), is_group);
    tops.extend(keys().map(|key| (key, top)));
    (top, keys().next())
}
