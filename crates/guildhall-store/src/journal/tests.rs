//! What can only be done from inside: a file that may not grow, a failure that is made up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use diesel::result::{DatabaseErrorKind, Error};

use diesel::connection::SimpleConnection;

use super::*;
use crate::write_behind::{Author, EntityKey, EntityKind, Save, Write};

fn entry(seq: u64, bytes: usize) -> Entry {
    let save = Save {
        key: EntityKey {
            kind: EntityKind::Character,
            id: Uuid::from_u128(seq.into()),
        },
        base_version: 1,
        schema_version: 1,
        state: Bytes::from(vec![7; bytes]),
        fence: None,
        by: Author {
            account: Uuid::from_u128(1),
            session: None,
        },
    };
    Entry {
        seq,
        at_us: 0,
        write: Write::Save(save),
    }
}

fn journal_in(dir: &tempfile::TempDir) -> (Journal, Left) {
    let path = dir.path().join("journal.sqlite3");
    Journal::open(&path, Uuid::from_u128(1), None).unwrap()
}

fn pages_at_most(journal: &mut Journal, pages: u32) {
    let pragma = format!("PRAGMA max_page_count = {pages}");
    journal.conn.batch_execute(&pragma).unwrap();
}

#[test]
fn a_full_disk_promises_nothing_and_is_over_when_there_is_room_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = journal_in(&dir);
    journal.append(&[entry(1, 100)]).unwrap();
    pages_at_most(&mut journal, 20);
    let error = journal
        .append(&[entry(2, 100), entry(3, 200_000)])
        .unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert_eq!((journal.len(), journal.next_seq()), (1, 2));
    pages_at_most(&mut journal, 1_000);
    journal.append(&[entry(2, 100), entry(3, 200_000)]).unwrap();
    drop(journal);
    let (_, left) = journal_in(&dir);
    let seqs: Vec<u64> = left.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
}

#[test]
fn after_any_other_failure_nothing_is_promised_any_more() {
    for message in [
        "disk I/O error",
        "database disk image is malformed",
        "interrupted",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = journal_in(&dir);
        let error = Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()));
        let failed = journal.judge(&error);
        assert!(
            matches!(failed, StoreError::JournalFailed { .. }),
            "{failed}"
        );
        let appended = journal.append(&[entry(1, 100)]);
        assert!(matches!(appended, Err(StoreError::JournalFailed { .. })));
        let flown = journal.take_off(Uuid::from_u128(1), &[1]);
        assert!(matches!(flown, Err(StoreError::JournalFailed { .. })));
        assert!(matches!(
            journal.close(),
            Err(StoreError::JournalFailed { .. })
        ));
        assert!(journal_in(&dir).1.entries.is_empty());
    }
}

/// A statement that touches another number of rows than it must is a failure, too.
#[test]
fn an_entry_that_is_gone_when_its_flight_landed_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = journal_in(&dir);
    journal.append(&[entry(1, 100), entry(2, 100)]).unwrap();
    journal.take_off(Uuid::from_u128(1), &[1]).unwrap();
    journal.landed(Uuid::from_u128(1));
    journal
        .conn
        .batch_execute("DELETE FROM entries WHERE seq = 1")
        .unwrap();
    let flown = journal.take_off(Uuid::from_u128(2), &[2]);
    assert!(matches!(flown, Err(StoreError::JournalFailed { .. })));
}
