//! Coalescing: the newest save of a window is written, and a poisoned one costs no good one.

use guildhall_store::{
    Cause, EntityKey, EntityKind, Outcome, STATE_BYTES_MAX, WriteRefusal, queries,
};
use uuid::Uuid;

use crate::world::{Then, World, cause};

fn refusal(outcome: &Outcome) -> &WriteRefusal {
    match outcome {
        Outcome::Refused(refusal) => refusal,
        Outcome::Durable { version } => panic!("durable as version {version}"),
    }
}

#[test]
fn of_several_saves_in_a_window_one_row_is_written_and_all_are_durable() {
    let mut world = World::new();
    let hero = world.character("Bob");
    let before = world.buffer.stats(std::time::Duration::ZERO);
    for base in 1..=5 {
        world.submit(world.save(hero, base, format!("state {base}")));
    }
    let outcomes = world.flush();
    let versions: Vec<_> = (2..=6)
        .map(|version| Outcome::Durable { version })
        .collect();
    assert_eq!(outcomes, versions);
    assert_eq!(world.stored(hero), (6, b"state 5".to_vec()));
    let after = world.buffer.stats(std::time::Duration::ZERO);
    assert_eq!(after.coalesced - before.coalesced, 4);
    let lines = world.read(|conn| queries::history_of(conn, hero.id, 10));
    assert_eq!(lines.len(), 2, "one for its birth, one for the batch");
}

#[test]
fn a_poisoned_newest_save_falls_back_on_the_good_one_before_it() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.refuse(
        "UPDATE",
        "characters",
        &world.state_is("bad"),
        Then::Raise("ABORT"),
    );
    for (base, state) in [(1, "good"), (2, "better"), (3, "bad"), (4, "bad")] {
        world.submit(world.save(hero, base, state));
    }
    let outcomes = world.flush();
    assert_eq!(outcomes[0], Outcome::Durable { version: 2 });
    assert_eq!(outcomes[1], Outcome::Durable { version: 3 });
    for outcome in &outcomes[2..] {
        let refusal = refusal(outcome);
        assert_eq!(refusal.cause, world.plain());
        let present = refusal.present.as_ref().unwrap();
        assert_eq!((present.version, &present.state[..]), (3, &b"better"[..]));
    }
    assert_eq!(world.stored(hero), (3, b"better".to_vec()));
}

#[test]
fn a_state_that_is_too_long_is_refused_with_its_own_cause_and_kept() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.submit(world.save(hero, 1, vec![b'x'; STATE_BYTES_MAX]));
    world.submit(world.save(hero, 2, vec![b'y'; STATE_BYTES_MAX + 1]));
    let outcomes = world.flush();
    assert_eq!(cause(&outcomes[0]), None);
    assert_eq!(cause(&outcomes[1]), Some(Cause::TooLarge));
    let refused = world.read(|conn| queries::refused_writes_of(conn, hero.id, 10));
    assert_eq!(refused[0].payload.len(), STATE_BYTES_MAX + 1);
}

#[test]
fn a_stale_save_gets_the_present_row() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.submit(world.save(hero, 1, "two"));
    world.flush();
    world.submit(world.save(hero, 1, "another two"));
    let outcomes = world.flush();
    let refusal = refusal(&outcomes[0]);
    assert_eq!(refusal.cause, Cause::Stale);
    let present = refusal.present.as_ref().unwrap();
    assert_eq!((present.version, &present.state[..]), (2, &b"two"[..]));
}

#[test]
fn a_save_of_nothing_is_gone() {
    let mut world = World::new();
    let nobody = EntityKey {
        kind: EntityKind::Ship,
        id: Uuid::now_v7(),
    };
    world.submit(world.save(nobody, 1, "two"));
    let outcomes = world.flush();
    let refusal = refusal(&outcomes[0]);
    assert_eq!((refusal.cause, &refusal.present), (Cause::Gone, &None));
}

#[test]
fn a_save_that_is_retried_after_its_commit_is_durable_and_written_once() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.submit(world.save(hero, 1, "two"));
    world.flush();
    world.submit(world.save(hero, 1, "two"));
    world.submit(world.save(hero, 2, "three"));
    let outcomes = world.flush();
    let versions: Vec<_> = (2..=3)
        .map(|version| Outcome::Durable { version })
        .collect();
    assert_eq!(outcomes, versions);
    assert_eq!(world.stored(hero), (3, b"three".to_vec()));
    let lines = world.read(|conn| queries::history_of(conn, hero.id, 10));
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_save_on_top_of_one_that_is_under_way_goes_into_the_next_batch() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.submit(world.save(hero, 1, "two"));
    let first = world.batch();
    world.submit(world.save(hero, 2, "three"));
    assert_eq!(
        world.flush_batch(&first).unwrap(),
        [Outcome::Durable { version: 2 }]
    );
    assert_eq!(world.flush(), [Outcome::Durable { version: 3 }]);
}
