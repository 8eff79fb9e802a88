//! Whatever is damaged is found and named, and nothing is found where nothing is damaged.

use std::fs;

use guildhall_store::backup::DATABASE_FILE;
use guildhall_store::blobs::BlobStore;
use guildhall_store::scrub::{Check, scrub, scrub_backup};
use guildhall_store::{FileBlobs, StoreError};
use guildhall_testkit::{Backend, Sql};

use crate::backups::{Scene, publish};

/// The tests' documents are texts.
fn is_document(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\u{1}'))
}

fn looked_at(scene: &Scene) -> Vec<Check> {
    scrub(&scene.world.db, &scene.blobs, &is_document, &mut |_| {}).unwrap()
}

fn faults(checks: &[Check]) -> Vec<String> {
    let faults = checks.iter().flat_map(|check| {
        assert!(check.faults.len() as u64 <= check.faults_in_all);
        check
            .faults
            .iter()
            .map(|fault| format!("{}: {fault}", check.of))
    });
    faults.collect()
}

/// A scene with a refused save, a refused change, a name that cools and a reserved look.
fn full() -> Scene {
    let mut scene = Scene::new();
    let world = &mut scene.world;
    world.submit(world.save(scene.hero, 9, "stale"));
    world.submit_change(world.rename(scene.hero, "Sea Dogs"));
    world.submit_change(world.rename(scene.hero, "Bob"));
    world.submit(world.save(scene.ship, 1, "at sea"));
    assert_eq!(world.flush().iter().filter(|it| it.is_durable()).count(), 2);
    scene
}

#[test]
fn a_good_world_has_no_fault_and_all_of_it_is_looked_at() {
    let scene = full();
    let checks = looked_at(&scene);
    assert_eq!(faults(&checks), Vec::<String>::new());
    for check in &checks {
        assert!(check.looked_at > 0, "{check:?}");
    }
    let of = |name: &str| checks.iter().find(|it| it.of == name).unwrap().looked_at;
    assert_eq!(of("tables"), 20);
    assert_eq!(of("characters and ships"), 2);
    assert_eq!(of("names"), 3);
    assert_eq!(of("refused writes"), 2);
    assert_eq!(of("board files"), 1);
    // A file without a row is counted and left where it is.
    let stray = publish(&scene.blobs, b"nobody's");
    let checks = looked_at(&scene);
    assert_eq!(faults(&checks), Vec::<String>::new());
    assert!(checks.last().unwrap().notes[0].contains("1 files are named by no row"));
    assert!(scene.blobs.read(&stray).unwrap().is_some());
}

/// SQL that does damage, and the words by which it is told.
fn damages(scene: &Scene) -> Vec<(String, Vec<String>)> {
    let (hero, ship) = (scene.hero.id, scene.ship.id);
    let (bytes, long) = match scene.world.backend() {
        Backend::Sqlite => ("x'01'", "zeroblob(65537)"),
        Backend::Postgres => ("'\\x01'::bytea", "decode(repeat('00', 65537), 'hex')"),
    };
    let damage =
        |sql: String, words: &[&str]| (sql, words.iter().map(|word| (*word).to_owned()).collect());
    let (hero_id, ship_id) = (hero.to_string(), ship.to_string());
    vec![
        damage(
            "UPDATE names SET skeleton = 'x' WHERE cooling_until IS NOT NULL".to_owned(),
            &["names: The name \"Hero\"", "its skeleton is \"x\""],
        ),
        damage(
            "UPDATE names SET key_hash = 5 WHERE owner_kind = 'guild'".to_owned(),
            &["names: The name \"Sea Dogs\"", "its hashes"],
        ),
        damage(
            "UPDATE names SET name_key = 'other' WHERE owner_kind = 'character' AND cooling_until IS NULL"
                .to_owned(),
            &["names: The name", "its key is \"other\""],
        ),
        damage(
            "UPDATE names SET key_version = 9 WHERE owner_kind = 'guild'".to_owned(),
            &["names: The name \"Sea Dogs\"", "version 9 of the rules"],
        ),
        damage(
            "UPDATE names SET id = '' WHERE owner_kind = 'guild'".to_owned(),
            &["names: The database counts 3 names, and 2 were read"],
        ),
        damage(
            format!(
                "INSERT INTO realms (id, name) VALUES ('{ship}', 'other'); \
                 UPDATE names SET realm_id = '{ship}' WHERE owner_kind = 'guild'"
            ),
            &["names: The name \"Sea Dogs\" is of another realm than its guild", &ship_id],
        ),
        damage(
            format!("UPDATE ships SET state = {bytes} WHERE guild_id = '{ship}'"),
            &["another state than its history", &ship_id, "version 2"],
        ),
        damage(
            format!("UPDATE characters SET version = 7 WHERE id = '{hero}'"),
            &["is at version 7, and its history at version 1", &hero_id],
        ),
        damage(
            format!("UPDATE entity_history SET state = {bytes} WHERE entity_id = '{hero}' AND state IS NOT NULL"),
            &["states in the history: Line", &hero_id, "is no document"],
        ),
        damage(
            format!("UPDATE entity_history SET schema_version = NULL WHERE entity_id = '{ship}' AND version = 1"),
            &["states in the history: Line", &ship_id, "no version of a schema"],
        ),
        damage(
            format!("UPDATE entity_history SET state = {long} WHERE entity_id = '{ship}' AND version = 2"),
            &["states in the history: Line", &ship_id, "too long"],
        ),
        damage(
            format!("UPDATE refused_writes SET payload = {bytes} WHERE version = 0"),
            &["refused writes: Number", "is no change"],
        ),
        damage(
            format!("UPDATE refused_writes SET payload = {bytes} WHERE version > 0"),
            &["refused writes: Number", "version 10", "payload is no document"],
        ),
        damage(
            "UPDATE refused_writes SET cause = 'sunspots' WHERE version > 0".to_owned(),
            &["refused writes: Number", "its cause is none"],
        ),
        damage(
            "UPDATE refused_writes SET entity_id = 'nobody' WHERE version > 0".to_owned(),
            &["refused writes: Number", "character nobody", "its id is none"],
        ),
        damage(
            "UPDATE board_revisions SET size_bytes = 6".to_owned(),
            &["board files: The content", "has 5 bytes, and its row says 6"],
        ),
        damage(
            format!("DELETE FROM characters WHERE id = '{hero}'"),
            &["The character", &hero_id, "is missing: its history knows version 1"],
        ),
        damage(
            format!("DELETE FROM ships WHERE guild_id = '{ship}'"),
            &["The guild", &ship_id, "has no ship", "guildhall explain ship"],
        ),
        damage(
            format!("UPDATE entity_history SET entity_id = 'nobody' WHERE entity_id = '{ship}'"),
            &["states in the history: Line", "ship nobody", "its id is none"],
        ),
        damage(
            "DELETE FROM accounts".to_owned(),
            &["references: A row of guild_members", "to accounts"],
        ),
    ]
}

#[test]
fn every_damage_is_found_and_named_and_nothing_is_changed_by_looking() {
    let scene = full();
    let outside = scene.world.session();
    outside.ignore_references();
    for (sql, words) in damages(&scene) {
        let before = faults(&looked_at(&scene));
        outside.run(&sql);
        let after = faults(&looked_at(&scene));
        let found = |fault: &&String| words.iter().all(|word| fault.contains(word));
        assert!(after.iter().any(|it| found(&it)), "{sql}: {after:#?}");
        assert!(!before.iter().any(|it| found(&it)), "{sql}: found before");
        assert_eq!(faults(&looked_at(&scene)), after);
    }
    let ownerless = format!(
        "belongs to the character {}, which is not there",
        scene.hero.id
    );
    assert!(
        faults(&looked_at(&scene))
            .iter()
            .any(|fault| fault.contains(&ownerless))
    );
}

#[test]
fn board_files_that_are_damaged_or_missing_are_named() {
    let scene = full();
    let path = scene.blobs.path(&scene.content);
    fs::write(&path, b"a mop").unwrap();
    let found = faults(&looked_at(&scene));
    assert!(found[0].contains(path.to_str().unwrap()), "{found:?}");
    assert!(found[1].contains("is missing or damaged"), "{found:?}");
    fs::remove_file(&path).unwrap();
    let found = faults(&looked_at(&scene));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("revision 1 of board"), "{found:?}");
}

#[test]
fn more_faults_than_anybody_reads_are_counted() {
    let mut scene = Scene::new();
    for at in 0..120 {
        scene.world.submit_change(
            scene
                .world
                .create_guild(uuid::Uuid::now_v7(), &format!("Guild {at}")),
        );
    }
    scene.world.flush();
    scene.world.meddle("DELETE FROM ships");
    scene.world.meddle("UPDATE names SET key_hash = 1");
    let checks = looked_at(&scene);
    let of = |name: &str| checks.iter().find(|it| it.of == name).unwrap();
    // Each is missing as the guild's and as the history's.
    assert_eq!(of("characters and ships").faults_in_all, 242);
    assert_eq!(of("characters and ships").faults.len(), 100);
    assert_eq!(of("names").faults_in_all, 122);
}

#[test]
fn a_backup_is_looked_at_as_a_world_is() {
    let scene = full();
    let dir = scene.saved();
    let checks = scrub_backup(&dir, &is_document, &mut |_| {}).unwrap();
    assert_eq!(faults(&checks), Vec::<String>::new());
    assert_eq!(checks[0].looked_at, 20);
    let kept = FileBlobs::open_to_read(&dir).unwrap();
    fs::write(kept.path(&scene.content), b"a mop").unwrap();
    let checks = scrub_backup(&dir, &is_document, &mut |_| {}).unwrap();
    assert_eq!(faults(&checks).len(), 2);
    Sql::open_file(&dir.join(DATABASE_FILE))
        .run("DELETE FROM ship_ledger; UPDATE ships SET version = 3");
    let error = scrub_backup(&dir, &is_document, &mut |_| {}).unwrap_err();
    assert!(matches!(error, StoreError::BackupDamaged { .. }), "{error}");
    // With a manifest that was made to fit, the sums of the tables tell.
    let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bytes = fs::read(dir.join(DATABASE_FILE)).unwrap();
    manifest["database_hash"] = blake3::hash(&bytes).to_hex().to_string().into();
    manifest["database_bytes"] = bytes.len().into();
    fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
    let checks = scrub_backup(&dir, &is_document, &mut |_| {}).unwrap();
    assert!(
        checks[0].faults[0].contains("The table ships has 1 rows"),
        "{checks:?}"
    );
}

mod sqlite {
    use guildhall_store::Database;

    use super::*;

    /// Pages of the file are overwritten one at a time. None of it may pass for good: it is a fault that is
    /// found, or an error.
    #[test]
    fn a_damaged_page_is_found_wherever_it_is() {
        let scene = full();
        let file = scene.saved().join(DATABASE_FILE);
        let whole = fs::read(&file).unwrap();
        let (mut told, pages) = (0, whole.len() / 4096);
        assert!(pages > 30, "{pages}");
        for page in 0..pages {
            let mut spoilt = whole.clone();
            spoilt[page * 4096..(page + 1) * 4096].fill(0xA5);
            fs::write(&file, &spoilt).unwrap();
            let database = Database::open_to_read(&file);
            let checks = database
                .and_then(|database| scrub(&database, &scene.blobs, &is_document, &mut |_| {}));
            if let Ok(checks) = checks {
                assert!(!faults(&checks).is_empty(), "page {page}");
                told += 1;
            }
        }
        assert!(told > pages / 2, "{told} of {pages}");
    }
}
