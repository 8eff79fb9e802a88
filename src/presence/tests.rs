//! Who is here is known by monitors alone, and is known again after a crash.

use guildhall_process::testing::{self, Kit, Probe, crash_next, interleave};
use guildhall_process::{ExitReason, ReplyTo, exit};

use super::{Figures, Online, SessionFigures};
use crate::auth::Identity;
use crate::hall::tests::{Given, House};

async fn figures(kit: &Kit, house: &House) -> SessionFigures {
    kit.settle().await;
    let presence = house.hall.presence.whereis().unwrap();
    kit.ask(&presence, |reply| Figures { reply }).await
}

async fn online(kit: &Kit, house: &House, people: &[&Identity]) -> Vec<bool> {
    kit.settle().await;
    let presence = house.hall.presence.whereis().unwrap();
    let accounts = people.iter().map(|who| who.account).collect();
    kit.ask(&presence, |reply| Online { accounts, reply }).await
}

/// Takes what a session sends and says nothing.
fn peer(kit: &Kit) -> Probe<Given> {
    kit.probe("peer")
}

#[test]
fn an_account_is_online_until_its_last_socket_has_closed() {
    testing::run(async |kit| {
        let house = House::open(&kit).await;
        let (anna, ben) = (house.account("anna").await, house.account("ben").await);
        let peer = peer(&kit);
        let phone = house.connect(&kit, &anna, peer.recipient()).await;
        let desk = house.connect(&kit, &anna, peer.recipient()).await;
        assert_eq!(online(&kit, &house, &[&anna, &ben]).await, [true, false]);
        phone.port.close(ExitReason::shutdown_with("peer_closed"));
        kit.assert_exit(phone.session.pid(), "peer_closed").await;
        assert_eq!(online(&kit, &house, &[&anna, &ben]).await, [true, false]);
        drop(desk.port);
        kit.assert_exit(desk.session.pid(), "dropped").await;
        assert_eq!(online(&kit, &house, &[&anna, &ben]).await, [false, false]);
    });
}

#[test]
fn ends_are_counted_by_their_cause_and_live_sessions_by_their_life() {
    testing::run(async |kit| {
        let house = House::open(&kit).await;
        let anna = house.account("anna").await;
        let peer = peer(&kit);
        let mut sockets = Vec::new();
        for _ in 0..4 {
            sockets.push(house.connect(&kit, &anna, peer.recipient()).await);
        }
        exit(sockets[0].session.pid(), ExitReason::Kill);
        crash_next(sockets[1].session.pid());
        kit.tell(&sockets[1].session, crate::session::Alive);
        exit(sockets[2].session.pid(), ExitReason::error("disk: full"));
        let figures = figures(&kit, &house).await;
        assert_eq!((figures.here, figures.started), (1, 4));
        let ended: Vec<_> = figures
            .ended
            .iter()
            .map(|(k, n)| (k.as_str(), *n))
            .collect();
        assert_eq!(ended, [("disk", 1), ("killed", 1), ("panic", 1)]);
    });
}

#[test]
fn a_presence_that_crashed_knows_the_living_again_and_hears_of_their_ends() {
    interleave(0..10, async |kit| {
        let house = House::open(&kit).await;
        let (anna, ben) = (house.account("anna").await, house.account("ben").await);
        let peer = peer(&kit);
        let stays = house.connect(&kit, &anna, peer.recipient()).await;
        let leaves = house.connect(&kit, &ben, peer.recipient()).await;
        let before = house.hall.presence.whereis().unwrap();
        assert!(crash_next(before.pid()));
        kit.tell(
            &before,
            Figures {
                reply: ReplyTo::detached(),
            },
        );
        kit.assert_restarted(before.pid()).await;
        assert_eq!(online(&kit, &house, &[&anna, &ben]).await, [true, true]);
        leaves.port.close(ExitReason::shutdown_with("peer_closed"));
        assert_eq!(online(&kit, &house, &[&anna, &ben]).await, [true, false]);
        let figures = figures(&kit, &house).await;
        assert_eq!((figures.here, figures.started), (1, 2));
        assert_eq!(figures.ended.get("peer_closed"), Some(&1));
        kit.assert_alive(stays.session.pid()).await;
    });
}
