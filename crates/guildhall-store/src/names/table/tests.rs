//! The dense table against a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Model<K> = BTreeMap<K, Vec<u16>>;

fn sorted(values: &[u16]) -> Vec<u16> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}

fn agree<K: Key + std::fmt::Debug>(table: &Table<K, u16>, model: &Model<K>) {
    let count: usize = model.values().map(Vec::len).sum();
    for (key, values) in model {
        assert_eq!(sorted(table.get(*key)), sorted(values), "{key:?}");
    }
    let keys: Vec<K> = table.entries(0..SHARDS).map(|(key, _)| key).collect();
    assert!(keys.is_sorted());
    assert_eq!(keys.len(), count);
}

/// Puts in and takes out as told; every third step takes out what a former step put in.
fn play<K: Key + std::fmt::Debug>(steps: &[K], room: usize) {
    let mut table = Table::with_room_for(room);
    let mut model = Model::new();
    for (at, key) in (0_u16..).zip(steps) {
        let values = model.entry(*key).or_default();
        if at % 3 == 2 {
            let known = values.pop();
            assert_eq!(table.remove(*key, |it| Some(*it) == known), known.is_some());
        } else {
            values.push(at);
            table.insert(*key, at);
        }
    }
    agree(&table, &model);
    for (key, values) in &model {
        for value in values {
            assert!(table.remove(*key, |it| it == value));
        }
        assert!(!table.contains(*key));
    }
    assert_eq!(table.entries(0..SHARDS).count(), 0);
}

/// Keys that crowd: few shards, few homes, both ends of a shard.
fn crowded() -> impl Strategy<Value = u64> {
    let ends = prop_oneof![Just(0_u64), Just(0x00FF_FFFF_FFFF_FFFF), 0_u64..1 << 56];
    (0_u64..2, ends, 0_u64..4)
        .prop_map(|(shard, low, more)| (shard * 255) << 56 | (low.saturating_sub(more).max(more)))
}

proptest! {
    #[test]
    fn a_table_holds_what_a_map_holds(keys in prop::collection::vec(any::<u64>(), 0..2000)) {
        play(&keys, keys.len() / 2);
    }

    #[test]
    fn also_when_the_keys_crowd(keys in prop::collection::vec(crowded(), 0..400)) {
        let keys: Vec<u64> = keys.into_iter().filter(|key| *key != u64::EMPTY).collect();
        play(&keys, 0);
    }

    #[test]
    fn also_with_short_keys_that_come_again(keys in prop::collection::vec(0_u32..300, 0..2000)) {
        let spread: Vec<u32> = keys.iter().map(|key| key.wrapping_mul(0x00F0_1234)).collect();
        play(&spread, 0);
        play(&keys, 100);
    }
}

#[test]
fn a_full_table_has_few_empty_places() {
    let mut table: Table<u64, ()> = Table::default();
    let mut key = 0_u64;
    for count in 1..=200_000 {
        key = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
        table.insert(key, ());
        if count >= 50_000 && count % 10_000 == 0 {
            let places: usize = table.shards.iter().map(|it| it.keys.capacity()).sum();
            assert!(places * 3 < count * 4, "{places} places for {count}");
        }
    }
}
