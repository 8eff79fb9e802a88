//! Saves that are sent before the one they build on has its answer, by several authors at once:
//! no durable state is ever overwritten by one that does not build on it.

use std::collections::HashMap;

use guildhall_store::{Author, Cause, EntityKey, Outcome, Save, queries};
use guildhall_testkit::Seed;
use uuid::Uuid;

use crate::world::{Then, World, cause};

fn author(world: &World, session: u128) -> Author {
    Author {
        session: Some(Uuid::from_u128(session)),
        ..world.by()
    }
}

fn save(world: &World, key: EntityKey, session: u128, base: u32, state: &'static str) -> Save {
    Save {
        by: author(world, session),
        ..world.save(key, base, state)
    }
}

fn causes(outcomes: &[Outcome]) -> Vec<Option<Cause>> {
    outcomes.iter().map(cause).collect()
}

#[test]
fn what_waits_on_top_of_a_refused_save_is_refused_and_recorded_and_overwrites_nobody() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    world.submit(save(&world, ship, 0, 1, "X"));
    world.flush();
    world.submit(save(&world, ship, 1, 1, "A"));
    let batch = world.batch();
    world.submit(save(&world, ship, 1, 2, "B"));
    let first = world.flush_batch(&batch).unwrap();
    world.submit(save(&world, ship, 1, 3, "C"));
    let then = world.flush();
    assert_eq!(causes(&first), [Some(Cause::Stale)]);
    assert_eq!(causes(&then), [Some(Cause::Stale), Some(Cause::Stale)]);
    for outcome in &then {
        let Outcome::Refused(refusal) = outcome else {
            panic!("X was overwritten");
        };
        let present = refusal.present.as_ref().unwrap();
        assert_eq!((present.version, &present.state[..]), (2, &b"X"[..]));
    }
    assert_eq!(world.stored(ship), (2, b"X".to_vec()));
    let recorded = world.read(|conn| queries::refused_writes_of(conn, ship.id, 10));
    let payloads: Vec<_> = recorded.iter().map(|row| row.payload.as_slice()).collect();
    assert_eq!(payloads, [b"C", b"B", b"A"]);
}

#[test]
fn a_save_on_top_of_a_chain_whose_newest_link_was_refused_is_refused_too() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.refuse(
        "UPDATE",
        "characters",
        &world.state_is("bad"),
        Then::Raise("ABORT"),
    );
    world.submit(save(&world, hero, 1, 1, "good"));
    world.submit(save(&world, hero, 1, 2, "bad"));
    let batch = world.batch();
    world.submit(save(&world, hero, 1, 3, "on top"));
    world.abort(&batch);
    let again = world.batch();
    let first = world.flush_batch(&again).unwrap();
    assert_eq!(causes(&first), [None, Some(world.plain())]);
    // Another author brings the row to the very version that the waiting save builds on.
    world.submit(save(&world, hero, 2, 2, "another's"));
    assert_eq!(causes(&world.flush()), [Some(Cause::Stale), None]);
    assert_eq!(world.stored(hero), (3, b"another's".to_vec()));
}

#[test]
fn anothers_stale_save_that_waits_costs_nobody_a_good_one() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    world.submit(save(&world, ship, 1, 7, "from nowhere"));
    world.submit(save(&world, ship, 2, 1, "good"));
    world.submit(save(&world, ship, 2, 2, "better"));
    let outcomes = world.flush();
    assert_eq!(causes(&outcomes), [Some(Cause::Stale), None, None]);
    assert_eq!(world.stored(ship), (3, b"better".to_vec()));
}

#[test]
fn of_two_authors_in_one_batch_the_later_builds_on_nothing_that_the_earlier_made() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    world.submit(save(&world, ship, 1, 1, "X"));
    world.submit(save(&world, ship, 2, 2, "B"));
    let outcomes = world.flush();
    assert_eq!(causes(&outcomes), [None, Some(Cause::Stale)]);
    assert_eq!(world.stored(ship), (2, b"X".to_vec()));
}

#[test]
fn a_retry_from_a_new_session_is_durable_and_may_be_built_on() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.submit(save(&world, hero, 1, 1, "two"));
    world.submit(save(&world, hero, 2, 1, "two"));
    world.submit(save(&world, hero, 2, 2, "three"));
    assert_eq!(causes(&world.flush()), [None, None, None]);
    assert_eq!(world.stored(hero), (3, b"three".to_vec()));
}

const ROUNDS: usize = 250;
const SESSIONS: u128 = 4;

/// A version and the state that its writer believes it to hold.
type Belief = (u32, String);

/// Who saves what on top of what.
struct Crew {
    world: World,
    seed: Seed,
    entities: Vec<EntityKey>,
    /// What each session builds its next save on.
    beliefs: HashMap<(u128, EntityKey), Belief>,
    /// The last save of each session that has no answer: what it may send once more.
    last: HashMap<(u128, EntityKey), Save>,
    /// By receipt: who saved what.
    sent: HashMap<usize, (u128, EntityKey, String)>,
    /// Each state with the one it was made from.
    parents: HashMap<String, String>,
    durable: usize,
    refused: usize,
    on_refused: usize,
}

impl Crew {
    fn new() -> Self {
        let mut world = World::new();
        let entities = vec![world.character("Bob"), world.ship("Corsairs")];
        let begins_bad = format!("substr(NEW.state, 1, 3) = {}", world.bytes("bad"));
        world.refuse("UPDATE", "characters", &begins_bad, Then::Raise("ABORT"));
        Self {
            world,
            seed: Seed::new("pipelined saves"),
            entities,
            beliefs: HashMap::new(),
            last: HashMap::new(),
            sent: HashMap::new(),
            parents: HashMap::new(),
            durable: 0,
            refused: 0,
            on_refused: 0,
        }
    }

    fn stored(&self, key: EntityKey) -> Belief {
        let (version, state) = self.world.stored(key);
        (version, String::from_utf8(state).unwrap())
    }

    /// One session saves on top of what it believes in, sends its last save again, or reads.
    fn act(&mut self) {
        let session = self.seed.below(SESSIONS as usize) as u128;
        let key = self.entities[self.seed.below(self.entities.len())];
        let at = (session, key);
        let stored = self.stored(key);
        match self.seed.below(12) {
            0 => {
                self.beliefs.insert(at, stored);
            }
            1 => {
                if let Some(save) = self.last.get(&at).cloned() {
                    self.send(session, save);
                }
            }
            _ => {
                let (base, parent) = self.beliefs.entry(at).or_insert(stored).clone();
                let word = ["bad", "fine"][usize::from(self.seed.below(8) > 0)];
                let state = format!("{word} {}", self.parents.len());
                self.parents.insert(state.clone(), parent);
                let save = Save {
                    by: author(&self.world, session),
                    ..self.world.save(key, base, state.clone())
                };
                self.last.insert(at, save.clone());
                if self.send(session, save) {
                    self.beliefs.insert(at, (base + 1, state));
                }
            }
        }
    }

    fn send(&mut self, session: u128, save: Save) -> bool {
        let state = String::from_utf8(save.state.to_vec()).unwrap();
        let key = save.key;
        match self.world.try_submit(save) {
            Ok(receipt) => {
                self.sent.insert(receipt, (session, key, state));
                true
            }
            Err(_) => {
                let stored = self.stored(key);
                self.beliefs.insert((session, key), stored);
                false
            }
        }
    }

    fn acts(&mut self) {
        for _ in 0..self.seed.below(8) {
            self.act();
        }
    }

    /// One batch: more is sent while it is under way, and it may be aborted before or after it
    /// was committed.
    fn round(&mut self) {
        self.acts();
        if self.world.buffer.is_empty() {
            return;
        }
        let before: Vec<_> = self.entities.iter().map(|key| self.stored(*key)).collect();
        let mut batch = self.world.batch();
        self.acts();
        let trouble = self.seed.below(4);
        if trouble < 2 {
            if trouble == 0 {
                let _unseen = self.world.write(&batch).unwrap();
            }
            self.world.abort(&batch);
            self.acts();
            batch = self.world.batch();
        }
        let report = self.world.write(&batch).unwrap();
        self.acts();
        let answers = self.world.finish(report);
        for (key, (_, state)) in self.entities.clone().into_iter().zip(before) {
            assert!(
                self.builds_on(&self.stored(key).1, &state),
                "{state} is lost"
            );
        }
        for (receipt, outcome) in answers {
            self.answer(receipt, outcome);
        }
    }

    fn answer(&mut self, receipt: usize, outcome: Outcome) {
        let (session, key, state) = self.sent.remove(&receipt).unwrap();
        let stored = self.stored(key);
        let last = self.last.get(&(session, key));
        if last.is_some_and(|last| last.state == state) {
            self.last.remove(&(session, key));
        }
        match outcome {
            Outcome::Durable { .. } => {
                assert!(self.builds_on(&stored.1, &state), "{state} is not durable");
                self.durable += 1;
            }
            Outcome::Refused(refusal) => {
                self.refused += 1;
                self.on_refused += usize::from(refusal.detail.contains("one that was refused"));
                let present = refusal.present.unwrap();
                assert_eq!(present.state, stored.1.as_bytes());
                self.beliefs.insert((session, key), stored);
            }
        }
    }

    /// Whether a state is another one or was made from it, directly or not.
    fn builds_on(&self, state: &str, other: &str) -> bool {
        let mut line = std::iter::successors(Some(state), |state| {
            self.parents.get(*state).map(String::as_str)
        });
        line.any(|state| state == other)
    }
}

#[test]
fn however_saves_are_pipelined_no_durable_state_is_overwritten_by_one_not_based_on_it() {
    let mut crew = Crew::new();
    for _ in 0..ROUNDS {
        crew.round();
    }
    while !crew.world.buffer.is_empty() {
        let batch = crew.world.batch();
        let report = crew.world.write(&batch).unwrap();
        for (receipt, outcome) in crew.world.finish(report) {
            crew.answer(receipt, outcome);
        }
    }
    let recorded = crew.world.count("refused_writes");
    assert_eq!(recorded, crew.refused as i64);
    assert!(crew.durable > ROUNDS / 4, "{} durable", crew.durable);
    assert!(crew.on_refused > ROUNDS / 25, "{}", crew.on_refused);
}

/// The positive control: a state that comes from nowhere is seen.
#[test]
fn the_check_finds_a_state_that_does_not_build_on_the_one_before() {
    let mut crew = Crew::new();
    for (state, parent) in [("one", "born"), ("two", "one"), ("other", "born")] {
        crew.parents.insert(state.into(), parent.into());
    }
    assert!(crew.builds_on("two", "born"));
    assert!(!crew.builds_on("other", "one"));
}
