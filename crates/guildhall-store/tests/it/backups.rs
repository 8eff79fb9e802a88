//! A backup is taken beside the writer, is of one moment, and comes back the same in either database.

use std::fs;
use std::path::{Path, PathBuf};

use guildhall_store::backup::{DATABASE_FILE, Manifest, backup, expect_whole, of_file};
use guildhall_store::blobs::{BlobHash, BlobStore};
use guildhall_store::copy::{compare, copy};
use guildhall_store::journal::Entry;
use guildhall_store::{Change, Database, EntityKey, FileBlobs, StoreError, Target};
use guildhall_testkit::postgres;
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::{World, open};

/// A world with a character, a ship and a board that has content, and a place for backups of it.
pub struct Scene {
    pub world: World,
    pub hero: EntityKey,
    pub ship: EntityKey,
    pub blobs: FileBlobs,
    pub content: BlobHash,
    dir: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        let mut world = World::new();
        let dir = tempfile::tempdir().unwrap();
        let blobs = FileBlobs::open(&dir.path().join("data")).unwrap();
        let content = publish(&blobs, b"a map");
        let board = world.board();
        let Change::AddRevision(mut revision) = world.revision(board, None, 1) else {
            unreachable!()
        };
        (revision.hash, revision.size_bytes) = (content, 5);
        assert!(world.change(Change::AddRevision(revision)).is_durable());
        Self {
            hero: world.character("Hero"),
            ship: world.ship("Sea Dogs"),
            world,
            blobs,
            content,
            dir,
        }
    }

    pub fn place(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A backup of what is there.
    pub fn saved(&self) -> PathBuf {
        let dir = self.place("backup");
        self.backup(&dir).unwrap();
        dir
    }

    fn backup(&self, dir: &Path) -> Result<Manifest, StoreError> {
        backup(&self.reader(), &self.blobs, dir, &mut |_| {})
    }

    fn reader(&self) -> Database {
        Database::open_to_read(self.world.db.target()).unwrap()
    }
}

pub fn publish(blobs: &FileBlobs, content: &[u8]) -> BlobHash {
    let mut partial = blobs.begin(Uuid::now_v7(), content.len() as u64).unwrap();
    blobs.append(&mut partial, content).unwrap();
    blobs.publish(blobs.seal(partial).unwrap()).unwrap()
}

fn rows(backup: &Path) -> Database {
    Database::open_to_read(backup.join(DATABASE_FILE)).unwrap()
}

fn fresh(url: &str) -> Database {
    let database = open(url).unwrap();
    database.migrate().unwrap();
    database
}

/// Saves of a character and a ship, both in each batch, so that a backup between batches has them alike.
#[test]
fn a_backup_is_of_one_moment_while_saves_go_on_and_comes_back_in_both_databases() {
    let mut scene = Scene::new();
    let from = scene.reader();
    let blobs = scene.blobs.clone();
    let dir = scene.place("backup");
    let (mut version, keys) = (1, [scene.hero, scene.ship]);
    let manifest = backup(&from, &blobs, &dir, &mut |_| {
        for key in keys {
            let save = scene.world.save(key, version, format!("state {version}"));
            scene.world.submit(save);
        }
        version += 1;
        assert!(scene.world.flush().iter().all(|it| it.is_durable()));
    })
    .unwrap();
    assert!(version > 10, "saves went on: {version}");
    assert_eq!((manifest.board_files, manifest.board_bytes), (1, 5));
    assert_eq!(manifest.left_behind, Vec::<String>::new());
    assert_eq!(expect_whole(&dir).unwrap(), manifest);
    assert_eq!(of_file(&dir.join(DATABASE_FILE)), Some(dir.clone()));

    let there = postgres::create_database();
    let file = format!("sqlite://{}", scene.place("back.sqlite").display());
    for url in [there.url(), file] {
        let back = fresh(&url);
        let copied = copy(&rows(&dir), &back, &mut |_| {}).unwrap();
        assert!(manifest.is_of(&copied));
        assert_eq!(compare(&rows(&dir), &back).unwrap(), copied);
        // Everything from before it was begun, and of what came meanwhile nothing.
        let hero = back.read(|conn| guildhall_store::queries::character(conn, scene.hero.id));
        let hero = hero.unwrap().unwrap();
        assert_eq!((hero.version, hero.state), (1, b"born".to_vec()));
        back.lock_world(None).unwrap();
        back.claim_world("a server").unwrap();
    }
    let kept = FileBlobs::open_to_read(&dir).unwrap();
    assert_eq!(kept.read(&scene.content).unwrap().unwrap(), b"a map");
    // Restoring has changed nothing in it, and it is one file with nothing beside it.
    assert_eq!(expect_whole(&dir).unwrap(), manifest);
    let mut names: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["blobs", DATABASE_FILE, "manifest.json"]);
}

#[test]
fn what_the_world_holds_before_a_backup_is_begun_is_in_it() {
    let mut scene = Scene::new();
    let save = scene.world.save(scene.ship, 1, "at sea");
    scene.world.submit(save);
    assert!(scene.world.flush()[0].is_durable());
    let dir = scene.saved();
    assert!(compare(&scene.world.db, &rows(&dir)).is_ok());
    // The positive control: one save later they differ.
    let save = scene.world.save(scene.ship, 2, "in port");
    scene.world.submit(save);
    scene.world.flush();
    let error = compare(&scene.world.db, &rows(&dir)).unwrap_err();
    assert!(matches!(error, StoreError::CopyDiffers { .. }), "{error}");
}

#[test]
fn a_backup_is_never_written_over_anything() {
    let scene = Scene::new();
    let dir = scene.saved();
    let before = expect_whole(&dir).unwrap();
    let error = scene.backup(&dir).unwrap_err();
    assert!(
        matches!(error, StoreError::BackupInTheWay { .. }),
        "{error}"
    );
    assert_eq!(expect_whole(&dir).unwrap(), before);
    // What a crash left behind is not touched either: another backup may be at work there.
    let left = scene.place("cut.unfinished");
    fs::create_dir(&left).unwrap();
    let error = scene.backup(&scene.place("cut/")).unwrap_err();
    assert!(error.to_string().contains("cut.unfinished"), "{error}");
    assert!(error.next().contains("may be removed"), "{}", error.next());
    assert!(left.exists() && !scene.place("cut").exists());
}

/// At whatever step it ends, there is no backup, and a copy does not take what there is for one.
#[test]
fn a_backup_that_fails_leaves_nothing_behind() {
    let scene = Scene::new();
    scene
        .world
        .meddle("UPDATE world SET epoch = -1, holder = 'elsewhere'");
    let dir = scene.place("backup");
    let error = scene.backup(&dir).unwrap_err();
    assert!(
        matches!(error, StoreError::CopyUnfinished { .. }),
        "{error}"
    );
    assert!(!dir.exists() && !scene.place("backup.unfinished").exists());
}

#[test]
fn a_backup_that_was_cut_short_changed_or_damaged_is_refused() {
    let scene = Scene::new();
    let dir = scene.saved();
    let refused = |words: &str| {
        let error = expect_whole(&dir).unwrap_err();
        assert!(matches!(error, StoreError::BackupDamaged { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    let file = dir.join(DATABASE_FILE);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    refused("bytes");
    let mut bent = whole.clone();
    bent[whole.len() / 2] ^= 1;
    fs::write(&file, bent).unwrap();
    refused("was changed");
    fs::remove_file(&file).unwrap();
    refused("cannot be read");
    fs::write(&file, &whole).unwrap();
    expect_whole(&dir).unwrap();

    let manifest = dir.join("manifest.json");
    let text = fs::read(&manifest).unwrap();
    fs::write(&manifest, &text[..text.len() / 2]).unwrap();
    refused("manifest.json is damaged");
    fs::remove_file(&manifest).unwrap();
    refused("manifest.json cannot be read");
    fs::write(&manifest, text).unwrap();
    let unfinished = scene.place("backup.unfinished");
    fs::rename(&dir, &unfinished).unwrap();
    let found = of_file(&unfinished.join(DATABASE_FILE)).unwrap();
    let error = expect_whole(&found).unwrap_err();
    assert!(error.to_string().contains("cut short"), "{error}");
}

#[test]
fn a_damaged_board_file_is_named_and_keeps_nothing_else_from_being_saved() {
    let scene = Scene::new();
    fs::write(scene.blobs.path(&scene.content), b"a mop").unwrap();
    let manifest = scene.backup(&scene.place("backup")).unwrap();
    assert_eq!((manifest.board_files, manifest.left_behind.len()), (0, 1));
    assert!(manifest.left_behind[0].contains("another hash"));
    assert!(compare(&scene.world.db, &rows(&scene.place("backup"))).is_ok());
}

/// A safe save is in the journal until it is committed: not in the backup, and the next start on what was
/// restored, with the same data directory, gives it to the database.
#[test]
fn what_was_safe_and_not_committed_is_in_the_journal_and_goes_into_what_was_restored() {
    let scene = Scene::new();
    let path = scene.place("journal.sqlite3");
    let (mut journal, _) = scene.world.db.open_journal(&path).unwrap();
    let entry = Entry {
        seq: journal.next_seq(),
        at_us: 0,
        write: scene.world.save(scene.hero, 1, "promised").into(),
    };
    journal.append(&[entry]).unwrap();
    let dir = scene.place("backup");
    let manifest = scene.backup(&dir).unwrap();
    assert_eq!(manifest.journal, Some(journal.id().to_string()));
    drop(journal);

    let back = fresh(
        Target::Sqlite(scene.place("back.sqlite"))
            .to_string()
            .as_str(),
    );
    copy(&rows(&dir), &back, &mut |_| {}).unwrap();
    let (mut journal, left) = back.open_journal(&path).unwrap();
    let again = journal
        .replay(left, |batch| back.is_committed(batch))
        .unwrap();
    assert_eq!(again.len(), 1);
}
