//! Opening a world, and refusing to in plain words.

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
fn a_world_of_a_newer_program_is_refused() {
    let (_dir, path) = place();
    open(&path).unwrap().migrate().unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')")
        .unwrap();
    let error = open(&path).err().unwrap();
    assert!(error.to_string().contains("99990101000000"), "{error}");
    assert!(matches!(error, StoreError::UnknownMigrations { .. }));
}

#[test]
fn migrations_go_down_as_they_came_up() {
    let dir = "../../migrations/sqlite";
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    let entries = fs::read_dir(dir).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let ups = folders.iter().map(|folder| folder.join("up.sql"));
    let downs = folders.iter().rev().map(|folder| folder.join("down.sql"));
    for step in ups.chain(downs) {
        conn.execute_batch(&fs::read_to_string(step).unwrap())
            .unwrap();
    }
    let left: i64 = conn
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
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

#[test]
fn readers_cannot_write() {
    let (_dir, path) = place();
    let db = open(&path).unwrap();
    db.migrate().unwrap();
    let written = db.read(|conn| {
        use diesel::RunQueryDsl;
        let insert = "INSERT INTO realms VALUES ('a', 'b')";
        Ok(diesel::sql_query(insert).execute(conn)?)
    });
    assert!(written.is_err());
}
