//! One bad update sinks no other, whatever way the database has of saying no.

use guildhall_store::queries;

use crate::world::{Then, World, cause};

#[test]
fn a_save_whose_history_line_is_refused_is_not_half_written() {
    let mut world = World::new();
    let (one, other) = (world.character("One"), world.character("Other"));
    let saved = format!("NEW.entity_id = '{}' AND NEW.cause = 'saved'", one.id);
    world.refuse("INSERT", "entity_history", &saved, Then::Raise("ABORT"));
    world.submit(world.save(one, 1, "new"));
    world.submit(world.save(other, 1, "new"));
    let outcomes = world.flush();
    assert_eq!(cause(&outcomes[0]), Some(world.plain()));
    assert_eq!(cause(&outcomes[1]), None);
    assert_eq!(world.stored(one), (1, b"born".to_vec()));
}

#[test]
fn a_change_of_several_rows_leaves_nothing_when_its_last_row_is_refused() {
    let mut world = World::new();
    world.refuse("INSERT", "ships", "1 = 1", Then::Raise("ABORT"));
    let outcome = world.change(world.create_guild(uuid::Uuid::now_v7(), "Corsairs"));
    assert_eq!(cause(&outcome), Some(world.plain()));
    assert_eq!((world.count("guilds"), world.count("names")), (0, 0));
}

#[test]
fn every_committed_and_refused_write_leaves_a_line_of_history() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.submit(world.save(hero, 1, "two"));
    world.flush();
    world.submit(world.save(hero, 7, "stale"));
    world.flush();
    let lines = world.read(|conn| queries::history_of(conn, hero.id, 10));
    let lines: Vec<_> = lines
        .iter()
        .map(|line| (line.cause.as_str(), line.version, line.account_id))
        .collect();
    let by = world.account;
    assert_eq!(
        lines,
        [("stale", 8, by), ("saved", 2, by), ("created", 1, by)]
    );
}
