//! The database names the row that it refuses, and is believed: but not where one row's rule spoils another.

use guildhall_store::Cause;
use guildhall_testkit::{Backend, Then};

use crate::world::{World, cause};

#[test]
fn a_row_that_is_named_because_of_another_ones_rule_is_innocent() {
    let mut world = World::on(Backend::Postgres);
    let names = ["Guilty", "Named", "Third", "Fourth"];
    let [guilty, named, third, fourth] = names.map(|name| world.character(name));
    let spoil = format!(
        "UPDATE characters SET schema_version = 0 WHERE id = '{}'",
        named.id
    );
    let (when, spoils) = ("AFTER UPDATE ON characters", world.state_is("spoils"));
    world
        .outside()
        .trigger("spoil", when, &spoils, Then::Do(&spoil));
    for key in [guilty, named, third, fourth] {
        let state = if key == guilty { "spoils" } else { "good" };
        world.submit(world.save(key, 1, state));
    }
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    assert_eq!(causes, [Some(Cause::Check), None, None, None]);
    for key in [named, third, fourth] {
        assert_eq!(world.stored(key), (2, b"good".to_vec()));
    }
}

/// Bad rows anywhere among more than one statement takes, of both kinds of entity.
#[test]
fn many_bad_rows_of_one_large_batch_are_each_refused_alone() {
    const ROWS: usize = 600;
    let mut world = World::on(Backend::Postgres).with_rows_max(2 * ROWS);
    for n in 0..ROWS {
        let id = uuid::Uuid::now_v7();
        let create = match n % 2 {
            0 => world.create_character(id, &format!("Hero {n}")),
            _ => world.create_guild(id, &format!("Guild {n}")),
        };
        world.submit_change(create);
    }
    world.flush();
    let keys: Vec<_> = world.all_stored().into_keys().collect();
    let is_bad = |n: usize| n % 97 == 5 || (300..310).contains(&n);
    for (n, key) in keys.iter().enumerate() {
        let mut save = world.save(*key, 1, "two");
        save.schema_version = u16::from(!is_bad(n));
        world.submit(save);
    }
    for (n, outcome) in world.flush().iter().enumerate() {
        assert_eq!(cause(outcome), is_bad(n).then_some(Cause::Check), "{n}");
    }
    let stored = world.all_stored();
    let saved = |(n, key): (usize, &_)| (stored[key].0 == 2) != is_bad(n);
    assert!(keys.iter().enumerate().all(saved));
}
