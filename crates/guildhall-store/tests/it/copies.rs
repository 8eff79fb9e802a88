//! A world moves between databases and comes back the same; damage on the way is found.

use bytes::Bytes;
use guildhall_rules::RetentionLimits;
use guildhall_store::blobs::{BlobStore, hex};
use guildhall_store::changes::{AddBan, Restore};
use guildhall_store::copy::{Copied, compare, copy, copy_blobs, refuse_waiting};
use guildhall_store::explain::{Kind, gather, tell};
use guildhall_store::journal::Entry;
use guildhall_store::retention::next_prune;
use guildhall_store::{
    Change, Database, EntityKey, EntityKind, FileBlobs, OpenOptions, StoreError, Target, Writer,
    now_us, queries,
};
use guildhall_testkit::{Backend, Seed, Sql, Then, postgres};
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::World;

fn open(target: &Target) -> Database {
    Database::open(target, &OpenOptions::default()).unwrap()
}

fn file(dir: &TempDir, name: &str) -> Target {
    Target::Sqlite(dir.path().join(name))
}

fn fresh(target: &Target) -> Database {
    let database = open(target);
    database.migrate().unwrap();
    database
}

fn copied(from: &Database, to: &Database) -> Result<Copied, StoreError> {
    copy(from, to, &mut |_| {})
}

/// A world with something in every corner: states of every length and byte, refusals, texts of every kind.
fn random_world(seed: &mut Seed) -> World {
    let mut world = World::new();
    let names = [
        "Straße",
        "Ångström",
        "日本語",
        "O'Brien \"quoted\"",
        "\u{1f409} wyrm",
    ];
    let mut keys = Vec::new();
    for (at, name) in names.iter().enumerate() {
        keys.push(world.character(name));
        keys.push(world.ship(&format!("Guild {at}")));
    }
    let board = world.board();
    assert!(world.change(world.revision(board, None, 1)).is_durable());
    for _ in 0..200 {
        let key = *seed.pick(&keys);
        let (version, _) = world.stored(key);
        let length = seed.below(600);
        let state: Vec<u8> = (0..length).map(|_| seed.below(256) as u8).collect();
        let base = version + u32::from(seed.chance(10));
        world.submit(world.save(key, base, Bytes::from(state)));
        world.flush();
    }
    let ban = AddBan {
        account: world.account,
        reason: "it came to blows".to_owned(),
        ends_at: None,
    };
    assert!(world.change(Change::AddBan(ban)).is_durable());
    // An empty state is a state, and no NULL.
    let (version, _) = world.stored(keys[0]);
    world.submit(world.save(keys[0], version, Bytes::new()));
    world.flush();
    world
}

#[test]
fn a_world_goes_to_postgres_and_comes_back_the_same() {
    let mut seed = Seed::new("copies");
    let mut world = random_world(&mut seed);
    let dir = tempfile::tempdir().unwrap();
    let there = postgres::create_database();
    let postgres = fresh(&Target::parse(&there.url()).unwrap());
    let back = fresh(&file(&dir, "back.sqlite"));

    let mut steps = Vec::new();
    let done = copy(&world.db, &postgres, &mut |progress| {
        steps.push((progress.step, progress.rows, progress.rows_in_all));
    })
    .unwrap();
    let last = steps.last().unwrap();
    assert_eq!((last.0, last.1), ("comparing", last.2));
    assert_eq!(done.rows(), last.2);
    assert!(done.rows() > 400, "{}", done.rows());

    assert_eq!(copied(&postgres, &back).unwrap(), done);
    assert_eq!(compare(&world.db, &back).unwrap(), done);
    // What is read there is what was written here, not only the same numbers.
    let id = world.character("Latecomer").id;
    assert!(
        postgres
            .read(|conn| queries::character(conn, id))
            .unwrap()
            .is_none()
    );
    let hero = world.read(|conn| queries::characters_of(conn, world.account))[0].id;
    let here = world.read(|conn| queries::character(conn, hero));
    assert_eq!(
        postgres
            .read(|conn| queries::character(conn, hero))
            .unwrap(),
        here
    );
    assert_eq!(
        back.read(|conn| queries::character(conn, hero)).unwrap(),
        here
    );
}

#[test]
fn a_world_that_was_copied_can_be_written_to() {
    let mut seed = Seed::new("copies");
    let world = random_world(&mut seed);
    let there = postgres::create_database();
    let postgres = fresh(&Target::parse(&there.url()).unwrap());
    copied(&world.db, &postgres).unwrap();
    postgres.lock_world(None).unwrap();
    postgres.claim_world("a server").unwrap();
    let mut writer = postgres.writer().unwrap();
    let hero = world.read(|conn| queries::characters_of(conn, world.account))[0].id;
    let mut other = World::new();
    // The numbers of lines and refusals go on where the copy ended.
    for version in [1, 99] {
        let key = EntityKey {
            kind: EntityKind::Character,
            id: hero,
        };
        other.submit_change(Change::Restore(Restore {
            entity: key,
            version,
        }));
        let batch = other.batch();
        let report = writer.flush(&batch).unwrap();
        assert_eq!(report.outcomes.len(), 1);
        assert_eq!(report.outcomes[0].1.is_durable(), version == 1);
        other.finish(report);
    }
    told_and_forgotten(&postgres, &mut writer, &mut other, hero);
}

/// What reads the records and what deletes them works there as it does here.
fn told_and_forgotten(postgres: &Database, writer: &mut Writer, other: &mut World, hero: Uuid) {
    let tell = |kind: Kind, id: &str| {
        let facts = postgres.read(|conn| gather(conn, kind, id)).unwrap();
        tell(&facts.unwrap())
    };
    let story = tell(Kind::Character, &hero.to_string());
    assert!(story.restorable.len() > 1, "{story}");
    let text = story.to_string();
    assert!(text.contains("Put back to an earlier state"), "{text}");
    assert!(text.contains("The history holds no state of version 99"));
    let last = postgres.read(|conn| {
        let lines = queries::history_of(conn, hero, 1)?;
        Ok(lines[0].batch)
    });
    assert!(tell(Kind::Batch, &last.unwrap().to_string()).found);
    assert!(tell(Kind::Name, "GUILD 0").found);

    let limits = RetentionLimits {
        history_lines_max: 1,
        history_age_max_us: i64::MAX,
        refused_lines_max: 50,
        refused_lines_per_account_max: 1_000,
        refused_age_max_us: -1,
        batches_age_max_us: -1,
    };
    let later = now_us() + 1_000_000;
    let planned = postgres.read(|conn| next_prune(conn, "", 0, &limits, later));
    let prune = planned.unwrap().prune;
    assert!(!prune.history.is_empty() && !prune.refused.is_empty());
    assert!(prune.batches.len() > 100);
    other.submit_change(Change::Prune(prune));
    let batch = other.batch();
    let report = writer.flush(&batch).unwrap();
    assert!(report.outcomes[0].1.is_durable());
    other.finish(report);
    let story = tell(Kind::Character, &hero.to_string());
    assert_eq!(story.restorable.len(), 1, "{story}");
}

#[test]
fn a_text_that_postgres_cannot_keep_is_refused_and_its_table_named() {
    let mut world = World::on(Backend::Sqlite);
    world.character("Hero");
    world.meddle("UPDATE names SET skeleton = 'nul' || char(0)");
    let there = postgres::create_database();
    let postgres = fresh(&Target::parse(&there.url()).unwrap());
    let error = copied(&world.db, &postgres).unwrap_err();
    assert!(error.to_string().contains("the rows of names"), "{error}");
    let error = postgres.claim_world("a server").unwrap_err();
    assert!(
        matches!(error, StoreError::CopyUnfinished { .. }),
        "{error}"
    );
}

#[test]
fn damage_in_between_is_found() {
    let mut seed = Seed::new("copies");
    let world = random_world(&mut seed);
    let dir = tempfile::tempdir().unwrap();
    let target = file(&dir, "copy.sqlite");
    let other = fresh(&target);
    copied(&world.db, &other).unwrap();
    let damages = [
        (
            "characters",
            "UPDATE characters SET state = x'00' WHERE id = (SELECT min(id) FROM characters)",
        ),
        (
            "ships",
            "UPDATE ships SET version = version + 1 WHERE guild_id = (SELECT min(guild_id) FROM ships)",
        ),
        (
            "entity_history",
            "DELETE FROM entity_history WHERE id = (SELECT min(id) FROM entity_history)",
        ),
        (
            "board_revisions",
            "UPDATE board_revisions SET is_side = NOT is_side",
        ),
        (
            "refused_writes",
            "UPDATE refused_writes SET constraint_name = '' WHERE constraint_name IS NULL",
        ),
    ];
    for (table, damage) in damages {
        Sql::open_file(target.file().unwrap()).run(damage);
        let error = compare(&world.db, &other).unwrap_err();
        assert!(
            matches!(&error, StoreError::CopyDiffers { table: found, .. } if found == table),
            "{table}: {error}"
        );
        mend(&world, &other, &target);
    }
    compare(&world.db, &other).unwrap();
}

/// Begins anew, as an operator would.
fn mend(world: &World, other: &Database, target: &Target) {
    Sql::open_file(target.file().unwrap()).run("UPDATE world SET epoch = -1");
    copied(&world.db, other).unwrap();
}

#[test]
fn a_target_with_a_world_is_left_alone() {
    let (mut here, there) = (World::new(), World::new());
    here.character("Hero");
    let error = copied(&here.db, &there.db).unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty { .. }), "{error}");
    assert_eq!(there.count("accounts"), 1);
    assert_eq!(there.count("characters"), 0);
}

#[test]
fn a_copy_that_was_cut_short_is_not_served_and_is_begun_anew() {
    let mut world = World::new();
    let hero = world.character("Hero");
    let dir = tempfile::tempdir().unwrap();
    let target = file(&dir, "copy.sqlite");
    let other = fresh(&target);
    // A row that the target refuses, as if the disk were full in the middle.
    let sql = Sql::open_file(target.file().unwrap());
    sql.trigger("full", "BEFORE INSERT ON ships", "", Then::Raise("ABORT"));
    drop(sql);
    world.ship("Sea Dogs");
    assert!(copied(&world.db, &other).is_err());
    let error = other.claim_world("a server").unwrap_err();
    assert!(
        matches!(error, StoreError::CopyUnfinished { .. }),
        "{error}"
    );
    assert!(error.next().contains("guildhall copy"));
    // Nor is it a source.
    let third = fresh(&file(&dir, "third.sqlite"));
    let error = copied(&other, &third).unwrap_err();
    assert!(
        matches!(error, StoreError::CopyUnfinished { .. }),
        "{error}"
    );

    Sql::open_file(target.file().unwrap()).run("DROP TRIGGER full");
    copied(&world.db, &other).unwrap();
    other.claim_world("a server").unwrap();
    let row = other
        .read(|conn| queries::character(conn, hero.id))
        .unwrap();
    assert_eq!(row.unwrap().state, b"born");
}

#[test]
fn a_copy_is_of_one_moment_whatever_is_written_meanwhile() {
    let mut world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let other = fresh(&file(&dir, "copy.sqlite"));
    let hero = world.character("Hero");
    let from = open(world.db.target());
    let mut written = false;
    copy(&from, &other, &mut |_| {
        if !std::mem::replace(&mut written, true) {
            world.submit(world.save(hero, 1, "meanwhile"));
            assert!(world.flush()[0].is_durable());
        }
    })
    .unwrap();
    assert!(written);
    let row = other
        .read(|conn| queries::character(conn, hero.id))
        .unwrap();
    assert_eq!(row.unwrap().state, b"born");
}

#[test]
fn board_files_are_copied_by_their_hashes_and_a_damaged_one_is_named() {
    let mut world = World::new();
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (theirs, ours) = (
        FileBlobs::open(from.path()).unwrap(),
        FileBlobs::open(to.path()).unwrap(),
    );
    let board = world.board();
    let content = b"a map".as_slice();
    let mut partial = theirs.begin(Uuid::now_v7(), 5).unwrap();
    theirs.append(&mut partial, content).unwrap();
    let hash = theirs.publish(theirs.seal(partial).unwrap()).unwrap();
    let Change::AddRevision(mut revision) = world.revision(board, None, 1) else {
        unreachable!()
    };
    revision.hash = hash;
    assert!(world.change(Change::AddRevision(revision)).is_durable());

    let copied = copy_blobs(&world.db, &theirs, &ours, &mut |_, _| {}).unwrap();
    assert_eq!((copied.files, copied.bytes), (1, 5));
    assert_eq!(ours.read(&hash).unwrap().unwrap(), content);
    // Once more is no fault; a damaged one in the target is mended, one in the source is named.
    std::fs::write(ours.path(&hash), b"a mop").unwrap();
    copy_blobs(&world.db, &theirs, &ours, &mut |_, _| {}).unwrap();
    assert_eq!(ours.read(&hash).unwrap().unwrap(), content);
    std::fs::write(theirs.path(&hash), b"a mop").unwrap();
    std::fs::remove_file(ours.path(&hash)).unwrap();
    let copied = copy_blobs(&world.db, &theirs, &ours, &mut |_, _| {}).unwrap();
    assert_eq!(copied.files, 0);
    assert!(copied.left_behind[0].contains(&hex(&hash)), "{copied:?}");
}

#[test]
fn a_world_whose_journal_holds_saves_is_not_copied_without_them() {
    let mut world = World::new();
    let hero = world.character("Hero");
    refuse_waiting(&world.db, None).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite3");
    let (mut journal, _) = world.db.open_journal(&path).unwrap();
    let error = refuse_waiting(&world.db, None).unwrap_err();
    assert!(matches!(error, StoreError::JournalUnseen), "{error}");
    let save = world.save(hero, 1, "promised");
    let entry = Entry {
        seq: journal.next_seq(),
        at_us: 0,
        write: save.into(),
    };
    journal.append(&[entry]).unwrap();
    drop(journal);
    let error = refuse_waiting(&world.db, Some(&path)).unwrap_err();
    assert!(
        matches!(error, StoreError::JournalWaits { saves: 1, .. }),
        "{error}"
    );
}
