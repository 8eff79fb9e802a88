//! One process per campaign, however many ask for it; what was committed outlives it.

use futures_util::future::join_all;
use guildhall_process::testing::{self, Kit, crash_nth, interleave};
use guildhall_process::{ExitReason, Pid};
use guildhall_protocol::Code;
use guildhall_rules::rights::{CampaignAct, Role};
use guildhall_store::DEFAULT_REALM;
use uuid::Uuid;

use super::{Campaign, IDLE_STOP, Join, changes};
use crate::auth::Identity;
use crate::hall::CALL_TIMEOUT;
use crate::hall::tests::{House, author};
use crate::persistence::Change;

async fn campaign_of(house: &House, owner: &Identity) -> Uuid {
    let id = Uuid::now_v7();
    let create = Change::CreateCampaign(changes::CreateCampaign {
        id,
        realm: DEFAULT_REALM,
        name: "Harbour".to_owned(),
        owner: owner.account,
    });
    let created = house.hall.change(create, author(owner.account));
    created.await.unwrap();
    id
}

async fn reach(house: &House, id: Uuid) -> Pid {
    Campaign::reach(&house.hall, id).await.unwrap().pid()
}

async fn role_of(house: &House, id: Uuid, who: &Identity) -> Result<Role, Code> {
    let standing = Campaign::check(&house.hall, id, who.account, CampaignAct::SeeMembers).await;
    standing.map(|s| s.role).map_err(|refusal| refusal.code)
}

async fn opened(kit: &Kit) -> (House, Identity, Uuid) {
    let house = House::open(kit).await;
    let anna = house.account("anna").await;
    let id = campaign_of(&house, &anna).await;
    (house, anna, id)
}

#[test]
fn a_campaign_that_nobody_asks_stops_in_its_time_and_is_loaded_again() {
    testing::run(async |kit| {
        let (house, anna, id) = opened(&kit).await;
        let first = reach(&house, id).await;
        // Asked within every period it lives on.
        for _ in 0..3 {
            kit.advance(IDLE_STOP).await;
            assert_eq!(role_of(&house, id, &anna).await, Ok(Role::Gm));
            assert_eq!(reach(&house, id).await, first);
        }
        kit.advance(IDLE_STOP * 2).await;
        kit.assert_exit(first, ExitReason::Normal).await;
        assert_eq!(role_of(&house, id, &anna).await, Ok(Role::Gm));
        assert_ne!(reach(&house, id).await, first);
    });
}

#[test]
fn of_many_who_reach_a_campaign_at_once_all_reach_the_same() {
    interleave(0..10, async |kit| {
        let (house, _anna, id) = opened(&kit).await;
        let reached = join_all((0..20).map(|_| reach(&house, id))).await;
        assert!(reached.iter().all(|pid| *pid == reached[0]), "{reached:?}");
        kit.assert_alive(reached[0]).await;
    });
}

#[test]
fn a_campaign_that_does_not_exist_is_not_found_and_leaves_no_process() {
    testing::run(async |kit| {
        let (house, anna, _id) = opened(&kit).await;
        let nowhere = role_of(&house, Uuid::now_v7(), &anna).await;
        assert_eq!(nowhere, Err(Code::NotFound));
        kit.settle().await;
        assert!(house.hall.campaigns.registry().is_empty());
    });
}

#[test]
fn a_member_whose_join_was_committed_is_one_though_the_campaign_crashed_on_it() {
    testing::run(async |kit| {
        let (house, _anna, id) = opened(&kit).await;
        let ben = house.account("ben").await;
        let campaign = Campaign::reach(&house.hall, id).await.unwrap();
        // The first message is the wish, the second the news of the commit.
        assert!(crash_nth(campaign.pid(), 2));
        let (by, login) = (author(ben.account), ben.login.clone());
        let joined = campaign.call(CALL_TIMEOUT, |reply| Join {
            realm: guildhall_store::DEFAULT_REALM,
            by,
            login,
            role: Role::Player,
            reply,
        });
        assert!(joined.await.is_err(), "nobody was there to answer");
        kit.assert_exit(campaign.pid(), "injected crash").await;
        assert_eq!(role_of(&house, id, &ben).await, Ok(Role::Player));
        assert_ne!(reach(&house, id).await, campaign.pid());
    });
}
