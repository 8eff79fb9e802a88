//! Claims of names against the pure index.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const REALM: Uuid = Uuid::from_u128(1);

fn hero(id: u128) -> NameOwner {
    NameOwner {
        kind: OwnerKind::Character,
        id: Uuid::from_u128(id),
    }
}

fn written(owner: NameOwner, display: &str) -> NameEntry {
    let key = display.to_lowercase();
    NameEntry {
        realm: REALM,
        owner,
        skeleton: key.replace('0', "o"),
        key,
        display: display.to_owned(),
    }
}

fn name(owner: NameOwner, key: &str) -> NameEntry {
    written(owner, &key.to_uppercase())
}

fn known(entry: &NameEntry) -> Known {
    Known {
        hashes: entry.into(),
        owner: entry.owner,
        cooling_until_us: None,
    }
}

/// Puts a name in as the loading does.
fn take_in(index: &mut NameIndex, entry: &NameEntry) {
    index.insert(&entry.into(), known(entry).held());
}

fn owners(index: &NameIndex, key: &str) -> Vec<NameOwner> {
    let held = index.holders(REALM, key).iter();
    held.map(|held| held.owner).collect()
}

#[test]
fn a_reserved_name_is_taken_but_not_counted() {
    let mut index = NameIndex::default();
    let reservation = index.reserve(name(hero(1), "bob"), false).unwrap();
    assert!(!reservation.is_doubtful());
    let clash = index.reserve(name(hero(2), "bob"), false).unwrap_err();
    assert_eq!(clash, NameClash::Taken { by: hero(1) });
    let clash = index.reserve(name(hero(2), "b0b"), false).unwrap_err();
    assert_eq!(clash, NameClash::LooksLike { by: hero(1) });
    assert_eq!((index.len(), index.pending()), (0, 1));
    index.confirm(reservation, &[]);
    assert_eq!((index.len(), index.pending()), (1, 0));
    assert_eq!(owners(&index, "bob"), [hero(1)]);
}

#[test]
fn an_abandoned_name_leaves_nothing_behind() {
    let mut index = NameIndex::default();
    let reservation = index.reserve(name(hero(1), "b0b"), false).unwrap();
    index.abandon(reservation);
    assert_eq!(owners(&index, "b0b"), []);
    let next = index.reserve(name(hero(2), "bob"), false).unwrap();
    assert!(!next.is_doubtful());
    assert_eq!(index.proof(), LoadProof::default());
    assert_eq!(index.pending(), 1);
}

#[test]
fn a_taken_name_and_a_look_alike_are_doubts_and_a_free_name_is_none() {
    let mut index = NameIndex::default();
    take_in(&mut index, &written(hero(1), "Ilse"));
    let mut doubt = |entry, overrule| {
        let reservation = index.reserve(entry, overrule).unwrap();
        let doubt = reservation.is_doubtful();
        index.abandon(reservation);
        doubt
    };
    assert!(doubt(written(hero(2), "ILSE"), false));
    assert!(doubt(written(hero(2), "ILSE"), true));
    // Only as it is written does it look alike; an operator lets that pass.
    assert!(doubt(written(hero(2), "llse"), false));
    assert!(!doubt(written(hero(2), "llse"), true));
    assert!(!doubt(written(hero(2), "Else"), false));
    let elsewhere = NameEntry {
        realm: Uuid::from_u128(2),
        ..written(hero(2), "Ilse")
    };
    assert!(!doubt(elsewhere, false));
}

#[test]
fn a_former_name_cools_from_the_moment_that_the_rename_is_confirmed() {
    let mut index = NameIndex::default();
    let bob = name(hero(1), "bob");
    take_in(&mut index, &bob);
    let rename = index.reserve(name(hero(1), "rob"), false).unwrap();
    let held = |index: &NameIndex| index.holders(REALM, "bob").to_vec();
    assert!(!held(&index)[0].cooling);
    index.confirm(rename, &[known(&bob)]);
    assert_eq!(
        (held(&index)[0].owner, held(&index)[0].cooling),
        (hero(1), true)
    );
    assert_eq!(index.len(), 2);
    // Taken back, the other one cools.
    let (rob, back) = (
        name(hero(1), "rob"),
        index.reserve(bob.clone(), false).unwrap(),
    );
    let cooling = Known {
        cooling_until_us: Some(9),
        ..known(&bob)
    };
    index.confirm(back, &[known(&rob), cooling]);
    assert!(!held(&index)[0].cooling);
    assert!(index.holders(REALM, "rob")[0].cooling);
    assert_eq!(index.len(), 2);
}

#[test]
fn the_checksum_knows_no_order_and_goes_back_when_names_are_freed() {
    let (mut one, mut other) = (NameIndex::default(), NameIndex::default());
    for id in 0..50 {
        take_in(&mut one, &name(hero(id), &format!("n{id}")));
        let id = 49 - id;
        take_in(&mut other, &name(hero(id), &format!("n{id}")));
    }
    assert_eq!(one.proof(), other.proof());
    let before = one.proof();
    let late = name(hero(99), "late");
    take_in(&mut one, &late);
    assert_ne!(one.proof(), before);
    assert!(one.remove(&(&late).into(), hero(99)));
    assert!(!one.remove(&(&late).into(), hero(99)));
    assert_eq!(one.proof(), before);
}

#[test]
fn slices_hold_every_hash_once() {
    for (names, count) in [
        (0, 1),
        (1, 1),
        (100, 2),
        (5_000, 128),
        (u64::from(u32::MAX), 256),
    ] {
        let slices: Vec<Slice> = Slice::all(names, 50).collect();
        assert_eq!(slices.len(), count);
        let mut ranges: Vec<_> = slices.iter().flat_map(|it| it.signed_bounds()).collect();
        ranges.sort_unstable();
        assert_eq!(
            (ranges[0].0, ranges[ranges.len() - 1].1),
            (i64::MIN, i64::MAX)
        );
        assert!(ranges.windows(2).all(|two| two[0].1 + 1 == two[1].0));
    }
}

fn differs(index: &NameIndex, rows: &[Known], touched: &HashSet<u64>) -> NameDiff {
    let mut all = NameDiff::default();
    for slice in Slice::all(1_000, 100) {
        let within = |row: &&Known| {
            let hash = row.hashes.key.cast_signed();
            slice
                .signed_bounds()
                .any(|(low, high)| (low..=high).contains(&hash))
        };
        let there: Vec<Known> = rows.iter().filter(within).copied().collect();
        let diff = index.compare(slice, &there, touched);
        all.index_minus_database.extend(diff.index_minus_database);
        all.database_minus_index.extend(diff.database_minus_index);
    }
    all
}

#[test]
fn whatever_differs_is_found_and_set_right_and_what_is_under_way_is_no_difference() {
    let mut index = NameIndex::default();
    let entries: Vec<NameEntry> = (0..300)
        .map(|id| name(hero(id), &format!("n{id}")))
        .collect();
    entries.iter().for_each(|entry| take_in(&mut index, entry));
    let mut rows: Vec<Known> = entries.iter().map(known).collect();
    let none = HashSet::new();
    assert!(differs(&index, &rows, &none).is_empty());

    let gone = rows.swap_remove(7).hashes.key;
    rows[50].owner = hero(999);
    rows[60].cooling_until_us = Some(5);
    let ghost = known(&name(hero(1_000), "ghost"));
    rows.push(ghost);
    let changed = [rows[50].hashes.key, rows[60].hashes.key];
    let diff = differs(&index, &rows, &none);
    let set = |hashes: &[u64]| hashes.iter().copied().collect::<HashSet<u64>>();
    let found = |hashes: &Vec<u64>| set(hashes);
    assert_eq!(
        found(&diff.index_minus_database),
        set(&[gone, changed[0], changed[1]])
    );
    let there = set(&[ghost.hashes.key, changed[0], changed[1]]);
    assert_eq!(found(&diff.database_minus_index), there);
    assert!(differs(&index, &rows, &diff.hashes()).is_empty());

    for hash in diff.hashes() {
        index.set_right(hash, &rows);
    }
    assert!(differs(&index, &rows, &none).is_empty());
    assert_eq!(owners(&index, "ghost"), [hero(1_000)]);
    assert_eq!(index.len(), 300);
}

#[test]
fn a_look_that_the_index_lacks_is_a_difference() {
    let mut index = NameIndex::default();
    let (bob, rob) = (written(hero(1), "Bob"), written(hero(2), "Rob"));
    take_in(&mut index, &bob);
    take_in(&mut index, &rob);
    // Frees Bob's name with the looks of Rob's.
    let wrong = NameHashes {
        key: NameHashes::from(&bob).key,
        ..NameHashes::from(&rob)
    };
    index.remove(&wrong, hero(1));
    let diff = differs(&index, &[known(&rob)], &HashSet::new());
    assert_eq!(diff.database_minus_index, [NameHashes::from(&rob).key]);
}

/// What a test does with one of a few owners and one of a few names.
#[derive(Clone, Copy, Debug)]
enum Step {
    Claim,
    Abandon,
    Free,
}

fn steps() -> impl Strategy<Value = Vec<(Step, u128, u32)>> {
    let step = prop_oneof![Just(Step::Claim), Just(Step::Abandon), Just(Step::Free)];
    prop::collection::vec((step, 0_u128..4, 0_u32..12), 0..300)
}

proptest! {
    /// The database is a map here; a claim is refused by it exactly if the index had a doubt.
    #[test]
    fn claims_frees_and_renames_leave_what_a_plain_map_holds(steps in steps()) {
        let mut index = NameIndex::default();
        let mut map: BTreeMap<String, (NameEntry, bool)> = BTreeMap::new();
        for (step, id, nth) in steps {
            let entry = name(hero(id), &format!("n{nth}"));
            let other = map.get(&entry.key).is_some_and(|(by, _)| by.owner != entry.owner);
            if let Step::Free = step {
                if !other && map.remove(&entry.key).is_some() {
                    prop_assert!(index.remove(&(&entry).into(), entry.owner));
                }
                continue;
            }
            let reservation = index.reserve(entry.clone(), true).unwrap();
            prop_assert_eq!(reservation.is_doubtful(), other);
            if other || matches!(step, Step::Abandon) {
                index.abandon(reservation);
                continue;
            }
            let same = map.get(&entry.key).map(|(same, _)| known(same));
            let present = map.values_mut().find(|(it, cools)| it.owner == entry.owner && !*cools);
            let mut before: Vec<Known> = same.into_iter().collect();
            if let Some((present, cools)) = present
                && present.key != entry.key
            {
                before.push(known(present));
                *cools = true;
            }
            map.insert(entry.key.clone(), (entry, false));
            index.confirm(reservation, &before);
        }
        let rows: Vec<Known> = map.values().map(|(entry, cools)| Known {
            cooling_until_us: cools.then_some(1),
            ..known(entry)
        }).collect();
        prop_assert_eq!(differs(&index, &rows, &HashSet::new()), NameDiff::default());
        prop_assert_eq!(index.len(), u64::try_from(rows.len()).unwrap());
        prop_assert_eq!(index.pending(), 0);
    }
}
