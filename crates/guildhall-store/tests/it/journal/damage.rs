//! Damage of every kind stops the start and says which file and what to do.

use std::fs;
use std::path::Path;

use guildhall_store::{Journal, StoreError};
use uuid::Uuid;

use super::{PAGE, Place, WORLD, closed, entries, whole};

fn is_damage(error: &StoreError, path: &Path) -> bool {
    error.to_string().contains(path.to_str().unwrap())
        && error.next().contains("backup")
        && matches!(error, StoreError::JournalDamaged { .. })
}

fn readable(error: &StoreError) -> usize {
    match error {
        StoreError::JournalDamaged { readable, .. } => *readable,
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    let place = closed();
    let bytes = fs::read(place.path()).unwrap();
    for end in (0..bytes.len()).step_by(1_000) {
        fs::write(place.path(), &bytes[..end]).unwrap();
        let error = place.refusal();
        assert!(is_damage(&error, &place.path()), "cut at {end}: {error}");
        assert!(readable(&error) <= 50);
    }
    fs::write(place.path(), &bytes).unwrap();
    assert_eq!(place.open().1.entries.len(), 50);
}

#[test]
fn one_page_overwritten_is_refused_and_most_of_the_rest_is_counted() {
    let place = closed();
    let bytes = fs::read(place.path()).unwrap();
    let pages = bytes.len() / PAGE;
    assert!(pages > 15);
    let mut best = 0;
    for page in 0..pages {
        let mut spoilt = bytes.clone();
        spoilt[page * PAGE..(page + 1) * PAGE].fill(0xA5);
        fs::write(place.path(), &spoilt).unwrap();
        let error = place.refusal();
        assert!(is_damage(&error, &place.path()), "page {page}: {error}");
        best = best.max(readable(&error));
    }
    assert!(best >= 40, "{best}");
}

/// A disk that lost one write: every page is whole, and one is of yesterday.
#[test]
fn one_page_of_yesterday_is_refused_unless_nothing_depends_on_it() {
    let place = closed();
    let yesterday = fs::read(place.path()).unwrap();
    let (mut journal, _) = place.open();
    journal.append(&entries(51..71, 1_000)).unwrap();
    journal.landed(Uuid::from_u128(1));
    journal.take_off(Uuid::from_u128(2), &[3, 4]).unwrap();
    drop(journal);
    let today = fs::read(place.path()).unwrap();
    let whole_today = whole(&place.copy().open().1.entries);
    let mut refused = 0;
    for (page, old) in yesterday.chunks(PAGE).enumerate() {
        let at = page * PAGE..(page + 1) * PAGE;
        if today[at.clone()] == *old {
            continue;
        }
        let mut mixed = today.clone();
        mixed[at].copy_from_slice(old);
        let copy = place.copy();
        fs::write(copy.path(), &mixed).unwrap();
        match copy.try_open() {
            Ok((_, left)) => assert_eq!(whole(&left.entries), whole_today, "page {page}"),
            Err(error) => {
                assert!(is_damage(&error, &copy.path()), "page {page}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 2, "{refused}");
}

#[test]
fn what_somebody_changed_or_took_out_is_found() {
    for sql in [
        "DELETE FROM entries WHERE seq = 50",
        "DELETE FROM entries",
        "DELETE FROM flights",
        "DELETE FROM head",
        "DROP TABLE head",
        "UPDATE entries SET seq = 60 WHERE seq = 50",
        "UPDATE entries SET record = (SELECT record FROM entries WHERE seq = 49) WHERE seq = 50",
        "UPDATE entries SET record = substr(record, 2) WHERE seq = 50",
        "UPDATE flights SET record = x'00'",
        "UPDATE head SET record = x'00'",
        "INSERT INTO entries SELECT 60, record FROM entries WHERE seq = 50",
    ] {
        let place = closed();
        place.meddle(sql);
        let error = place.refusal();
        assert!(is_damage(&error, &place.path()), "{sql}: {error}");
    }
    // The positive control: meddling that changes nothing.
    let place = closed();
    place.meddle("UPDATE entries SET record = record; VACUUM;");
    assert_eq!(place.open().1.entries.len(), 50);
}

#[test]
fn a_write_ahead_log_that_was_cut_or_spoilt_or_deleted_is_found_by_the_mark() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    for seq in 1..6 {
        journal.append(&entries([seq], 1_000)).unwrap();
    }
    let wal = fs::read(place.wal()).unwrap();
    let mut spoilt = wal.clone();
    spoilt[wal.len() / 2] ^= 1;
    for bytes in [&wal[..wal.len() / 2], &wal[..0], &spoilt] {
        let copy = place.copy();
        fs::write(copy.wal(), bytes).unwrap();
        let error = copy.refusal();
        assert!(is_damage(&error, &copy.path()), "{error}");
        assert!(error.to_string().contains("missing"), "{error}");
    }
    let copy = place.copy();
    fs::remove_file(copy.wal()).unwrap();
    assert!(is_damage(&copy.refusal(), &copy.path()));
    // Without the mark nobody can know; with all of it all is well.
    let copy = place.copy();
    fs::write(copy.wal(), &wal[..wal.len() / 2]).unwrap();
    fs::remove_file(copy.mark()).unwrap();
    assert!(copy.open().1.entries.len() < 5);
    assert_eq!(place.copy().open().1.entries.len(), 5);
}

#[test]
fn a_journal_that_is_missing_although_one_is_known_is_no_new_one() {
    let place = Place::new();
    let known = Uuid::from_u128(99);
    let open = |known| Journal::open(&place.path(), WORLD, known);
    let error = open(Some(known)).err().unwrap();
    assert!(
        matches!(error, StoreError::JournalMissing { .. }),
        "{error}"
    );
    assert!(error.to_string().contains(&known.to_string()), "{error}");
    assert!(!place.path().exists(), "nothing was made");
    let id = open(None).unwrap().0.id();
    let other = open(Some(known)).err().unwrap();
    assert!(
        matches!(other, StoreError::JournalMissing { .. }),
        "{other}"
    );
    open(Some(id)).unwrap();
}

#[test]
fn of_a_journal_only_the_log_may_be_left_and_that_is_no_new_one() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    journal.append(&entries(1..3, 100)).unwrap();
    let copy = place.copy();
    fs::remove_file(copy.path()).unwrap();
    assert!(is_damage(&copy.refusal(), &copy.path()));
}

#[test]
fn a_journal_of_another_world_or_layout_is_refused() {
    let place = closed();
    let other = Journal::open(&place.path(), Uuid::from_u128(8), None).err();
    let other = other.unwrap();
    assert!(
        matches!(other, StoreError::JournalOfAnotherWorld { .. }),
        "{other}"
    );
    place.meddle("UPDATE head SET version = 3");
    let newer = place.refusal();
    assert!(
        matches!(newer, StoreError::JournalVersion { found: 3, .. }),
        "{newer}"
    );
    for error in [other, newer] {
        assert!(error.to_string().contains(place.path().to_str().unwrap()));
        assert!(!error.next().is_empty());
    }
}

#[test]
fn a_maker_that_died_leaves_nothing_in_the_way() {
    let place = Place::new();
    let half = place.path().with_file_name("journal.sqlite3-new");
    fs::write(&half, "half").unwrap();
    place.open();
    assert!(!half.exists());
}
