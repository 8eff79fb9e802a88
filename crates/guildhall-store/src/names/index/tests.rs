//! Claims of names against the pure index.

use super::*;
use crate::changes::OwnerKind;

const REALM: Uuid = Uuid::from_u128(1);

fn hero(id: u128) -> NameOwner {
    NameOwner {
        kind: OwnerKind::Character,
        id: Uuid::from_u128(id),
    }
}

fn name(owner: NameOwner, key: &str) -> NameEntry {
    NameEntry {
        realm: REALM,
        owner,
        key: key.to_owned(),
        display: key.to_uppercase(),
        skeleton: key.replace('0', "o"),
    }
}

#[test]
fn a_reserved_name_is_taken_but_not_counted() {
    let mut index = NameIndex::default();
    let reservation = index.reserve(name(hero(1), "bob")).unwrap();
    let clash = index.reserve(name(hero(2), "bob")).unwrap_err();
    assert_eq!(clash, NameClash::Taken { by: hero(1) });
    assert_eq!((index.len(), index.pending()), (0, 1));
    index.confirm(reservation);
    assert_eq!((index.len(), index.pending()), (1, 0));
}

#[test]
fn an_abandoned_name_leaves_nothing_behind() {
    let mut index = NameIndex::default();
    let reservation = index.reserve(name(hero(1), "b0b")).unwrap();
    index.abandon(reservation);
    assert_eq!(index.owner_of(REALM, "b0b"), None);
    assert_eq!(index.lookalikes(REALM, "bob"), &[]);
    assert_eq!(index.proof(), LoadProof::default());
}

#[test]
fn a_rename_frees_the_old_name_only_when_it_is_confirmed() {
    let mut index = NameIndex::default();
    index.insert(name(hero(1), "bob")).unwrap();
    let rename = index.reserve(name(hero(1), "rob")).unwrap();
    assert_eq!(index.owner_of(REALM, "bob"), Some(hero(1)));
    index.confirm(rename);
    assert_eq!(index.owner_of(REALM, "bob"), None);
    assert_eq!(index.name_of(hero(1)).unwrap().key, "rob");
    assert_eq!(index.len(), 1);
}

#[test]
fn an_owner_may_write_its_own_name_another_way_and_keeps_it_when_that_fails() {
    let mut index = NameIndex::default();
    index.insert(name(hero(1), "bob")).unwrap();
    let again = index.reserve(name(hero(1), "bob")).unwrap();
    index.abandon(again);
    assert_eq!(index.owner_of(REALM, "bob"), Some(hero(1)));
    assert_eq!(index.len(), 1);
}

#[test]
fn a_lookalike_of_anothers_name_is_refused_and_of_ones_own_is_not() {
    let mut index = NameIndex::default();
    index.insert(name(hero(1), "bob")).unwrap();
    let clash = index.reserve(name(hero(2), "b0b")).unwrap_err();
    assert_eq!(clash, NameClash::LooksLike { by: hero(1) });
    let own = index.reserve(name(hero(1), "b0b")).unwrap();
    index.confirm(own);
    assert_eq!(index.lookalikes(REALM, "bob"), &[hero(1)]);
}

#[test]
fn realms_and_kinds_of_owners_are_apart() {
    let mut index = NameIndex::default();
    index.insert(name(hero(1), "bob")).unwrap();
    let elsewhere = NameEntry {
        realm: Uuid::from_u128(2),
        ..name(hero(2), "bob")
    };
    index.insert(elsewhere).unwrap();
    let guild = NameOwner {
        kind: OwnerKind::Guild,
        ..hero(1)
    };
    assert!(index.insert(name(guild, "bob")).is_err());
    assert_eq!(index.len(), 2);
}

#[test]
fn the_checksum_knows_no_order_and_goes_back_when_names_are_released() {
    let (mut one, mut other) = (NameIndex::default(), NameIndex::default());
    for id in 0..50 {
        one.insert(name(hero(id), &format!("n{id}"))).unwrap();
        let id = 49 - id;
        other.insert(name(hero(id), &format!("n{id}"))).unwrap();
    }
    assert_eq!(one.proof(), other.proof());
    let before = one.proof();
    one.insert(name(hero(99), "late")).unwrap();
    assert_ne!(one.proof(), before);
    one.release(hero(99)).unwrap();
    assert_eq!(one.proof(), before);
}

#[test]
fn a_name_that_looks_like_a_taken_one_as_it_is_written_is_refused_until_that_is_written_otherwise()
{
    let written = |owner, display: &str| NameEntry {
        display: display.to_owned(),
        ..name(owner, &display.to_lowercase())
    };
    let mut index = NameIndex::default();
    index.insert(written(hero(1), "Ilse")).unwrap();
    let clash = index.reserve(written(hero(2), "llse")).unwrap_err();
    assert_eq!(clash, NameClash::LooksLike { by: hero(1) });
    index.insert(written(hero(1), "ilse")).unwrap();
    let reservation = index.reserve(written(hero(2), "llse")).unwrap();
    index.abandon(reservation);
    index.release(hero(1));
    index.insert(written(hero(2), "Ilse")).unwrap();
}
