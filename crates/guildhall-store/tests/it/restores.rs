//! One entity is put back to one version, and what was there before can be had again.

use bytes::Bytes;
use guildhall_store::changes::Restore;
use guildhall_store::{Cause, Change, EntityKey, Outcome, queries};
use uuid::Uuid;

use crate::world::{World, cause};

fn restore(world: &mut World, entity: EntityKey, version: u32) -> Outcome {
    world.change(Change::Restore(Restore { entity, version }))
}

fn save(world: &mut World, key: EntityKey, base: u32, state: &'static str) {
    world.submit(world.save(key, base, Bytes::from_static(state.as_bytes())));
    assert!(world.flush().pop().unwrap().is_durable());
}

#[test]
fn a_character_is_put_back_to_its_first_state_as_a_new_version() {
    let mut world = World::new();
    let hero = world.character("Hero");
    save(&mut world, hero, 1, "rich");
    save(&mut world, hero, 2, "robbed");
    assert_eq!(
        restore(&mut world, hero, 1),
        Outcome::Durable { version: 4 }
    );
    assert_eq!(world.stored(hero), (4, b"born".to_vec()));
    // And forth again: nothing that ever was is lost by a restore.
    assert_eq!(
        restore(&mut world, hero, 3),
        Outcome::Durable { version: 5 }
    );
    assert_eq!(world.stored(hero), (5, b"robbed".to_vec()));
}

#[test]
fn what_nobody_has_a_line_of_is_kept_before_it_is_overwritten() {
    let mut world = World::new();
    let ship = world.ship("Sea Dogs");
    // Another hand than the server's.
    let id = ship.id;
    world.meddle(&format!(
        "UPDATE ships SET version = 7 WHERE guild_id = '{id}'"
    ));
    assert_eq!(
        restore(&mut world, ship, 1),
        Outcome::Durable { version: 8 }
    );
    let lines = world.read(|conn| queries::history_of(conn, id, 10));
    let words: Vec<_> = lines
        .iter()
        .rev()
        .filter(|line| line.entity_kind == "ship")
        .map(|line| (line.version, line.cause.as_str()))
        .collect();
    assert_eq!(words, [(1, "created"), (7, "kept"), (8, "restored")]);
    assert_eq!(
        restore(&mut world, ship, 7),
        Outcome::Durable { version: 9 }
    );
}

#[test]
fn who_plays_the_character_cannot_save_over_what_was_restored() {
    let mut world = World::new();
    let hero = world.character("Hero");
    save(&mut world, hero, 1, "rich");
    restore(&mut world, hero, 1);
    // On the version that the player knows.
    world.submit(world.save(hero, 2, "richer"));
    assert_eq!(cause(&world.flush()[0]), Some(Cause::Stale));
    // On the right version by chance, but under the play epoch of before.
    let mut fenced = world.save(hero, 3, "richer");
    fenced.fence = Some(0);
    world.submit(fenced);
    assert_eq!(cause(&world.flush()[0]), Some(Cause::Fenced));
    assert_eq!(world.stored(hero), (3, b"born".to_vec()));
}

#[test]
fn a_save_that_waits_is_written_before_a_restore_that_came_after_it() {
    let mut world = World::new();
    let hero = world.character("Hero");
    world.submit(world.save(hero, 1, "rich"));
    world.submit_change(Change::Restore(Restore {
        entity: hero,
        version: 1,
    }));
    let outcomes = world.flush();
    assert!(outcomes.iter().all(Outcome::is_durable), "{outcomes:?}");
    assert_eq!(world.stored(hero), (3, b"born".to_vec()));
    assert_eq!(
        restore(&mut world, hero, 2),
        Outcome::Durable { version: 4 }
    );
    assert_eq!(world.stored(hero), (4, b"rich".to_vec()));
}

#[test]
fn a_ship_that_is_missing_is_made_anew_under_a_version_that_nobody_has_seen() {
    let mut world = World::new();
    let ship = world.ship("Sea Dogs");
    save(&mut world, ship, 1, "new sails");
    world.meddle(&format!("DELETE FROM ships WHERE guild_id = '{}'", ship.id));
    assert_eq!(
        restore(&mut world, ship, 2),
        Outcome::Durable { version: 3 }
    );
    assert_eq!(world.stored(ship), (3, b"new sails".to_vec()));
}

#[test]
fn what_the_history_does_not_hold_is_refused_and_nothing_is_changed() {
    let mut world = World::new();
    let hero = world.character("Hero");
    let refused = restore(&mut world, hero, 9);
    assert_eq!(cause(&refused), Some(Cause::Gone));
    let nobody = EntityKey {
        id: Uuid::now_v7(),
        ..hero
    };
    assert_eq!(cause(&restore(&mut world, nobody, 1)), Some(Cause::Gone));
    assert_eq!(world.stored(hero), (1, b"born".to_vec()));
}

#[test]
fn the_answer_to_a_restore_is_found_again_after_a_commit_of_unknown_outcome() {
    let mut world = World::new();
    let hero = world.character("Hero");
    world.meddle(&format!(
        "UPDATE characters SET version = 7 WHERE id = '{}'",
        hero.id
    ));
    world.submit_change(Change::Restore(Restore {
        entity: hero,
        version: 1,
    }));
    let batch = world.batch();
    let first = world.write(&batch).unwrap();
    let again = world.write(&batch).unwrap();
    assert_eq!(first.outcomes, again.outcomes);
    assert_eq!(first.outcomes[0].1, Outcome::Durable { version: 8 });
    assert_eq!(world.stored(hero), (8, b"born".to_vec()));
}
