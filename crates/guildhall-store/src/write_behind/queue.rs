//! What waits for the next batch: changes in their order, saves coalesced per lane. Pure; limits and
//! clocks are the buffer's business.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::batch::{ChangeUnit, Link, SaveUnit, Unit};
use super::write::Lane;

/// A share of each batch that changes leave to saves, so that neither starves: a quarter.
const SAVES_SHARE: usize = 4;

/// The saves of one lane that wait.
struct Chain {
    base_version: u32,
    builds_on_refused: bool,
    links: Vec<Link>,
    since: Duration,
}

#[derive(Default)]
pub(super) struct Queue {
    changes: VecDeque<(ChangeUnit, Duration)>,
    chains: HashMap<Lane, Chain>,
    /// The lanes of `chains`, oldest first.
    order: VecDeque<Lane>,
}

impl Queue {
    /// Units that wait.
    pub fn units(&self) -> usize {
        self.changes.len().saturating_add(self.order.len())
    }

    /// When the oldest write that waits was submitted.
    pub fn oldest(&self) -> Option<Duration> {
        let change = self.changes.front().map(|(_, since)| *since);
        let chain = self.order.front().and_then(|lane| self.chains.get(lane));
        [change, chain.map(|chain| chain.since)]
            .into_iter()
            .flatten()
            .min()
    }

    /// The first change that waits.
    pub fn oldest_change(&self) -> Option<u64> {
        self.changes.front().map(|(unit, _)| unit.seq)
    }

    /// The newest save of a lane that waits.
    pub fn newest(&self, lane: Lane) -> Option<&Link> {
        self.chains.get(&lane)?.links.last()
    }

    /// What waits in this lane builds on a save that was refused, and so will what joins it.
    pub fn ban(&mut self, lane: Lane) {
        if let Some(chain) = self.chains.get_mut(&lane) {
            chain.builds_on_refused = true;
        }
    }

    pub fn push_change(&mut self, unit: ChangeUnit, now: Duration) {
        self.changes.push_back((unit, now));
    }

    pub fn push_save(&mut self, lane: Lane, base_version: u32, link: Link, now: Duration) {
        let chain = self.chains.entry(lane).or_insert_with(|| {
            self.order.push_back(lane);
            Chain {
                base_version,
                builds_on_refused: false,
                links: Vec::with_capacity(1),
                since: now,
            }
        });
        chain.links.push(link);
    }

    /// Takes the units of a batch, in the order in which they are written.
    pub fn take(&mut self, units_max: usize) -> Vec<Unit> {
        let kept_for_saves = self.order.len().min(units_max / SAVES_SHARE);
        let changes = self.changes.len().min(units_max - kept_for_saves);
        let mut units: Vec<Unit> = self
            .changes
            .drain(..changes)
            .map(|(unit, _)| Unit::Change(unit))
            .collect();
        units.extend(
            self.take_saves(units_max - changes)
                .into_iter()
                .map(Unit::Save),
        );
        units
    }

    /// The oldest saves, sorted by entity: neighbours in the table are written together. Of one
    /// entity, who came first is first.
    fn take_saves(&mut self, units_max: usize) -> Vec<SaveUnit> {
        let taken = self.order.len().min(units_max);
        let mut saves: Vec<SaveUnit> = self
            .order
            .drain(..taken)
            .filter_map(|lane| {
                let chain = self.chains.remove(&lane)?;
                Some(SaveUnit {
                    key: lane.key,
                    base_version: chain.base_version,
                    builds_on_refused: chain.builds_on_refused,
                    links: chain.links,
                })
            })
            .collect();
        saves.sort_by_key(|unit| unit.key);
        saves
    }
}
