//! A throw-away PostgreSQL server: own folder, loopback port, no password. It can be stopped, killed, frozen and
//! resumed on the same folder and port, and it ends with its owner even when the owner is killed.
//! `postgres/binaries.rs` finds the programs, `postgres/guard.rs` is the shell that ends the server,
//! `postgres/database.rs` one database, `postgres/processes.rs` the signals.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::eventually::eventually_blocking;
use crate::port::port_to_keep;

mod binaries;
mod database;
mod guard;
mod processes;

pub use binaries::BINARIES_VARIABLE;
pub(crate) use database::psql_command;
pub use database::{Database, psql, try_psql};
use guard::Guard;

/// How long a start or a stop may take. A start after a crash replays the log first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names a server that runs already, `postgres://…` of any database of it: [`create_database`] uses it then.
pub const SERVER_VARIABLE: &str = "GUILDHALL_TEST_POSTGRES";

/// Settings for tests that ask no question about durability: nothing waits for the disk.
pub const QUICK: &[&str] = &["fsync=off", "full_page_writes=off"];

/// Settings as in production, for tests that kill.
pub const DURABLE: &[&str] = &["fsync=on", "synchronous_commit=on"];

/// Of every server here. Memory is kept small, and nobody is spoken to but this host.
const ALWAYS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=32MB",
    "timezone=UTC",
    "log_line_prefix=%m [%p] ",
];

const INITDB: &[&str] = &[
    "--pgdata=data",
    "--auth=trust",
    "--username=guildhall",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
];

/// A way to stop a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ends every connection, rolls back what is open, writes everything out.
    Fast,
    /// Ends everything at once and writes nothing out; the next start recovers from the log.
    Immediate,
}

/// A server of one's own; see the file's head.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    guard: Mutex<Guard>,
}

/// An empty database on the server that the tests of this process share, with [`QUICK`] settings: the one that
/// [`SERVER_VARIABLE`] names, or one that ends with this process. For faults start a server of your own.
///
/// # Panics
/// When there is no server and none can be started.
pub fn create_database() -> Database {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    match std::env::var(SERVER_VARIABLE) {
        Ok(server) => Database::create(&server),
        Err(_) => SHARED
            .get_or_init(|| Postgres::start(QUICK))
            .create_database(),
    }
}

impl Postgres {
    /// Makes a new cluster with these settings, each `name=value`, and starts it.
    ///
    /// # Panics
    /// When the programs are not there, or when the server does not answer in time, with its log.
    pub fn start(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("guildhall-postgres-")
            .tempdir();
        let folder = folder.expect("a temporary folder").keep();
        let guard = Guard::with_cluster(&folder, INITDB);
        let server = Self {
            folder,
            port: port_to_keep(),
            guard: Mutex::new(guard),
        };
        server.configure(ALWAYS);
        server.configure(&[&format!("port={}", server.port)]);
        server.configure(settings);
        server.resume();
        server
    }

    /// Sets these, each `name=value`, from the next start on.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn configure(&self, settings: &[&str]) {
        let path = self.folder.join("data/postgresql.conf");
        let file = std::fs::OpenOptions::new().append(true).open(path);
        let mut file = file.expect("the server's configuration");
        for setting in settings {
            let (name, value) = setting.split_once('=').expect("a setting is name=value");
            writeln!(file, "{name} = '{value}'").expect("the server's configuration");
        }
    }

    /// Writes a file into the server's folder of data, for its user alone; read at its next start.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.join("data").join(name);
        fs::write(&path, text).expect("a file of the server");
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&path, private).expect("a file of the server");
        if let Some((user, group)) = binaries::other_user() {
            chown(path, Some(user), Some(group)).expect("a file of the server");
        }
    }

    /// Address of the database that is always there.
    pub fn url(&self) -> String {
        format!("postgres://guildhall@127.0.0.1:{}/postgres", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// An empty database on this server.
    pub fn create_database(&self) -> Database {
        Database::create(&self.url())
    }

    /// Runs SQL in the database that is always there; the rows, columns parted by `|`.
    ///
    /// # Panics
    /// When the server refuses it, with its words.
    pub fn psql(&self, sql: &str) -> String {
        psql(&self.url(), sql)
    }

    /// Everything the server wrote to its log so far.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The number of the server's first process.
    ///
    /// # Panics
    /// When it is not running.
    pub fn pid(&self) -> u32 {
        self.guard().server().expect("a server that runs")
    }

    /// Stops it and waits for its end.
    pub fn stop(&self, how: Stop) {
        let signal = match how {
            Stop::Fast => "INT",
            Stop::Immediate => "QUIT",
        };
        processes::signal(signal, &[self.pid()]);
        self.guard().await_end();
    }

    /// Ends its first process as `kill -9` does, and waits until those of its connections have seen it and ended.
    pub fn kill9(&self) {
        let first = self.pid();
        // Halted first, so that it starts no further process after we have looked.
        processes::signal("STOP", &[first]);
        let children = processes::children_of(first);
        processes::signal("KILL", &[first]);
        self.guard().await_end();
        eventually_blocking(PATIENCE, "the end of all connections", || {
            children.iter().all(|pid| processes::has_ended(*pid))
        });
    }

    /// Ends the process of one connection as `kill -9` does (`pg_backend_pid()` is its number); the server then
    /// ends all others and recovers, by itself.
    pub fn kill9_backend(&self, pid: u32) {
        self.assert_ours(pid);
        processes::signal("KILL", &[pid]);
    }

    /// Suspends all its processes: connections stay open and nothing answers.
    pub fn freeze(&self) {
        let first = self.pid();
        // The first one before its children, so that no further child comes in between.
        processes::signal("STOP", &[first]);
        processes::signal("STOP", &processes::children_of(first));
    }

    /// Ends a [`Postgres::freeze`].
    pub fn thaw(&self) {
        let first = self.pid();
        processes::signal("CONT", &processes::children_of(first));
        processes::signal("CONT", &[first]);
    }

    /// Suspends the process of one connection (`pg_backend_pid()` is its number), as a disk does that hangs.
    pub fn freeze_backend(&self, pid: u32) {
        self.assert_ours(pid);
        processes::signal("STOP", &[pid]);
    }

    /// Ends a [`Postgres::freeze_backend`].
    pub fn thaw_backend(&self, pid: u32) {
        self.assert_ours(pid);
        processes::signal("CONT", &[pid]);
    }

    fn assert_ours(&self, pid: u32) {
        let children = processes::children_of(self.pid());
        assert!(
            children.contains(&pid),
            "{pid} is no process of this server"
        );
    }

    /// Starts it again on its folder and port, and waits until it answers.
    ///
    /// # Panics
    /// When it does not answer in time, with its log.
    pub fn resume(&self) {
        let mut guard = self.guard();
        guard.start_server();
        eventually_blocking(PATIENCE, "an answering PostgreSQL", || {
            let ended = guard.server().is_none_or(processes::has_ended);
            assert!(!ended, "PostgreSQL ended at once:\n{}", self.log());
            guard.is_ready()
        });
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
