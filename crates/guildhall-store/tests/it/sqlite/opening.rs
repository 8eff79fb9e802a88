//! Opening a world that is a file, and refusing to in plain words.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use guildhall_store::{Database, OpenOptions, StoreError, WorldLock};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data").join("world.sqlite");
    (dir, path)
}

fn open(path: &std::path::Path) -> Result<Database, StoreError> {
    Database::open(path, &OpenOptions::default())
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_world_is_for_its_owner_alone_and_lacks_its_migrations() {
    let (_dir, path) = place();
    let db = open(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let pending = db.pending_migrations().unwrap();
    assert!(!pending.is_empty());
    assert!(matches!(
        db.writer(),
        Err(StoreError::PendingMigrations { versions }) if versions == pending
    ));
    assert_eq!(db.migrate().unwrap(), pending);
    assert_eq!(db.pending_migrations().unwrap(), Vec::<String>::new());
    db.writer().unwrap();
    for side_file in ["world.sqlite-wal", "world.sqlite-shm"] {
        let side_file = path.with_file_name(side_file);
        assert!(!side_file.exists() || mode(&side_file) == 0o600);
    }
}

#[test]
fn a_missing_world_is_not_made_unless_asked_for() {
    let (_dir, path) = place();
    let options = OpenOptions {
        create: false,
        ..OpenOptions::default()
    };
    let error = Database::open(&path, &options).err().unwrap();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_read_only_file_is_refused_in_plain_words() {
    let (_dir, path) = place();
    open(&path).unwrap().migrate().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let error = open(&path).err().unwrap();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    assert!(error.to_string().contains("cannot be written"));
    assert!(error.next().contains("right to write"));
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let (_dir, path) = place();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "Dear diary").unwrap();
    let error = open(&path).err().unwrap();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"Dear diary");
}

#[test]
fn a_second_server_on_a_world_is_refused_and_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = WorldLock::acquire(dir.path()).unwrap();
    let error = WorldLock::acquire(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::WorldInUse { .. }));
    let pid = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&pid), "{error}");
    drop(first);
    WorldLock::acquire(dir.path()).unwrap();
}
