//! What may be promised before its commit, without a database.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::changes::{self, Change};
use crate::write_behind::{
    Author, BatchReport, Buffer, BufferLimits, Cause, EntityKey, EntityKind, Member, Outcome,
    Present, Save, Write, WriteRefusal,
};

const NOW: Duration = Duration::ZERO;

fn buffer() -> Buffer<()> {
    let window = NOW;
    let limits = BufferLimits::default();
    Buffer::new(BufferLimits { window, ..limits }).promising_early()
}

fn hero() -> EntityKey {
    EntityKey {
        kind: EntityKind::Character,
        id: Uuid::from_u128(7),
    }
}

fn ship() -> EntityKey {
    EntityKey {
        kind: EntityKind::Ship,
        ..hero()
    }
}

fn by(session: u128) -> Author {
    Author {
        account: Uuid::nil(),
        session: Some(Uuid::from_u128(session)),
    }
}

fn save(key: EntityKey, session: u128, base_version: u32, fence: Option<u32>) -> Save {
    Save {
        key,
        base_version,
        schema_version: 1,
        state: Bytes::from(format!("{session} after {base_version}")),
        fence,
        by: by(session),
    }
}

/// A save of the hero under an epoch.
fn played(session: u128, base_version: u32, epoch: u32) -> Write {
    save(hero(), session, base_version, Some(epoch)).into()
}

fn enter(expected_epoch: u32) -> Write {
    let character = hero().id;
    let change = changes::EnterPlay {
        character,
        expected_epoch,
    };
    Write::Change(Change::EnterPlay(change), by(2))
}

fn restore(entity: EntityKey) -> Write {
    let change = changes::Restore { entity, version: 1 };
    Write::Change(Change::Restore(change), Author::SERVER)
}

fn submit(buffer: &mut Buffer<()>, write: Write) -> u64 {
    buffer.submit(write, (), NOW).unwrap()
}

/// Whether this write may be promised.
fn may(buffer: &mut Buffer<()>, write: Write) -> bool {
    let seq = submit(buffer, write);
    buffer.may_promise(seq)
}

/// Commits what waits; each change with this version, each save with its own, but for the refused.
fn commit(buffer: &mut Buffer<()>, version: u32, refused: &[u64]) {
    let batch = buffer.take_batch(NOW).unwrap();
    let stale = || WriteRefusal::new(Cause::Stale, "stale");
    let outcome = |seq: u64| match refused.contains(&seq) {
        true => (seq, Outcome::Refused(stale())),
        false => (seq, Outcome::Durable { version }),
    };
    let report = BatchReport {
        batch: batch.id,
        outcomes: batch.seqs().map(outcome).collect(),
        rows: 1,
        took: NOW,
    };
    buffer.finish(report);
}

#[test]
fn a_save_may_be_promised_unless_an_earlier_change_of_its_entity_has_no_outcome() {
    for change in [enter(0), restore(hero())] {
        let mut buffer = buffer();
        assert!(may(&mut buffer, played(1, 1, 0)), "nobody else is there");
        let change = submit(&mut buffer, change);
        assert!(!buffer.may_promise(change), "no change is ever promised");
        assert!(!may(&mut buffer, played(1, 2, 0)), "it may be fenced");
        assert!(buffer.take_batch(NOW).is_some());
        assert!(!may(&mut buffer, played(1, 3, 0)), "nor while it is out");
        assert!(
            may(&mut buffer, save(ship(), 1, 1, None).into()),
            "another entity"
        );
    }
}

#[test]
fn a_change_that_was_taken_back_or_refused_is_in_no_saves_way() {
    let mut buffer = buffer();
    let entered = submit(&mut buffer, enter(0));
    let waits = submit(&mut buffer, played(1, 1, 0));
    assert!(!buffer.may_promise(waits));
    assert!(buffer.withdraw(entered).is_some());
    assert!(buffer.may_promise(waits));
    commit(&mut buffer, 2, &[]);
    let entered = submit(&mut buffer, enter(0));
    commit(&mut buffer, 0, &[entered]);
    assert!(may(&mut buffer, played(1, 2, 0)));
}

#[test]
fn nothing_is_promised_under_an_epoch_that_is_known_to_be_over() {
    let mut buffer = buffer();
    submit(&mut buffer, enter(0));
    commit(&mut buffer, 1, &[]);
    assert!(!may(&mut buffer, played(1, 1, 0)), "replaced");
    assert!(may(&mut buffer, played(2, 1, 1)), "and in nobody's way");
    commit(&mut buffer, 2, &[2]);
    submit(&mut buffer, restore(hero()));
    commit(&mut buffer, 3, &[]);
    assert!(!may(&mut buffer, played(2, 3, 1)), "a restore fences");
    let fresh = submit(&mut buffer, enter(2));
    commit(&mut buffer, 3, &[5]);
    assert!(!buffer.may_promise(fresh));
    assert!(may(&mut buffer, played(2, 3, 3)));
}

#[test]
fn of_two_members_who_save_one_ship_the_second_is_promised_nothing_before_the_first_is_decided() {
    let mut buffer = buffer();
    assert!(may(&mut buffer, save(ship(), 1, 1, None).into()));
    let second = submit(&mut buffer, save(ship(), 2, 1, None).into());
    assert!(!buffer.may_promise(second));
    commit(&mut buffer, 2, &[second]);
    assert!(!may(&mut buffer, save(ship(), 2, 1, None).into()), "stale");
    assert!(
        !may(&mut buffer, save(ship(), 1, 2, None).into()),
        "contested"
    );
}

#[test]
fn what_builds_on_a_refused_save_is_not_promised() {
    let mut buffer = buffer();
    submit(&mut buffer, played(1, 1, 0));
    commit(&mut buffer, 2, &[]);
    let refused = submit(&mut buffer, played(1, 2, 0));
    let batch = buffer.take_batch(NOW).unwrap();
    let waits = submit(&mut buffer, played(1, 3, 0));
    assert!(buffer.may_promise(waits));
    buffer.abort(batch.id, NOW);
    commit_later(&mut buffer, &[refused]);
    assert!(!buffer.may_promise(waits));
}

#[test]
fn what_builds_on_a_refused_group_is_not_promised() {
    let mut buffer = buffer();
    let trade = Member::Save(save(hero(), 1, 1, Some(0)));
    let refused = submit(&mut buffer, Write::Group(vec![trade], by(1)));
    let batch = buffer.take_batch(NOW).unwrap();
    let present = Present {
        version: 1,
        schema_version: 1,
        state: Bytes::new(),
    };
    let refusal = WriteRefusal::new(Cause::Check, "bad").showing(vec![Some(present)]);
    buffer.finish(BatchReport {
        batch: batch.id,
        outcomes: vec![(refused, Outcome::Refused(refusal))],
        rows: 0,
        took: NOW,
    });
    assert!(!may(&mut buffer, played(1, 2, 0)));
}

/// The trade may fail at the mate, and takes what builds on it along.
#[test]
fn what_builds_on_a_group_is_promised_only_after_the_group() {
    let mut buffer = buffer();
    let mate = EntityKey {
        id: Uuid::from_u128(8),
        ..hero()
    };
    let change = changes::EnterPlay {
        character: mate.id,
        expected_epoch: 0,
    };
    let entered = submit(&mut buffer, Write::Change(Change::EnterPlay(change), by(2)));
    let saves = [hero(), mate].map(|key| Member::Save(save(key, 1, 1, Some(0))));
    let trade = submit(&mut buffer, Write::Group(saves.into(), by(1)));
    let after = submit(&mut buffer, played(1, 2, 0));
    assert!(!buffer.may_promise(trade), "the mate may be fenced");
    assert!(!buffer.may_promise(after), "nor what builds on it");
    assert!(buffer.withdraw(entered).is_some());
    assert!(buffer.may_promise(trade));
    assert!(!buffer.may_promise(after), "not kept anywhere, perhaps");
    buffer.promised(trade);
    assert!(buffer.may_promise(after));
}

fn commit_later(buffer: &mut Buffer<()>, refused: &[u64]) {
    let later = Duration::from_secs(2);
    let batch = buffer.take_batch(later).unwrap();
    let outcomes = refused.iter().map(|seq| {
        let refusal = WriteRefusal::new(Cause::Check, "bad");
        (*seq, Outcome::Refused(refusal))
    });
    buffer.finish(BatchReport {
        batch: batch.id,
        outcomes: outcomes.collect(),
        rows: 0,
        took: NOW,
    });
}

#[test]
fn a_player_who_comes_back_under_the_same_epoch_goes_on_from_what_waits() {
    let mut buffer = buffer();
    assert!(may(&mut buffer, played(1, 1, 4)));
    assert!(may(&mut buffer, played(2, 2, 4)));
    assert!(
        buffer.submit(played(2, 1, 4), (), NOW).is_err(),
        "stale at once"
    );
    let newest = |buffer: &Buffer<()>| buffer.newest_save(hero(), |(), _| true).map(Save::version);
    assert_eq!(newest(&buffer), Some(3));
    let older = buffer.newest_save(hero(), |(), save| save.by == by(1));
    assert_eq!(older.map(Save::version), Some(2));
    commit(&mut buffer, 3, &[]);
    assert_eq!(newest(&buffer), None);
}

#[test]
fn the_newest_save_is_found_without_a_look_at_those_before_it() {
    let mut buffer = buffer();
    for base in 1..1_000 {
        submit(&mut buffer, save(ship(), 1, base, None).into());
    }
    submit(&mut buffer, save(ship(), 2, 1, None).into());
    let looks = std::cell::Cell::new(0);
    let newest = buffer.newest_save(ship(), |(), _| {
        looks.set(looks.get() + 1);
        true
    });
    let newest = newest.map(|it| (it.by, it.version()));
    assert_eq!(newest, Some((by(2), 2)), "the last that came");
    assert_eq!(looks.get(), 2, "one of each author");
}

#[test]
fn what_is_taken_is_promised_only_when_what_was_put_is_decided_and_was_not_refused() {
    for is_refused in [false, true] {
        let mut buffer = buffer();
        let put = submit(&mut buffer, give(hero(), 1, ship()));
        assert!(buffer.may_promise(put));
        let take = take(&mut buffer, ship(), 2);
        assert!(!buffer.may_promise(take));
        buffer.promised(put);
        assert!(!buffer.may_promise(take), "kept, and not decided");
        assert!(may(&mut buffer, save(mate(), 3, 1, None).into()));
        let batch = buffer.take_batch(NOW).unwrap();
        assert!(!buffer.may_promise(take), "nor while it is out");
        // The take comes with the next batch.
        let refused = Outcome::Refused(WriteRefusal::new(Cause::Stale, "stale"));
        let outcome = match is_refused {
            true => refused,
            false => Outcome::Durable { version: 2 },
        };
        buffer.finish(BatchReport {
            batch: batch.id,
            outcomes: vec![(put, outcome)],
            rows: 1,
            took: NOW,
        });
        assert_eq!(buffer.may_promise(take), !is_refused);
    }
}

#[test]
fn of_two_who_take_the_same_the_second_is_promised_nothing() {
    let mut buffer = buffer();
    let first = take(&mut buffer, ship(), 1);
    let second = take(&mut buffer, mate(), 2);
    assert!(buffer.may_promise(first));
    assert!(!buffer.may_promise(second));
    commit(&mut buffer, 2, &[second]);
    let third = take(&mut buffer, hero(), 3);
    assert!(!buffer.may_promise(third), "it is taken");
}

#[test]
fn what_is_put_onto_a_ship_is_promised_only_when_no_end_of_its_guild_is_undecided_or_done() {
    for is_refused in [false, true] {
        let mut buffer = buffer();
        let disband = submit(&mut buffer, disband());
        let put = submit(&mut buffer, give(hero(), 1, ship()));
        assert!(!buffer.may_promise(put));
        assert!(may(&mut buffer, give(mate(), 3, hero())), "another target");
        let refused: &[u64] = if is_refused { &[disband] } else { &[] };
        commit(&mut buffer, 2, refused);
        let later = submit(&mut buffer, give(hero(), 2, ship()));
        assert_eq!(buffer.may_promise(later), is_refused);
    }
}

#[test]
fn a_ship_that_an_operator_brings_back_can_be_given_to_again() {
    let mut buffer = buffer();
    submit(&mut buffer, disband());
    commit(&mut buffer, 2, &[]);
    let name = changes::NameRow {
        realm: Uuid::nil(),
        key: "corsairs".to_owned(),
        display: "Corsairs".to_owned(),
        skeleton: "corsairs".to_owned(),
        key_version: 1,
    };
    let revive = Change::ReviveGuild(changes::ReviveGuild {
        guild: ship().id,
        leader: hero().id,
        name,
    });
    submit(&mut buffer, Write::Change(revive, Author::SERVER));
    commit(&mut buffer, 2, &[]);
    assert!(may(&mut buffer, give(hero(), 1, ship())));
}

fn mate() -> EntityKey {
    EntityKey {
        id: Uuid::from_u128(8),
        ..hero()
    }
}

fn disband() -> Write {
    let disband = changes::DisbandGuild {
        guild: ship().id,
        realm: Uuid::nil(),
        leader: hero().id,
        cooling_us: 0,
    };
    Write::Change(Change::DisbandGuild(disband), by(9))
}

/// What the hero gives first.
const GIFT: Uuid = Uuid::from_u128(701);

fn give(from: EntityKey, base_version: u32, to: EntityKey) -> Write {
    let session = from.id.as_u128();
    let put = Change::PutEscrow(changes::PutEscrow {
        escrow: Uuid::from_u128(session * 100 + u128::from(base_version)),
        realm: Uuid::nil(),
        from,
        from_version: base_version + 1,
        to,
        what: Bytes::from_static(b"gold"),
        given_by: Uuid::nil(),
        open_max: 10,
    });
    let saved = save(from, session, base_version, None);
    Write::Group(vec![Member::Save(saved), Member::Change(put)], by(session))
}

fn take(buffer: &mut Buffer<()>, to: EntityKey, session: u128) -> u64 {
    let take = Change::TakeEscrow(changes::TakeEscrow {
        escrow: GIFT,
        to,
        to_version: 2,
        taken_by: Uuid::nil(),
    });
    let members = vec![
        Member::Save(save(to, session, 1, None)),
        Member::Change(take),
    ];
    submit(buffer, Write::Group(members, by(session)))
}
