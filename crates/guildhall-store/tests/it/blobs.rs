//! Contents are whole and durable, or not there at all, wherever the power goes out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use guildhall_store::StoreError;
use guildhall_store::blobs::{BlobHash, BlobStore, FileBlobs, Partial};
use tempfile::TempDir;
use uuid::Uuid;

fn store() -> (TempDir, FileBlobs) {
    let dir = tempfile::tempdir().unwrap();
    let store = FileBlobs::open(&dir.path().join("data")).unwrap();
    (dir, store)
}

/// A partial with all its bytes, given in two pieces.
fn filled(store: &FileBlobs, bytes: &[u8]) -> Partial {
    let mut partial = store.begin(Uuid::now_v7(), bytes.len() as u64).unwrap();
    let (one, two) = bytes.split_at(bytes.len() / 2);
    store.append(&mut partial, one).unwrap();
    store.append(&mut partial, two).unwrap();
    partial
}

fn publish(store: &FileBlobs, bytes: &[u8]) -> BlobHash {
    let sealed = store.seal(filled(store, bytes)).unwrap();
    store.publish(sealed).unwrap()
}

fn partials(dir: &TempDir) -> usize {
    fs::read_dir(dir.path().join("data/partial"))
        .unwrap()
        .count()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_published_is_read_back_under_its_hash() {
    let (dir, store) = store();
    let hash = publish(&store, b"a map");
    assert_eq!(&hash, blake3::hash(b"a map").as_bytes());
    assert_eq!(store.read(&hash).unwrap().unwrap(), b"a map");
    assert_eq!(store.read(&[0; 32]).unwrap(), None);
    assert_eq!(partials(&dir), 0);
}

#[test]
fn files_and_directories_are_for_their_owner_alone() {
    let (dir, store) = store();
    let path = store.path(&publish(&store, b"a map"));
    assert_eq!(mode(&path), 0o600);
    for dir in [path.parent().unwrap(), &dir.path().join("data/partial")] {
        assert_eq!(mode(dir), 0o700, "{}", dir.display());
    }
}

#[test]
fn bytes_beyond_the_announced_size_are_refused_and_not_written() {
    let (_dir, store) = store();
    let mut partial = store.begin(Uuid::now_v7(), 4).unwrap();
    store.append(&mut partial, b"abc").unwrap();
    let error = store.append(&mut partial, b"de").unwrap_err();
    assert!(matches!(error, StoreError::UploadTooLong { announced: 4 }));
    assert_eq!(partial.received(), 3);
    store.append(&mut partial, b"d").unwrap();
    let sealed = store.seal(partial).unwrap();
    assert_eq!(fs::read(&sealed.path).unwrap(), b"abcd");
}

#[test]
fn an_upload_that_lacks_bytes_is_not_sealed_and_leaves_nothing() {
    let (dir, store) = store();
    let mut partial = store.begin(Uuid::now_v7(), 4).unwrap();
    store.append(&mut partial, b"abc").unwrap();
    let error = store.seal(partial).unwrap_err();
    assert!(matches!(
        error,
        StoreError::UploadTooShort { received: 3, .. }
    ));
    assert_eq!(partials(&dir), 0);
}

#[test]
fn one_upload_has_one_partial() {
    let (_dir, store) = store();
    let upload = Uuid::now_v7();
    let _first = store.begin(upload, 4).unwrap();
    assert!(store.begin(upload, 4).is_err());
}

/// Each stop is what a crash at that point leaves for the next start to find: nothing is dropped.
#[test]
fn a_crash_before_the_rename_leaves_no_content_and_one_after_it_leaves_it_whole() {
    let (dir, store) = store();
    let hash = *blake3::hash(b"a map").as_bytes();
    let reopen = || FileBlobs::open(&dir.path().join("data")).unwrap();
    // While it is written.
    std::mem::forget(filled(&store, b"a map"));
    assert_eq!(reopen().read(&hash).unwrap(), None);
    // Sealed, not yet renamed.
    let sealed = store.seal(filled(&store, b"a map")).unwrap();
    assert_eq!(reopen().read(&hash).unwrap(), None);
    assert_eq!(partials(&dir), 2);
    // Renamed by hand, as if the directory's fsync had not been reached: the next upload of the
    // same content must succeed on top of it.
    let target = store.path(&hash);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::rename(&sealed.path, &target).unwrap();
    assert_eq!(publish(&reopen(), b"a map"), hash);
    assert_eq!(store.read(&hash).unwrap().unwrap(), b"a map");
    assert_eq!(reopen().expire_partials(Duration::ZERO).unwrap(), 1);
    assert_eq!(partials(&dir), 0);
}

#[test]
fn the_same_content_twice_is_one_file() {
    let (dir, store) = store();
    let hash = publish(&store, b"a map");
    assert_eq!(publish(&store, b"a map"), hash);
    assert_eq!((store.scrub().unwrap().checked(), partials(&dir)), (1, 0));
}

#[test]
fn a_damaged_content_is_healed_by_uploading_it_again() {
    let (_dir, store) = store();
    let hash = publish(&store, b"a map");
    for damaged in [b"a m".as_slice(), b"A MAP"] {
        fs::write(store.path(&hash), damaged).unwrap();
        publish(&store, b"a map");
        assert_eq!(store.read(&hash).unwrap().unwrap(), b"a map");
    }
}

#[test]
fn an_upload_that_is_dropped_leaves_no_file_whether_sealed_or_not() {
    let (dir, store) = store();
    let partial = filled(&store, b"a map");
    let sealed = store.seal(filled(&store, b"another")).unwrap();
    assert_eq!(partials(&dir), 2);
    drop(partial);
    assert_eq!(partials(&dir), 1);
    drop(sealed);
    assert_eq!(partials(&dir), 0);
}

#[test]
fn damage_is_found_by_reading_and_by_scrubbing() {
    let (_dir, store) = store();
    let (good, bad) = (publish(&store, b"good"), publish(&store, b"bad"));
    assert_eq!(
        store.scrub().unwrap().damaged,
        Vec::<std::path::PathBuf>::new()
    );
    fs::write(store.path(&bad), b"BAD").unwrap();
    assert!(matches!(store.read(&bad), Err(StoreError::Damaged { .. })));
    let report = store.scrub().unwrap();
    assert_eq!(
        (report.checked(), report.damaged),
        (2, vec![store.path(&bad)])
    );
    assert!(store.read(&good).is_ok());
}

#[test]
fn only_partials_that_were_left_alone_long_enough_expire() {
    let (dir, store) = store();
    let _young = filled(&store, b"young");
    let day = Duration::from_secs(24 * 3600);
    assert_eq!(store.expire_partials(day).unwrap(), 0);
    let old = fs::File::open(
        fs::read_dir(dir.path().join("data/partial"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path(),
    )
    .unwrap();
    old.set_modified(std::time::SystemTime::now() - 2 * day)
        .unwrap();
    assert_eq!(store.expire_partials(day).unwrap(), 1);
    assert_eq!(partials(&dir), 0);
}
