//! Each kind of loss is put before the checker, and so is everything that looks like one and is none.

use super::*;

const HERO: Thing = Thing {
    kind: Kind::Character,
    id: Uuid::from_u128(1),
};
const SHIP: Thing = Thing {
    kind: Kind::Ship,
    id: Uuid::from_u128(2),
};
const BOARD: Thing = Thing {
    kind: Kind::Board,
    id: Uuid::from_u128(3),
};

fn content(version: u32, word: &str) -> Content {
    Content::of(version, word.as_bytes())
}

/// A hero saved twice and once more without an answer, a ship, and a board with two revisions and an upload
/// without an answer.
fn ledger() -> Ledger {
    let sent = [
        (HERO, content(1, "born")),
        (HERO, content(2, "grown")),
        (HERO, content(3, "old")),
        (SHIP, content(1, "launched")),
        (BOARD, content(1, "cave")),
        (BOARD, content(2, "mine")),
        (BOARD, content(3, "city")),
    ];
    let mut ledger = Ledger::default();
    for (thing, content) in sent {
        if content.version < 3 {
            let acked = ledger.acked.entry(thing).or_default();
            acked.insert(content.clone());
        }
        ledger.sent.entry(thing).or_default().insert(content);
    }
    ledger
}

/// What a server holds that has kept its promises and nothing more.
fn world() -> World {
    let held = [
        (HERO, vec![content(2, "grown")]),
        (SHIP, vec![content(1, "launched")]),
        (BOARD, vec![content(1, "cave"), content(2, "mine")]),
    ];
    World {
        held: held.into(),
        heads: [(BOARD.id, 2)].into(),
        refused: BTreeMap::new(),
        broken: Vec::new(),
    }
}

fn verdict(change: impl FnOnce(&mut World)) -> Verdict {
    let mut world = world();
    change(&mut world);
    check(&ledger(), &world)
}

/// How many of each kind: lost, ghosts, duplicates.
fn found(change: impl FnOnce(&mut World)) -> (usize, usize, usize) {
    let verdict = verdict(change);
    let (lost, ghosts) = (verdict.lost.len(), verdict.ghosts.len());
    (lost, ghosts, verdict.duplicates.len())
}

fn hold(world: &mut World, thing: Thing, held: impl Into<Vec<Content>>) {
    world.held.insert(thing, held.into());
}

#[test]
fn a_kept_promise_is_clean() {
    let verdict = verdict(|_| ());
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(verdict.receipts, 5);
}

#[test]
fn what_was_sent_and_not_promised_may_be_there_or_not() {
    let verdict = verdict(|world| {
        hold(world, HERO, [content(3, "old")]);
        let board = world.held.get_mut(&BOARD).unwrap();
        board.push(content(3, "city"));
        world.heads.insert(BOARD.id, 3);
    });
    assert!(verdict.is_clean(), "{verdict:?}");
}

#[test]
fn a_revision_may_have_another_number_than_its_sender_thought() {
    let verdict = verdict(|world| {
        let board = world.held.get_mut(&BOARD).unwrap();
        board.push(content(7, "city"));
    });
    assert!(verdict.is_clean(), "{verdict:?}");
}

#[test]
fn a_thing_that_is_gone_loses_every_receipt_of_it() {
    assert_eq!(found(|world| drop(world.held.remove(&HERO))), (2, 0, 0));
    assert_eq!(found(|world| drop(world.held.remove(&SHIP))), (1, 0, 0));
}

#[test]
fn an_older_version_is_a_loss() {
    let older = |world: &mut World| hold(world, HERO, [content(1, "born")]);
    assert_eq!(found(older), (1, 0, 0));
}

#[test]
fn another_state_of_the_promised_version_is_a_loss_and_a_ghost() {
    let other = |world: &mut World| hold(world, HERO, [content(2, "grown fat")]);
    assert_eq!(found(other), (1, 1, 0));
}

#[test]
fn a_revision_that_is_gone_is_a_loss_wherever_the_head_is() {
    let first = |world: &mut World| hold(world, BOARD, [content(2, "mine")]);
    assert_eq!(found(first), (1, 0, 0));
}

#[test]
fn a_revision_with_other_bytes_is_a_loss() {
    let damaged = |world: &mut World| hold(world, BOARD, [content(1, "cav"), content(2, "mine")]);
    assert_eq!(found(damaged), (1, 1, 0));
}

#[test]
fn a_head_behind_the_promised_one_is_a_loss() {
    let behind = |world: &mut World| world.heads = [(BOARD.id, 1)].into();
    assert_eq!(found(behind), (1, 0, 0));
    let none = |world: &mut World| world.heads.clear();
    assert_eq!(found(none), (1, 0, 0));
}

#[test]
fn a_version_that_nobody_sent_is_a_ghost() {
    let beyond = |world: &mut World| hold(world, HERO, [content(4, "grown")]);
    assert_eq!(found(beyond), (0, 1, 0));
}

#[test]
fn a_thing_that_nobody_sent_is_a_ghost() {
    let stranger = Kind::Character.thing(Uuid::from_u128(9));
    let unknown = |world: &mut World| hold(world, stranger, [content(1, "born")]);
    assert_eq!(found(unknown), (0, 1, 0));
}

#[test]
fn a_revision_that_nobody_sent_is_a_ghost() {
    let ghost = |world: &mut World| {
        let board = world.held.get_mut(&BOARD).unwrap();
        board.push(content(3, "half a city"));
    };
    assert_eq!(found(ghost), (0, 1, 0));
}

#[test]
fn one_upload_as_two_revisions_is_a_duplicate() {
    let twice = |world: &mut World| {
        let board = world.held.get_mut(&BOARD).unwrap();
        board.push(content(3, "mine"));
    };
    assert_eq!(found(twice), (0, 0, 1));
}

#[test]
fn one_revision_number_for_two_uploads_is_a_duplicate() {
    let twice = |world: &mut World| {
        let board = world.held.get_mut(&BOARD).unwrap();
        board.push(content(2, "city"));
    };
    assert_eq!(found(twice), (0, 0, 1));
}

#[test]
fn a_character_that_is_there_twice_is_a_duplicate() {
    let twice = |world: &mut World| hold(world, HERO, [content(2, "grown"), content(3, "old")]);
    assert_eq!(found(twice), (0, 0, 1));
}

#[test]
fn one_version_promised_to_two_is_a_duplicate() {
    let mut ledger = ledger();
    let other = content(1, "scuttled");
    for lines in [&mut ledger.sent, &mut ledger.acked] {
        lines.get_mut(&SHIP).unwrap().insert(other.clone());
    }
    let verdict = check(&ledger, &world());
    assert_eq!((verdict.lost.len(), verdict.duplicates.len()), (1, 1));
}

#[test]
fn what_contradicts_itself_is_not_clean() {
    let verdict = verdict(|world| world.broken.push("a name without its owner".to_owned()));
    assert!(!verdict.is_clean());
}

#[test]
fn a_loss_that_both_sides_see_is_one_and_what_one_side_sees_counts() {
    let gone = verdict(|world| drop(world.held.remove(&SHIP)));
    assert_eq!(gone.clone().and(gone.clone()), gone);
    let clean = verdict(|_| ());
    assert_eq!(clean.clone().and(gone.clone()), gone);
    assert_eq!(gone.clone().and(clean), gone);
}

/// The newest save of the hero was safe, and this became of it.
fn verdict_on_safe(change: impl FnOnce(&mut World)) -> Verdict {
    let (mut ledger, mut world) = (ledger(), world());
    let safe = ledger.safe.entry(HERO).or_default();
    safe.insert(content(3, "old"));
    change(&mut world);
    check(&ledger, &world)
}

#[test]
fn what_was_safe_is_there_or_kept_aside() {
    let kept = verdict_on_safe(|world| {
        world.held.insert(HERO, vec![content(3, "old")]);
    });
    assert!(kept.is_clean(), "{kept:?}");
    let refused = verdict_on_safe(|world| {
        world.refused.insert(HERO, [content(3, "old")].into());
    });
    assert!(refused.is_clean(), "{refused:?}");
}

#[test]
fn what_was_safe_and_is_neither_there_nor_kept_aside_is_a_loss() {
    assert_eq!(verdict_on_safe(|_| {}).lost.len(), 1);
    let another = verdict_on_safe(|world| {
        world.refused.insert(HERO, [content(3, "other")].into());
    });
    assert_eq!(another.lost.len(), 1);
}
