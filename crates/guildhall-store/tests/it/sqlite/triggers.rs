//! The ways of SQLite's triggers: one that aborts, fails, ignores its row or ends the transaction.

use guildhall_store::Cause;
use guildhall_testkit::{Backend, Then};

use crate::world::{World, cause};

/// Every way in which a trigger can refuse one row.
fn refused_by_trigger(when: &str, then: Then<'_>) {
    let mut world = World::on(Backend::Sqlite);
    let heroes: Vec<_> = (0..20).map(|n| world.character(&format!("H{n}"))).collect();
    let (when, bad) = (
        format!("{when} UPDATE ON characters"),
        world.state_is("bad"),
    );
    world.outside().trigger("poison", &when, &bad, then);
    for (n, hero) in heroes.iter().enumerate() {
        let state = if n % 7 == 3 { "bad" } else { "good" };
        world.submit(world.save(*hero, 1, state));
    }
    for (n, outcome) in world.flush().iter().enumerate() {
        let expected = (n % 7 == 3).then_some(Cause::Trigger);
        assert_eq!(cause(outcome), expected, "{then:?}: {n}: {outcome:?}");
        let version = if n % 7 == 3 { 1 } else { 2 };
        assert_eq!(world.stored(heroes[n]).0, version, "{then:?}: {n}");
    }
    assert_eq!(world.count("refused_writes"), 3);
}

#[test]
fn a_trigger_that_aborts_refuses_its_row_alone() {
    refused_by_trigger("BEFORE", Then::Raise("ABORT"));
}

#[test]
fn a_trigger_that_fails_refuses_its_row_alone() {
    refused_by_trigger("BEFORE", Then::Raise("FAIL"));
}

#[test]
fn a_row_that_a_trigger_fails_after_the_fact_does_not_stand() {
    refused_by_trigger("AFTER", Then::Raise("FAIL"));
}

#[test]
fn a_trigger_that_rolls_the_transaction_back_refuses_its_row_alone() {
    refused_by_trigger("BEFORE", Then::Raise("ROLLBACK"));
}

#[test]
fn a_trigger_that_ignores_its_row_is_no_success() {
    refused_by_trigger("BEFORE", Then::Ignore);
}

#[test]
fn a_change_that_rolls_the_transaction_back_refuses_itself_alone() {
    let mut world = World::on(Backend::Sqlite);
    let ship = world.ship("Corsairs");
    let hero = world.character("Bob");
    world.refuse("UPDATE", "names", "1 = 1", Then::Raise("ROLLBACK"));
    world.submit(world.save(ship, 1, "at sea"));
    world.submit_change(world.rename(hero, "Rob"));
    let outcomes = world.flush();
    assert_eq!(cause(&outcomes[0]), None);
    assert_eq!(cause(&outcomes[1]), Some(Cause::Trigger));
    assert_eq!(world.stored(ship).0, 2);
}

#[test]
fn a_poison_that_ends_the_transaction_falls_back_too() {
    let mut world = World::on(Backend::Sqlite);
    let hero = world.character("Bob");
    let other = world.character("Eve");
    let bad = world.state_is("bad");
    world.refuse("UPDATE", "characters", &bad, Then::Raise("ROLLBACK"));
    for (base, state) in [(1, "good"), (2, "bad"), (3, "bad")] {
        world.submit(world.save(hero, base, state));
    }
    world.submit(world.save(other, 1, "good"));
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    let poisoned = Some(Cause::Trigger);
    assert_eq!(causes, [None, poisoned, poisoned, None]);
    assert_eq!(world.stored(hero), (2, b"good".to_vec()));
}

/// Such a trigger keeps even the statement from being made, whatever the row.
#[test]
fn a_broken_trigger_costs_the_writes_that_meet_it_and_no_others() {
    let mut world = World::on(Backend::Sqlite);
    let (hero, ship) = (world.character("Bob"), world.ship("Corsairs"));
    let broken = Then::Do("INSERT INTO missing VALUES (1)");
    let outside = world.outside();
    outside.trigger("broken", "AFTER UPDATE ON characters", "", broken);
    world.submit(world.save(hero, 1, "two"));
    world.submit(world.save(ship, 1, "at sea"));
    let (failures, outcomes) = world.until_committed();
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!((failures, causes), (3, vec![Some(Cause::Held), None]));
    assert_eq!(world.stored(hero).0, 1);
}
