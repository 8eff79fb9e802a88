//! Death of a connection: whatever ends it, process, registry entry, audience and presence are gone within
//! 100 ms, with the right cause and close code, and two hundred others are untouched.

use std::time::{Duration, Instant};

use guildhall_client::{Account, Client, Events};
use guildhall_process::{ExitReason, exit, is_alive, testing, watch};
use guildhall_protocol::{Ask, CloseCode, Event, Role};
use guildhall_testkit::{RawFrame, eventually};
use tokio::time::timeout;
use uuid::Uuid;

use crate::crowd::{Crowd, Victim};
use crate::harness::{PATIENCE, Player};

mod close_codes;
mod orders;

/// The bound where the kernel or the house itself tells of a death.
const BOUND: Duration = Duration::from_millis(100);
/// Rounds for each way to die.
const ROUNDS: usize = 5;
/// How often a round may be repeated on a machine that is busy with other tests.
const TRIES: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    CloseFrame,
    Fin,
    Reset,
    PanicInAHandler,
    KillOfTheSession,
    KillOfTheSocket,
}

impl Way {
    const ALL: [Self; 6] = [
        Self::CloseFrame,
        Self::Fin,
        Self::Reset,
        Self::PanicInAHandler,
        Self::KillOfTheSession,
        Self::KillOfTheSocket,
    ];

    /// The word under which the end is counted.
    fn cause(self) -> &'static str {
        match self {
            Self::CloseFrame => "client_closed",
            Self::Fin | Self::Reset => "connection_lost",
            Self::PanicInAHandler => "panic",
            Self::KillOfTheSession | Self::KillOfTheSocket => "killed",
        }
    }

    /// Ends the connection.
    async fn strike(self, mut victim: Victim) -> Option<Victim> {
        match self {
            Self::CloseFrame => {
                let close = RawFrame::close(1000, "");
                victim.wire.socket.send_frame(&close).await.unwrap();
            }
            Self::Fin => victim.wire.socket.half_close().await.unwrap(),
            Self::Reset => {
                victim.wire.socket.reset();
                return None;
            }
            Self::PanicInAHandler => {
                assert!(testing::crash_next(victim.pid));
                assert!(victim.send(Ask::SessionKeepalive {}).await);
            }
            Self::KillOfTheSession => exit(victim.pid, ExitReason::Kill),
            Self::KillOfTheSocket => exit(victim.port, ExitReason::Kill),
        }
        Some(victim)
    }

    /// What the peer reads at the end, where it still can.
    async fn is_seen_by(self, mut victim: Victim) {
        let close = victim.wire.socket.read_close(PATIENCE).await;
        let expected = match self {
            Self::CloseFrame => Some((CloseCode::NORMAL.code, "")),
            Self::Fin | Self::Reset => None,
            Self::PanicInAHandler => Some((1011, "internal_error")),
            Self::KillOfTheSession | Self::KillOfTheSocket => Some((4001, "session_killed")),
        };
        let expected = expected.map(|(code, reason)| (code, reason.to_string()));
        assert_eq!(close, expected, "{self:?}");
        if close.is_some() {
            assert_eq!(
                victim.wire.socket.read_frame(PATIENCE).await,
                None,
                "{self:?}"
            );
        }
    }
}

/// How long it took until each was gone.
#[derive(Clone, Copy, Debug)]
struct Gone {
    session: Duration,
    socket: Duration,
    audience: Duration,
    presence: Duration,
}

impl Gone {
    fn all(self) -> Duration {
        let Self {
            session,
            socket,
            audience,
            presence,
        } = self;
        session.max(socket).max(audience).max(presence)
    }
}

#[tokio::test]
async fn a_dead_connection_leaves_nothing_behind_after_100_ms_and_200_others_are_untouched() {
    let mut crowd = Crowd::gather("opaque").await;
    let account = member(&crowd).await;
    for way in Way::ALL {
        let mut gone = Vec::new();
        for _ in 0..ROUNDS {
            gone.push(round(&mut crowd, &account, way).await);
        }
        let figures = |of: fn(&Gone) -> Duration| figures(gone.iter().map(of));
        println!(
            "{way:?}: session {}, socket {}, audience {}, presence {} (median/worst of {ROUNDS}, ms)",
            figures(|g| g.session),
            figures(|g| g.socket),
            figures(|g| g.audience),
            figures(|g| g.presence),
        );
        assert!(gone.iter().all(|g| g.all() <= BOUND), "{way:?}: {gone:?}");
    }
    crowd.is_untouched().await;
    assert_eq!(crowd.audience().await, crowd.everyone());
}

/// A player of the campaign who is connected only as a victim.
async fn member(crowd: &Crowd) -> Account {
    let player = crowd.server.player("the-victim").await;
    let code = crowd.gm.client.invite(crowd.campaign, Role::Player).await;
    player.client.join_campaign(&code.unwrap()).await.unwrap();
    player.client.close().await;
    let gone = async || !online(&crowd.gm.client, crowd.campaign, &player.account).await;
    eventually(PATIENCE, "the end of the first connection", gone).await;
    player.account
}

/// The first try within the bound, or the last one.
async fn round(crowd: &mut Crowd, account: &Account, way: Way) -> Gone {
    let mut tries = 1;
    loop {
        let gone = death(crowd, account, way).await;
        if gone.all() <= BOUND || tries == TRIES {
            return gone;
        }
        println!("{way:?}: {gone:?}, again");
        tries += 1;
    }
}

async fn death(crowd: &mut Crowd, account: &Account, way: Way) -> Gone {
    let everyone = crowd.everyone();
    let (campaign, board) = (crowd.campaign, crowd.board);
    let Crowd {
        gm: Player { client, events, .. },
        server,
        ..
    } = &mut *crowd;
    let mut victim = Victim::connect(server, account).await;
    victim.wire.ask(Ask::BoardOpen { board }).await.unwrap();
    audience_becomes(events, everyone + 1).await;
    assert!(online(client, campaign, account).await);
    let counted = server.ended_by(way.cause()).await;

    let (session, pid, port) = (victim.session, victim.pid, victim.port);
    let begun = Instant::now();
    let left = way.strike(victim).await;
    let session_gone = async {
        watch(pid).await;
        assert!(!is_alive(pid));
        let entry = server.hall.sessions.registry().whereis(&session);
        assert!(
            entry.is_none(),
            "{way:?}: the registry holds a dead session"
        );
        begun.elapsed()
    };
    let socket_gone = async {
        watch(port).await;
        assert!(!is_alive(port));
        begun.elapsed()
    };
    let audience_fell = async {
        audience_becomes(events, everyone).await;
        begun.elapsed()
    };
    let offline = async {
        let look = async || !online(client, campaign, account).await;
        eventually(PATIENCE, "the account offline", look).await;
        begun.elapsed()
    };
    let all = async { tokio::join!(session_gone, socket_gone, audience_fell, offline) };
    let (session, socket, audience, presence) = timeout(PATIENCE, all).await.expect("the end");

    let now = server.ended_by(way.cause()).await;
    assert_eq!(now, counted + 1, "{way:?} counts as {}", way.cause());
    assert_eq!(crowd.audience().await, everyone);
    if let Some(victim) = left {
        way.is_seen_by(victim).await;
    }
    Gone {
        session,
        socket,
        audience,
        presence,
    }
}

/// The GM hears that the board's audience has become this.
async fn audience_becomes(events: &mut Events, expected: u32) {
    let heard = events.find(|event| match event {
        Event::BoardAudienceChanged { audience, .. } => (audience == expected).then_some(()),
        _ => None,
    });
    timeout(PATIENCE, heard).await.unwrap().unwrap();
}

async fn online(client: &Client, campaign: Uuid, account: &Account) -> bool {
    let members = client.members(campaign).await.unwrap();
    let member = members.iter().find(|m| m.account == account.id());
    member.expect("a member").online
}

/// Median and worst, in milliseconds.
fn figures(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<_> = times.map(|time| time.as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    format!(
        "{:.1}/{:.1}",
        times[times.len() / 2],
        times[times.len() - 1]
    )
}
