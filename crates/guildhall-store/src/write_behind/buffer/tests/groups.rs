//! Groups among the saves of their lanes, fences, and changes that are taken back.

use super::*;
use crate::changes::EnterPlay;
use crate::write_behind::{GROUP_MEMBERS_MAX, Member};

fn member(id: u128, base_version: u32) -> Member {
    Member::Save(plain(id, base_version))
}

fn plain(id: u128, base_version: u32) -> Save {
    match save(id, base_version) {
        Write::Save(save) => save,
        _ => unreachable!("made as a save"),
    }
}

fn group(members: impl IntoIterator<Item = Member>) -> Write {
    Write::Group(members.into_iter().collect(), BY)
}

/// `s<entity>:<links>` for a chain, `g<sequence number>` for a group.
fn picture(batch: &Batch) -> String {
    let unit = |unit: &Unit| match unit {
        Unit::Change(unit) => format!("c{}", unit.seq),
        Unit::Save(unit) => format!("s{}:{}", unit.key.id.as_u128(), unit.links.len()),
        Unit::Group(unit) => format!("g{}", unit.seq),
    };
    let units: Vec<_> = batch.units.iter().map(unit).collect();
    units.join(" ")
}

fn refused(batch: &Batch, seq: u64) -> BatchReport {
    let mut report = all_durable(batch);
    for (at, outcome) in &mut report.outcomes {
        if *at == seq {
            *outcome = Outcome::Refused(WriteRefusal::new(Cause::Stale, "too late"));
        }
    }
    report
}

#[test]
fn a_group_closes_the_chains_of_its_lanes_and_nothing_coalesces_across_it() {
    let mut buffer = buffer(20, 20);
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    buffer.submit(save(1, 2), 2, ORIGIN).unwrap();
    let both = group([member(1, 3), member(2, 1)]);
    buffer.submit(both, 3, ORIGIN).unwrap();
    buffer.submit(save(2, 2), 4, ORIGIN).unwrap();
    buffer.submit(save(1, 4), 5, ORIGIN).unwrap();
    buffer.submit(save(1, 5), 6, ORIGIN).unwrap();
    buffer.submit(save(3, 1), 7, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    assert_eq!(picture(&batch), "s1:2 s3:1 g3 s1:2 s2:1");
    assert_eq!(buffer.finish(all_durable(&batch)).len(), 7);
    assert!(buffer.is_empty());
}

#[test]
fn a_batch_that_is_too_small_cuts_a_lane_in_its_order() {
    let mut buffer = buffer(20, 2);
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    buffer.submit(group([member(1, 2)]), 2, ORIGIN).unwrap();
    buffer.submit(save(1, 3), 3, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    assert_eq!(picture(&batch), "s1:1 g2");
    buffer.submit(save(1, 4), 4, at(10)).unwrap();
    buffer.finish(all_durable(&batch));
    assert_eq!(picture(&buffer.take_batch(at(20)).unwrap()), "s1:2");
}

#[test]
fn a_save_is_judged_against_the_group_that_waits_or_is_under_way() {
    let mut buffer = buffer(20, 20);
    buffer
        .submit(group([member(1, 1), member(2, 7)]), 1, ORIGIN)
        .unwrap();
    let stale = |pending_version| RejectReason::Stale { pending_version };
    let rejected = buffer.submit(save(2, 7), 2, ORIGIN);
    assert!(rejected.is_ok(), "the same save once more");
    let rejected = buffer.submit(save(1, 5), 2, ORIGIN).unwrap_err();
    assert_eq!(rejected.reason, stale(2));
    let _under_way = buffer.take_batch(at(10)).unwrap();
    let rejected = buffer.submit(group([member(1, 1), member(2, 9)]), 3, at(10));
    assert_eq!(rejected.unwrap_err().reason, stale(8));
    buffer
        .submit(group([member(1, 2), member(2, 8)]), 4, at(10))
        .unwrap();
}

#[test]
fn what_waits_on_a_refused_save_is_marked_through_groups_and_their_other_lanes() {
    let mut buffer = buffer(20, 20);
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    buffer.submit(save(1, 2), 2, at(10)).unwrap();
    buffer
        .submit(group([member(1, 3), member(2, 1)]), 3, at(10))
        .unwrap();
    buffer.submit(save(2, 2), 4, at(10)).unwrap();
    buffer.submit(save(3, 1), 5, at(10)).unwrap();
    buffer.finish(refused(&batch, 1));
    buffer.submit(save(1, 4), 6, at(11)).unwrap();
    buffer
        .submit(group([member(2, 3), member(4, 1)]), 7, at(11))
        .unwrap();
    buffer.submit(save(4, 2), 8, at(11)).unwrap();
    let next = buffer.take_batch(at(30)).unwrap();
    assert_eq!(picture(&next), "s1:1 s3:1 g3 s1:1 s2:1 g7 s4:1");
    let marked: Vec<_> = next.units.iter().map(Unit::builds_on_refused).collect();
    assert_eq!(marked, [true, false, true, true, true, true, true]);
}

#[test]
fn a_refused_group_marks_what_builds_on_it() {
    let mut buffer = buffer(20, 20);
    buffer
        .submit(group([member(1, 1), member(2, 1)]), 1, ORIGIN)
        .unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    buffer.submit(save(2, 2), 2, at(10)).unwrap();
    buffer.finish(refused(&batch, 1));
    let next = buffer.take_batch(at(20)).unwrap();
    assert!(next.units[0].builds_on_refused());
}

#[test]
fn what_is_no_group_is_not_taken_up() {
    let mut buffer = buffer(20, 20);
    let ship = |id| {
        let kind = EntityKind::Ship;
        let key = EntityKey {
            kind,
            id: Uuid::from_u128(id),
        };
        Member::Save(Save {
            key,
            ..plain(id, 1)
        })
    };
    let stranger = Save {
        by: Author {
            account: Uuid::max(),
            ..BY
        },
        ..plain(1, 1)
    };
    let most = u128::try_from(GROUP_MEMBERS_MAX).unwrap();
    for members in [
        vec![],
        (0..=most).map(|id| member(id, 1)).collect(),
        vec![member(1, 1), ship(2)],
        vec![member(1, 1), member(1, 2)],
        vec![Member::Save(stranger)],
    ] {
        let rejected = buffer.submit(group(members), 1, ORIGIN).unwrap_err();
        let reason = rejected.reason;
        assert!(
            matches!(reason, RejectReason::NotAGroup { .. }),
            "{reason:?}"
        );
    }
    assert!(buffer.is_empty());
    let whole = group((0..most).map(|id| member(id, 1)));
    buffer.submit(whole, 1, ORIGIN).unwrap();
}

#[test]
fn saves_under_another_fence_are_a_unit_of_their_own() {
    let mut buffer = buffer(20, 20);
    let fenced = |base_version, fence| {
        let fence = Some(fence);
        Write::Save(Save {
            fence,
            ..plain(1, base_version)
        })
    };
    buffer.submit(fenced(1, 1), 1, ORIGIN).unwrap();
    buffer.submit(fenced(2, 1), 2, ORIGIN).unwrap();
    buffer.submit(fenced(1, 2), 3, ORIGIN).unwrap();
    let batch = buffer.take_batch(at(10)).unwrap();
    let fences: Vec<_> = saves(&batch).iter().map(|unit| unit.fence).collect();
    assert_eq!(
        (picture(&batch).as_str(), fences),
        ("s1:2 s1:1", vec![Some(1), Some(2)])
    );
}

#[test]
fn a_group_with_an_urgent_change_closes_the_window_and_one_of_saves_waits() {
    let mut buffer = buffer(20, 20);
    buffer.submit(group([member(1, 1)]), 1, ORIGIN).unwrap();
    assert_eq!(buffer.next_flush(), Some(at(10)));
    let Write::Change(urgent, _) = sign_out() else {
        unreachable!("made as a change");
    };
    let members = [member(2, 1), Member::Change(urgent)];
    buffer.submit(group(members), 2, at(1)).unwrap();
    assert_eq!(buffer.next_flush(), Some(at(1)));
}

#[test]
fn a_change_can_be_taken_back_until_it_is_given_out() {
    let mut buffer = buffer(20, 20);
    let given_out = buffer.submit(sign_out(), 1, ORIGIN).unwrap();
    let batch = buffer.take_batch(ORIGIN).unwrap();
    let waits = buffer.submit(sign_out(), 2, ORIGIN).unwrap();
    let saved = buffer.submit(save(1, 1), 3, ORIGIN).unwrap();
    assert_eq!(buffer.withdraw(waits), Some(2));
    assert_eq!(buffer.withdraw(waits), None, "a second time");
    assert_eq!(buffer.withdraw(given_out), None);
    assert_eq!(buffer.withdraw(saved), None, "saves are kept");
    buffer.abort(batch.id, ORIGIN);
    assert_eq!(
        buffer.withdraw(given_out),
        None,
        "its commit may have happened"
    );
    let again = buffer.take_batch(at(1_000)).unwrap();
    buffer.finish(all_durable(&again));
    assert_eq!(picture(&buffer.take_batch(at(1_000)).unwrap()), "s1:1");
}

#[test]
fn a_change_that_waits_among_saves_can_be_taken_back_too_and_what_rides_with_a_save_cannot() {
    let mut buffer = buffer(20, 20);
    let by = plain(1, 1).by;
    let play = Change::EnterPlay(EnterPlay {
        character: plain(1, 1).key.id,
        expected_epoch: 0,
    });
    buffer.submit(save(1, 1), 1, ORIGIN).unwrap();
    let enters = Write::Change(play.clone(), by);
    let enters = buffer.submit(enters, 2, ORIGIN).unwrap();
    buffer.submit(save(1, 2), 3, ORIGIN).unwrap();
    let rides = group([member(2, 1), Member::Change(play)]);
    let rides = buffer.submit(rides, 4, ORIGIN).unwrap();
    assert_eq!(buffer.withdraw(enters), Some(2));
    assert_eq!(buffer.withdraw(enters), None, "a second time");
    assert_eq!(buffer.withdraw(rides), None);
    let batch = buffer.take_batch(at(1_000)).unwrap();
    assert_eq!(batch.seqs().collect::<Vec<_>>(), [1, 3, rides]);
}

#[test]
fn receipts_are_found_by_age_from_a_number_on() {
    let mut buffer = buffer(20, 20);
    for (receipt, ms) in [(1, 0), (2, 5), (3, 5), (4, 9)] {
        buffer
            .submit(save(receipt.into(), 1), receipt, at(ms))
            .unwrap();
    }
    let found: Vec<_> = buffer.receipts(2, at(5)).map(|(_, it)| *it).collect();
    assert_eq!(found, [2, 3]);
}
