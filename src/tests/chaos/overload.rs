//! More saves than the database takes, for as long as one likes: memory and queue level off, nothing is dropped,
//! and every save that is refused was told. `CHAOS_OVERLOAD_S` sets how long (12 s). The database is made slow by
//! another program that holds its lock most of the time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use guildhall::server::ADMIN_TOKEN_FILE;
use guildhall_client::{AdminClient, Client, ClientError, HttpClient};
use guildhall_protocol::{Code, Receipt};
use guildhall_testkit::{Backend, ChildServer, TestWorld, backend, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::number;
use level::levels_off;

mod level;

const SECONDS: u64 = 12;
const PLAYERS: usize = 16;
const HEROES_EACH: usize = 64;
/// Writes that the server takes up; half of what the players have under way.
const DIRTY_MAX: usize = PLAYERS * HEROES_EACH / 2;
const STATE_BYTES: usize = 4_096;
/// The lock of the database is held so long, and then left so long.
const HELD: Duration = Duration::from_millis(500);
const LEFT: Duration = Duration::from_millis(50);
const START: Duration = Duration::from_secs(30);
const DRAIN: Duration = Duration::from_secs(60);

/// Another program that has the database most of the time.
struct Occupier {
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Occupier {
    fn of(world: &TestWorld) -> Self {
        let (stop, stopped) = mpsc::channel();
        let sql = world.sql();
        let take = match backend() {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN; LOCK TABLE batches IN SHARE ROW EXCLUSIVE MODE",
        };
        let goes_on = move |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
        let thread = std::thread::spawn(move || {
            while goes_on(LEFT) {
                sql.run(take);
                let again = goes_on(HELD);
                sql.run("COMMIT");
                if !again {
                    return;
                }
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Occupier {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What became of the saves.
#[derive(Default)]
struct Tally {
    sent: AtomicU64,
    taken: AtomicU64,
    refused: AtomicU64,
}

/// A character as its player knows it: the version that was answered last, and what that answer promised.
struct Hero {
    id: Uuid,
    version: u32,
    receipt: Receipt,
}

impl Hero {
    fn state(&self, version: u32) -> Value {
        json!({ "version": version, "filling": "x".repeat(STATE_BYTES) })
    }

    /// Saves on top of the last version again and again, and does not wait as a refusal asks: more than the
    /// database takes shall come on any machine. Each save is answered, and by one of the words for a
    /// server that has too much to do; anything else is a defect.
    async fn work(&mut self, client: &Client, tally: &Tally, until: Instant) {
        while Instant::now() < until {
            let state = self.state(self.version + 1);
            tally.sent.fetch_add(1, Ordering::Relaxed);
            match client.save_character(self.id, self.version, state).await {
                Ok(saved) => {
                    assert_eq!(saved.version, self.version + 1);
                    (self.version, self.receipt) = (saved.version, saved.receipt);
                    tally.taken.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    must_be_too_much(&error);
                    tally.refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

fn must_be_too_much(error: &ClientError) {
    let code = error.code();
    let known = matches!(code, Some(Code::Overloaded | Code::Unavailable));
    assert!(known, "{error}");
}

struct Scene {
    server: ChildServer,
    world: TestWorld,
    url: String,
    admin: AdminClient,
}

impl Scene {
    fn begin() -> Self {
        let world = TestWorld::new();
        let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_guildhall")));
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--admin-listen", "127.0.0.1:0", "--data"])
            .arg(world.path())
            .args(["--database", &world.url()])
            .env("GUILDHALL_LIMITS__DIRTY_MAX", DIRTY_MAX.to_string())
            .env(
                "GUILDHALL_LIMITS__CHARACTERS_PER_ACCOUNT_MAX",
                HEROES_EACH.to_string(),
            )
            .env("RUST_LOG", "error");
        let server = ChildServer::spawn(command);
        let url = server.wait_for_line("listening", START);
        let admin = server.wait_for_line("admin ", START);
        let token = std::fs::read_to_string(world.path().join(ADMIN_TOKEN_FILE)).unwrap();
        Self {
            admin: AdminClient::new(&admin, &token).unwrap(),
            server,
            world,
            url,
        }
    }

    async fn player(&self, number: usize) -> (Client, Vec<Hero>) {
        let http = HttpClient::new(&self.url).unwrap();
        let login = format!("player-{number}");
        let password = "correct horse battery";
        http.sign_up(&login, password).await.unwrap();
        let account = http.sign_in(&login, password, None).await.unwrap();
        let (client, _) = account.connect().await.unwrap();
        let mut heroes = Vec::new();
        for hero in 0..HEROES_EACH {
            let name = format!("Hero {number} {hero}");
            let (made, receipt) = client.create_character(&name, json!({})).await.unwrap();
            heroes.push(Hero {
                id: made.character,
                version: made.version,
                receipt,
            });
        }
        (client, heroes)
    }

    async fn persistence(&self) -> HashMap<String, Value> {
        let status = self.admin.supervisor().await.unwrap();
        serde_json::from_value(status["persistence"].clone()).unwrap()
    }

    /// Bytes of the server that are in memory.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid()));
        let status = status.unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
        kibibytes.parse::<u64>().unwrap() * 1024
    }
}

fn figure(figures: &HashMap<String, Value>, name: &str) -> u64 {
    figures[name].as_u64().unwrap()
}

#[tokio::test]
async fn with_more_saves_than_the_database_takes_memory_and_queue_level_off_and_every_refusal_is_told()
 {
    let seconds = number("CHAOS_OVERLOAD_S").unwrap_or(SECONDS);
    let scene = Scene::begin();
    let players = join_all((0..PLAYERS).map(|number| scene.player(number))).await;
    let before = figure(&scene.persistence().await, "committed");
    let occupier = Occupier::of(&scene.world);
    let until = Instant::now() + Duration::from_secs(seconds);
    let tally = Arc::new(Tally::default());
    let working: Vec<_> = players
        .into_iter()
        .map(|(client, mut heroes)| {
            let tally = Arc::clone(&tally);
            tokio::spawn(async move {
                let work = heroes
                    .iter_mut()
                    .map(|hero| hero.work(&client, &tally, until));
                join_all(work).await;
                (client, heroes)
            })
        })
        .collect();
    let (mut resident, mut queue) = (Vec::new(), Vec::new());
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    while Instant::now() < until {
        tick.tick().await;
        resident.push(scene.resident());
        queue.push(figure(&scene.persistence().await, "dirty"));
    }
    let committed = figure(&scene.persistence().await, "committed") - before;
    let players: Vec<_> = join_all(working)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (sent, taken, refused) = (
        count(&tally.sent),
        count(&tally.taken),
        count(&tally.refused),
    );
    println!(
        "overload: {seconds} s, {sent} saves sent, {taken} taken, {refused} refused, {committed} committed \
         meanwhile; queue at most {} of {DIRTY_MAX}; resident {} to {} MiB, at the end {}",
        queue.iter().max().unwrap(),
        resident.iter().min().unwrap() >> 20,
        resident.iter().max().unwrap() >> 20,
        resident.last().unwrap() >> 20,
    );
    assert_eq!(sent, taken + refused, "every save is answered");
    assert!(sent >= 2 * committed, "twice what the database takes");
    assert!(queue.iter().all(|dirty| *dirty <= DIRTY_MAX as u64));
    assert!(levels_off(&queue), "{queue:?}");
    assert!(levels_off(&resident), "{resident:?}");
    drop(occupier);
    everything_is_there(&scene, players).await;
}

/// Once the database is free again, every save that was taken is in it.
async fn everything_is_there(scene: &Scene, players: Vec<(Client, Vec<Hero>)>) {
    eventually(DRAIN, "the queue to be empty", async || {
        figure(&scene.persistence().await, "dirty") == 0
    })
    .await;
    for (client, heroes) in players {
        for hero in heroes {
            let shown = client.character(hero.id).await.unwrap();
            let known = (hero.version, hero.receipt);
            assert_eq!(shown.version, hero.version, "{known:?}");
            if hero.version > 1 {
                assert_eq!(shown.state["version"], hero.version, "{known:?}");
            }
        }
    }
}
