//! Who may come in: bans, and passwords that are changed while somebody signs in.

use guildhall_store::changes::{AddBan, AddToken, LiftBan, RevokeToken, SetPassword};
use guildhall_store::{Cause, Change, now_us, queries};
use uuid::Uuid;

use crate::world::{World, cause};

const MINUTE_US: i64 = 60_000_000;

fn ban(account: Uuid, reason: &str, ends_at: Option<i64>) -> Change {
    Change::AddBan(AddBan {
        account,
        reason: reason.to_owned(),
        ends_at,
    })
}

fn token(account: Uuid, hash: u8, password_hash: Option<&str>) -> Change {
    Change::AddToken(AddToken {
        hash: [hash; 32],
        account,
        device: "tablet".to_owned(),
        expires_at: now_us() + MINUTE_US,
        password_hash: password_hash.map(str::to_owned),
    })
}

fn stored_password(world: &World) -> String {
    let row = world.read(|conn| queries::account_by_id(conn, world.account));
    row.unwrap().password_hash
}

#[test]
fn a_ban_holds_until_its_end_or_until_it_is_lifted_and_a_later_one_takes_its_place() {
    let mut world = World::new();
    let (account, now) = (world.account, now_us());
    let reason_at = |world: &World, at| {
        let found = world.read(|conn| queries::ban_of(conn, account, at));
        found.map(|ban| ban.reason)
    };
    assert_eq!(reason_at(&world, now), None);
    let ends = now + MINUTE_US;
    assert!(world.change(ban(account, "spam", Some(ends))).is_durable());
    assert_eq!(reason_at(&world, ends - 1).as_deref(), Some("spam"));
    assert_eq!(reason_at(&world, ends), None);
    assert!(world.change(ban(account, "more spam", None)).is_durable());
    assert_eq!(reason_at(&world, i64::MAX).as_deref(), Some("more spam"));
    let listed = world.read(|conn| queries::bans(conn, now));
    let listed: Vec<_> = listed
        .iter()
        .map(|it| (it.account_id, it.ends_at))
        .collect();
    assert_eq!(listed, [(account, None)]);
    let lift = Change::LiftBan(LiftBan { account });
    assert!(world.change(lift.clone()).is_durable());
    assert_eq!(reason_at(&world, now), None);
    assert_eq!(cause(&world.change(lift)), Some(Cause::Gone));
}

#[test]
fn nobody_is_banned_who_is_not_there_or_without_a_word() {
    let mut world = World::new();
    let nobody = world.change(ban(Uuid::now_v7(), "spam", None));
    assert_eq!(cause(&nobody), Some(Cause::ForeignKey));
    let (account, long) = (world.account, "long".repeat(51));
    for reason in ["", &long, "with a NUL\0"] {
        let refused = world.change(ban(account, reason, None));
        assert_eq!(cause(&refused), Some(Cause::Check), "{reason:?}");
    }
}

#[test]
fn a_new_password_ends_every_token_but_the_one_that_is_kept() {
    let mut world = World::new();
    let account = world.account;
    for hash in [1, 2, 3] {
        assert!(world.change(token(account, hash, None)).is_durable());
    }
    let from_hash = stored_password(&world);
    let set = |from_hash: &str, to: &str| {
        Change::SetPassword(SetPassword {
            account,
            from_hash: from_hash.to_owned(),
            to_hash: to.to_owned(),
            keep_token: [2; 32],
        })
    };
    let change = set(&from_hash, "$secret");
    let shown = format!("{change:?}{}", serde_json::to_string(&change).unwrap());
    assert!(!shown.contains("$secret"), "{shown}");
    assert!(world.change(change.clone()).is_durable());
    assert_eq!(stored_password(&world), "$secret");
    let good = |hash: u8| {
        let found = world.read(|conn| queries::token_account(conn, &[hash; 32], now_us()));
        found.is_some()
    };
    assert_eq!([1, 2, 3].map(good), [false, true, false]);
    // Two who change it at once: the second has compared with a password that is no more.
    assert_eq!(cause(&world.change(change)), Some(Cause::Stale));
    assert_eq!(stored_password(&world), "$secret");
}

#[test]
fn who_signs_in_with_a_password_that_was_changed_meanwhile_gets_no_token() {
    let mut world = World::new();
    let (account, from_hash) = (world.account, stored_password(&world));
    assert!(
        world
            .change(token(account, 1, Some(&from_hash)))
            .is_durable()
    );
    let set = Change::SetPassword(SetPassword {
        account,
        from_hash: from_hash.clone(),
        to_hash: "new".to_owned(),
        keep_token: [1; 32],
    });
    assert!(world.change(set).is_durable());
    let late = world.change(token(account, 2, Some(&from_hash)));
    assert_eq!(cause(&late), Some(Cause::Stale));
    assert!(world.change(token(account, 3, Some("new"))).is_durable());
}

#[test]
fn a_token_is_found_by_its_hash_whatever_became_of_it() {
    let mut world = World::new();
    let (account, hash) = (world.account, [1; 32]);
    let found = |world: &World| world.read(|conn| queries::token(conn, &hash));
    assert_eq!(found(&world), None);
    assert!(world.change(token(account, 1, None)).is_durable());
    assert!(matches!(found(&world), Some((it, None)) if it.account_id == account));
    let revoke = Change::RevokeToken(RevokeToken { hash, account });
    assert!(world.change(revoke).is_durable());
    assert!(matches!(found(&world), Some((_, Some(_)))));
}
