//! A server that acknowledges saves before it writes them. The program has no such switch, so this test
//! binary starts itself again, as that server.

use std::path::PathBuf;
use std::process::Command;

use guildhall::config::Config;
use guildhall::hall::Faults;
use guildhall::server;
use guildhall_testkit::{ChildServer, TestWorld};

const DATA: &str = "CHAOS_FAULTY_DATA";
const DATABASE: &str = "CHAOS_FAULTY_DATABASE";
/// Long enough that a kill finds unwritten saves.
const WINDOW_MS: u64 = 300;

/// Starts it on a world.
pub fn launch(world: &TestWorld) -> ChildServer {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let only = "faulty::serves_when_it_is_told_to";
    command
        .args(["--exact", only, "--nocapture"])
        .env(DATA, world.path())
        .env(DATABASE, world.url());
    ChildServer::spawn(command)
}

/// Not a test of anything: with the variable it is the faulty server, and ends by being killed.
#[test]
fn serves_when_it_is_told_to() {
    let Some(data) = std::env::var_os(DATA) else {
        return;
    };
    let mut config = Config {
        data: PathBuf::from(data),
        database: Some(std::env::var(DATABASE).unwrap()),
        listen: ([127, 0, 0, 1], 0).into(),
        admin_listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    };
    config.limits.flush_window_ms = WINDOW_MS;
    // As for the real one.
    config.limits.characters_per_account_max = 1_000_000;
    config.limits.names_cooling_max = 1_000_000;
    config.limits.retention_interval_ms = 100_000_000;
    let faults = Faults {
        receipts_before_write: true,
    };
    actix_web::rt::System::new().block_on(async move {
        let running = server::start(config, faults).await.unwrap();
        // The test runner has begun this line.
        println!();
        println!("admin         http://{}", running.admin_address());
        println!("listening     http://{}", running.public_address());
        running.died().await;
    });
}
