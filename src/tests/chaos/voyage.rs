//! A server, its crew, and kill after kill: start, let four clients work, kill at a random moment, start
//! again on the same data, look, judge.

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use guildhall::server::ADMIN_TOKEN_FILE;
use guildhall_client::{AdminClient, ClientError};
use guildhall_testkit::{ChildServer, Seed};
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

/// Receipts of each board that are asked for after every kill; all of them after the last.
const RECENT: usize = 10;

pub type Launch = fn(&Path) -> ChildServer;

/// See the file's head.
pub struct Voyage {
    launch: Launch,
    server: Running,
    crew: Arc<Crew>,
    logs: Vec<Arc<Log>>,
    /// Of the server.
    data: TempDir,
    /// Of the clients; the server knows nothing of it.
    ledgers: TempDir,
    number: u64,
    seed: Seed,
    kills: usize,
    verdict: Verdict,
    begun: Instant,
}

struct Running {
    child: ChildServer,
    url: String,
    admin_url: String,
}

fn start(launch: Launch, data: &Path) -> Running {
    let child = launch(data);
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
    pub async fn begin(launch: Launch, number: u64) -> Self {
        let (data, ledgers) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let server = start(launch, data.path());
        let log = |n: usize| Log::create(&ledgers.path().join(format!("client-{n}")));
        let crew = Crew::muster(&server.url, &log(0)).await;
        let logs = (1..=crew.sailors.len()).map(|n| Arc::new(log(n)));
        Self {
            launch,
            server,
            crew: Arc::new(crew),
            logs: logs.collect(),
            data,
            ledgers,
            number,
            seed: Seed::from_number(number),
            kills: 0,
            verdict: Verdict::default(),
            begun: Instant::now(),
        }
    }

    /// Lets the clients work, kills the server, starts it again, and judges what is there then.
    pub async fn kill(&mut self) -> Verdict {
        let clients = self.clients().await;
        let mut clients = std::pin::pin!(clients);
        let moment = Duration::from_millis(u64::try_from(self.seed.below(MOMENT_MAX_MS)).unwrap());
        if let Ok(ended) = timeout(moment, &mut clients).await {
            panic!(
                "the clients ended before the kill: {ended:?}\n{}",
                self.server.child.log()
            );
        }
        self.server.child.kill9();
        self.kills += 1;
        let ended = timeout(PATIENCE, clients).await;
        for error in ended.expect("the clients see the end of the server") {
            assert_eq!(error.code(), None, "{error}");
        }
        self.server = start(self.launch, self.data.path());
        let ledger = Ledger::read(self.ledgers.path());
        self.verdict = self.look(ledger.recent(RECENT)).await;
        self.verdict.clone()
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
            tasks.push(tokio::spawn(async move {
                let hands = Hands {
                    client,
                    sailor: &crew.sailors[n],
                    guild: crew.guild,
                    shared_board: crew.shared_board,
                    log: &log,
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
        let front = look::through_the_front_door(&self.server.url, &self.crew, &ledger).await;
        let files = look::in_the_files(self.data.path());
        let mut verdict = check(&ledger, &front).and(check(&ledger, &files));
        verdict.broken.extend(self.names_unknown().await);
        verdict
    }

    /// The authority's index holds as many names as the ledger in the database.
    async fn names_unknown(&self) -> Option<String> {
        let token = std::fs::read_to_string(self.data.path().join(ADMIN_TOKEN_FILE)).unwrap();
        let admin = AdminClient::new(&self.server.admin_url, &token).unwrap();
        let status = admin.supervisor().await.unwrap();
        let (known, rows) = (&status["names"]["taken"], look::names(self.data.path()));
        (*known != rows).then(|| format!("{known} names are known of {rows}"))
    }

    /// Whether any board has a revision.
    pub fn has_uploads(&self) -> bool {
        let ledger = Ledger::read(self.ledgers.path());
        ledger.acked.keys().any(|thing| thing.kind == Kind::Board)
    }

    /// The data directory of a server that is not running any more.
    pub fn wreck(&mut self) -> &Path {
        self.server.child.kill9();
        self.data.path()
    }

    /// Leaves the data and the clients' logs where they are, and tells where.
    pub fn keep(&mut self) -> String {
        self.data.disable_cleanup(true);
        self.ledgers.disable_cleanup(true);
        let (data, logs) = (self.data.path().display(), self.ledgers.path().display());
        format!(
            "logs in {logs}, data in {data}, GUILDHALL_SEED={}",
            self.number
        )
    }

    /// One line for people, past the test runner's capture.
    pub fn report(&self, what: &str) {
        let verdict = &self.verdict;
        let line = format!(
            "{what}: kills={} receipts={} lost={} ghosts={} duplicates={} broken={} seconds={} GUILDHALL_SEED={}\n",
            self.kills,
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
