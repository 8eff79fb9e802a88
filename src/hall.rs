//! What every process of the house may reach: configuration, the database's readers, the board files and,
//! by name only, the other processes. Nobody keeps the address of a process that may be restarted.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::Future;
use guildhall_process::{
    CallError, DynamicRef, DynamicSupervisor, ExitReason, Handle, Pid, Placement, Pool, ProcRef,
    Process, Registry, ReplyTo, SendError, StartError, Taken, Via,
};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::{Connection, Database, FileBlobs, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::auth::bans::Bans;
use crate::auth::doors::Doors;
use crate::auth::remembered::Remembered;
use crate::auth::secrets::{self, SecretHash};
use crate::auth::tickets::Tickets;
use crate::board_sync::BoardSync;
use crate::campaign::Campaign;
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::guild::Guild;
use crate::names::Names;
use crate::persistence::{self, DirtyMap, JournalThread, Persistence};
use crate::presence::{Presence, Tally};
use crate::refusal;
use crate::retention::Retention;
use crate::session::Session;
use crate::store::Store;
pub use reads::Readers;
pub use seats::{Seat, Seats};

mod reads;
mod seats;
#[cfg(test)]
pub(crate) mod tests;

/// How long one process waits for another's answer before it tells its client `unavailable`.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The shared root; cheap to clone.
pub type HallRef = Arc<Hall>;

/// See the file's head.
pub struct Hall {
    /// The checked configuration.
    pub config: Config,
    /// Reads; every write goes through `persistence`.
    pub database: Database,
    /// Board bytes, content-addressed.
    pub blobs: Arc<FileBlobs>,
    /// Threads for database reads.
    pub readers: Readers,
    /// What is promised before the database has it, where that may be away.
    pub journal: Option<JournalThread>,
    /// Writes without an outcome; they outlive the process that drives them.
    pub dirty: DirtyMap,
    /// Threads for board files: hashing, writing, fsync, validation.
    pub files: Pool,
    /// Threads for Argon2id; its small queue is the bound on hash exhaustion.
    pub passwords: Pool,
    /// Who may knock, how often.
    pub doors: Doors,
    /// How many connections each account has.
    pub seats: Seats,
    /// Unused socket tickets.
    pub tickets: Tickets,
    /// Tokens that were good within the last day.
    pub tokens: Remembered,
    /// Bans that were ordered since the start.
    pub bans: Bans,
    /// The writer's process.
    pub store: Named<Store>,
    /// The name authority.
    pub names: Named<Names>,
    /// Write-behind.
    pub persistence: Named<Persistence>,
    /// Who is connected and how sessions ended.
    pub presence: Named<Presence>,
    /// What has old records forgotten.
    pub retention: Named<Retention>,
    /// The public listener.
    pub endpoint: Named<Endpoint>,
    /// Active campaigns.
    pub campaigns: Kept<Campaign>,
    /// Open boards.
    pub boards: Kept<BoardSync>,
    /// Active guilds.
    pub guilds: Kept<Guild>,
    /// Live sessions by session id.
    pub sessions: Kept<Session>,
    /// Where the public listener really listens (port 0 is resolved), once it does.
    pub public_address: OnceLock<SocketAddr>,
    /// Where the admin listener really listens.
    pub admin_address: OnceLock<SocketAddr>,
    /// Hash of the token that opens the admin listener.
    pub admin_token: SecretHash,
    /// Sessions counted since the start.
    pub tally: Tally,
    /// How many websockets are still being served, those of ended sessions included.
    pub open_sockets: watch::Sender<usize>,
    /// The root supervisor, once it is started.
    pub root: OnceLock<Pid>,
    /// Why the server ends by its own decision, once it does.
    pub gave_up: OnceLock<GaveUp>,
    /// Ships that were found missing since the start; must be 0.
    pub ships_missing: AtomicU64,
    /// For tests of the checkers only; never set by the program.
    pub faults: Faults,
    started: Instant,
}

/// Deliberate defects, so that a checker can be shown to find them. No flag, file or variable sets one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Answer `durable` when a save is taken up, before anything is written.
    pub receipts_before_write: bool,
}

impl Hall {
    /// Builds the root from opened parts; starts no process.
    #[must_use]
    pub fn new(
        config: Config,
        database: Database,
        journal: Option<JournalThread>,
        blobs: FileBlobs,
        admin_token: &str,
        faults: Faults,
    ) -> HallRef {
        let limits = &config.limits;
        Arc::new(Self {
            readers: Readers::new(limits.reader_threads, limits.reader_queue_max),
            dirty: DirtyMap::new(
                limits,
                journal.as_ref().map(JournalThread::next_seq),
                database.clock().clone(),
            ),
            journal,
            files: Pool::new("files", limits.file_threads, limits.file_queue_max),
            passwords: Pool::new(
                "passwords",
                limits.password_threads,
                limits.password_queue_max,
            ),
            doors: Doors::new(&limits.doors),
            seats: Seats::default(),
            tickets: Tickets::new(limits.tickets_max),
            tokens: Remembered::new(
                limits.tokens_remembered_max,
                Duration::from_millis(limits.token_memory_ms),
            ),
            bans: Bans::new(limits.bans_remembered_max),
            store: Named::new("store"),
            names: Named::new("names"),
            persistence: Named::new("persistence"),
            presence: Named::new("presence"),
            retention: Named::new("retention"),
            endpoint: Named::new("endpoint"),
            campaigns: Kept::new("campaign"),
            boards: Kept::new("board"),
            guilds: Kept::new("guild"),
            sessions: Kept::new("session"),
            public_address: OnceLock::new(),
            admin_address: OnceLock::new(),
            admin_token: secrets::hash_of(admin_token),
            root: OnceLock::new(),
            gave_up: OnceLock::new(),
            tally: Tally::default(),
            ships_missing: AtomicU64::new(0),
            open_sockets: watch::Sender::new(0),
            blobs: Arc::new(blobs),
            database,
            config,
            faults,
            started: Instant::now(),
        })
    }

    /// Time since the server started; the monotonic clock of every deadline in the house.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The world's time, for records, for people, and for what expires after days: microseconds since 1970. It
    /// does not jump with the system's clock.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.database.clock().now_us()
    }

    /// The world's time after so long, in microseconds since 1970.
    #[must_use]
    pub fn after(&self, time: Duration) -> i64 {
        let us = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.now_us().saturating_add(us)
    }

    /// How long it is until the world's time is `at_us`; nothing where that is past.
    #[must_use]
    pub fn time_until(&self, at_us: i64) -> Duration {
        let left_us = at_us.saturating_sub(self.now_us());
        Duration::from_micros(u64::try_from(left_us).unwrap_or(0))
    }

    /// Ends the server: it can promise nothing any more, and whoever comes next must find that out at once.
    pub fn give_up(&self, why: &StoreError) {
        let gave_up = self.gave_up.get_or_init(|| GaveUp::for_reason(why));
        log::error!("this server ends: {}", gave_up.sentence);
        if let Some(root) = self.root.get() {
            guildhall_process::exit(*root, ExitReason::shutdown_with(GAVE_UP));
        }
    }

    /// Runs a query in a read transaction on a reader thread. Given up after `read_deadline_ms`, for a
    /// database that hangs hangs the thread too; while all of them do, no more reads are begun, or, where it is
    /// on the network, by others on connections of their own.
    pub fn read<T, F>(&self, query: F) -> impl Future<Output = Result<T, Refusal>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let deadline = Duration::from_millis(self.config.limits.read_deadline_ms);
        self.read_within(deadline, query)
    }

    /// Like [`Self::read`], with a deadline of the caller's.
    pub fn read_within<T, F>(
        &self,
        deadline: Duration,
        query: F,
    ) -> impl Future<Output = Result<T, Refusal>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let database = self.database.clone();
        let is_remote = database.path().is_none();
        let crew = self.readers.on_duty(is_remote);
        let begun = crew.map(|crew| {
            let reading = crew.hung.reading();
            let (begin, database) = (reading.clone(), database.clone());
            let job = crew.pool.run(move || {
                let running = begin.begin()?;
                let read = database.read(query);
                drop(running);
                Some(read)
            });
            (reading, job)
        });
        async move {
            let Some((reading, job)) = begun else {
                return Err(no_answer());
            };
            match tokio::time::timeout(deadline, job).await {
                Ok(Ok(Some(read))) => read.map_err(|error| refusal::store(&error)),
                Ok(Err(error)) => Err(refusal::job(&error)),
                Ok(Ok(None)) | Err(_) => {
                    if reading.give_up() && is_remote {
                        database.give_up_readers();
                    }
                    Err(no_answer())
                }
            }
        }
    }
}

/// The reason with which a server ends by its own decision.
const GAVE_UP: &str = "gave_up";

/// Why a server ended by its own decision.
#[derive(Clone, Debug)]
pub struct GaveUp {
    /// What happened and what to do, for a person.
    pub sentence: String,
    /// The status with which the program ends, for whoever would start it again: 3, another server has the
    /// world; 4, the journal's disk failed.
    pub exit_status: u8,
}

impl GaveUp {
    fn for_reason(why: &StoreError) -> Self {
        Self {
            sentence: format!("{why}. {}", why.next()),
            exit_status: match why {
                StoreError::WorldLost { .. } => 3,
                _ => 4,
            },
        }
    }
}

/// Name of [`guildhall_store::DEFAULT_REALM`], the one realm there is until more can be made.
pub const REALM_NAME: &str = "main";

impl Hall {
    /// Like [`Self::read`], after every change taken up so far is decided. For whoever loads what it will
    /// take for the truth: a predecessor's last write may still be under way.
    pub fn read_settled<T, F>(
        self: &Arc<Self>,
        query: F,
    ) -> impl Future<Output = Result<T, Refusal>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let hall = Arc::clone(self);
        let deadline = Duration::from_millis(self.config.limits.answer_deadline_ms);
        let read = async move {
            if !persistence::drain_changes(&hall).await {
                let sentence = "Writes under way could not be waited for.";
                return Err(Refusal::new(Code::Unavailable, sentence));
            }
            hall.read(query).await
        };
        async move {
            let read = tokio::time::timeout(deadline, read).await;
            read.unwrap_or_else(|_| Err(no_answer()))
        }
    }
}

fn no_answer() -> Refusal {
    let sentence = "The database did not answer in time.";
    Refusal::new(Code::Unavailable, sentence)
}

/// The one process of a kind, found by its name at every use.
pub struct Named<P: Process>(Via<&'static str, P>);

impl<P: Process> Named<P> {
    fn new(name: &'static str) -> Self {
        Self(Registry::new("house").via(name))
    }

    /// Takes the name; called in the process's own init.
    ///
    /// # Errors
    /// The name is still held by a living process.
    pub fn register(&self, me: &ProcRef<P>) -> Result<(), Taken> {
        self.0.register(me)
    }

    /// The process as it lives now.
    #[must_use]
    pub fn whereis(&self) -> Option<ProcRef<P>> {
        self.0.whereis()
    }

    /// Sends one message; it comes back when nobody lives under the name or the mailbox is full.
    ///
    /// # Errors
    /// [`SendError`] with the message.
    pub fn tell<M: Send + 'static>(&self, message: M) -> Result<(), SendError<M>>
    where
        P: Handle<M>,
    {
        self.0.tell(message)
    }

    /// Asks and waits up to [`CALL_TIMEOUT`].
    pub fn call<M, R, F>(
        &self,
        make: F,
    ) -> impl Future<Output = Result<R, CallError>> + Send + 'static + use<P, M, R, F>
    where
        F: FnOnce(ReplyTo<R>) -> M,
        P: Handle<M>,
        M: Send + 'static,
        R: Send + 'static,
    {
        self.0.call(CALL_TIMEOUT, make)
    }
}

/// The processes of a kind, one per id, kept by a dynamic supervisor.
pub struct Kept<P: Process> {
    name: &'static str,
    registry: Registry<Uuid, P>,
    supervisor: Registry<&'static str, DynamicSupervisor>,
}

impl<P: Process> Kept<P> {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            registry: Registry::new(name),
            supervisor: Registry::new("house"),
        }
    }

    /// Their registry: id → process.
    #[must_use]
    pub fn registry(&self) -> &Registry<Uuid, P> {
        &self.registry
    }

    /// Called when their supervisor has started (again).
    pub fn supervised_by(&self, supervisor: &ProcRef<DynamicSupervisor>) {
        if self.supervisor.register("supervisor", supervisor).is_err() {
            log::warn!("two supervisors claim the same kind: {}", P::KIND);
        }
    }

    /// Their supervisor as it lives now.
    #[must_use]
    pub fn supervisor(&self) -> Option<DynamicRef> {
        self.supervisor.whereis(&"supervisor").map(DynamicRef::from)
    }
}

/// With this reason a process refuses to start for a thing that does not exist: a shutdown and no error,
/// because an id that somebody made up is no crash.
pub const NOT_FOUND: &str = "not_found";

/// The reason of a process that was started for a thing whose process lives already.
#[must_use]
pub fn lost_race(taken: &Taken) -> ExitReason {
    log::debug!("a second process for one thing ends: {taken}");
    ExitReason::shutdown_with("lost_race")
}

impl<P: Process> Kept<P> {
    /// What is answered for an id that nothing has.
    #[must_use]
    pub fn unknown(&self) -> Refusal {
        let sentence = format!("There is no {} with this id.", self.name);
        Refusal::new(Code::NotFound, sentence)
    }

    /// The process of `id`, started if it does not live. Of several that start it at once one wins and
    /// all reach that one. It is placed on the asker's arbiter: a board then lives on the thread of the
    /// session that first opened it, and an ask across threads costs about ten on one. When that thread
    /// ends, so does the process, and the next who needs it starts it elsewhere.
    ///
    /// # Errors
    /// `not_found` when there is no such thing, `overloaded`, `unavailable`.
    pub async fn reach(
        &self,
        id: Uuid,
        make: impl FnOnce() -> P + Send + 'static,
    ) -> Result<ProcRef<P>, Refusal> {
        if let Some(process) = self.registry.whereis(&id) {
            return Ok(process);
        }
        let Some(supervisor) = self.supervisor() else {
            return Err(refusal::call(&CallError::NoProc));
        };
        let started = supervisor
            .start_temporary(Some(id.to_string()), Placement::here(), make)
            .await;
        match started {
            Ok(process) => Ok(process),
            Err(error) => match self.registry.whereis(&id) {
                Some(winner) => Ok(winner),
                None if is_not_found(&error) => Err(self.unknown()),
                None => Err(refusal::start(&error)),
            },
        }
    }
}

fn is_not_found(error: &StartError) -> bool {
    matches!(error, StartError::Init(reason) if *reason == ExitReason::shutdown_with(NOT_FOUND))
}
