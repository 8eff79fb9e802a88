//! What moves between a character and a ship: with the save of the one it leaves, with the save of the other
//! it arrives, once; and over whatever happens in between nothing is lost and nothing doubled.

use bytes::Bytes;
use guildhall_store::changes::{AddLedgerLine, PutEscrow, TakeEscrow};
use guildhall_store::{
    Author, Cause, Change, EntityKey, EntityKind, Member, Outcome, Save, Write, queries,
};
use uuid::Uuid;

use crate::world::{World, cause};
use guildhall_testkit::Seed;

const OPEN_MAX: u64 = 3;

fn put(world: &World, escrow: Uuid, from: (EntityKey, u32), to: EntityKey, what: &str) -> Change {
    Change::PutEscrow(PutEscrow {
        escrow,
        realm: world.realm,
        from: from.0,
        from_version: from.1 + 1,
        to,
        what: Bytes::copy_from_slice(what.as_bytes()),
        given_by: world.account,
        open_max: OPEN_MAX,
    })
}

fn take(world: &World, escrow: Uuid, to: (EntityKey, u32)) -> Change {
    Change::TakeEscrow(TakeEscrow {
        escrow,
        to: to.0,
        to_version: to.1 + 1,
        taken_by: world.account,
    })
}

/// A save of gold, and what goes along with it.
fn with(world: &World, (key, base): (EntityKey, u32), gold: u64, change: Change) -> Write {
    let save = world.save(key, base, gold.to_string());
    let members = vec![Member::Save(save), Member::Change(change)];
    Write::Group(members, world.by())
}

fn one(world: &mut World, write: Write) -> Outcome {
    world.submit(write);
    world.flush().pop().unwrap()
}

fn open(world: &World, side: EntityKey) -> Vec<Uuid> {
    let rows = world.read(|conn| queries::open_escrows(conn, side, None, usize::MAX));
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn what_a_character_gives_lies_in_escrow_until_the_ship_takes_it_once() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Corsairs"));
    let escrow = Uuid::now_v7();
    let give = with(
        &world,
        (hero, 1),
        7,
        put(&world, escrow, (hero, 1), ship, "3"),
    );
    assert_eq!(
        one(&mut world, give.clone()),
        Outcome::Durable { version: 2 }
    );
    assert_eq!(
        (open(&world, hero), open(&world, ship)),
        (vec![escrow], vec![escrow])
    );
    let row = world
        .read(|conn| queries::open_escrows(conn, ship, None, usize::MAX))
        .remove(0);
    assert_eq!(
        (row.from, row.to, row.what.as_slice()),
        (hero.id, ship.id, &b"3"[..])
    );

    let arrive = with(&world, (ship, 1), 3, take(&world, escrow, (ship, 1)));
    assert_eq!(
        one(&mut world, arrive.clone()),
        Outcome::Durable { version: 2 }
    );
    assert_eq!((open(&world, hero), open(&world, ship)), (vec![], vec![]));
    // Both once more, as after lost answers.
    assert!(one(&mut world, give).is_durable());
    assert!(one(&mut world, arrive).is_durable());
    assert_eq!(world.count("escrows"), 1);
    let again = with(&world, (ship, 2), 6, take(&world, escrow, (ship, 2)));
    assert_eq!(cause(&one(&mut world, again)), Some(Cause::Taken));
    assert_eq!(world.stored(ship), (2, b"3".to_vec()));
}

/// Who gives and who takes need not wait for the commit in between.
#[test]
fn what_is_given_and_taken_in_one_batch_arrives_whichever_side_gives() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Corsairs"));
    for (base, from, to) in [(1, hero, ship), (2, ship, hero)] {
        let escrow = Uuid::now_v7();
        let give = put(&world, escrow, (from, base), to, "3");
        world.submit(with(&world, (from, base), 7, give));
        world.submit(with(
            &world,
            (to, base),
            3,
            take(&world, escrow, (to, base)),
        ));
        let causes: Vec<_> = world.flush().iter().map(cause).collect();
        assert_eq!(causes, [None, None], "from {:?}", from.kind);
        assert_eq!(open(&world, to), Vec::<Uuid>::new());
    }
}

/// The state alone does not tell that something was given with it.
#[test]
fn an_equal_state_without_the_escrow_is_no_retry() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Corsairs"));
    let plain = Write::Save(world.save(hero, 1, "7"));
    assert!(one(&mut world, plain).is_durable());
    let give = with(
        &world,
        (hero, 1),
        7,
        put(&world, Uuid::now_v7(), (hero, 1), ship, "3"),
    );
    assert_eq!(cause(&one(&mut world, give)), Some(Cause::Stale));
    assert_eq!(world.count("escrows"), 0);
    let gone = with(
        &world,
        (ship, 1),
        3,
        take(&world, Uuid::now_v7(), (ship, 1)),
    );
    assert_eq!(cause(&one(&mut world, gone)), Some(Cause::Gone));
    assert_eq!(world.stored(ship).0, 1);
}

/// Nor does it tell that less was given this time: who sends that believes something that is not so.
#[test]
fn a_repeat_that_moves_less_is_no_retry_whether_or_not_the_first_is_committed() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Corsairs"));
    let (one_id, other_id) = (Uuid::now_v7(), Uuid::now_v7());
    let both = |world: &World| {
        let save = world.save(hero, 1, "7");
        let gifts = [one_id, other_id].map(|id| put(world, id, (hero, 1), ship, "3"));
        let members = [Member::Save(save)].into_iter();
        Write::Group(
            members.chain(gifts.map(Member::Change)).collect(),
            world.by(),
        )
    };
    let less = |world: &World| {
        with(
            world,
            (hero, 1),
            7,
            put(world, one_id, (hero, 1), ship, "3"),
        )
    };
    let nothing = |world: &World| Write::Save(world.save(hero, 1, "7"));
    world.submit(both(&world));
    world.submit(less(&world));
    world.submit(nothing(&world));
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    assert_eq!(causes, [None, Some(Cause::Stale), Some(Cause::Stale)]);
    for repeat in [less(&world), nothing(&world)] {
        let refused = one(&mut world, repeat);
        assert_eq!(cause(&refused), Some(Cause::Stale));
        let Outcome::Refused(refusal) = refused else {
            panic!("it moved less");
        };
        let present = refusal.present.unwrap();
        assert_eq!((present.version, &present.state[..]), (2, &b"7"[..]));
    }
    let again = both(&world);
    assert!(one(&mut world, again).is_durable());
    assert_eq!(world.count("escrows"), 2);
}

#[test]
fn nothing_leaves_for_a_target_that_is_not_there_or_has_too_much_waiting() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Corsairs"));
    let nobody = EntityKey {
        id: Uuid::now_v7(),
        ..ship
    };
    let give = with(
        &world,
        (hero, 1),
        7,
        put(&world, Uuid::now_v7(), (hero, 1), nobody, "3"),
    );
    assert_eq!(cause(&one(&mut world, give)), Some(Cause::Gone));
    let used = Uuid::now_v7();
    for base in 1..=3 {
        let id = if base == 1 { used } else { Uuid::now_v7() };
        let give = with(
            &world,
            (hero, base),
            7,
            put(&world, id, (hero, base), ship, "1"),
        );
        assert!(one(&mut world, give).is_durable());
    }
    let full = with(
        &world,
        (hero, 4),
        7,
        put(&world, Uuid::now_v7(), (hero, 4), ship, "1"),
    );
    assert_eq!(cause(&one(&mut world, full)), Some(Cause::Limit));
    let arrive = with(&world, (ship, 1), 1, take(&world, used, (ship, 1)));
    assert!(one(&mut world, arrive).is_durable());
    let twice = with(
        &world,
        (hero, 4),
        7,
        put(&world, used, (hero, 4), ship, "1"),
    );
    assert_eq!(cause(&one(&mut world, twice)), Some(Cause::Unique));
    assert_eq!(world.stored(hero).0, 4);
}

#[test]
fn each_save_of_a_ship_leaves_its_line_in_the_ledger() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    let line = |world: &World, base: u32| {
        Change::AddLedgerLine(AddLedgerLine {
            guild: ship.id,
            version: base + 1,
            note: format!("note {base}"),
            by: world.by(),
        })
    };
    for base in 1..=3 {
        let save = with(&world, (ship, base), 1, line(&world, base));
        assert!(one(&mut world, save.clone()).is_durable());
        assert!(one(&mut world, save).is_durable(), "a retry");
    }
    let another = Change::AddLedgerLine(AddLedgerLine {
        guild: ship.id,
        version: 4,
        note: "an equal ship by another deed".to_owned(),
        by: world.by(),
    });
    let equal = with(&world, (ship, 3), 1, another);
    assert_eq!(cause(&one(&mut world, equal)), Some(Cause::Stale));
    let mate = Author {
        account: Uuid::now_v7(),
        session: None,
    };
    let same_words = Change::AddLedgerLine(AddLedgerLine {
        guild: ship.id,
        version: 4,
        note: "note 3".to_owned(),
        by: mate,
    });
    let equal = with(&world, (ship, 3), 1, same_words);
    assert_eq!(cause(&one(&mut world, equal)), Some(Cause::Stale));
    let stale = with(&world, (ship, 1), 9, line(&world, 1));
    assert_eq!(cause(&one(&mut world, stale)), Some(Cause::Stale));
    let lines = world.read(|conn| queries::ledger_of(conn, ship.id, None, 2));
    let told: Vec<_> = lines
        .iter()
        .map(|it| (it.version, it.note.as_str(), it.login.as_str()))
        .collect();
    assert_eq!(told, [(4, "note 3", "Smith"), (3, "note 2", "Smith")]);
    let older = world.read(|conn| queries::ledger_of(conn, ship.id, Some(3), 10));
    assert_eq!(older.iter().map(|it| it.version).collect::<Vec<_>>(), [2]);
    assert_eq!(world.count("ship_ledger"), 3);
}

/// Gold that wanders between heroes and ships by escrow, with retries, stale saves, takers who come twice,
/// writers that die with a batch committed or not: the sum never changes.
#[test]
fn gold_is_neither_made_nor_lost_on_its_way() {
    let mut seed = Seed::new("escrows");
    let mut world = World::new();
    let mut sides: Vec<EntityKey> = ["A", "B", "C"].map(|name| world.character(name)).into();
    sides.extend(["S", "T"].map(|name| world.ship(name)));
    for side in &sides {
        let write = Write::Save(world.save(*side, 1, "100"));
        assert!(one(&mut world, write).is_durable());
    }
    let (mut given, mut taken) = (0, 0);
    for _ in 0..300 {
        for _ in 0..1 + seed.below(5) {
            let write = wander(&mut seed, &world, &sides);
            let retried = (seed.below(5) == 0).then(|| write.clone());
            for write in [Some(write), retried].into_iter().flatten() {
                // What waits already may have made it stale.
                let _ = world.try_submit(write);
            }
        }
        let batch = world.batch();
        match seed.below(4) {
            0 => {
                // Committed, and the answer lost with the writer.
                world.write(&batch).unwrap();
                world.replace_writer();
                world.abort(&batch);
            }
            1 => {
                world.replace_writer();
                world.abort(&batch);
            }
            _ => {
                world.flush_batch(&batch).unwrap();
                assert_eq!(sum(&world, &sides), 500);
                continue;
            }
        }
        let batch = world.batch();
        world.flush_batch(&batch).unwrap();
        assert_eq!(sum(&world, &sides), 500);
        given = world.count("escrows");
        let waits: usize = sides.iter().map(|side| open(&world, *side).len()).sum();
        taken = given - i64::try_from(waits / 2).unwrap();
    }
    assert!(given > 30 && taken > 10, "{given} given, {taken} taken");
}

fn gold(world: &World, side: EntityKey) -> (u32, u64) {
    let (version, state) = world.stored(side);
    (version, String::from_utf8(state).unwrap().parse().unwrap())
}

fn sum(world: &World, sides: &[EntityKey]) -> u64 {
    let held: u64 = sides.iter().map(|side| gold(world, *side).1).sum();
    let heroes = sides
        .iter()
        .filter(|side| side.kind == EntityKind::Character);
    // Each escrow has one hero, as giver or as taker.
    let waits = heroes
        .flat_map(|side| world.read(|conn| queries::open_escrows(conn, *side, None, usize::MAX)));
    let waits: u64 = waits
        .map(|row| String::from_utf8(row.what).unwrap().parse::<u64>().unwrap())
        .sum();
    held + waits
}

/// Somebody gives, or takes what waits for him; sometimes from a version that is over, or twice.
fn wander(seed: &mut Seed, world: &World, sides: &[EntityKey]) -> Write {
    let me = sides[seed.below(sides.len())];
    let (version, mine) = gold(world, me);
    let base = if seed.below(10) == 0 {
        version.saturating_sub(1).max(1)
    } else {
        version
    };
    let waits = world.read(|conn| queries::open_escrows(conn, me, None, usize::MAX));
    let wait = waits.iter().find(|row| row.to == me.id);
    if let Some(row) = wait.filter(|_| seed.below(3) > 0) {
        let what: u64 = String::from_utf8(row.what.clone())
            .unwrap()
            .parse()
            .unwrap();
        return with(
            world,
            (me, base),
            mine + what,
            take(world, row.id, (me, base)),
        );
    }
    let others: Vec<_> = sides.iter().filter(|side| side.kind != me.kind).collect();
    let to = *others[seed.below(others.len())];
    let what = mine.min(seed.below(10) as u64);
    let put = put(world, Uuid::now_v7(), (me, base), to, &what.to_string());
    with(world, (me, base), mine - what, put)
}

#[test]
fn a_save_of_a_ship_and_of_a_character_is_no_group() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Hero"), world.ship("Corsairs"));
    let member = |key| -> Save { world.save(key, 1, "1") };
    let both = Write::Group(
        vec![Member::Save(member(hero)), Member::Save(member(ship))],
        world.by(),
    );
    assert!(world.try_submit(both).is_err());
}
