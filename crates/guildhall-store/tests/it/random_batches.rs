//! The promise as a property: whatever is mixed into a batch, every innocent is durable and
//! every bad one is refused with its own cause.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

use guildhall_store::changes::{CreateBoard, JoinGuild};
use guildhall_store::{Cause, Change, EntityKey, Outcome, STATE_BYTES_MAX};
use uuid::Uuid;

use crate::world::{World, cause};

const BATCHES: usize = 200;
const ENTITIES: usize = 80;
const BAD_MAX: usize = 20;

const POISON: &str = "
    CREATE TRIGGER abort_c BEFORE UPDATE ON characters WHEN NEW.state = CAST('abort' AS BLOB)
    BEGIN SELECT RAISE(ABORT, 'poison'); END;
    CREATE TRIGGER rollback_c BEFORE UPDATE ON characters WHEN NEW.state = CAST('rollback' AS BLOB)
    BEGIN SELECT RAISE(ROLLBACK, 'poison'); END;
    CREATE TRIGGER abort_s BEFORE UPDATE ON ships WHEN NEW.state = CAST('abort' AS BLOB)
    BEGIN SELECT RAISE(ABORT, 'poison'); END;
    CREATE TRIGGER rollback_s BEFORE UPDATE ON ships WHEN NEW.state = CAST('rollback' AS BLOB)
    BEGIN SELECT RAISE(ROLLBACK, 'poison'); END;";

/// splitmix64: enough to choose with, and one number repeats the run.
pub struct Dice(u64);

impl Dice {
    /// From `GUILDHALL_SEED`, or new; printed either way.
    pub fn roll() -> Self {
        let fresh = || RandomState::new().build_hasher().finish();
        let seed = std::env::var("GUILDHALL_SEED").map_or_else(|_| fresh(), |s| s.parse().unwrap());
        println!("GUILDHALL_SEED={seed}");
        Self(seed)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// What must be in the database after every batch.
type Model = HashMap<EntityKey, (u32, Vec<u8>)>;

/// What must come back for each receipt.
type Expected = Vec<Option<Cause>>;

/// What differs between the world and the model.
fn losses(world: &World, model: &Model) -> Vec<EntityKey> {
    let differs =
        |(key, held): (&EntityKey, &(u32, Vec<u8>))| (world.stored(*key) != *held).then_some(*key);
    model.iter().filter_map(differs).collect()
}

fn populated() -> (World, Model) {
    let mut world = World::new();
    let mut model = Model::new();
    for n in 0..ENTITIES {
        let (key, state) = match n % 4 {
            0 => (world.ship(&format!("Guild {n}")), "launched"),
            _ => (world.character(&format!("Hero {n}")), "born"),
        };
        model.insert(key, (1, state.into()));
    }
    world.meddle(POISON);
    (world, model)
}

/// Saves that must be durable: one to three on top of each other.
fn submit_good(world: &mut World, model: &mut Model, dice: &mut Dice, key: EntityKey) -> Expected {
    let chain = 1 + dice.below(3);
    for _ in 0..chain {
        let (version, state) = model.get_mut(&key).unwrap();
        let base = *version;
        *version += 1;
        *state = format!("state {}", dice.below(1_000_000)).into_bytes();
        let state = state.clone();
        world.submit(world.save(key, base, state));
    }
    vec![None; chain]
}

/// One write that must be refused, sometimes on top of a good one.
fn submit_bad(world: &mut World, model: &mut Model, dice: &mut Dice, key: EntityKey) -> Expected {
    let mut expected = Vec::new();
    let kind = dice.below(10);
    if kind < 5 && dice.below(2) == 0 {
        expected = submit_good(world, model, dice, key);
    }
    let base = model[&key].0;
    let mut save = world.save(key, base, "fine");
    let refused = match kind {
        0 => {
            save.state = "abort".into();
            Cause::Trigger
        }
        1 => {
            save.state = "rollback".into();
            Cause::Trigger
        }
        2 => {
            save.state = vec![0; STATE_BYTES_MAX + 1 + dice.below(100)].into();
            Cause::TooLarge
        }
        3 | 4 => {
            save.schema_version = 0;
            Cause::Check
        }
        5 | 6 => {
            save.base_version = base + 1 + dice.below(5) as u32;
            Cause::Stale
        }
        7 => {
            save.key.id = Uuid::now_v7();
            Cause::Gone
        }
        8 => {
            let taken = world.create_character(Uuid::now_v7(), "Hero 1");
            world.submit_change(taken);
            return vec![Some(Cause::Unique)];
        }
        _ => {
            let change = nowhere(world, dice.below(2) == 0);
            world.submit_change(change);
            return vec![Some(Cause::ForeignKey)];
        }
    };
    world.submit(save);
    expected.push(Some(refused));
    expected
}

/// A change that refers to nothing.
fn nowhere(world: &World, board: bool) -> Change {
    if board {
        return Change::CreateBoard(CreateBoard {
            id: Uuid::now_v7(),
            campaign: Uuid::now_v7(),
            name: "Cave".into(),
            format: "opaque".into(),
        });
    }
    Change::JoinGuild(JoinGuild {
        guild: Uuid::now_v7(),
        account: world.account,
        rank: "member",
    })
}

/// Fills the window: 1 to 20 bad ones at random places among all entities.
fn submit_all(world: &mut World, model: &mut Model, dice: &mut Dice) -> Expected {
    let mut keys: Vec<_> = model.keys().copied().collect();
    keys.sort();
    let wanted = 1 + dice.below(BAD_MAX);
    let mut bad = HashSet::new();
    while bad.len() < wanted {
        bad.insert(dice.below(keys.len()));
    }
    let mut expected = Expected::new();
    for (at, key) in keys.into_iter().enumerate() {
        expected.extend(match bad.contains(&at) {
            true => submit_bad(world, model, dice, key),
            false => submit_good(world, model, dice, key),
        });
    }
    expected
}

#[test]
fn in_200_random_batches_every_innocent_is_durable_and_every_bad_one_has_its_own_cause() {
    let mut dice = Dice::roll();
    let (mut world, mut model) = populated();
    let mut refused = 0;
    for batch in 0..BATCHES {
        let expected = submit_all(&mut world, &mut model, &mut dice);
        let outcomes = world.flush();
        let causes: Vec<_> = outcomes.iter().map(cause).collect();
        assert_eq!(causes, expected, "batch {batch}");
        refused += expected.iter().flatten().count();
        for outcome in &outcomes {
            if let Outcome::Refused(refusal) = outcome {
                assert!(!refusal.detail.is_empty());
            }
        }
        assert_eq!(losses(&world, &model), [], "batch {batch}");
    }
    let recorded = world.count("refused_writes");
    assert_eq!(recorded, refused as i64);
}

/// The positive control: a save that is lost behind our back is found.
#[test]
fn the_check_finds_a_save_that_was_lost() {
    let mut dice = Dice::roll();
    let (mut world, mut model) = populated();
    submit_all(&mut world, &mut model, &mut dice);
    world.flush();
    let saved = model.iter().filter(|(_, (version, _))| *version > 1);
    let hero = *saved.map(|(key, _)| key).min().unwrap();
    world.meddle(&format!(
        "UPDATE characters SET version = version - 1 WHERE id = '{}'",
        hero.id
    ));
    assert_eq!(losses(&world, &model), [hero]);
}
