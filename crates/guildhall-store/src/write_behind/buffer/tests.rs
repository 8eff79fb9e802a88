//! The buffer without a database.

use bytes::Bytes;

use super::*;
use crate::changes::{AddToken, Change, DisbandGuild, RevokeToken};
use crate::write_behind::{Author, Cause, EntityKey, EntityKind, SaveUnit, Unit, WriteRefusal};

const ORIGIN: Duration = Duration::ZERO;
const BY: Author = Author {
    account: Uuid::nil(),
    session: None,
};

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn buffer(dirty_max: usize, batch_rows_max: usize) -> Buffer<u32> {
    Buffer::new(BufferLimits {
        dirty_max,
        dirty_bytes_max: 1_000,
        batch_rows_max,
        window: at(10),
    })
}

fn save(id: u128, base_version: u32) -> Write {
    Write::Save(Save {
        key: EntityKey {
            kind: EntityKind::Character,
            id: Uuid::from_u128(id),
        },
        base_version,
        schema_version: 1,
        state: Bytes::from(format!("{id} after {base_version}")),
        fence: None,
        by: BY,
    })
}

fn sign_in() -> Write {
    let change = AddToken {
        hash: [1; 32],
        account: Uuid::nil(),
        device: String::new(),
        expires_at: 0,
        password_hash: None,
    };
    Write::Change(Change::AddToken(change), BY)
}

fn sign_out() -> Write {
    let change = RevokeToken {
        hash: [1; 32],
        account: Uuid::nil(),
    };
    Write::Change(Change::RevokeToken(change), BY)
}

/// A report that takes everything.
fn all_durable(batch: &Batch) -> BatchReport {
    let units = batch.units.iter();
    let seqs = units.flat_map(|unit| match unit {
        Unit::Change(unit) => vec![(unit.seq, 1)],
        Unit::Save(unit) => unit.links.iter().map(|it| (it.seq, it.version)).collect(),
        Unit::Group(unit) => vec![(unit.seq, 1)],
    });
    BatchReport {
        batch: batch.id,
        outcomes: seqs
            .map(|(seq, version)| (seq, Outcome::Durable { version }))
            .collect(),
        rows: batch.units.len(),
        took: at(1),
    }
}

#[test]
fn a_window_closes_when_its_oldest_write_has_waited_long_enough() {
    let mut buffer = buffer(10, 10);
    assert_eq!(buffer.next_flush(), None);
    buffer.submit(save(1, 1), 1, at(100)).unwrap();
    buffer.submit(save(2, 1), 2, at(105)).unwrap();
    assert_eq!(buffer.next_flush(), Some(at(110)));
    assert!(buffer.take_batch(at(109)).is_none());
    assert_eq!(buffer.take_batch(at(110)).unwrap().units.len(), 2);
}

#[test]
fn an_urgent_change_closes_the_window_at_once_and_another_does_not() {
    let mut buffer = buffer(10, 10);
    buffer.submit(save(1, 1), 1, at(100)).unwrap();
    buffer.submit(sign_in(), 2, at(101)).unwrap();
    assert!(buffer.take_batch(at(102)).is_none());
    buffer.submit(sign_out(), 3, at(103)).unwrap();
    assert_eq!(buffer.take_batch(at(103)).unwrap().units.len(), 3);
}

#[test]
fn a_full_batch_does_not_wait() {
    let mut buffer = buffer(10, 2);
    for id in 1..=3 {
        buffer.submit(save(id, 1), 0, at(100)).unwrap();
    }
    let batch = buffer.take_batch(at(100)).unwrap();
    assert_eq!(batch.units.len(), 2);
    buffer.finish(all_durable(&batch));
    assert_eq!(buffer.next_flush(), Some(at(110)));
}

#[test]
fn a_batch_holds_changes_in_their_order_and_then_saves_by_entity() {
    let mut buffer = buffer(20, 10);
    for id in [7, 3, 5] {
        buffer.submit(save(id, 1), 0, ORIGIN).unwrap();
    }
    buffer.submit(sign_in(), 0, ORIGIN).unwrap();
    buffer.submit(sign_out(), 0, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    let order: Vec<_> = batch
        .units
        .iter()
        .map(|unit| match unit {
            Unit::Change(unit) => u128::from(unit.seq),
            Unit::Save(unit) => unit.key.id.as_u128(),
            Unit::Group(unit) => u128::from(unit.seq),
        })
        .collect();
    assert_eq!(order, [4, 5, 3, 5, 7]);
}

#[test]
fn changes_without_end_do_not_starve_saves() {
    let mut buffer = buffer(100, 8);
    for _ in 0..20 {
        buffer.submit(sign_out(), 0, ORIGIN).unwrap();
    }
    for id in 0..20 {
        buffer.submit(save(id, 1), 0, ORIGIN).unwrap();
    }
    let batch = buffer.take_batch(ORIGIN).unwrap();
    let saves = batch.units.iter().filter(|it| matches!(it, Unit::Save(_)));
    assert_eq!((batch.units.len(), saves.count()), (8, 2));
}

#[test]
fn a_full_buffer_refuses_and_hands_the_receipt_back_and_drops_nothing() {
    let mut buffer = buffer(2, 10);
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    buffer.submit(save(1, 2), 2, ORIGIN).unwrap();
    let rejected = buffer.submit(sign_out(), 3, ORIGIN).unwrap_err();
    assert_eq!(rejected.receipt, 3);
    let full = RejectReason::Overloaded {
        dirty: 2,
        dirty_max: 2,
    };
    assert_eq!(rejected.reason, full);
    let batch = buffer.take_batch(at(10)).unwrap();
    assert!(buffer.submit(sign_out(), 3, ORIGIN).is_err(), "still dirty");
    assert_eq!(buffer.finish(all_durable(&batch)).len(), 2);
    buffer.submit(sign_out(), 3, ORIGIN).unwrap();
    assert_eq!(buffer.stats(ORIGIN).overloaded, 2);
}

#[test]
fn states_fill_the_buffer_by_their_bytes_until_they_have_their_outcome() {
    let mut buffer = buffer(10, 10);
    let sized = |base_version, bytes| {
        let Write::Save(save) = save(1, base_version) else {
            unreachable!("made as a save");
        };
        let state = Bytes::from(vec![0; bytes]);
        Write::Save(Save { state, ..save })
    };
    buffer.submit(sized(1, 600), 1, ORIGIN).unwrap();
    buffer.submit(sized(2, 400), 2, ORIGIN).unwrap();
    buffer.submit(sign_out(), 3, ORIGIN).unwrap();
    let batch = buffer.take_batch(ORIGIN).unwrap();
    let rejected = buffer.submit(sized(3, 1), 4, ORIGIN).unwrap_err();
    let full = RejectReason::Overloaded {
        dirty: 3,
        dirty_max: 10,
    };
    assert_eq!(rejected.reason, full, "coalesced, under way, and yet held");
    buffer.finish(all_durable(&batch));
    buffer.submit(sized(3, 1_000), 4, ORIGIN).unwrap();
    assert!(buffer.submit(sized(4, 1), 5, ORIGIN).is_err());
}

fn saves(batch: &Batch) -> Vec<&SaveUnit> {
    let units = batch.units.iter();
    let saves = units.filter_map(|unit| match unit {
        Unit::Save(unit) => Some(unit),
        Unit::Change(_) | Unit::Group(_) => None,
    });
    saves.collect()
}

#[test]
fn each_author_has_a_unit_of_his_own_and_who_came_first_is_first() {
    let mut buffer = buffer(10, 10);
    let by_another = |base_version| {
        let Write::Save(save) = save(1, base_version) else {
            unreachable!("made as a save");
        };
        let account = Uuid::from_u128(7);
        Write::Save(Save {
            by: Author { account, ..BY },
            ..save
        })
    };
    buffer.submit(by_another(4), 1, ORIGIN).unwrap();
    buffer.submit(save(1, 3), 2, ORIGIN).unwrap();
    buffer.submit(save(1, 4), 3, ORIGIN).unwrap();
    buffer.submit(by_another(5), 4, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    let units = saves(&batch).into_iter();
    let chains: Vec<_> = units
        .map(|unit| (unit.base_version, unit.links.len()))
        .collect();
    assert_eq!(chains, [(4, 2), (3, 2)]);
}

#[test]
fn what_waits_on_top_of_a_refused_save_is_marked_and_what_waits_on_a_durable_one_is_not() {
    let mut buffer = buffer(10, 10);
    for id in [1, 2] {
        buffer.submit(save(id, 1), 0, ORIGIN).unwrap();
    }
    let batch = buffer.take_batch(at(10)).unwrap();
    for id in [1, 2] {
        buffer.submit(save(id, 2), 0, at(10)).unwrap();
    }
    let mut report = all_durable(&batch);
    report.outcomes[0].1 = Outcome::Refused(WriteRefusal::new(Cause::Stale, "too late"));
    buffer.finish(report);
    buffer.submit(save(1, 3), 0, at(20)).unwrap();
    let next = buffer.take_batch(at(30)).unwrap();
    let units = saves(&next).into_iter();
    let marks: Vec<_> = units
        .map(|unit| (unit.builds_on_refused, unit.links.len()))
        .collect();
    assert_eq!(marks, [(true, 2), (false, 1)]);
}

#[test]
fn a_save_that_is_not_based_on_the_pending_newest_is_stale_at_once() {
    let mut buffer = buffer(10, 10);
    buffer.submit(save(1, 5), 1, ORIGIN).unwrap();
    let stale = RejectReason::Stale { pending_version: 6 };
    let rejected = buffer.submit(save(1, 4), 2, ORIGIN).unwrap_err();
    assert_eq!(rejected.reason, stale);
    let _under_way = buffer.take_batch(at(10)).unwrap();
    let rejected = buffer.submit(save(1, 7), 3, ORIGIN).unwrap_err();
    assert_eq!(rejected.reason, stale);
    buffer.submit(save(1, 6), 4, ORIGIN).unwrap();
    buffer.submit(save(1, 6), 5, ORIGIN).unwrap();
}

#[test]
fn dirty_is_cleared_by_the_report_only_and_a_later_write_stays() {
    let mut buffer = buffer(10, 10);
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    buffer.submit(save(1, 2), 2, at(10)).unwrap();
    assert_eq!(buffer.stats(at(10)).dirty, 2);
    let answers = buffer.finish(all_durable(&batch));
    assert_eq!(answers, [(1, Outcome::Durable { version: 2 })]);
    let stats = buffer.stats(at(15));
    assert_eq!((stats.dirty, stats.in_flight, stats.committed), (1, 0, 1));
    assert_eq!(stats.oldest_unsaved_age, Some(at(5)));
}

#[test]
fn only_one_batch_is_out_and_a_failed_one_comes_again_unchanged_after_a_pause() {
    let mut buffer = buffer(10, 10);
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    buffer.submit(save(2, 1), 2, at(10)).unwrap();
    assert!(buffer.take_batch(at(1000)).is_none());
    buffer.abort(batch.id, at(20));
    assert!(buffer.in_flight().is_none());
    assert_eq!(buffer.next_flush(), Some(at(30)));
    let again = buffer.take_batch(at(30)).unwrap();
    assert_eq!((again.id, again.units.len()), (batch.id, 1));
    assert_eq!((batch.attempts, again.attempts), (0, 1));
    buffer.abort(batch.id, at(40));
    assert_eq!(buffer.next_flush(), Some(at(60)), "the pause doubles");
}

#[test]
fn a_report_or_an_abort_of_another_batch_changes_nothing() {
    let mut buffer = buffer(10, 10);
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    let mut late = all_durable(&batch);
    late.batch = Uuid::nil();
    assert_eq!(buffer.finish(late), []);
    buffer.abort(Uuid::nil(), at(10));
    assert_eq!(buffer.in_flight().unwrap().id, batch.id);
    assert_eq!(buffer.finish(all_durable(&batch)).len(), 1);
    assert_eq!(buffer.finish(all_durable(&batch)), [], "a second time");
}

#[test]
fn closing_a_window_in_which_nothing_waits_leaves_the_next_one_open() {
    let mut buffer = buffer(10, 10);
    buffer.close_window(ORIGIN);
    buffer.submit(save(1, 1), 1, at(1)).unwrap();
    assert_eq!(buffer.next_flush(), Some(at(11)));
    buffer.close_window(at(2));
    assert_eq!(buffer.next_flush(), Some(at(2)));
    let batch = buffer.take_batch(at(2)).unwrap();
    buffer.close_window(at(2));
    buffer.submit(save(2, 1), 2, at(3)).unwrap();
    buffer.finish(all_durable(&batch));
    assert_eq!(buffer.next_flush(), Some(at(13)), "an empty drain between");
}

#[test]
fn a_mark_is_passed_when_what_was_submitted_before_it_is_decided() {
    let mut buffer = buffer(10, 10);
    buffer.submit(save(1, 1), 1, at(100)).unwrap();
    let before_change = buffer.mark();
    assert!(buffer.changes_decided_before(before_change));
    assert!(!buffer.decided_before(before_change));
    buffer.submit(sign_out(), 2, at(100)).unwrap();
    let mark = buffer.mark();
    assert!(!buffer.changes_decided_before(mark));
    let batch = buffer.take_batch(at(100)).unwrap();
    let under_way = buffer.changes_decided_before(mark);
    assert!(!under_way, "under way is not decided");
    buffer.submit(sign_out(), 3, at(101)).unwrap();
    assert_eq!(buffer.finish(all_durable(&batch)).len(), 2);
    assert!(buffer.changes_decided_before(mark));
    assert!(buffer.decided_before(mark));
    assert!(!buffer.changes_decided_before(buffer.mark()));
}

/// Whoever loads a guild must not find it as it was before its end.
#[test]
fn a_change_that_waits_among_saves_is_waited_for_like_any_other() {
    let mut buffer = buffer(10, 10);
    let disband = Change::DisbandGuild(DisbandGuild {
        guild: Uuid::from_u128(1),
        realm: Uuid::nil(),
        leader: Uuid::nil(),
        cooling_us: 0,
    });
    assert!(disband.among_saves_of().is_some());
    let disband = Write::Change(disband, BY);
    let first = buffer.submit(disband.clone(), 1, ORIGIN).unwrap();
    assert!(!buffer.changes_decided_before(buffer.mark()));
    assert_eq!(buffer.withdraw(first), Some(1));
    assert!(buffer.changes_decided_before(buffer.mark()));
    buffer.submit(disband, 2, ORIGIN).unwrap();
    let mark = buffer.mark();
    let batch = buffer.take_batch(ORIGIN).unwrap();
    assert!(!buffer.changes_decided_before(mark), "under way");
    buffer.finish(all_durable(&batch));
    assert!(buffer.changes_decided_before(mark));
}

mod groups;
