//! The promise as a property, through the persistence process of a running server: whatever is mixed into a
//! batch, every innocent update is durable and every bad one is refused with its own cause. Writes are
//! submitted past the sessions' checks; the server's own window makes the batches.

mod verdict;
mod world;

use guildhall_testkit::Seed;

use verdict::{Trial, objections};
use world::World;

const BATCHES: i64 = 200;
const BAD_MAX: usize = 20;

/// Submits one round and waits for its answers.
async fn round(world: &mut World, seed: &mut Seed) -> Vec<Trial> {
    let mut places = world.entities();
    seed.shuffle(&mut places);
    let bad = 1 + seed.below(BAD_MAX);
    let (bad, good) = places.split_at(bad);
    let mut plan: Vec<_> = bad.iter().map(|entity| (*entity, true)).collect();
    plan.extend(good.iter().map(|entity| (*entity, false)));
    seed.shuffle(&mut plan);
    let mut submitted = Vec::new();
    let mut urgent = None;
    for (entity, is_bad) in plan {
        if !is_bad || seed.chance(40) {
            world.submit_good(seed, entity, &mut submitted);
        }
        if is_bad && urgent.is_none() && seed.chance(5) {
            urgent = Some(entity);
        } else if is_bad {
            world.submit_bad(seed, entity, &mut submitted);
        }
    }
    // An urgent change closes the window, so it comes last and the whole round shares its batch.
    if let Some(entity) = urgent {
        world.submit_urgent(entity, &mut submitted);
    }
    let mut trials = Vec::new();
    for (mut trial, answer) in submitted {
        trial.answer = Some(answer.await);
        trials.push(trial);
    }
    trials
}

#[tokio::test]
async fn in_200_random_batches_every_innocent_is_durable_and_every_bad_one_has_its_own_cause() {
    let mut seed = Seed::new("200 random batches");
    let mut world = World::new().await;
    let start = world.second.newest_batch();
    let sql =
        format!("SELECT count(*) FROM batches WHERE seq > {start} AND refused BETWEEN 1 AND 20");
    let (mut good, mut bad) = (0, 0);
    while world.second.number(&sql) < BATCHES {
        let before = world.second.newest_batch();
        let trials = round(&mut world, &mut seed).await;
        let file = world.file_after(before);
        assert_eq!(objections(&trials, &world.model, &file), [""; 0]);
        bad += trials.iter().filter(|trial| trial.bad.is_some()).count();
        good += trials.iter().filter(|trial| trial.bad.is_none()).count();
    }
    let rows = world.second.number("SELECT count(*) FROM refused_writes");
    assert_eq!(rows, i64::try_from(bad).unwrap());
    let batches = world.second.newest_batch() - start;
    println!(
        "{batches} batches: {good} good writes durable, {bad} bad ones refused by their causes"
    );
    assert!(world.serves().await);
}

/// The positive control: each thing that could go wrong is made to go wrong, and seen.
#[tokio::test]
async fn the_checker_of_random_batches_objects_to_each_outcome_that_is_altered() {
    let mut seed = Seed::new("altered outcomes");
    let mut world = World::new().await;
    let before = world.second.newest_batch();
    let trials = round(&mut world, &mut seed).await;
    let file = world.file_after(before);
    assert_eq!(objections(&trials, &world.model, &file), [""; 0]);
    for (what, alter) in verdict::ALTERATIONS {
        let (mut trials, mut model, mut file) = (trials.clone(), world.model.clone(), file.clone());
        alter(&mut trials, &mut model, &mut file);
        let found = objections(&trials, &model, &file);
        assert!(!found.is_empty(), "{what} was not seen");
    }
}
