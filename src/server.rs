//! Starting and stopping the whole: lock the world, open and migrate the database, start the tree; on a
//! stop, take nobody in, end the sessions with notice, save what is unsaved, then take the tree down.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{ExitReason, ProcRef, Spawn, Supervisor};
use guildhall_store::blobs::BlobStore;
use guildhall_store::{Database, FileBlobs, House, Journal, OpenOptions, StoreError, WorldLock};

use crate::auth::secrets::Secret;
use crate::clock;
use crate::config::Config;
use crate::endpoint::{self, PauseAccepting};
use crate::hall::{Faults, Hall, HallRef};
use crate::persistence::{self, JournalThread};
use crate::tree::{self, Addresses};
use crate::waiting::Room;

pub use crate::config::DATABASE_FILE;
/// Name of the file in the data directory that keeps what is promised and not in the database yet, with
/// PostgreSQL.
pub const JOURNAL_FILE: &str = "journal.sqlite3";
/// Name of the file that holds the admin token, readable by its owner only.
pub const ADMIN_TOKEN_FILE: &str = "admin.token";

/// How long the peers may take, at a stop, to read and answer their close frames.
const CLOSING_MAX: Duration = Duration::from_secs(2);

/// Why a server did not start. `Display` is a sentence with what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartFailed {
    /// The world's files or its database.
    #[error("{0}. {next}", next = .0.next())]
    Store(#[from] StoreError),
    /// A file of the data directory.
    #[error("{path}: {cause}. Check the path and the rights of this user.")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// Others than the owner of the data directory can use the admin token.
    #[error(
        "{path} can be read by others (mode {mode:o}). Run `chmod 600 {path}`, or delete it where somebody may have \
         read it: the next start makes another."
    )]
    TokenOpen {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A listener's address is in use or not this machine's.
    #[error(
        "{0}. End the other program or choose another address with --listen or --admin-listen."
    )]
    Address(String),
    /// What is sent to a listener could be read by others.
    #[error("{0}")]
    Exposed(String),
    /// A process of the tree did not start.
    #[error("{0}. The log says more.")]
    Tree(String),
}

/// A server that runs.
pub struct Running {
    hall: HallRef,
    root: ProcRef<Supervisor>,
    _locks: Locks,
}

/// The lock of the data directory, and that of the database where it is a file.
type Locks = (WorldLock, Option<WorldLock>);

/// A world that is this server's, before anything is started on it.
pub struct Opened {
    config: Config,
    database: Database,
    journal: Option<Journal>,
    admin_token: String,
    addresses: Addresses,
    locks: Locks,
}

/// Starts a server and returns when both listeners are open.
///
/// # Errors
/// [`StartFailed`]; then nothing is left running.
pub async fn start(config: Config, faults: Faults) -> Result<Running, StartFailed> {
    open(config).await?.start(faults).await
}

/// Makes the world this server's. Where its database is away this waits for it, as long as it takes, and
/// tells whoever comes meanwhile; it may be given up at any time.
///
/// # Errors
/// [`StartFailed`]; then nothing is left running.
pub async fn open(config: Config) -> Result<Opened, StartFailed> {
    if let Some(sentence) = config.exposed() {
        return Err(StartFailed::Exposed(sentence));
    }
    let data = config.data.clone();
    make_private_dir(&data)?;
    let locks = lock_files(&config)?;
    let admin_token = admin_token(&data)?;
    let addresses = Addresses::default();
    let house = locks.0.house();
    let (database, journal) = match open_database(&config, &house).await {
        Err(StartFailed::Store(error)) if error.may_pass() => {
            wait_for_database(&config, &house, &addresses, error).await?
        }
        opened => opened?,
    };
    Ok(Opened {
        config,
        database,
        journal,
        admin_token,
        addresses,
        locks,
    })
}

/// Before the database is even looked at: who comes second must leave no trace in it.
fn lock_files(config: &Config) -> Result<Locks, StartFailed> {
    let data = WorldLock::acquire(&config.data)?;
    // Beside the file in any case: tools know the file alone.
    let file = config.target()?.file().map(WorldLock::acquire_beside);
    Ok((data, file.transpose()?))
}

impl Opened {
    /// Starts the tree and returns when both listeners are open.
    ///
    /// # Errors
    /// [`StartFailed`]; then nothing is left running.
    pub async fn start(self, faults: Faults) -> Result<Running, StartFailed> {
        let blobs = FileBlobs::open(&self.config.data)?;
        // An upload lives as long as its session, so what lies there belongs to nobody.
        let orphans = blobs.expire_partials(Duration::ZERO)?;
        if orphans > 0 {
            log::info!("{orphans} unfinished uploads of an earlier run were removed");
        }
        let journal = self.journal.map(JournalThread::new);
        let hall = Hall::new(
            self.config,
            self.database,
            journal,
            blobs,
            &self.admin_token,
            faults,
        );
        let supervisor = {
            let (hall, addresses) = (Arc::clone(&hall), self.addresses);
            move || tree::root(&hall, &addresses)
        };
        let root = guildhall_process::start(Spawn::named("guildhall"), supervisor)
            .await
            .map_err(|error| tree_failed(&error.reason()))?;
        hall.root.get_or_init(|| root.pid());
        Ok(Running {
            hall,
            root,
            _locks: self.locks,
        })
    }
}

/// How soon a database that is away is tried again.
const DATABASE_RETRY: Duration = Duration::from_secs(1);

/// Takes both addresses, so that whoever comes is answered, and tries until the database is there.
async fn wait_for_database(
    config: &Config,
    house: &Option<House>,
    addresses: &Addresses,
    mut away: StoreError,
) -> Result<World, StartFailed> {
    let listener = |address| {
        endpoint::bind(address)
            .map_err(|error| StartFailed::Address(endpoint::address_taken(address, &error)))
    };
    let (public, admin) = (listener(config.listen)?, listener(config.admin_listen)?);
    let public = addresses.public.get_or_init(|| public);
    let admin = addresses.admin.get_or_init(|| admin);
    let room = Room::open(&[public, admin])
        .map_err(|error| StartFailed::Address(endpoint::address_taken(config.listen, &error)))?;
    let database = loop {
        log::warn!("{away}; waiting for it");
        tokio::time::sleep(DATABASE_RETRY).await;
        match open_database(config, house).await {
            Err(StartFailed::Store(error)) if error.may_pass() => away = error,
            opened => break opened,
        }
    };
    room.close().await;
    database
}

/// A database that is ready, and the journal before it.
type World = (Database, Option<Journal>);

/// Opens the database on a thread that may block, and makes it ready.
async fn open_database(config: &Config, house: &Option<House>) -> Result<World, StartFailed> {
    let (config, house) = (config.clone(), house.clone());
    tokio::task::spawn_blocking(move || ready_database(&config, house))
        .await
        .map_err(|error| StartFailed::Tree(error.to_string()))?
}

/// Opens the database and makes the world this server's: locked, migrated if it is new, claimed. One that
/// holds a world and lacks migrations is the operator's matter: there may be no way back.
fn ready_database(config: &Config, house: Option<House>) -> Result<World, StartFailed> {
    let options = OpenOptions {
        readers: u32::try_from(config.limits.reader_threads).unwrap_or(1),
        create: true,
    };
    let database = Database::open(config.target()?, &options)?;
    database.lock_world(house)?;
    let migrations = database.migrations()?;
    let is_current = match migrations.is_new() {
        true => {
            for migration in database.migrate()? {
                log::info!("migration {migration} was run");
            }
            Ok(())
        }
        false => {
            // Before anything is written, which would be its newest record.
            let standing = database.set_clock(&config.limits.clock)?;
            clock::tell(standing);
            migrations.refuse_pending()
        }
    };
    let holder = format!(
        "process {} with {}",
        std::process::id(),
        config.data.display()
    );
    let path = config.data.join(JOURNAL_FILE);
    // What an earlier server promised was promised on the schema that is there: it goes in before anybody
    // changes that, also when this server will not start on it.
    let may_have_promised = database.path().is_none() && migrations.knows_journals();
    if is_current.is_err() && may_have_promised && path.exists() {
        database.claim_world(&holder)?;
        replayed(&database, &path)?;
    }
    is_current?;
    database.claim_world(&holder)?;
    let hashed = database.hash_names()?;
    if hashed > 0 {
        log::info!("{hashed} names got their hashes");
    }
    // A file needs no journal before it: what is written there is on the same disk.
    let journal = match database.path() {
        Some(_) => None,
        None => Some(replayed(&database, &path)?),
    };
    Ok((database, journal))
}

/// The journal of the world, of which the database has everything.
fn replayed(database: &Database, path: &Path) -> Result<Journal, StoreError> {
    let (mut journal, left) = database.open_journal(path)?;
    persistence::replay(database, &mut journal, left)?;
    match journal.settle() {
        Ok(()) => database.forget_flights(journal.id())?,
        // What batches noted for it is known until there is room for it to settle.
        Err(StoreError::DiskFull { .. }) => {}
        Err(error) => return Err(error),
    }
    // The lock went with the connection that wrote them.
    database.lock_world(None)?;
    Ok(journal)
}

/// A taken address is the operator's matter, everything else ours.
fn tree_failed(reason: &ExitReason) -> StartFailed {
    let text = reason.to_string();
    match text.split_once("address_taken: ") {
        Some((_, sentence)) => StartFailed::Address(sentence.to_string()),
        None => StartFailed::Tree(text),
    }
}

fn make_private_dir(path: &Path) -> Result<(), StartFailed> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|cause| file_failed(path, cause))
}

fn file_failed(path: &Path, cause: std::io::Error) -> StartFailed {
    StartFailed::File {
        path: path.to_path_buf(),
        cause,
    }
}

/// The admin token of this data directory, made at the first start.
fn admin_token(data: &Path) -> Result<String, StartFailed> {
    use std::io::Write;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let path = data.join(ADMIN_TOKEN_FILE);
    let failed = |cause| file_failed(&path, cause);
    match std::fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => {
            let mode = std::fs::metadata(&path).map_err(failed)?.permissions();
            let mode = mode.mode() & 0o777;
            return match mode & 0o077 {
                0 => Ok(token.trim().to_string()),
                _ => Err(StartFailed::TokenOpen { path, mode }),
            };
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let token = Secret::token()
        .map_err(|e| failed(std::io::Error::other(e)))?
        .reveal();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    file.write_all(token.as_bytes()).map_err(failed)?;
    Ok(token)
}

impl Running {
    /// The shared root, for the program's own use and for tests.
    #[must_use]
    pub fn hall(&self) -> &HallRef {
        &self.hall
    }

    /// Where the public listener listens.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        let configured = self.hall.config.listen;
        self.hall
            .public_address
            .get()
            .copied()
            .unwrap_or(configured)
    }

    /// Where the admin listener listens.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        let configured = self.hall.config.admin_listen;
        self.hall.admin_address.get().copied().unwrap_or(configured)
    }

    /// Resolves when the tree has given up by itself.
    pub async fn died(&self) -> ExitReason {
        guildhall_process::watch(self.root.pid()).await
    }

    /// Stops in order, within the configured grace. True when everything taken up was saved.
    pub async fn stop(self) -> bool {
        let saved = tokio::time::timeout(self.grace(), self.wind_down())
            .await
            .unwrap_or(false);
        if !saved {
            log::error!("not everything could be saved within the grace of the stop");
        }
        guildhall_process::exit(self.root.pid(), ExitReason::Shutdown);
        let reason = guildhall_process::watch(self.root.pid()).await;
        if saved && let Err(error) = self.close_journal().await {
            log::warn!("the journal stays as it is: {error}");
        }
        log::info!("stopped: {reason}");
        saved
    }

    async fn wind_down(&self) -> bool {
        if let Some(endpoint) = self.hall.endpoint.whereis() {
            let paused = endpoint.call(crate::hall::CALL_TIMEOUT, |reply| PauseAccepting { reply });
            if let Err(error) = paused.await {
                log::warn!("accepting could not be paused: {error:?}");
            }
        }
        // While the sessions live, so that their clients hear what became of their saves.
        // Half of the grace at most: with a database that hangs, they must still be told of the stop.
        self.drained(self.grace() / 2).await;
        let sessions = self.hall.sessions.registry();
        for id in sessions.keys() {
            if let Some(session) = sessions.whereis(&id) {
                guildhall_process::exit(session.pid(), ExitReason::shutdown_with("server_stop"));
                guildhall_process::watch(session.pid()).await;
            }
        }
        // Until the close frames are out; a peer that does not read them is cut by the listener's end.
        let mut open = self.hall.open_sockets.subscribe();
        let closed = open.wait_for(|open| *open == 0);
        if tokio::time::timeout(CLOSING_MAX, closed).await.is_err() {
            log::warn!("some websockets did not take their close frame");
        }
        self.drained(self.grace()).await
    }

    /// After a stop that left nothing unsaved the database need not miss the journal.
    async fn close_journal(&self) -> Result<(), StoreError> {
        let Some(journal) = &self.hall.journal else {
            return Ok(());
        };
        journal.close().await?;
        let database = self.hall.database.clone();
        let forgotten = tokio::task::spawn_blocking(move || database.forget_journal());
        forgotten.await.unwrap_or(Ok(()))
    }

    /// True once everything taken up is decided, within this patience.
    async fn drained(&self, patience: Duration) -> bool {
        persistence::drain_everything(&self.hall, patience).await
    }

    fn grace(&self) -> Duration {
        Duration::from_secs(self.hall.config.stop_grace_s)
    }
}
