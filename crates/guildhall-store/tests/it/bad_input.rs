//! What clients and games send that no row should hold, and what a batch must survive.

use guildhall_store::changes::{AddToken, CreateBoard, CreateCampaign};
use guildhall_store::{
    Author, Cause, Change, EntityKey, EntityKind, Member, Outcome, STATE_BYTES_MAX, Save, Write,
    queries,
};
use uuid::Uuid;

use crate::world::{Then, World, cause};

fn causes(outcomes: &[Outcome]) -> Vec<Option<Cause>> {
    outcomes.iter().map(cause).collect()
}

#[test]
fn a_nul_in_a_text_is_refused_alone_before_a_database_sees_it() {
    let mut world = World::new();
    let hero = world.character("Bob");
    let with_nul = [
        world.create_character(Uuid::now_v7(), "Nu\0l"),
        world.create_guild(Uuid::now_v7(), "Nu\0l"),
        world.rename(hero, "Nu\0l"),
        Change::AddToken(AddToken {
            hash: [1; 32],
            account: world.account,
            device: "\0".into(),
            expires_at: 0,
            password_hash: None,
        }),
        Change::CreateCampaign(CreateCampaign {
            id: Uuid::now_v7(),
            realm: world.realm,
            name: "D\0".into(),
            owner: world.account,
        }),
        Change::CreateBoard(CreateBoard {
            id: Uuid::now_v7(),
            campaign: Uuid::now_v7(),
            name: "Cave".into(),
            format: "\0".into(),
        }),
    ];
    let sent = with_nul.len();
    world.submit(world.save(hero, 1, "two"));
    for change in with_nul {
        world.submit_change(change);
    }
    let outcomes = world.flush();
    assert_eq!(outcomes[0], Outcome::Durable { version: 2 });
    assert_eq!(causes(&outcomes[1..]), vec![Some(Cause::Check); sent]);
    assert_eq!(world.count("refused_writes"), i64::try_from(sent).unwrap());
    assert_eq!(world.count("names"), 1);
}

#[test]
fn a_nul_in_a_group_refuses_the_group() {
    let mut world = World::new();
    let hero = world.character("Bob");
    let rename = Member::Change(world.rename(hero, "Nu\0l"));
    let save = Member::Save(world.save(hero, 1, "two"));
    world.submit(Write::Group(vec![save, rename], world.by()));
    assert_eq!(causes(&world.flush()), [Some(Cause::Check)]);
    assert_eq!(world.stored(hero).0, 1);
}

/// A state is bytes, and a NUL is one of them.
#[test]
fn every_byte_of_a_state_comes_back_nul_and_4_byte_characters_included() {
    let mut world = World::new();
    let hero = world.character("Bob");
    let all: Vec<u8> = (0..=u8::MAX).chain("🐉\0🏴‍☠️".bytes()).collect();
    world.submit(world.save(hero, 1, all.clone()));
    assert_eq!(world.flush(), [Outcome::Durable { version: 2 }]);
    assert_eq!(world.stored(hero), (2, all));
}

#[test]
fn a_name_of_4_byte_characters_comes_back() {
    let mut world = World::new();
    world.character("𝔅𝔬𝔟 🐉");
    let account = world.account;
    let mine = world.read(|conn| queries::characters_of(conn, account));
    assert_eq!(mine[0].name, "𝔅𝔬𝔟 🐉");
}

#[test]
fn a_state_of_64_kib_is_kept_and_one_byte_more_is_refused_alone() {
    let mut world = World::new();
    let [fits, long] = ["Fits", "Long"].map(|name| world.character(name));
    world.submit(world.save(fits, 1, vec![7; STATE_BYTES_MAX]));
    world.submit(world.save(long, 1, vec![7; STATE_BYTES_MAX + 1]));
    assert_eq!(causes(&world.flush()), [None, Some(Cause::TooLarge)]);
    assert_eq!(world.stored(fits).1.len(), STATE_BYTES_MAX);
    assert_eq!(world.stored(long).0, 1);
}

#[test]
fn one_entity_twice_in_a_batch_keeps_what_was_acknowledged() {
    let mut world = World::new();
    let [hero, other] = ["Bob", "Eve"].map(|name| world.character(name));
    let second = Author {
        session: Some(Uuid::max()),
        ..world.by()
    };
    let theirs = |world: &World, base, state: &'static str| Save {
        by: second,
        ..world.save(hero, base, state)
    };
    world.submit(world.save(hero, 1, "mine"));
    world.submit(theirs(&world, 1, "theirs"));
    world.submit(theirs(&world, 2, "theirs, later"));
    world.submit(world.save(other, 1, "other"));
    let stale = Some(Cause::Stale);
    assert_eq!(causes(&world.flush()), [None, stale, stale, None]);
    assert_eq!(world.stored(hero), (2, b"mine".to_vec()));
}

#[test]
fn two_who_swap_their_names_in_one_batch_keep_them_and_cost_nobody_anything() {
    let mut world = World::new();
    let [one, two, third] = ["One", "Two", "Third"].map(|name| world.character(name));
    world.submit(world.save(third, 1, "good"));
    world.submit_change(world.rename(one, "Two"));
    world.submit_change(world.rename(two, "One"));
    let unique = Some(Cause::Unique);
    assert_eq!(causes(&world.flush()), [None, unique, unique]);
    let account = world.account;
    let heroes = world.read(|conn| queries::characters_of(conn, account));
    let names: Vec<_> = heroes.iter().map(|hero| hero.name.as_str()).collect();
    assert_eq!(names, ["One", "Two", "Third"]);
}

/// Statements may bind 32,766 values in SQLite and 65,535 in PostgreSQL; here are more of either.
#[test]
fn a_batch_of_any_size_fits_into_statements() {
    const ROWS: u128 = 7_000;
    let mut world = World::new().with_rows_max(20_000);
    let (realm, account) = (world.realm, world.account);
    let ids: Vec<_> = (0..ROWS).map(|n| Uuid::from_u128(n << 64)).collect();
    let row = |id: &Uuid| {
        let born = world.bytes("born");
        format!("('{id}', '{realm}', '{account}', 1, 1, {born}, 0)")
    };
    let rows: Vec<_> = ids.iter().map(row).collect();
    world.meddle(&format!(
        "INSERT INTO characters (id, realm_id, account_id, schema_version, version, state, updated_at)
         VALUES {}",
        rows.join(", ")
    ));
    for id in ids {
        let kind = EntityKind::Character;
        world.submit(world.save(EntityKey { kind, id }, 1, "two"));
    }
    for _ in 0..ROWS {
        let nobody = world.create_guild(Uuid::now_v7(), "");
        world.submit_change(nobody);
    }
    let outcomes = world.flush();
    let durable = outcomes.iter().filter(|it| it.is_durable()).count();
    assert_eq!((durable, outcomes.len()), (7_000, 14_000));
}

#[test]
fn saves_that_match_no_row_among_good_ones_are_each_told_why() {
    let mut world = World::new();
    let names = ["Good", "Stale", "Fenced", "Same"];
    let [good, stale, fenced, same] = names.map(|name| world.character(name));
    let gone = EntityKey {
        id: Uuid::now_v7(),
        ..good
    };
    world.submit(world.save(good, 1, "good"));
    world.submit(world.save(stale, 3, "stale"));
    let save = world.save(fenced, 1, "fenced");
    world.submit(Save {
        fence: Some(9),
        ..save
    });
    world.submit(world.save(gone, 1, "gone"));
    world.submit(world.save(same, 1, "good"));
    let told = [Cause::Stale, Cause::Fenced, Cause::Gone].map(Some);
    let expected = [None, told[0], told[1], told[2], None];
    assert_eq!(causes(&world.flush()), expected);
    assert_eq!(world.count("refused_writes"), 3);
}

#[test]
fn a_poison_takes_no_good_state_of_its_entity_along_however_late_it_comes() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    world.refuse(
        "UPDATE",
        "ships",
        &world.state_is("bad"),
        Then::Raise("ABORT"),
    );
    world.submit(world.save(ship, 1, "good"));
    world.submit(world.save(ship, 2, "better"));
    let batch = world.batch();
    world.submit(world.save(ship, 3, "bad"));
    assert_eq!(causes(&world.flush_batch(&batch).unwrap()), [None, None]);
    assert_eq!(causes(&world.flush()), [Some(world.plain())]);
    assert_eq!(world.stored(ship), (3, b"better".to_vec()));
}

/// Times are written down and decide nothing: all that is there may be of a later hour than now.
#[test]
fn a_clock_that_was_set_back_changes_no_order_and_loses_nothing() {
    const HOUR_US: i64 = 3_600_000_000;
    let mut world = World::new();
    let hero = world.character("Bob");
    world.submit(world.save(hero, 1, "two"));
    world.flush();
    for table in ["batches", "entity_history"] {
        world.meddle(&format!("UPDATE {table} SET at = at + {HOUR_US}"));
    }
    world.meddle(&format!(
        "UPDATE characters SET updated_at = updated_at + {HOUR_US}"
    ));
    world.submit(world.save(hero, 2, "three"));
    let batch = world.batch();
    let first = world.write(&batch).unwrap();
    let again = world.write(&batch).unwrap();
    assert_eq!(first.outcomes, again.outcomes);
    assert!(world.finish(again)[0].1.is_durable());
    world.submit(world.save(hero, 2, "stale"));
    assert_eq!(causes(&world.flush()), [Some(Cause::Stale)]);
    let lines = world.read(|conn| queries::history_of(conn, hero.id, 10));
    let lines: Vec<_> = lines.iter().map(|line| line.cause.as_str()).collect();
    assert_eq!(lines, ["stale", "saved", "saved", "created"]);
}
