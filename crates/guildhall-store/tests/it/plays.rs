//! Entering play: an epoch that fences the saves of whoever played before, in turn with his saves.

use guildhall_store::changes::EnterPlay;
use guildhall_store::{Author, Cause, Change, EntityKey, Outcome, Save, Write, queries};
use uuid::Uuid;

use crate::world::{World, cause};

fn enter(character: EntityKey, expected_epoch: u32) -> Change {
    Change::EnterPlay(EnterPlay {
        character: character.id,
        expected_epoch,
    })
}

fn fenced(world: &World, key: EntityKey, base: u32, fence: u32) -> Save {
    Save {
        fence: Some(fence),
        ..world.save(key, base, format!("on {base} under {fence}"))
    }
}

#[test]
fn entering_play_raises_the_epoch_of_whoever_saw_the_last_one() {
    let mut world = World::new();
    let hero = world.character("Hero");
    assert_eq!(
        world.change(enter(hero, 0)),
        Outcome::Durable { version: 1 }
    );
    assert_eq!(cause(&world.change(enter(hero, 0))), Some(Cause::Stale));
    assert_eq!(
        world.change(enter(hero, 1)),
        Outcome::Durable { version: 2 }
    );
    let row = world.read(|conn| queries::character(conn, hero.id));
    assert_eq!(row.unwrap().play_epoch, 2);
    let nobody = EntityKey {
        id: Uuid::now_v7(),
        ..hero
    };
    assert_eq!(cause(&world.change(enter(nobody, 0))), Some(Cause::Gone));
}

#[test]
fn whoever_played_before_is_fenced_and_whoever_plays_now_is_not() {
    let mut world = World::new();
    let hero = world.character("Hero");
    assert!(world.change(enter(hero, 0)).is_durable());
    world.submit(fenced(&world, hero, 1, 0));
    let now = Author {
        session: Some(Uuid::max()),
        ..world.by()
    };
    let save = fenced(&world, hero, 1, 1);
    world.submit(Save { by: now, ..save });
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    assert_eq!(causes, [Some(Cause::Fenced), None]);
    assert_eq!(world.stored(hero), (2, b"on 1 under 1".to_vec()));
}

/// Saves that were taken up, alone and in groups, are not fenced by what comes after them, also when all
/// of it shares one batch, where changes go first.
#[test]
fn a_save_that_was_taken_up_before_somebody_enters_play_is_written() {
    let mut world = World::new();
    let [hero, other] = ["Hero", "Other"].map(|name| world.character(name));
    world.submit(fenced(&world, hero, 1, 0));
    let by = world.by();
    let group = [(hero, 2), (other, 1)]
        .map(|(key, base)| guildhall_store::Member::Save(fenced(&world, key, base, 0)));
    world.submit(Write::Group(group.into(), by));
    world.submit(fenced(&world, hero, 3, 0));
    world.submit_change(enter(hero, 0));
    assert!(world.flush().iter().all(Outcome::is_durable));
    assert_eq!(world.stored(hero), (4, b"on 3 under 0".to_vec()));
    world.submit(fenced(&world, hero, 4, 0));
    assert_eq!(cause(&world.flush()[0]), Some(Cause::Fenced));
}

#[test]
fn a_service_and_a_realm_are_made_and_tokens_are_revoked_together() {
    use guildhall_store::changes::{AddToken, CreateRealm, CreateService, RevokeTokens};
    let mut world = World::new();
    let (realm, service) = (Uuid::now_v7(), Uuid::now_v7());
    let named = |id| {
        Change::CreateRealm(CreateRealm {
            id,
            name: "north".into(),
        })
    };
    assert!(world.change(named(realm)).is_durable());
    assert_eq!(
        cause(&world.change(named(Uuid::now_v7()))),
        Some(Cause::Unique)
    );
    let create = |id, realm| {
        Change::CreateService(CreateService {
            id,
            realm,
            login_key: "smith".into(),
            login: "Smith".into(),
        })
    };
    let here = world.realm;
    assert_eq!(
        cause(&world.change(create(service, here))),
        Some(Cause::Unique)
    );
    let nowhere = create(service, Uuid::now_v7());
    assert_eq!(cause(&world.change(nowhere)), Some(Cause::ForeignKey));
    assert!(
        world.change(create(service, realm)).is_durable(),
        "another realm"
    );
    let row = world
        .read(|conn| queries::account_by_id(conn, service))
        .unwrap();
    assert!(row.is_service && row.realm_name == "north");
    let player = world.account;
    let row = world
        .read(|conn| queries::account_by_id(conn, player))
        .unwrap();
    assert!(!row.is_service && row.realm_name == "main");

    let expires_at = guildhall_store::now_us() + 60_000_000;
    for (hash, account) in [(1, service), (2, service), (3, player)] {
        let token = Change::AddToken(AddToken {
            hash: [hash; 32],
            account,
            device: String::new(),
            expires_at,
            password_hash: None,
        });
        assert!(world.change(token).is_durable());
    }
    let revoke = Change::RevokeTokens(RevokeTokens { account: service });
    assert!(world.change(revoke).is_durable());
    let now = guildhall_store::now_us();
    let lives = [1, 2, 3].map(|hash: u8| {
        let found = world.read(|conn| queries::token_account(conn, &[hash; 32], now));
        found.is_some()
    });
    assert_eq!(lives, [false, false, true]);
}
