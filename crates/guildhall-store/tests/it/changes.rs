//! Each change: what it writes, and what refuses it.

use guildhall_store::changes::{
    AddInvite, AddToken, CreateAccount, CreateCampaign, InviteKind, JoinCampaign, JoinGuild,
    RevokeToken,
};
use guildhall_store::{Cause, Change, Outcome, WriteRefusal, now_us, queries};
use guildhall_testkit::Backend;
use uuid::Uuid;

use crate::world::{World, cause};

fn refusal(outcome: Outcome) -> WriteRefusal {
    match outcome {
        Outcome::Refused(refusal) => refusal,
        Outcome::Durable { version } => panic!("durable as version {version}"),
    }
}

fn account(world: &mut World, login: &str) -> Uuid {
    let id = Uuid::now_v7();
    let create = Change::CreateAccount(CreateAccount {
        id,
        realm: world.realm,
        login_key: login.to_lowercase(),
        login: login.into(),
        password_hash: "$secret".into(),
    });
    assert!(world.change(create).is_durable());
    id
}

#[test]
fn a_login_is_found_by_its_key_and_taken_once() {
    let mut world = World::new();
    let id = account(&mut world, "Ada");
    let realm = world.realm;
    let found = world.read(|conn| queries::account_by_login(conn, realm, "ada"));
    let found = found.unwrap();
    assert_eq!((found.id, found.login.as_str()), (id, "Ada"));
    let again = Change::CreateAccount(CreateAccount {
        id: Uuid::now_v7(),
        realm,
        login_key: "ada".into(),
        login: "ADA".into(),
        password_hash: "$secret".into(),
    });
    assert_eq!(refusal(world.change(again)).cause, Cause::Unique);
}

#[test]
fn no_secret_is_kept_with_a_refused_write() {
    let mut world = World::new();
    let id = account(&mut world, "Ada");
    let again = Change::CreateAccount(CreateAccount {
        id,
        realm: world.realm,
        login_key: "ada2".into(),
        login: "Ada2".into(),
        password_hash: "$secret".into(),
    });
    assert!(!format!("{again:?}").contains("$secret"));
    assert_eq!(cause(&world.change(again)), Some(Cause::Unique));
    let refused = world.read(|conn| queries::refused_writes_of(conn, id, 1));
    let payload = String::from_utf8(refused[0].payload.clone()).unwrap();
    assert!(payload.contains("ada2") && !payload.contains("$secret"));
}

#[test]
fn a_token_lets_in_until_it_is_revoked_or_expires() {
    let mut world = World::new();
    let (now, account) = (now_us(), world.account);
    let token = |hash, expires_at| {
        Change::AddToken(AddToken {
            hash: [hash; 32],
            account,
            device: "tablet".into(),
            expires_at,
            password_hash: None,
        })
    };
    assert!(world.change(token(1, now + 60_000_000)).is_durable());
    assert!(world.change(token(2, now - 1)).is_durable());
    let bearer = |world: &World, hash: u8| {
        let found = world.read(|conn| queries::token_account(conn, &[hash; 32], now));
        found.map(|token| token.account_id)
    };
    assert_eq!(bearer(&world, 1), Some(account));
    assert_eq!(bearer(&world, 2), None);
    let hash = [1; 32];
    let revoke = Change::RevokeToken(RevokeToken { hash, account });
    assert!(world.change(revoke.clone()).is_durable());
    assert_eq!(bearer(&world, 1), None);
    assert!(
        world.change(revoke).is_durable(),
        "a second time is no error"
    );
    let strangers = Change::RevokeToken(RevokeToken {
        hash,
        account: Uuid::now_v7(),
    });
    assert_eq!(refusal(world.change(strangers)).cause, Cause::Gone);
}

#[test]
fn a_campaign_has_its_owner_as_gm_and_its_epoch_rises_with_each_member() {
    let mut world = World::new();
    let (id, player) = (Uuid::now_v7(), account(&mut world, "Ada"));
    let owner = world.account;
    let create = Change::CreateCampaign(CreateCampaign {
        id,
        realm: world.realm,
        name: "Deep".into(),
        owner,
    });
    assert!(world.change(create).is_durable());
    let join = |account, rights_epoch| {
        Change::JoinCampaign(JoinCampaign {
            campaign: id,
            account,
            role: "player",
            rights_epoch,
        })
    };
    let stale = refusal(world.change(join(player, 1)));
    assert_eq!(stale.cause, Cause::Stale);
    assert_eq!(stale.present.unwrap().version, 1);
    let joined = world.change(join(player, 2));
    assert_eq!(joined, Outcome::Durable { version: 2 });
    assert_eq!(refusal(world.change(join(player, 3))).cause, Cause::Unique);
    let (campaign, members) = world
        .read(|conn| queries::campaign_by_id(conn, id))
        .unwrap();
    assert_eq!(campaign.rights_epoch, 2, "a refused join moves nothing");
    let roles: Vec<_> = members.iter().map(|it| it.role.as_str()).collect();
    assert_eq!(roles, ["gm", "player"]);
    let mine = world.read(|conn| queries::campaigns_of(conn, player));
    assert_eq!((mine[0].0.id, mine[0].1.as_str()), (id, "player"));
}

#[test]
fn an_invite_is_found_by_the_hash_of_its_code() {
    let mut world = World::new();
    let (target, created_by) = (Uuid::now_v7(), world.account);
    let invite = Change::AddInvite(AddInvite {
        open_max: usize::MAX,
        ttl_us: 1,
        code_hash: [9; 32],
        kind: InviteKind::Campaign,
        target,
        role: "spectator",
        created_by,
    });
    assert!(world.change(invite.clone()).is_durable());
    let found = world.read(|conn| queries::invite_by_hash(conn, &[9; 32]));
    let found = found.unwrap();
    assert_eq!(
        (found.target_id, found.role.as_str()),
        (target, "spectator")
    );
    assert_eq!(refusal(world.change(invite)).cause, Cause::Unique);
}

#[test]
fn the_head_of_a_board_moves_by_compare_and_set_and_nothing_uploaded_is_thrown_away() {
    let mut world = World::new();
    let board = world.board();
    let first = world.change(world.revision(board, None, 1));
    assert_eq!(first, Outcome::Durable { version: 1 });
    let late = refusal(world.change(world.revision(board, None, 1)));
    assert_eq!(late.cause, Cause::Stale);
    assert_eq!(late.present.unwrap().version, 1);
    assert_eq!(late.kept_as, Some(2));
    let side = world
        .read(|conn| queries::revision(conn, board, 2))
        .unwrap();
    assert!(side.is_side);
    let next = world.change(world.revision(board, Some(1), 2));
    assert_eq!(next, Outcome::Durable { version: 3 }, "2 is taken");
    let row = world
        .read(|conn| queries::board_by_id(conn, board))
        .unwrap();
    assert_eq!(row.head_revision, Some(3));
    let boards = world.read(|conn| queries::boards_of(conn, row.campaign_id));
    assert_eq!(boards, [row]);
}

#[test]
fn a_revision_of_no_board_is_gone() {
    let mut world = World::new();
    let gone = refusal(world.change(world.revision(Uuid::now_v7(), None, 1)));
    assert_eq!((gone.cause, gone.kept_as), (Cause::Gone, None));
}

#[test]
fn a_guild_has_a_leader_a_ship_and_members() {
    let mut world = World::new();
    let (ship, joiner) = (world.ship("Corsairs"), account(&mut world, "Ada"));
    let join = Change::JoinGuild(JoinGuild {
        invite: None,
        members_max: usize::MAX,
        guild: ship.id,
        account: joiner,
        rank: "member",
    });
    assert!(world.change(join.clone()).is_durable());
    assert_eq!(refusal(world.change(join)).cause, Cause::Unique);
    let (guild, members) = world.read(|conn| queries::guild(conn, ship.id)).unwrap();
    assert_eq!(guild.name, "Corsairs");
    assert_eq!(guild.ship_state, b"launched");
    let ranks: Vec<_> = members.iter().map(|it| it.rank.as_str()).collect();
    assert_eq!(ranks, ["leader", "member"]);
    let mine = world.read(|conn| queries::guilds_of(conn, joiner));
    let first = (mine[0].id, mine[0].name.as_str(), mine[0].rank.as_str());
    assert_eq!(first, (ship.id, "Corsairs", "member"));
}

#[test]
fn a_character_is_listed_by_its_account_under_its_newest_name() {
    let mut world = World::new();
    let hero = world.character("Bob");
    let ship = world.ship("Corsairs");
    assert!(world.change(world.rename(hero, "Rob")).is_durable());
    assert!(world.change(world.rename(ship, "Seadogs")).is_durable());
    let account = world.account;
    let mine = world.read(|conn| queries::characters_of(conn, account));
    assert_eq!(mine.len(), 1);
    assert_eq!((mine[0].id, mine[0].name.as_str()), (hero.id, "Rob"));
    assert_eq!(
        refusal(world.change(world.rename(hero, "Seadogs"))).cause,
        Cause::Unique
    );
}

#[test]
fn a_list_of_an_account_is_its_oldest_thousand() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Bob"), world.ship("Corsairs"));
    let (realm, account) = (world.realm, world.account);
    // The prefix makes their ids, and so their births, later than any made here.
    let numbers = match world.backend() {
        Backend::Sqlite => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
             SELECT i, printf('ffffffff-0000-7000-8000-%012d', i) AS id FROM n"
        }
        Backend::Postgres => {
            "SELECT i, 'ffffffff-0000-7000-8000-' || lpad(i::text, 12, '0') AS id
             FROM generate_series(1, 1000) AS n (i)"
        }
    };
    let named = "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton, \
                 key_version, claimed_at)";
    world.meddle(&format!(
        "BEGIN;
         CREATE TEMP TABLE n AS {numbers};
         INSERT INTO characters (id, realm_id, account_id, schema_version, version, state, updated_at)
             SELECT id, '{realm}', '{account}', 1, 1, {empty}, 0 FROM n;
         INSERT INTO guilds (id, realm_id, created_at) SELECT id, '{realm}', {later} FROM n;
         INSERT INTO guild_members SELECT id, '{account}', 'member', 0 FROM n;
         {named} SELECT 'c' || i, '{realm}', 'character', id, 'c' || i, 'c' || i, '', 1, 0 FROM n;
         {named} SELECT 'g' || i, '{realm}', 'guild', id, 'g' || i, 'g' || i, '', 1, 0 FROM n;
         COMMIT",
        empty = world.bytes(""),
        later = i64::MAX
    ));
    let heroes = world.read(|conn| queries::characters_of(conn, account));
    assert_eq!((heroes.len(), heroes[0].id), (1_000, hero.id));
    assert_eq!(heroes[999].name, "c999");
    let guilds = world.read(|conn| queries::guilds_of(conn, account));
    assert_eq!((guilds.len(), guilds[0].id), (1_000, ship.id));
    assert_eq!(guilds[999].name, "g999");
}

#[test]
fn a_rename_of_nobody_is_gone() {
    let mut world = World::new();
    let mut nobody = world.character("Bob");
    nobody.id = Uuid::now_v7();
    assert_eq!(
        refusal(world.change(world.rename(nobody, "Rob"))).cause,
        Cause::Gone
    );
}
