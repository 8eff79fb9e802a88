//! What can be read of a damaged journal is read, what cannot is told, and the files stay as they were.

use std::fs;

use bytes::Bytes;
use guildhall_store::changes::AddLedgerLine;
use guildhall_store::journal::{Entry, Salvage, salvage};
use guildhall_store::{Change, EntityKind, Member, Save, Write};
use uuid::Uuid;

use super::{FILES, PAGE, Place, closed, entries, entry, whole};

fn bytes_of(place: &Place) -> Vec<Option<Vec<u8>>> {
    let dir = place.path().parent().unwrap().to_owned();
    FILES.map(|file| fs::read(dir.join(file)).ok()).to_vec()
}

/// Reads without a change to any file.
fn read(place: &Place) -> Salvage {
    let before = bytes_of(place);
    let found = salvage(&place.path()).unwrap();
    assert_eq!(bytes_of(place), before);
    found
}

#[test]
fn of_a_whole_journal_all_is_told_and_nothing_is_damaged() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    journal.append(&entries(1..51, 1_000)).unwrap();
    journal.take_off(Uuid::from_u128(1), &[1, 2, 9]).unwrap();
    // As a crash leaves it, most of it in its log.
    let crashed = place.copy();
    assert!(crashed.wal().exists());
    let found = read(&crashed);
    assert_eq!(found.damage, Vec::<String>::new());
    assert_eq!(whole(&found.entries), whole(&entries(1..51, 1_000)));
    assert_eq!(found.journal, Some(journal.id()));
    assert_eq!(found.world, Some(super::WORLD));
    let carried: Vec<u64> = found
        .writes()
        .filter(|it| it.batch.is_some())
        .map(|it| it.seq)
        .collect();
    assert_eq!(carried, [1, 2, 9]);
}

#[test]
fn of_each_write_entity_version_account_and_payload_are_told() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    let Write::Save(save) = entry(1, 8).write else {
        unreachable!()
    };
    let raw = Save {
        state: Bytes::from_static(&[0, 0xFF]),
        ..save.clone()
    };
    let text = Save {
        state: Bytes::from_static(b"{\"gold\":3}"),
        ..save.clone()
    };
    let ship = Save {
        key: guildhall_store::EntityKey {
            kind: EntityKind::Ship,
            ..save.key
        },
        ..text.clone()
    };
    let line = Change::AddLedgerLine(AddLedgerLine {
        guild: ship.key.id,
        version: 2,
        note: "repaired".to_owned(),
        by: save.by,
    });
    let group = Write::Group(vec![Member::Save(ship), Member::Change(line)], save.by);
    let writes = [Write::Save(raw), Write::Save(text), group];
    let writes = writes.into_iter().zip(1..);
    let list: Vec<_> = writes
        .map(|(write, seq)| Entry {
            seq,
            at_us: 7,
            write,
        })
        .collect();
    journal.append(&list).unwrap();
    drop(journal);
    let found = read(&place);
    let lines: Vec<_> = found
        .writes()
        .map(|it| serde_json::to_value(it).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["state_hex"], "00ff");
    assert_eq!(lines[1]["state"], "{\"gold\":3}");
    assert_eq!(lines[1]["version"], 2);
    assert_eq!(lines[1]["account"], save.by.account.to_string());
    assert_eq!(
        (&lines[2]["kind"], &lines[2]["seq"]),
        (&"ship".into(), &3.into())
    );
    assert_eq!(
        (&lines[3]["note"], &lines[3]["seq"]),
        (&"repaired".into(), &3.into())
    );
}

/// Every page in turn: what is told is true, what is missing is told, and of most pages little is missing.
#[test]
fn of_a_journal_with_one_damaged_page_the_others_are_read() {
    let place = closed();
    let bytes = fs::read(place.path()).unwrap();
    let pages = bytes.len() / PAGE;
    assert!(pages > 15);
    let all = whole(&entries(1..51, 1_000));
    let mut most = 0;
    for page in 0..pages {
        let mut spoilt = bytes.clone();
        spoilt[page * PAGE..(page + 1) * PAGE].fill(0xA5);
        fs::write(place.path(), &spoilt).unwrap();
        assert!(place.try_open().is_err());
        let found = read(&place);
        assert!(!found.damage.is_empty(), "page {page}");
        let found = whole(&found.entries);
        assert!(found.iter().all(|entry| all.contains(entry)), "page {page}");
        most += usize::from(found.len() >= 40);
    }
    // But for the one page that says where the others are.
    assert_eq!(most, pages - 1);
}

#[test]
fn of_a_journal_that_was_cut_off_the_beginning_is_read() {
    let place = closed();
    let bytes = fs::read(place.path()).unwrap();
    let mut best = 0;
    for end in (PAGE..bytes.len()).step_by(1_000) {
        fs::write(place.path(), &bytes[..end]).unwrap();
        let found = read(&place);
        assert!(!found.damage.is_empty(), "cut at {end}");
        best = best.max(found.entries.len());
    }
    assert!(best >= 40, "{best}");
}

#[test]
fn a_record_that_somebody_changed_is_told_by_its_number() {
    let place = closed();
    place.meddle("UPDATE entries SET record = substr(record, 2) WHERE seq = 17; DELETE FROM entries WHERE seq = 20");
    let found = read(&place);
    assert_eq!(found.entries.len(), 48);
    assert!(
        found
            .damage
            .iter()
            .any(|it| it.starts_with("Entry 17 is damaged"))
    );
    assert!(
        found
            .damage
            .iter()
            .any(|it| it.contains("counts 51 entries and flights, and 49"))
    );
    assert!(place.refusal().next().contains("guildhall journal export"));
}
