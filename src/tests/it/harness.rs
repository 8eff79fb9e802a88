//! A server in this process: own thread, own data directory, free ports; stopped and removed on drop.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use guildhall::config::Config;
use guildhall::hall::{Faults, HallRef};
use guildhall::server::{self, Running};
use guildhall_client::{Account, Client, Events, HttpClient};
use tempfile::TempDir;
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
    pub data: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The defaults on free ports, with one worker so that tests stay light.
pub fn config(data: &TempDir) -> Config {
    Config {
        data: data.path().to_path_buf(),
        listen: ([127, 0, 0, 1], 0).into(),
        admin_listen: ([127, 0, 0, 1], 0).into(),
        workers: 1,
        ..Config::default()
    }
}

impl Server {
    /// A server with the defaults.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// A server with changed configuration.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
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

    pub fn http(&self) -> HttpClient {
        HttpClient::new(&self.url).unwrap()
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

/// Somebody who is connected.
pub struct Player {
    pub account: Account,
    pub client: Client,
    pub events: Events,
}

/// A campaign with a GM, a player and a board that nobody has opened yet.
pub struct Table {
    pub gm: Player,
    pub player: Player,
    pub campaign: Uuid,
    pub board: Uuid,
}
