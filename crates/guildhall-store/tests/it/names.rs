//! The ledger of names is complete, proven so, and compared while it is used; names cool and come back.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use guildhall_store::changes::{FreeName, RehashNames, ReleaseName, ReserveName};
use guildhall_store::names::{self, NameClash, NameHashes, Slice, StoredName};
use guildhall_store::{
    Cause, Change, EntityKey, NameDiff, NameEntry, NameIndex, StoreError, queries,
};
use uuid::Uuid;

use crate::world::{COOLING_US, World, cause, owner};

fn insert_from_outside(world: &World, key: &str, claimed_at: i64) {
    world.meddle(&format!(
        "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version,
         claimed_at) VALUES ('{key}', '{}', 'character',
         '00000000-0000-7000-8000-00000000000{}', '{key}', '{key}', '{key}', 1, {claimed_at})",
        world.realm,
        key.len()
    ));
}

fn load(world: &World) -> NameIndex {
    NameIndex::load(&world.db).unwrap().0
}

/// What differs between this index and the database.
fn compare(world: &World, index: &NameIndex) -> (NameDiff, Vec<String>) {
    let (mut all, mut rotten) = (NameDiff::default(), Vec::new());
    for slice in Slice::all(index.len(), 8) {
        let found = world.read(|conn| names::read_slice(conn, slice));
        let diff = index.compare(slice, &found.rows, &HashSet::new());
        all.index_minus_database.extend(diff.index_minus_database);
        all.database_minus_index.extend(diff.database_minus_index);
        rotten.extend(found.rotten);
    }
    (all, rotten)
}

fn assert_equal(world: &World, index: &NameIndex) {
    assert_eq!(compare(world, index), (NameDiff::default(), Vec::new()));
}

fn entry(world: &World, key: EntityKey, name: &str) -> NameEntry {
    let name = world.name(name);
    NameEntry {
        realm: name.realm,
        owner: owner(key),
        key: name.key,
        display: name.display,
        skeleton: name.skeleton,
    }
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
    assert_eq!(world.db.hash_names().unwrap(), 2);
    assert_eq!(world.db.hash_names().unwrap(), 0);
    let (index, proof) = NameIndex::load(&world.db).unwrap();
    assert_eq!(proof.rows, 62);
    assert_eq!(index.proof(), proof);
    assert_eq!(index.holders(world.realm, "older").len(), 1);
    assert_equal(&world, &index);
}

#[test]
fn many_names_are_hashed_in_small_transactions_and_loaded() {
    let world = crowded(2500);
    assert_eq!(world.db.hash_names().unwrap(), 2500);
    let index = load(&world);
    assert_eq!(index.len(), 2501);
    assert_equal(&world, &index);
}

#[test]
fn more_names_than_one_piece_has_are_each_read_once() {
    let world = crowded(40_000);
    assert_eq!(world.db.hash_names().unwrap(), 40_000);
    // Pieces that are half empty, and one that is empty.
    world.meddle("DELETE FROM names WHERE claimed_at BETWEEN 9000 AND 34000");
    let (index, proof) = NameIndex::load(&world.db).unwrap();
    assert_eq!(proof.rows, 14_999 + 1);
    assert_eq!(index.proof(), proof);
    assert_equal(&world, &index);
}

/// A world of one character and so many guilds whose names have no hash yet.
fn crowded(names: u32) -> World {
    let mut world = World::new();
    world.character("Bob");
    world.meddle(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {names})
         INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version,
         claimed_at) SELECT 'row' || i, '{}', 'guild', '00000000-0000-7000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2),
         'n' || i, 'N' || i, 'n' || i, 1, i FROM n",
        world.realm
    ));
    world
}

#[test]
fn a_hash_that_does_not_fit_its_key_stops_the_loading_and_both_sums_are_told() {
    let mut world = World::new();
    world.character("Bob");
    world.character("Rob");
    world.meddle("UPDATE names SET key_hash = key_hash - 1 WHERE name_key = 'bob'");
    let error = NameIndex::load(&world.db).map(drop).unwrap_err();
    let StoreError::NamesIncomplete {
        loaded,
        in_database,
    } = error
    else {
        panic!("{error}");
    };
    assert_ne!(loaded, in_database);
    assert!(loaded.starts_with("2 names"), "{loaded}");
    // Found while the server runs, it is made anew.
    let index = NameIndex::default();
    let (_, rotten) = compare(&world, &index);
    assert_eq!(rotten.len(), 1);
    let rehash = RehashNames { rows: rotten };
    assert!(world.change(Change::RehashNames(rehash)).is_durable());
    assert_equal(&world, &load(&world));
}

#[test]
fn a_key_of_older_rules_is_made_anew_and_one_of_newer_rules_stops_the_start() {
    let mut world = World::new();
    let bob = world.character("Bob");
    world.meddle("UPDATE names SET key_version = 0, name_key = 'BOB', skeleton = 'BOB'");
    let error = NameIndex::load(&world.db).map(drop).unwrap_err();
    assert!(
        matches!(error, StoreError::NamesOfOtherVersion { found: 0, .. }),
        "{error}"
    );
    world.meddle("UPDATE names SET key_hash = NULL");
    assert_eq!(world.db.hash_names().unwrap(), 1);
    assert_eq!(
        load(&world).holders(world.realm, "bob")[0].owner,
        owner(bob)
    );

    world.character("Rob");
    world.meddle(
        "UPDATE names SET key_version = 0, display = 'BOB', key_hash = NULL WHERE name_key = 'rob'",
    );
    let error = world.db.hash_names().unwrap_err();
    assert!(
        matches!(&error, StoreError::NamesCollide { name } if name == "BOB"),
        "{error}"
    );
    world.meddle("UPDATE names SET key_version = 2 WHERE name_key = 'rob'");
    let error = world.db.hash_names().unwrap_err();
    assert!(
        matches!(error, StoreError::NamesOfOtherVersion { found: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_name_that_another_writer_inserted_shows_in_the_difference() {
    let mut world = World::new();
    let bob = world.character("Bob");
    let mut index = load(&world);
    insert_from_outside(&world, "ghost", 0);
    // Without a hash it is rotten, with one it is a difference.
    assert_eq!(
        compare(&world, &index),
        (NameDiff::default(), vec!["ghost".to_owned()])
    );
    world.db.hash_names().unwrap();
    let ghost = names::key_hash(world.realm, "ghost");
    let (diff, _) = compare(&world, &index);
    assert_eq!(
        (diff.index_minus_database, diff.database_minus_index),
        (vec![], vec![ghost])
    );
    world.meddle("DELETE FROM names");
    let bobs = NameHashes::from(&entry(&world, bob, "Bob"));
    let (diff, _) = compare(&world, &index);
    assert_eq!(
        (diff.index_minus_database, diff.database_minus_index),
        (vec![bobs.key], vec![])
    );
    let rows = world.read(|conn| names::by_hashes(conn, &[bobs.key]));
    index.set_right(bobs.key, &rows);
    assert_equal(&world, &index);
}

#[test]
fn a_claim_is_refused_by_the_database_exactly_if_the_name_is_anothers_or_looks_so() {
    let mut world = World::new();
    let (bob, rob) = (world.character("B0b"), world.character("Rob"));
    let clash =
        |entry: &NameEntry, overrule| world.read(|conn| names::clash(conn, entry, overrule));
    let by = owner(bob);
    let taken = Some(NameClash::Taken { by });
    assert_eq!(clash(&entry(&world, rob, "B0B"), false), taken);
    assert_eq!(clash(&entry(&world, rob, "b0b"), true), taken);
    let alike = NameEntry {
        skeleton: "b0b".into(),
        ..entry(&world, rob, "Bob")
    };
    assert_eq!(clash(&alike, false), Some(NameClash::LooksLike { by }));
    assert_eq!(clash(&alike, true), None);
    let elsewhere = NameEntry {
        realm: Uuid::from_u128(5),
        ..alike
    };
    assert_eq!(clash(&elsewhere, false), None);
    let own = entry(&world, bob, "B0B");
    assert_eq!(clash(&own, false), None);
    let before = world.read(|conn| names::before(conn, owner(bob), Some(&own)));
    assert_eq!(before.len(), 1);
    let nobody = EntityKey {
        id: Uuid::from_u128(9),
        ..bob
    };
    assert_eq!(clash(&entry(&world, nobody, "Free"), false), None);
    let before = world.read(|conn| names::before(conn, owner(nobody), None));
    assert_eq!(before, []);
}

fn holder(world: &World, key: &str) -> Option<StoredName> {
    world.read(|conn| names::holder(conn, world.realm, key))
}

#[test]
fn a_former_name_cools_for_its_owner_and_is_freed_only_by_name_when_its_time_is_over() {
    let mut world = World::new();
    let (bob, rob) = (world.character("Bob"), world.character("Rob"));
    assert!(world.change(world.rename(bob, "Robert")).is_durable());
    let cooling = holder(&world, "bob").unwrap();
    let until = cooling.cooling_until_us.unwrap();
    assert_eq!(cooling.entry.owner, owner(bob));
    let grab = world.change(world.rename(rob, "Bob"));
    assert_eq!(cause(&grab), Some(Cause::Unique));
    assert_equal(&world, &load(&world));
    let due = |world: &World, now| world.read(|conn| names::due(conn, now, 10)).len();
    assert_eq!((due(&world, until - 1), due(&world, until)), (0, 1));
    let stale = FreeName {
        realm: world.realm,
        owner: owner(bob),
        key: "bob".into(),
        cooling_until_us: Some(until - 1),
    };
    assert_eq!(
        cause(&world.change(Change::FreeName(stale.clone()))),
        Some(Cause::Gone)
    );
    // Taken back, the other one cools; written otherwise, nothing does.
    assert!(world.change(world.rename(bob, "BOB")).is_durable());
    assert!(world.change(world.rename(bob, "bOb")).is_durable());
    assert_eq!(holder(&world, "bob").unwrap().cooling_until_us, None);
    let gave_up = world.read(|conn| names::gave_up(conn, owner(bob)));
    assert_eq!(gave_up.len(), 1);
    assert_eq!(gave_up[0].entry.key, "robert");
    let over = FreeName {
        key: "robert".into(),
        cooling_until_us: gave_up[0].cooling_until_us,
        ..stale
    };
    assert!(world.change(Change::FreeName(over)).is_durable());
    assert!(world.change(world.rename(rob, "Robert")).is_durable());
    assert_equal(&world, &load(&world));
}

#[test]
fn a_name_that_was_released_comes_back_only_to_who_had_it() {
    let mut world = World::new();
    let (bob, rob) = (world.character("Bob"), world.character("Rob"));
    let release = ReleaseName {
        owner: owner(bob),
        realm: world.realm,
        cooling_us: COOLING_US,
    };
    assert!(
        world
            .change(Change::ReleaseName(release.clone()))
            .is_durable()
    );
    assert_eq!(
        cause(&world.change(Change::ReleaseName(release))),
        Some(Cause::Gone)
    );
    assert_eq!(
        cause(&world.change(world.rename(rob, "Bob"))),
        Some(Cause::Unique)
    );
    assert_eq!(
        cause(&world.change(world.rename(bob, "Bobby"))),
        Some(Cause::Gone)
    );
    // It is still there, without a name.
    let account = world.account;
    let mine = world.read(|conn| queries::characters_of(conn, account));
    let names: Vec<&str> = mine.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["", "Rob"]);
    let Change::Rename(mut back) = world.rename(bob, "Bob") else {
        unreachable!();
    };
    back.nameless = true;
    assert!(world.change(Change::Rename(back)).is_durable());
    assert_eq!(holder(&world, "bob").unwrap().cooling_until_us, None);
    assert_equal(&world, &load(&world));
}

#[test]
fn a_reserved_name_is_nobodys_until_it_is_freed() {
    let mut world = World::new();
    let bob = world.character("Bob");
    let reserve = ReserveName {
        id: Uuid::now_v7(),
        name: world.name("Admin"),
    };
    assert!(
        world
            .change(Change::ReserveName(reserve.clone()))
            .is_durable()
    );
    assert_eq!(
        cause(&world.change(world.rename(bob, "Admin"))),
        Some(Cause::Unique)
    );
    assert_eq!(
        holder(&world, "admin").unwrap().entry.owner,
        reserve.owner()
    );
    let free = FreeName {
        realm: world.realm,
        owner: reserve.owner(),
        key: "admin".into(),
        cooling_until_us: None,
    };
    assert!(world.change(Change::FreeName(free)).is_durable());
    assert!(world.change(world.rename(bob, "Admin")).is_durable());
}

#[test]
fn a_row_that_cannot_be_understood_stops_the_loading() {
    let world = World::new();
    world.meddle(&format!(
        "INSERT INTO names VALUES ('n', '{}', 'guild', 'no uuid', 'k', 'd', 's', 1, 0, 1, 1, 1, NULL)",
        world.realm
    ));
    let error = NameIndex::load(&world.db).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
}

/// What may not stand in the code that loads names: a condition is how a look-back gets in.
fn lookbacks(source: &str) -> Vec<&str> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let suspect = [
        ".filter(",
        "where",
        ".limit(",
        " limit",
        "having",
        "claimed_at",
    ];
    let looks_back = |line: &str| {
        suspect
            .iter()
            .any(|word| line.to_lowercase().contains(word))
    };
    code.filter(|line| looks_back(line)).collect()
}

#[test]
fn no_query_of_the_names_looks_back_only_so_far() {
    let load = include_str!("../../src/names/load.rs");
    assert_eq!(lookbacks(load), Vec::<&str>::new());
    assert!(load.contains("names::table"), "the queries have moved");
    // Only by where a row lies, and every row lies somewhere.
    let pieces = include_str!("../../src/names/pieces.rs");
    let by_place = [
        "let rows = names::table.select(COLUMNS).filter(here);",
        ".filter(sql::<Bool>(&here))",
    ];
    let found = lookbacks(pieces).into_iter().map(str::trim);
    assert_eq!(found.collect::<Vec<_>>(), by_place);
    assert!(pieces.contains("sql::<Bool>(\"rowid BETWEEN \")"));
    assert!(
        pieces.contains("let here = format!(\n                \"ctid >= '({first},0)' AND ctid")
    );
    let bad = "names::table.filter(names::claimed_at.gt(three_thousand_days_ago))";
    assert_eq!(lookbacks(bad), [bad]);
    let bad = "\"SELECT name_key FROM names Where since > 3\"";
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

/// Lines that compare the end of a name's cooling with a time.
fn times_of_cooling(source: &str) -> Vec<&str> {
    let compares = [
        "until.l",
        "until.g",
        "until.between",
        "until <",
        "until >",
        "until BETWEEN",
    ];
    let lines = source.lines().map(str::trim);
    lines
        .filter(|line| compares.iter().any(|it| line.contains(it)))
        .collect()
}

fn sources(dir: &Path, sink: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            // A person may be told how old a name is; nothing is decided there.
            true if path.ends_with("explain") => {}
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
    // The authority's timer asks what is due, and nothing else does.
    let times: Vec<&str> = files.iter().flat_map(|it| times_of_cooling(it)).collect();
    assert_eq!(times, [".filter(names::cooling_until.le(now_us))"]);
    let bad = "\"SELECT name_key FROM names WHERE cooling_until > now()\"";
    assert_eq!(times_of_cooling(bad), [bad]);
}
