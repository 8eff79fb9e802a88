//! Bytes and back, and what damage does to them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::record::unseal;
use super::*;
use crate::changes::{AddLedgerLine, Change, PutEscrow, RevokeToken, TakeEscrow};

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

prop_compose! {
    fn author()(account in id(), session in option::of(id())) -> Author {
        Author { account, session }
    }
}

prop_compose! {
    fn save()(
        ship: bool,
        id in id(),
        base_version: u32,
        schema_version: u16,
        state in vec(any::<u8>(), 0..3_000),
        fence in option::of(any::<u32>()),
        by in author(),
    ) -> Save {
        let kind = if ship { EntityKind::Ship } else { EntityKind::Character };
        let key = EntityKey { kind, id };
        Save { key, base_version, schema_version, state: state.into(), fence, by }
    }
}

fn key() -> impl Strategy<Value = EntityKey> {
    save().prop_map(|save| save.key)
}

prop_compose! {
    fn line()(guild in id(), version: u32, note: String, by in author()) -> Change {
        Change::AddLedgerLine(AddLedgerLine { guild, version, note, by })
    }
}

prop_compose! {
    fn put()(
        (escrow, realm, given_by) in (id(), id(), id()),
        (from, to) in (key(), key()),
        from_version: u32,
        what in vec(any::<u8>(), 0..300),
        open_max: u64,
    ) -> Change {
        let what = what.into();
        Change::PutEscrow(PutEscrow { escrow, realm, from, from_version, to, what, given_by, open_max })
    }
}

prop_compose! {
    fn take()(escrow in id(), to in key(), to_version: u32, taken_by in id()) -> Change {
        Change::TakeEscrow(TakeEscrow { escrow, to, to_version, taken_by })
    }
}

fn write() -> impl Strategy<Value = Write> {
    let change = prop_oneof![line(), put(), take()];
    let member = prop_oneof![
        save().prop_map(Member::Save),
        change.prop_map(Member::Change)
    ];
    let group = (vec(member, 1..5), author()).prop_map(|(members, by)| Write::Group(members, by));
    prop_oneof![save().prop_map(Write::Save), group]
}

prop_compose! {
    fn entry()(seq in 1..u64::MAX, at_us: i64, write in write()) -> Entry {
        Entry { seq, at_us, write }
    }
}

fn read(seq: u64, record: &[u8]) -> Option<Entry> {
    let (body, _) = unseal(record)?;
    Entry::decode(seq, body)
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(entry in entry()) {
        let mut record = Vec::new();
        entry.seal(&mut record).unwrap();
        let is_change = |it: &Member| it.as_save().is_none();
        let no_saves = matches!(&entry.write, Write::Group(it, _) if it.iter().all(is_change));
        prop_assert_eq!(Entry::takes(&entry.write), !no_saves);
        let back = read(entry.seq, &record);
        prop_assert_eq!(format!("{:?}", back), format!("{:?}", Some(&entry)));
        prop_assert!(read(entry.seq - 1, &record).is_none());
    }

    #[test]
    fn one_wrong_bit_or_a_missing_end_is_found(entry in entry(), at: prop::sample::Index, bit in 0..8_u8) {
        let mut record = Vec::new();
        entry.seal(&mut record).unwrap();
        let at = at.index(record.len());
        prop_assert!(read(entry.seq, &record[..at]).is_none());
        record[at] ^= 1_u8 << bit;
        prop_assert!(read(entry.seq, &record).is_none());
    }
}

#[test]
fn a_change_that_goes_without_saves_does_not_belong_into_a_journal() {
    let by = Author {
        account: Uuid::nil(),
        session: None,
    };
    let change = Change::RevokeToken(RevokeToken {
        account: Uuid::nil(),
        hash: [0; 32],
    });
    for write in [
        Write::Change(change.clone(), by),
        Write::Group(vec![Member::Change(change)], by),
    ] {
        let entry = Entry {
            seq: 1,
            at_us: 0,
            write,
        };
        assert_eq!(entry.seal(&mut Vec::new()), None);
        assert!(!Entry::takes(&entry.write));
    }
}
