//! The promise as a property: whatever is mixed into a batch, every innocent is durable and
//! every bad one is refused with its own cause.

use std::collections::HashSet;

use guildhall_store::changes::{AddToken, CreateBoard, JoinGuild};
use guildhall_store::{Cause, Change, EntityKey, Outcome, STATE_BYTES_MAX, Save};
use guildhall_testkit::{Backend, Seed};
use uuid::Uuid;

use crate::world::{Rows, Then, World, cause};

/// How many batches, where the environment names no other number.
const BATCHES: usize = 1_000;
const VARIABLE: &str = "GUILDHALL_BATCHES";
/// One save of each, or a chain of them, in every batch.
const ENTITIES: usize = 500;
const BAD_MAX: usize = 50;
/// Enough of them to have had a bad one at every position.
const BATCHES_FOR_ALL_POSITIONS: usize = 500;

/// What must come back for each receipt.
type Expected = Vec<Option<Cause>>;

/// What differs between the world and the model.
fn losses(world: &World, model: &Rows) -> Vec<EntityKey> {
    let stored = world.all_stored();
    assert_eq!(stored.len(), model.len());
    let differs = |(key, held): (&EntityKey, &_)| (stored.get(key) != Some(held)).then_some(*key);
    model.iter().filter_map(differs).collect()
}

fn populated() -> (World, Rows) {
    let mut world = World::new().with_rows_max(8 * ENTITIES);
    let keys: Vec<_> = (0..ENTITIES).map(|_| Uuid::now_v7()).collect();
    for (n, id) in keys.iter().enumerate() {
        let create = match n % 4 {
            0 => world.create_guild(*id, &format!("Guild {n}")),
            _ => world.create_character(*id, &format!("Hero {n}")),
        };
        world.submit_change(create);
    }
    assert!(world.flush().iter().all(Outcome::is_durable));
    for table in ["characters", "ships"] {
        world.refuse(
            "UPDATE",
            table,
            &world.state_is("abort"),
            Then::Raise("ABORT"),
        );
        if world.backend() == Backend::Sqlite {
            // Ends the transaction, which only SQLite's triggers can do.
            let rollback = world.state_is("rollback");
            world.refuse("UPDATE", table, &rollback, Then::Raise("ROLLBACK"));
        }
    }
    let model = world.all_stored();
    assert_eq!(model.len(), ENTITIES);
    (world, model)
}

/// Saves that must be durable: one to three on top of each other.
fn submit_good(world: &mut World, model: &mut Rows, seed: &mut Seed, key: EntityKey) -> Expected {
    let chain = 1 + seed.below(3);
    for _ in 0..chain {
        let (version, state) = model.get_mut(&key).unwrap();
        let base = *version;
        *version += 1;
        *state = format!("state {}", seed.below(1_000_000)).into_bytes();
        let state = state.clone();
        world.submit(world.save(key, base, state));
    }
    vec![None; chain]
}

/// One write that must be refused, a save sometimes on top of a good one.
fn submit_bad(world: &mut World, model: &mut Rows, seed: &mut Seed, key: EntityKey) -> Expected {
    let mut expected = Vec::new();
    let kind = seed.below(14);
    if kind < 6 && seed.below(2) == 0 {
        expected = submit_good(world, model, seed, key);
    }
    let base = model[&key].0;
    let refused = match kind {
        0..10 => {
            let save = world.save(key, base, "fine");
            let (save, refused) = bad_save(world, seed, kind, save);
            world.submit(save);
            refused
        }
        _ => {
            let (change, refused) = bad_change(world, seed, kind);
            world.submit_change(change);
            refused
        }
    };
    expected.push(Some(refused));
    expected
}

fn bad_save(world: &World, seed: &mut Seed, kind: usize, save: Save) -> (Save, Cause) {
    let mut save = save;
    let refused = match kind {
        0 | 1 => {
            save.state = "abort".into();
            world.plain()
        }
        2 if world.backend() == Backend::Sqlite => {
            save.state = "rollback".into();
            Cause::Trigger
        }
        3 => {
            save.state = vec![0; STATE_BYTES_MAX + 1 + seed.below(100)].into();
            Cause::TooLarge
        }
        2 | 4 | 5 => {
            save.schema_version = 0;
            Cause::Check
        }
        6 | 7 => {
            save.base_version += 1 + u32::try_from(seed.below(5)).unwrap();
            Cause::Stale
        }
        8 if save.key.kind == guildhall_store::EntityKind::Character => {
            save.fence = Some(7);
            Cause::Fenced
        }
        _ => {
            save.key.id = Uuid::now_v7();
            Cause::Gone
        }
    };
    (save, refused)
}

fn bad_change(world: &World, seed: &mut Seed, kind: usize) -> (Change, Cause) {
    match kind {
        10 | 11 => {
            let taken = world.create_character(Uuid::now_v7(), "Hero 1");
            (taken, Cause::Unique)
        }
        12 => {
            let nul = Change::AddToken(AddToken {
                hash: [7; 32],
                account: world.account,
                device: "tab\0let".into(),
                expires_at: 0,
                password_hash: None,
            });
            (nul, Cause::Check)
        }
        _ => (nowhere(world, seed.below(2) == 0), Cause::ForeignKey),
    }
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
        invite: None,
        members_max: usize::MAX,
        guild: Uuid::now_v7(),
        account: world.account,
        rank: "member",
    })
}

/// Fills the window: 1 to 50 bad ones at random places among all entities.
fn submit_all(world: &mut World, model: &mut Rows, seed: &mut Seed) -> (Expected, HashSet<usize>) {
    let mut keys: Vec<_> = model.keys().copied().collect();
    keys.sort();
    let wanted = 1 + seed.below(BAD_MAX);
    let mut bad = HashSet::new();
    while bad.len() < wanted {
        bad.insert(seed.below(keys.len()));
    }
    let mut expected = Expected::new();
    for (at, key) in keys.into_iter().enumerate() {
        expected.extend(match bad.contains(&at) {
            true => submit_bad(world, model, seed, key),
            false => submit_good(world, model, seed, key),
        });
    }
    (expected, bad)
}

fn batches() -> usize {
    std::env::var(VARIABLE).map_or(BATCHES, |number| number.parse().unwrap())
}

#[test]
fn in_random_batches_of_500_every_innocent_is_durable_and_every_bad_one_has_its_own_cause() {
    let mut seed = Seed::new("random batches");
    let (mut world, mut model) = populated();
    let (mut refused, mut bad_positions) = (0, HashSet::new());
    let batches = batches();
    for batch in 0..batches {
        let (expected, bad) = submit_all(&mut world, &mut model, &mut seed);
        bad_positions.extend(bad);
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
    println!("{batches} batches, {refused} refused");
    assert_eq!(
        world.count("refused_writes"),
        i64::try_from(refused).unwrap()
    );
    if batches >= BATCHES_FOR_ALL_POSITIONS {
        assert_eq!(bad_positions.len(), ENTITIES);
    }
}

/// The positive control: a save that is lost behind our back is found.
#[test]
fn the_check_finds_a_save_that_was_lost() {
    let mut seed = Seed::new("a lost save");
    let (mut world, mut model) = populated();
    submit_all(&mut world, &mut model, &mut seed);
    world.flush();
    let saved = model.iter().filter(|(_, (version, _))| *version > 1);
    let hero = *saved.map(|(key, _)| key).min().unwrap();
    world.meddle(&format!(
        "UPDATE characters SET version = version - 1 WHERE id = '{}'",
        hero.id
    ));
    assert_eq!(losses(&world, &model), [hero]);
}
