//! One database of a server, for one test; and SQL from outside, by the program `psql`.

use std::hash::{BuildHasher, RandomState};
use std::process::{Command, Stdio};

use super::binaries;

/// A database of one's own, dropped with its handle, whoever is still connected.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// An empty one on the server of this address.
    pub(super) fn create(server: &str) -> Self {
        Self::create_from(server, "template0")
    }

    /// A copy of this one on the same server. Nobody may be connected to this one.
    ///
    /// # Panics
    /// When somebody is.
    pub fn copy(&self) -> Self {
        Self::create_from(&self.server, &self.name)
    }

    fn create_from(server: &str, template: &str) -> Self {
        // No number of ours: other processes use the same server.
        let name = format!("test_{:016x}", RandomState::new().hash_one(template));
        psql(
            server,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        );
        Self {
            server: server.to_owned(),
            name,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// `postgres://…`, as the server and diesel read it.
    pub fn url(&self) -> String {
        let (server, _) = self
            .server
            .rsplit_once('/')
            .expect("an address with a database");
        format!("{server}/{}", self.name)
    }

    /// Runs SQL here; the rows, columns parted by `|`.
    ///
    /// # Panics
    /// When the server refuses it, with its words.
    pub fn psql(&self, sql: &str) -> String {
        psql(&self.url(), sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that is gone takes its databases with it.
        let _ = try_psql(
            &self.server,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
    }
}

/// Runs SQL in the database of this address; the rows, columns parted by `|`.
///
/// # Panics
/// When it is refused, with the words of the server.
pub fn psql(url: &str, sql: &str) -> String {
    try_psql(url, sql).unwrap_or_else(|words| panic!("{sql}: {words}"))
}

/// Runs SQL in the database of this address.
///
/// # Errors
/// The words of the server that refuses it, or of `psql` when there is no server.
pub fn try_psql(url: &str, sql: &str) -> Result<String, String> {
    let mut psql = psql_command(url);
    psql.args(["--command", sql]).stdin(Stdio::null());
    let done = psql.output().expect("the program psql");
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned()),
        false => Err(String::from_utf8_lossy(&done.stderr).trim_end().to_owned()),
    }
}

/// The program, which ends at the first statement that is refused, and prints nothing but rows.
pub(crate) fn psql_command(url: &str) -> Command {
    let mut psql = Command::new(binaries::folder().join("psql"));
    psql.args(["--no-psqlrc", "--no-align", "--tuples-only", "--quiet"])
        .args(["--set=ON_ERROR_STOP=1", "--dbname", url]);
    psql
}
