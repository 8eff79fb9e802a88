//! A server in this process: own thread, own world, free ports; stopped and removed on drop. Its database is of the
//! kind that this test run is about.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use guildhall::config::Config;
use guildhall::hall::{Faults, HallRef};
use guildhall::presence::Figures;
use guildhall::server::{self, Running};
use guildhall_client::{Account, Client, Events, HttpClient};
use guildhall_protocol::http::{ErrorBody, SOCKET_PATH};
use guildhall_protocol::{Answer, Ask, Head, Receipt, Refusal, Request, SUB_PROTOCOL, ServerFrame};
use guildhall_rules::doors::DoorLimits;
use guildhall_testkit::{RawFrame, RawSocket, Sql, TestWorld};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use uuid::Uuid;

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Password of every account of the tests.
pub const PASSWORD: &str = "correct horse battery";

/// See the file's head.
pub struct Server {
    pub url: String,
    pub admin_url: String,
    pub hall: HallRef,
    pub data: Arc<TestWorld>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The defaults on free ports, with one worker so that tests stay light.
pub fn config(data: &TestWorld) -> Config {
    let mut config = Config {
        data: data.path().to_path_buf(),
        database: Some(data.url()),
        listen: ([127, 0, 0, 1], 0).into(),
        admin_listen: ([127, 0, 0, 1], 0).into(),
        workers: 1,
        ..Config::default()
    };
    // Whoever waits for a commit waits no longer than without a journal.
    config.limits.journal_flush_window_ms = config.limits.flush_window_ms;
    config.limits.doors = for_crowds(config.limits.doors);
    config
}

/// The tests are one address, some have hundreds of connections of one account, and some say nothing on purpose.
fn for_crowds(doors: DoorLimits) -> DoorLimits {
    DoorLimits {
        handshakes_per_address_burst: 100_000,
        sign_ins_per_address_burst: 100_000,
        sign_ups_per_address_burst: 100_000,
        sessions_per_account_max: 10_000,
        hello_timeout_ms: 120_000,
        ..doors
    }
}

impl Server {
    /// A server with the defaults.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// A server with changed configuration.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(Arc::new(TestWorld::new()), change)
    }

    /// A server on a world that another one left.
    pub fn start_on(data: Arc<TestWorld>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&data);
        change(&mut config);
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let running = server::start(config, Faults::default()).await.unwrap();
                tell.send(Self::addresses(&running)).unwrap();
                let _ = stopped.await;
                running.stop().await;
            });
        });
        let (url, admin_url, hall) = told.recv_timeout(PATIENCE).unwrap();
        Self {
            url,
            admin_url,
            hall,
            data,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn addresses(running: &Running) -> (String, String, HallRef) {
        (
            format!("http://{}", running.public_address()),
            format!("http://{}", running.admin_address()),
            HallRef::clone(running.hall()),
        )
    }

    /// Stops this server as its program does; the connections of this test are served meanwhile.
    pub async fn stop(self) {
        tokio::task::spawn_blocking(move || drop(self))
            .await
            .unwrap();
    }

    /// Stops this server and starts one with the defaults on its world.
    pub async fn restart(self) -> Self {
        let data = Arc::clone(&self.data);
        self.stop().await;
        Self::start_on(data, |_| {})
    }

    /// The public listener's address.
    pub fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    /// Another program's connection to the database.
    pub fn sql(&self) -> Sql {
        self.data.sql()
    }

    /// Its saves are answered when they are committed, with a journal too.
    pub fn http(&self) -> HttpClient {
        let http = HttpClient::new(&self.url).unwrap();
        http.saves_until(Receipt::Durable)
    }

    /// A new account, signed in.
    pub async fn account(&self, login: &str) -> Account {
        let http = self.http();
        http.sign_up(login, PASSWORD).await.unwrap();
        http.sign_in(login, PASSWORD, None).await.unwrap()
    }

    /// A new account, signed in and connected.
    pub async fn player(&self, login: &str) -> Player {
        let account = self.account(login).await;
        let (client, events) = account.connect().await.unwrap();
        Player {
            account,
            client,
            events,
        }
    }

    /// The admin token of this server's data directory.
    pub fn admin_token(&self) -> String {
        std::fs::read_to_string(self.data.path().join(server::ADMIN_TOKEN_FILE)).unwrap()
    }

    /// Sessions that ended by this cause so far.
    pub async fn ended_by(&self, cause: &str) -> u64 {
        let figures = self.hall.presence.call(|reply| Figures { reply }).await;
        figures.unwrap().ended.get(cause).copied().unwrap_or(0)
    }

    /// A GM and a player of one campaign, and a board of the given format in it.
    pub async fn table(&self, format: &str) -> Table {
        let gm = self.player("the-gm").await;
        let player = self.player("the-player").await;
        let campaign = gm
            .client
            .create_campaign("The campaign")
            .await
            .unwrap()
            .campaign;
        let code = gm
            .client
            .invite(campaign, guildhall_protocol::Role::Player)
            .await
            .unwrap();
        player.client.join_campaign(&code).await.unwrap();
        let board = gm
            .client
            .create_board(campaign, "The board", format)
            .await
            .unwrap()
            .board;
        Table {
            gm,
            player,
            campaign,
            board,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a [`Wire`] lets the kernel take in for it, as much as systems usually do.
const RECEIVE_BUFFER_BYTES: u32 = 128 * 1024;

/// Somebody who is connected.
pub struct Player {
    pub account: Account,
    pub client: Client,
    pub events: Events,
}

impl Player {
    /// The same account, connected to a server that was started anew.
    pub async fn account_on(&self, server: &Server) -> Client {
        let token = self.account.token().to_owned();
        let account = server.http().account(self.account.id(), token);
        account.connect().await.unwrap().0
    }
}

/// A campaign with a GM, a player and a board that nobody has opened yet.
pub struct Table {
    pub gm: Player,
    pub player: Player,
    pub campaign: Uuid,
    pub board: Uuid,
}

/// Commits one tiny revision after the other, each an event to everyone who has the board open, until
/// somebody has ended as a slow reader; the last one.
pub async fn commit_until_somebody_is_ended(server: &Server, gm: &Client, board: Uuid) -> Head {
    let mut base = None;
    loop {
        let upload = gm.upload_board(board, base, "opaque", b"tiny").await;
        let (head, _) = upload.unwrap();
        if server.ended_by("slow_reader").await > 0 {
            return head;
        }
        base = Some(head.revision);
    }
}

/// A connection without the client library: any text, any bytes. It answers no pings.
pub struct Wire {
    pub socket: RawSocket,
}

impl Wire {
    /// A connection of this account that has said hello.
    pub async fn open(server: &Server, account: &Account) -> Self {
        Self::open_silent(server, account).await.greeted().await
    }

    /// A connection of this account that has said nothing.
    pub async fn open_silent(server: &Server, account: &Account) -> Self {
        Self::shaken(server, account, RECEIVE_BUFFER_BYTES).await
    }

    /// One that has said hello and whose kernel takes in little of what it does not read.
    pub async fn open_narrow(server: &Server, account: &Account) -> Self {
        Self::open_silent_and_narrow(server, account)
            .await
            .greeted()
            .await
    }

    /// A narrow one that has said nothing.
    pub async fn open_silent_and_narrow(server: &Server, account: &Account) -> Self {
        Self::shaken(server, account, 4096).await
    }

    async fn shaken(server: &Server, account: &Account, buffer_bytes: u32) -> Self {
        let bearer = format!("Bearer {}", account.token());
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Sec-WebSocket-Protocol", SUB_PROTOCOL),
        ];
        let address = server.address();
        let socket =
            RawSocket::handshake_with_receive_buffer(address, SOCKET_PATH, &headers, buffer_bytes);
        Self {
            socket: socket.await.unwrap(),
        }
    }

    async fn greeted(mut self) -> Self {
        let hello = Ask::SessionHello {
            build: "test".to_owned(),
            device: None,
            features: Vec::new(),
        };
        self.ask(hello).await.unwrap();
        self
    }

    pub async fn send(&mut self, frame: &RawFrame) {
        self.socket.send_frame(frame).await.unwrap();
    }

    /// Asks so many times for this character and reads nothing; the ids of the requests.
    pub async fn ask_unheard(&mut self, character: Uuid, times: usize) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for _ in 0..times {
            let id = Uuid::now_v7();
            let body = Ask::CharacterGet { character };
            self.send(&RawFrame::text(&Request { id, body }.to_json()))
                .await;
            ids.push(id);
        }
        ids
    }

    /// The next frame with text in it.
    pub async fn next(&mut self) -> ServerFrame {
        loop {
            let frame = self.socket.read_frame(PATIENCE).await.unwrap();
            assert_eq!(frame.close(), None);
            if let Some(text) = frame.text() {
                return ServerFrame::parse(text).unwrap();
            }
        }
    }

    /// Sends a request and waits for its answer; events before it are dropped.
    pub async fn ask(&mut self, body: Ask) -> Result<Answer, Refusal> {
        let id = Uuid::now_v7();
        let text = Request { id, body }.to_json();
        self.send(&RawFrame::text(&text)).await;
        loop {
            match self.next().await {
                ServerFrame::Answer { re, answer } if re == id => return Ok(answer),
                ServerFrame::Refused { re, error } if re == Some(id) => return Err(error),
                _ => {}
            }
        }
    }
}

/// An answer of the HTTP surface, byte by byte.
pub struct HttpAnswer {
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The refusal in the body, as every HTTP error has one.
    pub fn refusal(&self) -> Refusal {
        let body: Result<ErrorBody, _> = serde_json::from_slice(&self.body);
        body.unwrap_or_else(|error| panic!("{error}: {}", self.head))
            .error
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Sends a request as it is: `head` without the last line ends, `body` without a length of its own.
pub async fn http(address: SocketAddr, head: &str, body: &[u8]) -> HttpAnswer {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("{head}\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server that has seen enough may close before it has read all.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await.unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    HttpAnswer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head,
        body: answer[end + 4..].to_vec(),
    }
}
