//! Two hundred sockets that have one board open, and the check that what befell others cost them nothing.
//! One crowd at a time in this process: descriptors and the figures of time are shared.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use guildhall::config::Config;
use guildhall_client::{Account, Client, ClientError, Events};
use guildhall_process::{Pid, process_info, watch};
use guildhall_protocol::{Answer, Ask, CloseCode, Event, Request, ServerFrame};
use guildhall_testkit::RawFrame;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use uuid::Uuid;

use crate::harness::{PATIENCE, Player, Server, Table, Wire};

/// Sockets of a crowd.
pub const CROWD: usize = 200;

static TURN: Mutex<()> = Mutex::const_new(());

/// See the file's head.
pub struct Crowd {
    pub gm: Player,
    pub campaign: Uuid,
    pub board: Uuid,
    bystanders: Vec<Bystander>,
    pub server: Server,
    _player: Player,
    _turn: MutexGuard<'static, ()>,
}

struct Bystander {
    client: Client,
    events: Events,
    pid: Pid,
}

impl Crowd {
    /// A server with a GM who has the board open, and the crowd.
    pub async fn gather(format: &str) -> Self {
        Self::gather_with(format, |_| {}).await
    }

    /// The same on a server with changed configuration.
    pub async fn gather_with(format: &str, change: impl FnOnce(&mut Config)) -> Self {
        let turn = TURN.lock().await;
        let server = Server::start_with(change);
        let Table {
            gm,
            player,
            campaign,
            board,
        } = server.table(format).await;
        gm.client.open_board(board).await.unwrap();
        let bystanders = join_all((0..CROWD).map(|_| bystander(&server, &gm.account, board))).await;
        let crowd = Self {
            gm,
            campaign,
            board,
            bystanders,
            server,
            _player: player,
            _turn: turn,
        };
        assert_eq!(crowd.audience().await, crowd.everyone());
        crowd
    }

    /// The audience when nobody is missing: the crowd and the GM.
    pub fn everyone(&self) -> u32 {
        u32::try_from(CROWD + 1).unwrap()
    }

    /// The audience of the board, as the GM is told.
    pub async fn audience(&self) -> u32 {
        let status = self.gm.client.board_status(self.board).await;
        status.unwrap().audience
    }

    /// The same processes, every one of which answers.
    pub async fn is_untouched(&self) {
        for bystander in &self.bystanders {
            assert_eq!(pid_of(&self.server, &bystander.client), bystander.pid);
        }
        let answers = join_all(self.bystanders.iter().map(|b| b.client.keep_alive())).await;
        for answer in answers {
            answer.unwrap();
        }
    }

    /// One request of each at the same time; how many were refused, by code. Nobody loses the socket.
    pub async fn ask_all<T>(
        &self,
        ask: impl AsyncFn(&Client) -> Result<T, ClientError>,
    ) -> BTreeMap<&'static str, usize> {
        let answers = join_all(self.bystanders.iter().map(|b| ask(&b.client))).await;
        let mut refused = BTreeMap::new();
        for error in answers.into_iter().filter_map(Result::err) {
            let code = error.code().unwrap_or_else(|| panic!("{error}"));
            *refused.entry(code.as_str()).or_default() += 1;
        }
        refused
    }

    /// Every one of the crowd hears that the board was lost; the reason that they are told.
    pub async fn hear_unbound(&mut self) -> String {
        let mut reasons =
            join_all(self.bystanders.iter_mut().map(|b| unbound(&mut b.events))).await;
        reasons.sort();
        reasons.dedup();
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        reasons.remove(0)
    }
}

async fn bystander(server: &Server, account: &Account, board: Uuid) -> Bystander {
    let (client, events) = account.connect().await.unwrap();
    client.open_board(board).await.unwrap();
    let pid = pid_of(server, &client);
    Bystander {
        client,
        events,
        pid,
    }
}

/// The session process behind a client.
pub fn pid_of(server: &Server, client: &Client) -> Pid {
    let session = client.welcome().session;
    let process = server.hall.sessions.registry().whereis(&session);
    process.expect("a living session").pid()
}

/// Waits until these events tell that a board was lost; the reason.
pub async fn unbound(events: &mut Events) -> String {
    timeout(PATIENCE, async {
        loop {
            match events.next().await {
                Ok(told) => {
                    if let Event::BoardUnbound { reason, .. } = told.event {
                        return reason;
                    }
                }
                // The joining of so many overfills the ring of who does not read it.
                Err(ClientError::EventsMissed { .. }) => {}
                Err(ended) => panic!("{ended}"),
            }
        }
    })
    .await
    .expect("board.unbound")
}

/// A connection by hand, past its hello, with the processes behind it.
pub struct Victim {
    pub wire: Wire,
    pub session: Uuid,
    pub pid: Pid,
    /// The process of the socket.
    pub port: Pid,
}

impl Victim {
    /// Connects with the account's token and says hello.
    pub async fn connect(server: &Server, account: &Account) -> Self {
        Self::greet(server, Wire::open_silent(server, account).await).await
    }

    /// Says hello on a connection that is open.
    pub async fn greet(server: &Server, mut wire: Wire) -> Self {
        let hello = Ask::SessionHello {
            build: "victim".to_owned(),
            device: None,
            features: Vec::new(),
        };
        let Ok(Answer::SessionWelcome { session, .. }) = wire.ask(hello).await else {
            panic!("no welcome");
        };
        let process = server.hall.sessions.registry().whereis(&session);
        let pid = process.expect("a living session").pid();
        let is_socket = |pid: &Pid| process_info(*pid).is_some_and(|info| info.kind == "socket");
        let links = process_info(pid).expect("a living session").links;
        Self {
            wire,
            session,
            pid,
            port: links.into_iter().find(is_socket).expect("a linked socket"),
        }
    }

    /// Sends a request and reads nothing; false when the connection has ended.
    pub async fn send(&mut self, body: Ask) -> bool {
        let id = Uuid::now_v7();
        let frame = RawFrame::text(&Request { id, body }.to_json());
        self.wire.socket.send_frame(&frame).await.is_ok()
    }

    /// What is told from now on until the close frame, and that one with when it came.
    pub async fn hears_its_end(&mut self) -> (Vec<Event>, Option<(u16, String)>, Instant) {
        let mut told = Vec::new();
        while let Some(frame) = self.wire.socket.read_frame(PATIENCE).await {
            if let Some(close) = frame.close() {
                return (told, Some(close), Instant::now());
            }
            if let Some(text) = frame.text()
                && let ServerFrame::Event { event, .. } = ServerFrame::parse(text).unwrap()
            {
                told.push(event);
            }
        }
        (told, None, Instant::now())
    }

    /// The close frame that comes next, the end of the connection, and that nothing is left.
    pub async fn is_closed_with(&mut self, expected: CloseCode) {
        let close = self.wire.socket.read_close(PATIENCE).await;
        assert_eq!(close, Some((expected.code, expected.reason.to_string())));
        assert_eq!(self.wire.socket.read_frame(PATIENCE).await, None);
        self.is_gone().await;
    }

    /// Waits until neither process is left.
    pub async fn is_gone(&self) {
        let both = async { tokio::join!(watch(self.pid), watch(self.port)) };
        let both = timeout(PATIENCE, both).await;
        both.expect("the end of session and socket");
    }
}
