//! A constraint that waits for the commit: no statement fails, the commit does, and it names nobody.

use guildhall_store::{Batch, Outcome, StoreError};

use crate::world::{World, cause};
use guildhall_store::Cause;

const HEROES: usize = 21;
const GUILTY: [usize; 2] = [3, 17];

#[test]
fn who_spoils_the_commit_is_found_by_halves_and_held_and_the_others_are_durable() {
    let mut world = World::new();
    let heroes: Vec<_> = (0..HEROES)
        .map(|n| world.character(&format!("H{n}")))
        .collect();
    world.refuse_at_commit("bad");
    for (n, hero) in heroes.iter().enumerate() {
        let state = if GUILTY.contains(&n) { "bad" } else { "good" };
        world.submit(world.save(*hero, 1, state));
    }
    world.submit_change(world.rename(heroes[0], "H1"));
    let mut failures = 0;
    let (batch, outcomes) = loop {
        let batch = world.batch();
        match world.flush_batch(&batch) {
            Ok(outcomes) => break (batch, outcomes),
            Err(error) => {
                assert!(matches!(error, StoreError::Database { .. }), "{error}");
                failures += 1;
                assert!(
                    world
                        .all_stored()
                        .values()
                        .all(|(version, _)| *version == 1)
                );
                assert_eq!(world.count("refused_writes"), 0);
                world.abort(&batch);
            }
        }
    };
    assert_eq!(failures, 3);
    for (n, outcome) in outcomes[..HEROES].iter().enumerate() {
        let expected = GUILTY.contains(&n).then_some(Cause::Held);
        assert_eq!(cause(outcome), expected, "{n}: {outcome:?}");
        let version = if GUILTY.contains(&n) { 1 } else { 2 };
        assert_eq!(world.stored(heroes[n]).0, version);
    }
    assert_eq!(cause(&outcomes[HEROES]), Some(Cause::Unique));
    assert_eq!(world.count("refused_writes"), 3);
    a_retry_of_the_parts_writes_nothing_again(&mut world, &batch, &outcomes);
}

/// The answer may have been lost after any of the parts was committed.
fn a_retry_of_the_parts_writes_nothing_again(
    world: &mut World,
    batch: &Batch,
    outcomes: &[Outcome],
) {
    let tables = ["batches", "entity_history", "refused_writes"];
    let counts = tables.map(|table| world.count(table));
    let again = world.write(batch).unwrap();
    assert_eq!(tables.map(|table| world.count(table)), counts);
    let again: Vec<_> = again.outcomes.iter().map(|(_, it)| cause(it)).collect();
    let before: Vec<_> = outcomes.iter().map(cause).collect();
    let (mut again, mut before) = (again, before);
    again.sort_by_key(|it| it.map(Cause::as_str));
    before.sort_by_key(|it| it.map(Cause::as_str));
    assert_eq!(again, before);
}
