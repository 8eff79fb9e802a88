//! What outlives a server: its folder and, with PostgreSQL, its database there.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::postgres::{Database, Postgres, create_database};
use crate::{Backend, Sql, backend};

/// The name of the file, where the database is one.
const FILE: &str = "guildhall.sqlite3";

/// An empty world, removed with its handle.
#[derive(Debug)]
pub struct TestWorld {
    folder: TempDir,
    database: Option<Database>,
}

impl TestWorld {
    /// A world on the database that this test run is about.
    #[expect(
        clippy::new_without_default,
        reason = "a new one is another world each time"
    )]
    pub fn new() -> Self {
        Self::on(backend())
    }

    /// A world on this database.
    ///
    /// # Panics
    /// When there is no place for it.
    pub fn on(backend: Backend) -> Self {
        Self::with(match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(create_database()),
        })
    }

    /// A world on a PostgreSQL of one's own.
    pub fn on_server(server: &Postgres) -> Self {
        Self::with(Some(server.create_database()))
    }

    fn with(database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, database }
    }

    /// The server's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The database in a file of the folder, where it is one.
    pub fn file(&self) -> Option<PathBuf> {
        self.database.is_none().then(|| self.path().join(FILE))
    }

    /// The database's address.
    pub fn url(&self) -> String {
        match &self.database {
            None => format!("sqlite://{}", self.path().join(FILE).display()),
            Some(database) => database.url(),
        }
    }

    /// Another program's connection to it.
    pub fn sql(&self) -> Sql {
        Sql::open(&self.url())
    }

    /// Leaves the folder where it is.
    pub fn keep_folder(&mut self) {
        self.folder.disable_cleanup(true);
    }
}
