#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::record::unseal;
use super::*;
use crate::changes::{Change, RevokeToken};

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

fn write() -> impl Strategy<Value = Write> {
    let member = save().prop_map(Member::Save);
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
fn a_change_does_not_belong_into_a_journal() {
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
    }
}
