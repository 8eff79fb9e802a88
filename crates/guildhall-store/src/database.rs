//! The database of a world: opening it in plain words, its migrations, a pool of readers and
//! the one writer.

mod lock;
mod migrations;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};

use crate::backend::{Access, Connection, SqliteBackend, connect, prepare, url};
use crate::error::StoreError;
use crate::writer::{Claim, Writer};

pub use lock::WorldLock;

/// How long a reader waits for a connection: no caller ever hangs longer.
const READ_DEADLINE: Duration = Duration::from_secs(5);

/// How to open a database.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Connections for reading, at most.
    pub readers: u32,
    /// Whether a missing file is made, with its directory.
    pub create: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            create: true,
        }
    }
}

/// An open database. Cheap to clone; all clones share the readers and the one writer.
#[derive(Clone)]
pub struct Database {
    path: PathBuf,
    readers: Pool<ConnectionManager<Connection>>,
    writer_taken: Arc<AtomicBool>,
}

impl Database {
    /// Opens the file. It runs no migration: see [`Database::pending_migrations`].
    ///
    /// # Errors
    /// Missing, read-only, not a database, or migrated by a newer program.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, StoreError> {
        Self::open_with_deadline(path, options, READ_DEADLINE)
    }

    fn open_with_deadline(
        path: &Path,
        options: &OpenOptions,
        deadline: Duration,
    ) -> Result<Self, StoreError> {
        prepare(path, options.create)?;
        migrations::refuse_unknown(&mut connect(path, Access::Write)?)?;
        let readers = Pool::builder()
            .max_size(options.readers.max(1))
            .min_idle(Some(0))
            .connection_timeout(deadline)
            .connection_customizer(Box::new(Reader))
            .build_unchecked(ConnectionManager::new(url(path)?));
        Ok(Self {
            path: path.to_owned(),
            readers,
            writer_taken: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The versions of the migrations that this program has and the database lacks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        migrations::pending(&mut connect(&self.path, Access::Write)?)
    }

    /// Runs the pending migrations and returns their versions. Each is one transaction.
    ///
    /// # Errors
    /// The step that failed; what came before it stays.
    pub fn migrate(&self) -> Result<Vec<String>, StoreError> {
        migrations::run(&mut connect(&self.path, Access::Write)?)
    }

    /// Reads from one state of the database: all queries of `query` see the same commits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection is free within 5 seconds, or what the
    /// query returned.
    pub fn read<T>(
        &self,
        query: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut conn = self
            .readers
            .get()
            .map_err(|error| StoreError::Unavailable {
                detail: error.to_string(),
            })?;
        let conn: &mut Connection = &mut conn;
        conn.transaction(query)
    }

    /// The one writer.
    ///
    /// # Errors
    /// [`StoreError::WriterTaken`] while another lives, [`StoreError::PendingMigrations`] before
    /// the schema is there.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        let claim = Claim::take(&self.writer_taken)?;
        let versions = self.pending_migrations()?;
        if !versions.is_empty() {
            return Err(StoreError::PendingMigrations { versions });
        }
        let backend = SqliteBackend::open(self.path.clone())?;
        Ok(Writer::new(Box::new(backend), claim))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Sets up each connection of the pool.
#[derive(Debug)]
struct Reader;

impl CustomizeConnection<Connection, diesel::r2d2::Error> for Reader {
    fn on_acquire(&self, conn: &mut Connection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(Access::Read.pragmas())
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

#[cfg(test)]
mod tests;
