//! The ledger of names is complete, proven so, and compared while it is used.

use std::fs;
use std::path::Path;

use guildhall_store::names::compare;
use guildhall_store::{LoadProof, NameEntry, NameIndex, NameRow, StoreError, load_names};

use crate::world::{World, owner};

fn insert_from_outside(world: &World, key: &str, claimed_at: i64) {
    world.meddle(&format!(
        "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version, claimed_at) VALUES ('{key}', '{}', 'character',
         '00000000-0000-7000-8000-00000000000{}', '{key}', '{key}', '{key}', 1, {claimed_at})",
        world.realm,
        key.len()
    ));
}

#[test]
fn every_name_is_loaded_however_old_and_the_index_equals_the_database() {
    let mut world = World::new();
    for n in 0..30 {
        world.character(&format!("Hero {n}"));
        world.ship(&format!("Guild {n}"));
    }
    // A name last claimed in 1970, and one from before.
    insert_from_outside(&world, "old", 0);
    insert_from_outside(&world, "older", i64::MIN);
    let (index, proof) = NameIndex::load(&world.db).unwrap();
    assert_eq!(proof.rows, 62);
    assert_eq!(index.proof(), proof);
    assert!(index.owner_of(world.realm, "older").is_some());
    assert!(compare(&world.db, &index).unwrap().is_empty());
}

#[test]
fn loading_twice_gives_the_same_names_and_the_same_proof() {
    let mut world = World::new();
    world.character("Bob");
    let load = || {
        let mut names = Vec::new();
        let proof = load_names(&world.db, |name| names.push(name)).unwrap();
        (names, proof)
    };
    assert_eq!(load(), load());
    assert_ne!(load().1, LoadProof::default());
}

#[test]
fn a_name_that_another_writer_inserted_shows_in_the_difference() {
    let mut world = World::new();
    let bob = world.character("Bob");
    let (mut index, _) = NameIndex::load(&world.db).unwrap();
    insert_from_outside(&world, "ghost", 0);
    let diff = compare(&world.db, &index).unwrap();
    assert!(diff.index_minus_database.is_empty());
    assert_eq!(diff.database_minus_index[0].key, "ghost");
    index.release(owner(bob)).unwrap();
    world.meddle("DELETE FROM names");
    let invented = NameEntry {
        realm: world.realm,
        owner: owner(bob),
        key: "nobody".into(),
        display: "Nobody".into(),
        skeleton: "nobody".into(),
    };
    index.insert(invented).unwrap();
    let diff = compare(&world.db, &index).unwrap();
    assert!(diff.database_minus_index.is_empty());
    assert_eq!(diff.index_minus_database[0].key, "nobody");
}

#[test]
fn a_claim_that_waits_for_the_database_is_no_difference_on_either_side() {
    let mut world = World::new();
    let bob = world.character("Bob");
    let (mut index, _) = NameIndex::load(&world.db).unwrap();
    let NameRow {
        realm,
        key,
        display,
        skeleton,
        ..
    } = world.name("Rob");
    let entry = NameEntry {
        realm,
        owner: owner(bob),
        key,
        display,
        skeleton,
    };
    let claim = index.reserve(entry).unwrap();
    assert!(compare(&world.db, &index).unwrap().is_empty());
    assert!(world.change(world.rename(bob, "Rob")).is_durable());
    assert!(compare(&world.db, &index).unwrap().is_empty());
    index.confirm(claim);
    assert!(compare(&world.db, &index).unwrap().is_empty());
    assert_eq!(NameIndex::load(&world.db).unwrap().0.proof(), index.proof());
}

#[test]
fn a_row_that_cannot_be_understood_stops_the_loading() {
    let world = World::new();
    world.meddle(&format!(
        "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version, claimed_at) VALUES ('n', '{}', 'guild', 'no uuid', 'k', 'd', 's', 1, 0)",
        world.realm
    ));
    let error = NameIndex::load(&world.db).unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
}

/// What may not stand in the code that loads names: a condition is how a look-back gets in.
fn lookbacks(source: &str) -> Vec<&str> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let suspect = [".filter(", "WHERE", ".limit(", "claimed_at", "sql_query"];
    code.filter(|line| suspect.iter().any(|word| line.contains(word)))
        .collect()
}

#[test]
fn no_query_of_the_names_looks_back_only_so_far() {
    let load = include_str!("../../src/names/load.rs");
    assert_eq!(lookbacks(load), Vec::<&str>::new());
    assert!(load.contains("names::table"), "the queries have moved");
    let bad = "names::table.filter(names::claimed_at.gt(three_thousand_days_ago))";
    assert_eq!(lookbacks(bad), [bad]);
}

/// Lines of the whole crate that do with a name's age anything but write it down.
fn uses_of_age(source: &str) -> Vec<&str> {
    let harmless = ["names::claimed_at.eq(at_us),", "claimed_at -> BigInt,"];
    let lines = source.lines().map(str::trim);
    lines
        .filter(|line| line.contains("claimed_at") && !harmless.contains(line))
        .collect()
}

fn sources(dir: &Path, sink: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, sink),
            false => sink.push(fs::read_to_string(path).unwrap()),
        }
    }
}

#[test]
fn nothing_in_this_crate_asks_how_old_a_name_is() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.iter().any(|it| it.contains("names::claimed_at")));
    for file in &files {
        assert_eq!(uses_of_age(file), Vec::<&str>::new());
    }
    let bad = ".filter(names::claimed_at.gt(since))";
    assert_eq!(uses_of_age(bad), [bad]);
}
