//! Groups: written or refused as one, beside saves that never notice.

use guildhall_store::changes::Restore;
use guildhall_store::{Author, Cause, Change, EntityKey, Member, Outcome, Save, Write, queries};
use uuid::Uuid;

use crate::world::{Then, World, cause};

fn trade(
    world: &World,
    one: (EntityKey, u32, &'static str),
    other: (EntityKey, u32, &'static str),
) -> Write {
    let member = |(key, base, state)| Member::Save(world.save(key, base, state));
    Write::Group(vec![member(one), member(other)], world.by())
}

fn poison(world: &World) {
    world.refuse(
        "UPDATE",
        "characters",
        &world.state_is("bad"),
        Then::Raise("ABORT"),
    );
}

#[test]
fn of_two_members_one_is_bad_and_neither_is_written_and_the_neighbours_are() {
    let mut world = World::new();
    let [one, other, third] = ["One", "Other", "Third"].map(|name| world.character(name));
    poison(&world);
    world.submit(world.save(third, 1, "fine"));
    world.submit(trade(&world, (one, 1, "paid"), (other, 1, "bad")));
    let outcomes = world.flush();
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!(causes, [None, Some(world.plain())]);
    assert_eq!(world.stored(one), (1, b"born".to_vec()));
    assert_eq!(world.stored(other), (1, b"born".to_vec()));
    assert_eq!(world.stored(third).0, 2);
    for (key, payload) in [(one, "paid"), (other, "bad")] {
        let refused = world.read(|conn| queries::refused_writes_of(conn, key.id, 10));
        assert_eq!(refused.len(), 1, "{payload}");
        assert_eq!(refused[0].payload, payload.as_bytes());
    }
}

#[test]
fn a_refused_group_takes_no_good_state_before_it_and_what_builds_on_it_is_refused() {
    let mut world = World::new();
    let [one, other] = ["One", "Other"].map(|name| world.character(name));
    poison(&world);
    world.submit(world.save(one, 1, "good"));
    world.submit(trade(&world, (one, 2, "paid"), (other, 1, "bad")));
    world.submit(world.save(one, 3, "after the trade"));
    let outcomes = world.flush();
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!(causes, [None, Some(world.plain()), Some(Cause::Stale)]);
    assert_eq!(world.stored(one), (2, b"good".to_vec()));
}

#[test]
fn saves_around_a_group_build_on_it() {
    let mut world = World::new();
    let [one, other] = ["One", "Other"].map(|name| world.character(name));
    world.submit(world.save(one, 1, "a"));
    world.submit(trade(&world, (one, 2, "b"), (other, 1, "b")));
    world.submit(world.save(other, 2, "c"));
    world.submit(world.save(one, 3, "c"));
    assert!(world.flush().iter().all(Outcome::is_durable));
    assert_eq!(world.stored(one), (4, b"c".to_vec()));
    assert_eq!(world.stored(other), (3, b"c".to_vec()));
}

#[test]
fn a_group_given_again_is_durable_and_is_not_written_twice() {
    let mut world = World::new();
    let [one, other] = ["One", "Other"].map(|name| world.character(name));
    let lines = world.count("entity_history");
    for _ in 0..2 {
        world.submit(trade(&world, (one, 1, "paid"), (other, 1, "got")));
    }
    assert!(world.flush().iter().all(Outcome::is_durable));
    world.submit(trade(&world, (one, 1, "paid"), (other, 1, "got")));
    assert_eq!(world.flush(), [Outcome::Durable { version: 2 }]);
    assert_eq!(world.count("entity_history"), lines + 2);
    world.submit(trade(&world, (one, 1, "paid"), (other, 1, "other")));
    assert_eq!(cause(&world.flush()[0]), Some(Cause::Stale));
}

#[test]
fn a_part_of_a_group_given_again_is_no_retry_of_it() {
    let mut world = World::new();
    let [one, other] = ["One", "Other"].map(|name| world.character(name));
    world.submit(trade(&world, (one, 1, "paid"), (other, 1, "got")));
    assert!(world.flush().iter().all(Outcome::is_durable));
    world.submit(world.save(one, 1, "paid"));
    assert_eq!(cause(&world.flush()[0]), Some(Cause::Stale));
    world.submit(world.save(one, 2, "alone"));
    world.submit(world.save(other, 2, "alone"));
    assert!(world.flush().iter().all(Outcome::is_durable));
    world.submit(trade(&world, (one, 2, "alone"), (other, 2, "alone")));
    assert_eq!(cause(&world.flush()[0]), Some(Cause::Stale));
}

#[test]
fn a_state_that_somebody_restored_is_no_retry() {
    let mut world = World::new();
    let hero = world.character("One");
    world.submit(world.save(hero, 1, "new"));
    world.flush();
    world.submit(Write::Change(
        Change::Restore(Restore {
            entity: hero,
            version: 2,
        }),
        Author::SERVER,
    ));
    assert!(world.flush().iter().all(Outcome::is_durable));
    world.submit(world.save(hero, 2, "new"));
    assert_eq!(cause(&world.flush()[0]), Some(Cause::Stale));
}

#[test]
fn a_batch_with_groups_that_was_committed_unseen_tells_its_outcomes_again() {
    let mut world = World::new();
    let [one, other] = ["One", "Other"].map(|name| world.character(name));
    poison(&world);
    world.submit(trade(&world, (one, 1, "paid"), (other, 1, "got")));
    world.submit(trade(&world, (one, 2, "paid"), (other, 2, "bad")));
    let batch = world.batch();
    let unseen = world.write(&batch).unwrap();
    world.abort(&batch);
    let batch = world.batch();
    let outcomes = world.flush_batch(&batch).unwrap();
    let seen: Vec<_> = outcomes.iter().map(cause).collect();
    let committed: Vec<_> = unseen.outcomes.iter().map(|(_, it)| cause(it)).collect();
    assert_eq!(seen, committed);
    assert_eq!(seen, [None, Some(world.plain())]);
}

#[test]
fn a_save_under_an_epoch_that_is_over_is_fenced_alone() {
    let mut world = World::new();
    let [one, other] = ["One", "Other"].map(|name| world.character(name));
    world.meddle("UPDATE characters SET play_epoch = 2");
    let fenced = |world: &World, key, fence| Save {
        fence: Some(fence),
        ..world.save(key, 1, "new")
    };
    world.submit(fenced(&world, one, 1));
    world.submit(fenced(&world, other, 2));
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    assert_eq!(causes, [Some(Cause::Fenced), None]);
    assert_eq!(world.stored(one).0, 1);
}

#[test]
fn another_authors_group_cannot_build_on_what_nobody_was_told() {
    let mut world = World::new();
    let [one, other] = ["One", "Other"].map(|name| world.character(name));
    let stranger = Author {
        session: Some(Uuid::max()),
        ..world.by()
    };
    world.submit(world.save(one, 1, "mine"));
    let member = |key, base| {
        let save = world.save(key, base, "theirs");
        Member::Save(Save {
            by: stranger,
            ..save
        })
    };
    let theirs = Write::Group(vec![member(one, 2), member(other, 1)], stranger);
    world.submit(theirs);
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    assert_eq!(causes, [None, Some(Cause::Stale)]);
    assert_eq!(world.stored(other).0, 1);
}
