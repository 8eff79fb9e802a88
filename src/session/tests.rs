//! The clocks of a session, in virtual time: what a silent peer and an idle one come to.

use std::time::Duration;

use guildhall_process::testing;

use super::Alive;
use crate::auth::Identity;
use crate::hall::tests::{Given, House};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_peer_that_answers_nothing_is_pinged_once_and_then_taken_for_lost() {
    testing::run(async |kit| {
        let house = House::open(&kit).await;
        let clocks = house.hall.config.limits.clock_limits();
        let anna = house.account("anna").await;
        let mut peer = kit.probe::<Given>("peer").patience(clocks.liveness_timeout);
        let socket = house.connect(&kit, &anna, peer.recipient()).await;
        let came = kit.now();
        peer.expect_nothing(clocks.ping_interval - MS).await;
        peer.expect_message_eq(Given::Ping).await;
        let silent = came + clocks.liveness_timeout - kit.now();
        peer.expect_nothing(silent - MS).await;
        kit.assert_alive(socket.session.pid()).await;
        kit.advance(MS).await;
        kit.assert_exit(socket.session.pid(), "liveness_lost").await;
    });
}

#[test]
fn a_session_ends_when_its_token_does_by_the_servers_clock() {
    testing::run(async |kit| {
        let house = House::open(&kit).await;
        let anna = house.account("anna").await;
        let expires_us = house.hall.now_us() + 5_000_000;
        let peer = kit.probe::<Given>("peer");
        let who = Identity { expires_us, ..anna };
        let socket = house.connect(&kit, &who, peer.recipient()).await;
        kit.advance(Duration::from_secs(4)).await;
        kit.assert_alive(socket.session.pid()).await;
        kit.advance(Duration::from_secs(1)).await;
        kit.assert_exit(socket.session.pid(), "token_expired").await;
    });
}

#[test]
fn a_peer_that_answers_pings_and_asks_nothing_ends_as_idle_at_its_time() {
    testing::run(async |kit| {
        let house = House::open(&kit).await;
        let clocks = house.hall.config.limits.clock_limits();
        let anna = house.account("anna").await;
        let mut peer = kit.probe::<Given>("peer").patience(clocks.idle_timeout);
        let socket = house.connect(&kit, &anna, peer.recipient()).await;
        let came = kit.now();
        let mut pings = 0;
        while kit.now() + clocks.ping_interval < came + clocks.idle_timeout {
            peer.expect_message_eq(Given::Ping).await;
            kit.tell(&socket.session, Alive);
            pings += 1;
        }
        assert!(pings > 10, "{pings} pings");
        kit.advance(came + clocks.idle_timeout - MS - kit.now())
            .await;
        kit.assert_alive(socket.session.pid()).await;
        kit.advance(MS).await;
        kit.assert_exit(socket.session.pid(), "idle_expired").await;
    });
}
