//! One bad update sinks no other, whatever way the database has of saying no.

use guildhall_store::{Cause, Outcome, queries};

use crate::world::{World, cause};

/// The incident that this engine exists for.
#[test]
fn a_ship_and_nine_saves_are_durable_beside_a_rename_that_only_the_database_can_refuse() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    let heroes: Vec<_> = (0..9)
        .map(|n| world.character(&format!("Hero {n}")))
        .collect();
    let renamer = world.character("Renamer");
    world.meddle(&format!(
        "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version, claimed_at) VALUES ('x', '{}', 'character', 'y', 'ahab', 'Ahab', 'ahab', 1, 0)",
        world.realm
    ));
    world.submit(world.save(ship, 1, "at sea"));
    for hero in &heroes {
        world.submit(world.save(*hero, 1, "older"));
    }
    world.submit_change(world.rename(renamer, "Ahab"));
    let outcomes = world.flush();
    assert_eq!(outcomes.len(), 11);
    assert!(outcomes[..10].iter().all(Outcome::is_durable));
    let Outcome::Refused(refusal) = &outcomes[10] else {
        panic!("the rename was taken");
    };
    assert_eq!(refusal.cause, Cause::Unique);
    let constraint = refusal.constraint.as_deref().unwrap();
    assert!(constraint.contains("names.name_key"), "{constraint}");
    assert_eq!(world.stored(ship), (2, b"at sea".to_vec()));
    let refused = world.read(|conn| queries::refused_writes_of(conn, renamer.id, 10));
    assert_eq!(refused.len(), 1);
    let payload = String::from_utf8(refused[0].payload.clone()).unwrap();
    assert!(payload.contains("ahab"), "{payload}");
}

/// Every way in which a trigger can refuse one row.
fn refused_by_trigger(when: &str, raise: &str) {
    let mut world = World::new();
    let heroes: Vec<_> = (0..20).map(|n| world.character(&format!("H{n}"))).collect();
    world.meddle(&format!(
        "CREATE TRIGGER poison {when} UPDATE ON characters WHEN NEW.state = CAST('bad' AS BLOB)
         BEGIN SELECT {raise}; END"
    ));
    for (n, hero) in heroes.iter().enumerate() {
        let state = if n % 7 == 3 { "bad" } else { "good" };
        world.submit(world.save(*hero, 1, state));
    }
    for (n, outcome) in world.flush().iter().enumerate() {
        let expected = (n % 7 == 3).then_some(Cause::Trigger);
        assert_eq!(cause(outcome), expected, "{raise}: {n}: {outcome:?}");
        let version = if n % 7 == 3 { 1 } else { 2 };
        assert_eq!(world.stored(heroes[n]).0, version, "{raise}: {n}");
    }
    assert_eq!(world.count("refused_writes"), 3);
}

#[test]
fn a_trigger_that_aborts_refuses_its_row_alone() {
    refused_by_trigger("BEFORE", "RAISE(ABORT, 'poison')");
}

#[test]
fn a_trigger_that_fails_refuses_its_row_alone() {
    refused_by_trigger("BEFORE", "RAISE(FAIL, 'poison')");
}

#[test]
fn a_row_that_a_trigger_fails_after_the_fact_does_not_stand() {
    refused_by_trigger("AFTER", "RAISE(FAIL, 'poison')");
}

#[test]
fn a_trigger_that_rolls_the_transaction_back_refuses_its_row_alone() {
    refused_by_trigger("BEFORE", "RAISE(ROLLBACK, 'poison')");
}

#[test]
fn a_trigger_that_ignores_its_row_is_no_success() {
    refused_by_trigger("BEFORE", "RAISE(IGNORE)");
}

#[test]
fn a_change_that_rolls_the_transaction_back_refuses_itself_alone() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    let hero = world.character("Bob");
    world.meddle(
        "CREATE TRIGGER poison BEFORE UPDATE ON names BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
    );
    world.submit(world.save(ship, 1, "at sea"));
    world.submit_change(world.rename(hero, "Rob"));
    let outcomes = world.flush();
    assert_eq!(cause(&outcomes[0]), None);
    assert_eq!(cause(&outcomes[1]), Some(Cause::Trigger));
    assert_eq!(world.stored(ship).0, 2);
}

#[test]
fn a_save_whose_history_line_is_refused_is_not_half_written() {
    let mut world = World::new();
    let (one, other) = (world.character("One"), world.character("Other"));
    world.meddle(&format!(
        "CREATE TRIGGER poison BEFORE INSERT ON entity_history
         WHEN NEW.entity_id = '{}' AND NEW.cause = 'saved'
         BEGIN SELECT RAISE(ABORT, 'no'); END",
        one.id
    ));
    world.submit(world.save(one, 1, "new"));
    world.submit(world.save(other, 1, "new"));
    let outcomes = world.flush();
    assert_eq!(cause(&outcomes[0]), Some(Cause::Trigger));
    assert_eq!(cause(&outcomes[1]), None);
    assert_eq!(world.stored(one), (1, b"born".to_vec()));
}

#[test]
fn a_change_of_several_rows_leaves_nothing_when_its_last_row_is_refused() {
    let mut world = World::new();
    world.meddle(
        "CREATE TRIGGER poison BEFORE INSERT ON ships BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    let outcome = world.change(world.create_guild(uuid::Uuid::now_v7(), "Corsairs"));
    assert_eq!(cause(&outcome), Some(Cause::Trigger));
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
