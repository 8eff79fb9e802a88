//! Ranks and their last leader; and a ship that is put back.

use std::collections::BTreeMap;

use bytes::Bytes;
use guildhall_rules::rights::Rank;
use guildhall_store::changes::{
    AddInvite, CreateAccount, InviteKind, JoinGuild, LeaveGuild, RestoreShip, SetRank,
};
use guildhall_store::{Cause, Change, Outcome, Write, queries};
use uuid::Uuid;

use crate::world::{World, cause};

fn member(world: &mut World, guild: Uuid, login: &str) -> Uuid {
    let id = Uuid::now_v7();
    let account = Change::CreateAccount(CreateAccount {
        id,
        realm: world.realm,
        login_key: login.into(),
        login: login.into(),
        password_hash: "$hash".into(),
    });
    assert!(world.change(account).is_durable());
    let join = Change::JoinGuild(JoinGuild {
        invite: None,
        members_max: usize::MAX,
        guild,
        account: id,
        rank: "member",
    });
    assert!(world.change(join).is_durable());
    id
}

fn rank(by: Uuid, guild: Uuid, account: Uuid, from: Rank, to: Rank) -> Change {
    Change::SetRank(SetRank {
        guild,
        account,
        from,
        to,
        set_by: by,
    })
}

fn leave(guild: Uuid, account: Uuid, rank: Rank) -> Change {
    Change::LeaveGuild(LeaveGuild {
        put_out_by: None,
        guild,
        account,
        rank,
    })
}

fn kick(by: Uuid, guild: Uuid, account: Uuid, rank: Rank) -> Change {
    Change::LeaveGuild(LeaveGuild {
        put_out_by: Some(by),
        guild,
        account,
        rank,
    })
}

#[test]
fn who_is_put_out_makes_no_code_that_comes_after_the_kick() {
    let mut world = World::new();
    let (guild, leader) = (world.ship("Corsairs").id, world.account);
    let officer = member(&mut world, guild, "officer");
    let code = |n: u8| {
        Change::AddInvite(AddInvite {
            code_hash: [n; 32],
            kind: InviteKind::Guild,
            target: guild,
            role: "member",
            created_by: officer,
            open_max: usize::MAX,
            ttl_us: i64::MAX,
        })
    };
    assert_eq!(cause(&world.change(code(1))), Some(Cause::Denied));
    let raised = world.change(rank(leader, guild, officer, Rank::Member, Rank::Officer));
    assert!(raised.is_durable());
    assert!(world.change(code(2)).is_durable());
    // Each was allowed while the officer was there.
    world.submit_change(code(3));
    world.submit_change(kick(leader, guild, officer, Rank::Officer));
    world.submit_change(code(4));
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    assert_eq!(causes, [None, None, Some(Cause::Denied)]);
    let good = "SELECT count(*) FROM invites WHERE revoked_at IS NULL";
    assert_eq!(world.session().number(good), 0);
}

#[test]
fn a_guild_keeps_a_leader_whoever_leaves_or_steps_down() {
    let mut world = World::new();
    let (guild, leader) = (world.ship("Corsairs").id, world.account);
    let heir = member(&mut world, guild, "heir");
    for last in [
        leave(guild, leader, Rank::Leader),
        rank(leader, guild, leader, Rank::Leader, Rank::Member),
    ] {
        let Outcome::Refused(refused) = world.change(last) else {
            panic!("the last leader is gone");
        };
        assert_eq!(refused.cause, Cause::Check);
        assert_eq!(
            refused.constraint.as_deref(),
            Some("guild_members.last_leader")
        );
    }
    assert!(
        world
            .change(rank(leader, guild, heir, Rank::Member, Rank::Leader))
            .is_durable()
    );
    // Two leaders go at once: whoever comes second stays.
    world.submit_change(leave(guild, leader, Rank::Leader));
    world.submit_change(leave(guild, heir, Rank::Leader));
    let causes: Vec<_> = world.flush().iter().map(cause).collect();
    assert_eq!(causes, [None, Some(Cause::Check)]);
    let (_, members) = world.read(|conn| queries::guild(conn, guild)).unwrap();
    let ranks: Vec<_> = members
        .iter()
        .map(|it| (it.login.as_str(), it.rank.as_str()))
        .collect();
    assert_eq!(ranks, [("heir", "leader")]);
    for gone in [
        leave(guild, leader, Rank::Leader),
        rank(heir, guild, leader, Rank::Leader, Rank::Officer),
    ] {
        assert_eq!(cause(&world.change(gone)), Some(Cause::Stale));
    }
}

/// Each order was allowed when it was given: who gave the second has lost the rank for it.
#[test]
fn who_is_put_down_or_out_changes_no_rank_and_puts_nobody_out_after_it() {
    let mut world = World::new();
    let (guild, leader) = (world.ship("Corsairs").id, world.account);
    let [heir, officer, hand] = ["heir", "officer", "hand"].map(|it| member(&mut world, guild, it));
    for (who, to) in [(heir, Rank::Leader), (officer, Rank::Officer)] {
        let raised = world.change(rank(leader, guild, who, Rank::Member, to));
        assert!(raised.is_durable());
    }
    let pairs = [
        // A leader is put down and raises somebody.
        (
            rank(leader, guild, heir, Rank::Leader, Rank::Member),
            rank(heir, guild, hand, Rank::Member, Rank::Leader),
            "guild.set_rank",
        ),
        // An officer is put out and puts somebody out.
        (
            kick(leader, guild, officer, Rank::Officer),
            kick(officer, guild, hand, Rank::Member),
            "guild.kick",
        ),
    ];
    for (first, second, rule) in pairs {
        world.submit_change(first);
        world.submit_change(second);
        let outcomes = world.flush();
        assert!(outcomes[0].is_durable());
        let Outcome::Refused(refused) = &outcomes[1] else {
            panic!("both were done");
        };
        assert_eq!(refused.cause, Cause::Denied);
        assert_eq!(refused.constraint.as_deref(), Some(rule));
    }
    let equal = kick(leader, guild, leader, Rank::Leader);
    assert_eq!(cause(&world.change(equal)), Some(Cause::Denied));
    let (_, members) = world.read(|conn| queries::guild(conn, guild)).unwrap();
    let ranks = members.iter().map(|it| (it.account_id, it.rank.as_str()));
    let ranks: BTreeMap<_, _> = ranks.collect();
    let expected = [(leader, "leader"), (heir, "member"), (hand, "member")];
    assert_eq!(ranks, BTreeMap::from(expected));
}

#[test]
fn a_lost_ship_is_put_back_as_the_history_has_it_and_one_that_is_there_is_left_alone() {
    let mut world = World::new();
    let ship = world.ship("Corsairs");
    for (base, state) in [(1, "laden"), (2, "full")] {
        let save = Write::Save(world.save(ship, base, state));
        world.submit(save);
        assert!(world.flush()[0].is_durable());
    }
    assert_eq!(world.read(|conn| queries::lost_ship(conn, ship.id)), None);
    assert_eq!(
        world.read(|conn| queries::lost_ship(conn, Uuid::now_v7())),
        None
    );
    world.meddle("DELETE FROM ships");
    let lost = world
        .read(|conn| queries::lost_ship(conn, ship.id))
        .unwrap()
        .unwrap();
    assert_eq!(
        (lost.version, lost.state.as_deref()),
        (3, Some(&b"full"[..]))
    );
    let restore = Change::RestoreShip(RestoreShip {
        guild: ship.id,
        version: 3,
        schema_version: 1,
        state: Bytes::from_static(b"full"),
    });
    assert_eq!(
        world.change(restore.clone()),
        Outcome::Durable { version: 3 }
    );
    assert_eq!(world.stored(ship), (3, b"full".to_vec()));
    let save = Write::Save(world.save(ship, 3, "sailing"));
    world.submit(save);
    assert!(world.flush()[0].is_durable());
    assert_eq!(world.change(restore), Outcome::Durable { version: 4 });
    assert_eq!(world.stored(ship), (4, b"sailing".to_vec()));
    // Lost once more: the state of the newest line is known again.
    world.meddle("DELETE FROM ships");
    let lost = world
        .read(|conn| queries::lost_ship(conn, ship.id))
        .unwrap()
        .unwrap();
    assert_eq!(
        (lost.version, lost.state.as_deref()),
        (4, Some(&b"sailing"[..]))
    );
}
