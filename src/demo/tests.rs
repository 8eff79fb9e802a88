//! The demo world on a real server: whole after any start, never there twice.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use guildhall_client::{Client, HttpClient};
use guildhall_rules::board_format::{BoardFormat, FormatLimits};
use guildhall_rules::universal_vtt::UniversalVtt;
use tempfile::TempDir;
use tokio::time::timeout;

use super::sign_ins::{SignIn, SignIns};
use super::{DemoError, SIGN_INS_FILE, TAVERN, fill, reachable};
use crate::config::Config;
use crate::hall::Faults;
use crate::server;

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `test` against a server in this thread, which is stopped afterwards.
fn with_server<F: Future<Output = ()>>(test: impl FnOnce(TempDir, SocketAddr) -> F) {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        data: data.path().to_path_buf(),
        listen: ([127, 0, 0, 1], 0).into(),
        admin_listen: ([127, 0, 0, 1], 0).into(),
        workers: 1,
        ..Config::default()
    };
    actix_web::rt::System::new().block_on(async {
        let running = server::start(config, Faults::default()).await.unwrap();
        let tested = timeout(PATIENCE, test(data, running.public_address())).await;
        assert!(running.stop().await);
        tested.unwrap();
    });
}

async fn connected(http: &HttpClient, sign_in: &SignIn) -> Client {
    let account = http.sign_in(&sign_in.login, &sign_in.password, None).await;
    account.unwrap().connect().await.unwrap().0
}

/// Everything that the demo world should have, each thing once.
async fn assert_whole(path: &Path, public: SocketAddr) {
    let http = HttpClient::new(&format!("http://{public}")).unwrap();
    let sign_ins = SignIns::kept(path).unwrap();
    assert!(sign_ins.filled);
    let gm = connected(&http, &sign_ins.gm).await;
    let player = connected(&http, &sign_ins.player).await;
    for client in [&gm, &player] {
        let [campaign] = &client.campaigns().await.unwrap()[..] else {
            panic!("not one campaign");
        };
        let [board] = &client.boards(campaign.campaign).await.unwrap()[..] else {
            panic!("not one board");
        };
        let head = board.head.as_ref().unwrap();
        assert_eq!(head.revision, 1);
        assert_eq!(head.hash, blake3::hash(TAVERN).to_hex().as_str());
        assert_eq!(client.characters().await.unwrap().len(), 1);
    }
    let [guild] = &gm.guilds().await.unwrap()[..] else {
        panic!("not one guild");
    };
    let ship = gm.guild(guild.guild).await.unwrap().ship;
    assert_eq!(ship.state["name"], "The Patient Gull");
}

#[test]
fn the_world_is_filled_once_and_costs_no_request_later() {
    with_server(|data, public| async move {
        let path = data.path().join(SIGN_INS_FILE);
        let lines = fill(data.path(), public).await.unwrap();
        assert!(lines[0].starts_with("demo-gm / "), "{lines:?}");
        assert!(lines[1].starts_with("demo-player / "), "{lines:?}");
        assert_whole(&path, public).await;
        let nobody = ([127, 0, 0, 1], 9).into();
        assert_eq!(fill(data.path(), nobody).await.unwrap(), lines);
    });
}

#[test]
fn a_start_after_a_crash_finishes_the_world_and_doubles_nothing() {
    with_server(|data, public| async move {
        let path = data.path().join(SIGN_INS_FILE);
        let mut sign_ins = SignIns::kept(&path).unwrap();
        let http = HttpClient::new(&format!("http://{public}")).unwrap();
        let (login, password) = (&sign_ins.gm.login, &sign_ins.gm.password);
        http.sign_up(login, password).await.unwrap();
        let gm = connected(&http, &sign_ins.gm).await;
        super::campaign(&gm).await.unwrap();
        gm.create_guild(super::GUILD).await.unwrap();
        for _ in 0..2 {
            fill(data.path(), public).await.unwrap();
            assert_whole(&path, public).await;
            sign_ins.keep(&path).unwrap();
        }
        sign_ins.gm.password.push('!');
        sign_ins.keep(&path).unwrap();
        let error = fill(data.path(), public).await.unwrap_err();
        assert!(matches!(error, DemoError::Stranger { .. }), "{error}");
    });
}

#[test]
fn the_tavern_is_a_map_without_a_warning() {
    let checked = UniversalVtt.check(TAVERN, &FormatLimits::default());
    assert_eq!(checked.unwrap().warnings, []);
}

#[test]
fn a_server_on_every_address_is_reached_over_loopback() {
    for (listens, reached) in [
        ("0.0.0.0:80", "127.0.0.1:80"),
        ("[::]:80", "[::1]:80"),
        ("192.0.2.7:80", "192.0.2.7:80"),
    ] {
        let reached: SocketAddr = reached.parse().unwrap();
        assert_eq!(reachable(listens.parse().unwrap()), reached);
    }
}
