//! Looks for a run of the model that explains what was seen. Where more than one process could run
//! every order is tried, so whatever OTP leaves open is left open here; only orders that agree with
//! the events seen are followed to their end.

use std::collections::HashSet;

use super::case::{Event, Facts, Id};
use super::model::World;

/// More worlds than this in one step are too many to look at.
const WORLDS_MAX: usize = 20_000;

pub enum Explained {
    /// The worlds that agree with everything seen.
    By(Vec<World>),
    /// No order of the model does; what the furthest ones would have shown.
    Not(String),
    TooMany,
}

/// Lets the model run from `worlds` until all is at rest at `until_ms`.
pub fn explain(worlds: Vec<World>, events: &[Event], facts: &Facts, until_ms: u64) -> Explained {
    let mut search = Search {
        events,
        until_ms,
        open: worlds,
        seen: HashSet::new(),
        ends: Vec::new(),
        parted: None,
    };
    while let Some(world) = search.open.pop() {
        search.follow(world);
        if search.seen.len() > WORLDS_MAX {
            return Explained::TooMany;
        }
    }
    let ends = search.ends.into_iter();
    let agrees = |world: &World| world.explained == events.len() && shows(world, facts);
    let (agreeing, others): (Vec<_>, Vec<_>) = ends.partition(agrees);
    if agreeing.is_empty() {
        let furthest = others.into_iter().chain(search.parted);
        let furthest = furthest.max_by_key(|world| world.explained);
        return Explained::Not(furthest.map_or_else(String::new, |world| told(&world, events)));
    }
    Explained::By(agreeing)
}

struct Search<'a> {
    events: &'a [Event],
    until_ms: u64,
    open: Vec<World>,
    seen: HashSet<World>,
    /// Worlds at rest.
    ends: Vec<World>,
    /// The one that explained the most before it parted from the events.
    parted: Option<World>,
}

impl Search<'_> {
    /// Runs a world until it is at rest, or parts from the events, or has a choice.
    fn follow(&mut self, mut world: World) {
        loop {
            let runnable = world.runnable();
            match (runnable.as_slice(), world.next_timer_ms()) {
                ([], Some(at_ms)) if at_ms <= self.until_ms => world.now_ms = at_ms,
                ([], _) => {
                    world.now_ms = self.until_ms;
                    return self.ends.push(world);
                }
                ([only], _) => {
                    world.run(*only);
                    if !agrees(&mut world, self.events) {
                        return self.parts(world);
                    }
                }
                (several, _) => return self.choose(world, several),
            }
        }
    }

    /// Tries every order; worlds that have become equal are followed once.
    fn choose(&mut self, world: World, several: &[(Id, usize)]) {
        if self.seen.contains(&world) {
            return;
        }
        for id in several {
            let mut next = world.clone();
            next.run(*id);
            match agrees(&mut next, self.events) {
                true => self.open.push(next),
                false => self.parts(next),
            }
        }
        self.seen.insert(world);
    }

    fn parts(&mut self, world: World) {
        let before = self.parted.as_ref().map(|parted| parted.explained);
        if before.is_none_or(|before| before < world.explained) {
            self.parted = Some(world);
        }
    }
}

fn shows(world: &World, seen: &Facts) -> bool {
    let mut facts = world.facts();
    let known = |id: &Id| world.is_worker(*id) || seen.deaths.contains_key(id);
    facts.deaths.retain(|id, _| known(id));
    &facts == seen
}

/// Whether the events of the last action are the next ones seen.
fn agrees(world: &mut World, events: &[Event]) -> bool {
    let rest = events.get(world.explained..).unwrap_or_default();
    let agrees = rest.starts_with(&world.events);
    if agrees {
        world.explained += world.events.len();
        world.events.clear();
    }
    agrees
}

/// What a world that comes close to what was seen shows instead.
fn told(world: &World, events: &[Event]) -> String {
    let seen = events.get(world.explained..).unwrap_or_default();
    let (explained, next, facts) = (world.explained, &world.events, world.facts());
    format!(
        "the model explains {explained} events; then it has {next:?} and not {seen:?}; {facts:?}"
    )
}
