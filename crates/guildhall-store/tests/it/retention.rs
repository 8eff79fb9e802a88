//! What is forgotten of a real history, and that what is newest never is.

use std::collections::HashMap;

use guildhall_rules::retention::RetentionLimits;
use guildhall_store::changes::{Prune, Restore};
use guildhall_store::retention::{Planned, next_prune};
use guildhall_store::{Change, EntityKey, Outcome, now_us, queries};

use crate::world::World;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

fn limits(history_lines_max: usize) -> RetentionLimits {
    RetentionLimits {
        history_lines_max,
        history_age_max_us: 90 * DAY_US,
        refused_lines_max: 50,
        refused_lines_per_account_max: 1_000,
        refused_age_max_us: 365 * DAY_US,
        batches_age_max_us: 30 * DAY_US,
    }
}

fn step(world: &World, after: &str, limits: &RetentionLimits, now: i64) -> Planned {
    world.read(|conn| next_prune(conn, after, 0, limits, now))
}

/// Passes until one finds nothing; the number of lines that went.
fn forget(world: &mut World, limits: &RetentionLimits, now: i64) -> u32 {
    let (mut gone, mut after, mut found) = (0, String::new(), false);
    loop {
        let planned = step(world, &after, limits, now);
        // Every batch leaves a mark, those of the forgetting too.
        let marks_only = planned.prune.history.is_empty() && planned.prune.refused.is_empty();
        if !planned.prune.is_empty() {
            found |= !marks_only || planned.prune.batches.len() > 1;
            let Outcome::Durable { version } = world.change(Change::Prune(planned.prune)) else {
                panic!("refused");
            };
            gone += version;
        }
        match planned.after {
            Some(place) => after = place,
            None if !found => return gone,
            None => (after, found) = (String::new(), false),
        }
    }
}

fn versions(world: &World, key: EntityKey) -> Vec<u32> {
    let lines = world.read(|conn| queries::history_of(conn, key.id, 10_000));
    let of_kind = lines
        .iter()
        .filter(|line| line.entity_kind == key.kind.as_str());
    of_kind.map(|line| line.version).collect()
}

fn play(world: &mut World, key: EntityKey, saves: u32) {
    for base in 1..=saves {
        world.submit(world.save(key, base, format!("state {base}")));
        assert!(world.flush()[0].is_durable());
    }
}

#[test]
fn each_entity_keeps_its_newest_lines_and_can_be_put_back_to_them() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Sea Dogs"));
    play(&mut world, hero, 20);
    play(&mut world, ship, 3);
    forget(&mut world, &limits(5), now_us());
    assert_eq!(versions(&world, hero), [21, 20, 19, 18, 17]);
    assert_eq!(versions(&world, ship), [4, 3, 2, 1]);
    let back = Change::Restore(Restore {
        entity: hero,
        version: 17,
    });
    assert!(world.change(back).is_durable());
    assert_eq!(world.stored(hero), (22, b"state 16".to_vec()));
}

#[test]
fn after_a_hundred_years_the_newest_line_of_everything_is_still_there() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Sea Dogs"));
    play(&mut world, hero, 5);
    world.submit(world.save(ship, 9, "stale"));
    assert!(!world.flush()[0].is_durable());
    let later = now_us() + 100 * 365 * DAY_US;
    assert!(forget(&mut world, &limits(200), later) > 0);
    assert_eq!(versions(&world, hero), [6]);
    // The newest line tells of the refusal, the one before it holds the state.
    assert_eq!(versions(&world, ship), [10, 1]);
    assert_eq!(world.count("refused_writes"), 0);
    // The number of the next batch is made from the newest one.
    assert!(world.count("batches") >= 1);
    play(&mut world, hero, 0);
    world.submit(world.save(hero, 6, "goes on"));
    assert!(world.flush()[0].is_durable());
}

#[test]
fn a_young_world_forgets_nothing() {
    let mut world = World::new();
    let hero = world.character("Hero");
    play(&mut world, hero, 5);
    let before = (world.count("entity_history"), world.count("batches"));
    assert_eq!(forget(&mut world, &limits(200), now_us()), 0);
    let clock_set_back = now_us() - 1_000 * DAY_US;
    assert_eq!(forget(&mut world, &limits(200), clock_set_back), 0);
    let after = (world.count("entity_history"), world.count("batches"));
    assert_eq!(before, after);
}

#[test]
fn one_step_is_small_however_much_there_is_to_forget() {
    let mut world = World::new();
    let hero = world.character("Hero");
    world.meddle(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) \
         INSERT INTO entity_history (entity_kind, entity_id, version, account_id, batch, write_seq, cause, at) \
         SELECT 'character', '{0}', i, '{0}', 1, 1, 'saved', {1} FROM n",
        hero.id,
        now_us()
    ));
    let planned = step(&world, "", &limits(10), now_us());
    assert!(!planned.prune.history.is_empty());
    assert!(planned.prune.history.len() <= 3_000);
    forget(&mut world, &limits(10), now_us());
    // The first line holds the only state.
    let kept = versions(&world, hero);
    assert_eq!(kept.len(), 11);
    assert_eq!((kept[0], kept[10]), (6_000, 1));
}

#[test]
fn many_entities_are_visited_each_once_in_a_pass() {
    let mut world = World::new();
    let heroes: Vec<_> = (0..150)
        .map(|n| world.character(&format!("Hero{n}")))
        .collect();
    for hero in &heroes {
        world.submit(world.save(*hero, 1, "second"));
    }
    world.flush();
    let (mut after, mut gone, mut steps) = (String::new(), Vec::new(), 0);
    loop {
        let planned = step(&world, &after, &limits(1), now_us());
        gone.extend(planned.prune.history);
        steps += 1;
        match planned.after {
            Some(place) => after = place,
            None => break,
        }
    }
    let unique: HashMap<_, _> = gone.iter().map(|id| (*id, ())).collect();
    assert_eq!(unique.len(), gone.len());
    assert_eq!(gone.len(), heroes.len());
    assert!(steps >= 3, "{steps}");
}

#[test]
fn forgetting_what_is_gone_already_is_no_fault() {
    let mut world = World::new();
    let prune = Change::Prune(Prune {
        history: vec![i64::MAX],
        refused: vec![i64::MAX],
        batches: vec![i64::MAX],
    });
    assert_eq!(world.change(prune), Outcome::Durable { version: 0 });
}

/// Saves that are refused as stale: `count` of them, each with a payload that tells its number.
fn err(world: &mut World, key: EntityKey, count: u32) {
    for n in 0..count {
        world.submit(world.save(key, 900 + n, format!("refused {n}")));
        assert!(!world.flush()[0].is_durable());
    }
}

fn refused_of(world: &World, key: EntityKey) -> Vec<Vec<u8>> {
    let refused = world.read(|conn| queries::refused_writes_of(conn, key.id, 10_000));
    refused.into_iter().map(|refused| refused.payload).collect()
}

#[test]
fn refusals_beyond_the_bound_of_their_entity_go_and_the_newest_stay() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Sea Dogs"));
    err(&mut world, hero, 20);
    err(&mut world, ship, 3);
    let few = RetentionLimits {
        refused_lines_max: 5,
        ..limits(200)
    };
    assert_eq!(forget(&mut world, &few, now_us()), 15);
    let kept: Vec<Vec<u8>> = (15..20)
        .rev()
        .map(|n| format!("refused {n}").into())
        .collect();
    assert_eq!(refused_of(&world, hero), kept);
    assert_eq!(refused_of(&world, ship).len(), 3);
    assert_eq!(forget(&mut world, &few, now_us()), 0);
}

#[test]
fn an_account_that_errs_in_ever_other_names_is_bounded_all_the_same() {
    let mut world = World::new();
    let heroes: Vec<_> = (0..12)
        .map(|n| world.character(&format!("Hero{n}")))
        .collect();
    for hero in &heroes {
        err(&mut world, *hero, 2);
    }
    let few = RetentionLimits {
        refused_lines_max: 5,
        refused_lines_per_account_max: 7,
        ..limits(200)
    };
    assert_eq!(forget(&mut world, &few, now_us()), 24 - 7);
    assert_eq!(refused_of(&world, heroes[11]).len(), 2);
    assert_eq!(refused_of(&world, heroes[0]).len(), 0);
    // What a service was refused is bounded by what it was about alone.
    for hero in &heroes {
        err(&mut world, *hero, 1);
    }
    world.meddle("UPDATE accounts SET kind = 'service'");
    assert_eq!(forget(&mut world, &few, now_us()), 0);
    assert_eq!(world.count("refused_writes"), 7 + 12);
}

#[test]
fn a_flood_of_refusals_is_forgotten_without_a_pass_over_the_world() {
    let mut world = World::new();
    let hero = world.character("Hero");
    err(&mut world, hero, 1);
    world.meddle(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO refused_writes (at, account_id, batch, write_seq, entity_kind, entity_id, version, cause, detail, payload)
         SELECT at, account_id, batch, write_seq, entity_kind, entity_id, version, cause, detail, payload
         FROM refused_writes, n",
    );
    let (mut seen, mut steps) = (0, 0);
    loop {
        // As if the pass were elsewhere all the time.
        let planned = world.read(|conn| next_prune(conn, "z", seen, &limits(200), now_us()));
        assert!(planned.prune.refused.len() <= 1_000);
        steps += 1;
        seen = planned.seen;
        if planned.prune.refused.is_empty() && !planned.more_refused {
            break;
        }
        assert!(world.change(Change::Prune(planned.prune)).is_durable());
    }
    assert_eq!(world.count("refused_writes"), 50);
    assert!(steps < 30, "{steps}");
    // Nothing new was refused: nothing is counted again.
    let newest = world.read(|conn| next_prune(conn, "z", seen, &limits(200), now_us()));
    assert_eq!((newest.seen, newest.more_refused), (seen, false));
}
