//! The same seed gives the same numbers.

use super::Seed;

#[test]
fn the_same_seed_gives_the_same_numbers_and_another_seed_others() {
    let numbers = |seed| -> Vec<u64> {
        let mut seed = Seed::from_number(seed);
        (0..100).map(|_| seed.next_u64()).collect()
    };
    assert_eq!(numbers(0), numbers(0));
    assert_ne!(numbers(0), numbers(1));
}

#[test]
fn every_value_below_the_end_comes_up_and_none_beyond() {
    let mut seed = Seed::new("every_value_below_the_end");
    let mut seen = [0; 10];
    for _ in 0..10_000 {
        seen[seed.below(10)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 700), "{seen:?}");
}

#[test]
fn a_shuffle_keeps_every_item_and_moves_some() {
    let mut seed = Seed::new("a_shuffle_keeps_every_item");
    let sorted: Vec<_> = (0..100).collect();
    let mut items = sorted.clone();
    seed.shuffle(&mut items);
    assert_ne!(items, sorted);
    items.sort_unstable();
    assert_eq!(items, sorted);
}

#[test]
fn bytes_come_in_the_length_asked_for() {
    let mut seed = Seed::new("bytes");
    for len in [0, 1, 8, 13] {
        assert_eq!(seed.bytes(len).len(), len);
    }
}
