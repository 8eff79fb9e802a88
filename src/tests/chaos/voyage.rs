//! A server, its crew, and kill after kill: start, let four clients work, kill at a random moment, start
//! again on the same world, look, judge. Where the database is a server too, that is killed as well.

use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use guildhall::server::ADMIN_TOKEN_FILE;
use guildhall_client::{AdminClient, ClientError};
use guildhall_testkit::postgres::{Postgres, Stop};
use guildhall_testkit::{Backend, ChildServer, Seed, TestWorld, eventually};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::checker::{Verdict, check};
use crate::crew::Crew;
use crate::hands::Hands;
use crate::ledger::{Kind, Ledger, Log};
use crate::look;

/// How long anything may take that must happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// A kill comes this long after the clients have begun, at most.
const MOMENT_MAX_MS: usize = 700;
/// Of a hundred kills of the server, so many come after one of PostgreSQL.
const OUTAGES_PERCENT: usize = 50;

/// Receipts of each board that are asked for after every kill; all of them after the last.
const RECENT: usize = 10;

pub type Launch = fn(&TestWorld) -> ChildServer;

/// See the file's head.
pub struct Voyage {
    launch: Launch,
    server: Running,
    crew: Arc<Crew>,
    logs: Vec<Arc<Log>>,
    world: TestWorld,
    /// Dropped last: the world is in it.
    postgres: Option<Arc<Postgres>>,
    /// Of the clients; the server knows nothing of it.
    ledgers: TempDir,
    number: u64,
    seed: Seed,
    kills: usize,
    outages: usize,
    verdict: Verdict,
    begun: Instant,
}

struct Running {
    child: ChildServer,
    url: String,
    admin_url: String,
}

fn start(launch: Launch, world: &TestWorld) -> Running {
    let child = launch(world);
    // Printed last: both listeners are open then.
    let url = child.wait_for_line("listening ", PATIENCE);
    let admin_url = child.wait_for_line("admin  ", PATIENCE);
    Running {
        child,
        url,
        admin_url,
    }
}

impl Voyage {
    /// On a PostgreSQL of its own with these settings, or on a file.
    pub async fn begin(launch: Launch, backend: Backend, settings: &[&str], number: u64) -> Self {
        let postgres = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Arc::new(Postgres::start(settings))),
        };
        let world = match &postgres {
            None => TestWorld::on(Backend::Sqlite),
            Some(postgres) => TestWorld::on_server(postgres),
        };
        let ledgers = tempfile::tempdir().unwrap();
        let server = start(launch, &world);
        let log = |n: usize| Log::create(&ledgers.path().join(format!("client-{n}")));
        let crew = Crew::muster(&server.url, &log(0)).await;
        let logs = (1..=crew.sailors.len()).map(|n| Arc::new(log(n)));
        Self {
            launch,
            server,
            crew: Arc::new(crew),
            logs: logs.collect(),
            world,
            postgres,
            ledgers,
            number,
            seed: Seed::from_number(number),
            kills: 0,
            outages: 0,
            verdict: Verdict::default(),
            begun: Instant::now(),
        }
    }

    /// Lets the clients work, kills the server, starts it again, and judges what is there then.
    pub async fn kill(&mut self) -> Verdict {
        let clients = self.clients().await;
        let mut clients = std::pin::pin!(clients);
        self.work_for_a_moment(&mut clients).await;
        if let Some(postgres) = self.postgres.clone()
            && self.seed.chance(OUTAGES_PERCENT)
        {
            self.outage(postgres).await;
            self.work_for_a_moment(&mut clients).await;
        }
        self.server.child.kill9();
        self.kills += 1;
        let ended = timeout(PATIENCE, clients).await;
        for error in ended.expect("the clients see the end of the server") {
            assert_eq!(error.code(), None, "{error}");
        }
        self.server = start(self.launch, &self.world);
        let ledger = Ledger::read(self.ledgers.path());
        self.verdict = self.look(ledger.recent(RECENT)).await;
        self.verdict.clone()
    }

    async fn work_for_a_moment(&mut self, clients: impl Future<Output = Vec<ClientError>> + Unpin) {
        let moment = Duration::from_millis(u64::try_from(self.seed.below(MOMENT_MAX_MS)).unwrap());
        if let Ok(ended) = timeout(moment, clients).await {
            let said = self.server.child.log();
            panic!("the clients ended before the kill: {ended:?}\n{said}");
        }
    }

    /// Ends PostgreSQL in one of the ways in which it forgets what is not on the disk, and starts it again.
    async fn outage(&mut self, postgres: Arc<Postgres>) {
        self.outages += 1;
        let kill = self.seed.chance(50);
        let outage = tokio::task::spawn_blocking(move || {
            match kill {
                true => postgres.kill9(),
                false => postgres.stop(Stop::Immediate),
            }
            postgres.resume();
        });
        outage.await.unwrap();
    }

    /// The world of a voyage that goes on.
    pub fn world(&self) -> &TestWorld {
        &self.world
    }

    /// Asks for everything that was ever promised.
    pub async fn last_look(&mut self) -> Verdict {
        self.verdict = self.look(Ledger::read(self.ledgers.path())).await;
        self.verdict.clone()
    }

    /// All clients, connected; how each of them ended when it did.
    async fn clients(&mut self) -> impl Future<Output = Vec<ClientError>> + use<> {
        let mut tasks = Vec::new();
        for (n, log) in self.logs.iter().enumerate() {
            let account = self.crew.sailors[n].account(&self.server.url);
            let (client, _events) = account.connect().await.unwrap();
            let (crew, log) = (Arc::clone(&self.crew), Arc::clone(log));
            let mut seed = Seed::from_number(self.seed.next_u64());
            let outages = self.postgres.is_some();
            tasks.push(tokio::spawn(async move {
                let hands = Hands {
                    client,
                    sailor: &crew.sailors[n],
                    guild: crew.guild,
                    shared_board: crew.shared_board,
                    log: &log,
                    outages,
                };
                hands.work(&mut seed).await
            }));
        }
        async move {
            let ended = join_all(tasks).await;
            ended.into_iter().map(Result::unwrap).collect()
        }
    }

    async fn look(&self, ledger: Ledger) -> Verdict {
        // What is safe and was not in the database is on its way there.
        eventually(PATIENCE, "an empty buffer", async || {
            self.status().await["persistence"]["dirty"] == 0
        })
        .await;
        let mut front = look::through_the_front_door(&self.server.url, &self.crew, &ledger).await;
        let files = look::in_the_files(&self.world);
        front.refused = files.refused.clone();
        let mut verdict = check(&ledger, &front).and(check(&ledger, &files));
        verdict.broken.extend(self.names_unknown().await);
        verdict
    }

    /// The authority's index holds as many names as the ledger in the database.
    async fn names_unknown(&self) -> Option<String> {
        let (known, rows) = (self.status().await, look::names(&self.world));
        let known = &known["names"]["taken"];
        (*known != rows).then(|| format!("{known} names are known of {rows}"))
    }

    async fn status(&self) -> Value {
        let token = std::fs::read_to_string(self.world.path().join(ADMIN_TOKEN_FILE)).unwrap();
        let admin = AdminClient::new(&self.server.admin_url, &token).unwrap();
        admin.supervisor().await.unwrap()
    }

    /// Whether any board has a revision.
    pub fn has_uploads(&self) -> bool {
        let ledger = Ledger::read(self.ledgers.path());
        ledger.acked.keys().any(|thing| thing.kind == Kind::Board)
    }

    /// The world of a server that is not running any more.
    pub fn wreck(&mut self) -> &TestWorld {
        self.server.child.kill9();
        &self.world
    }

    /// Leaves the data and the clients' logs where they are, and tells where.
    pub fn keep(&mut self) -> String {
        self.world.keep_folder();
        self.ledgers.disable_cleanup(true);
        let (data, logs) = (self.world.path().display(), self.ledgers.path().display());
        format!(
            "logs in {logs}, data in {data}, GUILDHALL_SEED={}",
            self.number
        )
    }

    /// One line for people, past the test runner's capture.
    pub fn report(&self, what: &str) {
        let verdict = &self.verdict;
        let line = format!(
            "{what}: backend={} kills={} outages={} receipts={} lost={} ghosts={} duplicates={} broken={} seconds={} GUILDHALL_SEED={}\n",
            match self.postgres {
                None => "sqlite",
                Some(_) => "postgres",
            },
            self.kills,
            self.outages,
            verdict.receipts,
            verdict.lost.len(),
            verdict.ghosts.len(),
            verdict.duplicates.len(),
            verdict.broken.len(),
            self.begun.elapsed().as_secs(),
            self.number,
        );
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
