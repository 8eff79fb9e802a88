//! The database of a world: opening it in plain words, its migrations, a pool of readers and
//! the one writer.

mod journal;
mod lock;
mod migrations;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::R2D2Connection;
use guildhall_rules::wall::{Standing, WallLimits};

use crate::backend::{Access, BatchWriter, Connection, Target, connect, expect_database, prepare};
use crate::clock::{self, Clock};
use crate::error::StoreError;
use crate::world::World;
use crate::writer::{Claim, Claims, Writer};

pub use lock::{House, WorldLock};
pub use migrations::MigrationStatus;

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
    world: World,
    readers: Arc<Mutex<r2d2::Pool<Readers>>>,
    writer_taken: Claims,
}

impl Database {
    /// Opens the database. It runs no migration: see [`Database::migrations`].
    ///
    /// # Errors
    /// Missing, not to be reached, read-only, not a database, or migrated by a newer program.
    pub fn open(target: impl Into<Target>, options: &OpenOptions) -> Result<Self, StoreError> {
        Self::open_with_deadline(target.into(), options, READ_DEADLINE)
    }

    fn open_with_deadline(
        target: Target,
        options: &OpenOptions,
        deadline: Duration,
    ) -> Result<Self, StoreError> {
        prepare(&target, options.create)?;
        migrations::status(&mut connect(&target, Access::Write)?)?.refuse_unknown()?;
        Ok(Self::with_readers(target, options.readers, deadline))
    }

    /// How the migrations of the database and of this program compare.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn migrations(&self) -> Result<MigrationStatus, StoreError> {
        migrations::status(&mut connect(&self.world.target, Access::Read)?)
    }

    /// The versions of the migrations that this program has and the database lacks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.migrations()?.pending)
    }

    /// The pending migrations and their statements, which are not run.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn migration_plan(&self) -> Result<Vec<(String, &'static str)>, StoreError> {
        migrations::plan(&mut connect(&self.world.target, Access::Write)?)
    }

    /// Runs the pending migrations and returns their versions. Each is one transaction.
    ///
    /// # Errors
    /// The step that failed; what came before it stays.
    pub fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = connect(&self.world.target, Access::Write)?;
        if let Connection::Postgres(conn) = &mut conn {
            // A table of millions may take its time.
            conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
        }
        migrations::run(&mut conn)
    }

    /// As [`Database::open`], to read only: it changes nothing, takes no lock, and may stand beside a running
    /// server.
    ///
    /// # Errors
    /// As [`Database::open`]; [`StoreError::PendingMigrations`], since what is not there cannot be read.
    pub fn open_to_read(target: impl Into<Target>) -> Result<Self, StoreError> {
        let target = target.into();
        if let Some(path) = target.file() {
            expect_database(path)?;
        }
        let status = migrations::status(&mut connect(&target, Access::Read)?)?;
        status.refuse_unknown()?;
        status.refuse_pending()?;
        Ok(Self::with_readers(target, 1, READ_DEADLINE))
    }

    fn with_readers(target: Target, readers: u32, deadline: Duration) -> Self {
        let pool = readers_of(&target, readers, deadline);
        Self {
            world: World::new(target),
            readers: Arc::new(Mutex::new(pool)),
            writer_taken: Claims::default(),
        }
    }

    /// Holds the world against other servers, as long as the writing connection lives. Where the world is
    /// a file, [`WorldLock`] does that and this does nothing.
    ///
    /// With the house of a lock that this process holds, connections that a dead server of the same house left
    /// behind are ended, for which it waits 10 s at most.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`]; [`StoreError::WorldStillHeld`] by such a connection; the database.
    pub fn lock_world(&self, house: Option<House>) -> Result<(), StoreError> {
        self.world.lock(house)
    }

    /// Holds the world against every server and every other tool, for as long as the answer and this live:
    /// what changes a world from outside takes this first.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`]; the database.
    pub fn lock_alone(&self) -> Result<Option<WorldLock>, StoreError> {
        let lock = self.path().map(WorldLock::acquire_beside).transpose()?;
        self.lock_world(None)?;
        Ok(lock)
    }

    /// Claims the world: every earlier server's receipts end here, and so will this one's when another
    /// claims it. Call it once, after the migrations and before the writer.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`]; the database.
    pub fn claim_world(&self, holder: &str) -> Result<(), StoreError> {
        self.world.claim(holder)
    }

    /// The clock of the world.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }

    /// Sets the clock of the world beside its newest record. Call it before anything is written.
    ///
    /// # Errors
    /// The database.
    pub fn set_clock(&self, limits: &WallLimits) -> Result<Standing, StoreError> {
        let mut conn = connect(&self.world.target, Access::Read)?;
        let newest_us = clock::newest_record_us(&mut conn)?;
        Ok(newest_us.map_or(Standing::Agrees, |newest_us| {
            self.clock().set_beside(newest_us, limits)
        }))
    }

    /// Hashes the names that have no hash yet: after a migration that emptied or added the hashes. Call it
    /// before names are loaded, while nobody else writes. How many there were.
    ///
    /// # Errors
    /// Two names that are one by today's rules; a key that newer rules made; the database.
    pub fn hash_names(&self) -> Result<u64, StoreError> {
        crate::names::backfill(&mut connect(&self.world.target, Access::Write)?)
    }

    /// Reads from one state of the database: all queries of `query` see the same commits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection is free in time, or what the query returned.
    pub fn read<T>(
        &self,
        query: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let readers = self.readers().clone();
        let mut conn = readers.get().map_err(|error| StoreError::Unavailable {
            detail: error.to_string(),
        })?;
        conn.snapshot(query)
    }

    /// As [`Database::read`], on a connection that is opened for it: for what takes long, beside readers that others
    /// wait for.
    ///
    /// # Errors
    /// The connection, or what the query returned.
    pub(crate) fn read_apart<T>(
        &self,
        query: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        connect(&self.world.target, Access::Read)?.snapshot(query)
    }

    /// A read hangs: neither its connection nor those that rest are used any more, for what befell the one may
    /// have befallen all. For a database on the network.
    pub fn give_up_readers(&self) {
        let mut readers = self.readers();
        let (size, deadline) = (readers.max_size(), readers.connection_timeout());
        *readers = readers_of(&self.world.target, size, deadline);
    }

    fn readers(&self) -> MutexGuard<'_, r2d2::Pool<Readers>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one writer.
    ///
    /// # Errors
    /// [`StoreError::WriterTaken`] while another lives, [`StoreError::PendingMigrations`] before
    /// the schema is there.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        self.migrations()?.refuse_pending()?;
        self.writer_before_migrations()
    }

    /// The one writer, on a schema that may lack migrations: for the replay of a journal, whose saves
    /// were promised on that schema.
    ///
    /// # Errors
    /// [`StoreError::WriterTaken`] while another lives.
    pub fn writer_before_migrations(&self) -> Result<Writer, StoreError> {
        let claim = Claim::take(&self.writer_taken)?;
        let conn = self.world.write_connection()?;
        let writer = BatchWriter::new(self.world.clone(), conn);
        Ok(Writer::new(writer, claim))
    }

    /// The present writer hangs and is not waited for any more: another one may be made. Before that one
    /// writes, it ends the connection on which the world was held, and with it whatever was under way there;
    /// for a database on the network only.
    pub fn give_up_writer(&self) {
        self.writer_taken.reset();
    }

    /// Where it is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.world.target
    }

    /// The file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.world.target.file()
    }
}

fn readers_of(target: &Target, size: u32, deadline: Duration) -> r2d2::Pool<Readers> {
    r2d2::Pool::builder()
        .max_size(size.max(1))
        .min_idle(Some(0))
        .connection_timeout(deadline)
        // A connection to another host may have died unseen; a file does not.
        .test_on_check_out(target.file().is_none())
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build_unchecked(Readers(target.clone()))
}

/// Makes the connections of the pool. Not diesel's own manager: that one opens a URL with whichever client
/// takes it first, and SQLite takes anything for the name of a file.
#[derive(Debug)]
struct Readers(Target);

impl r2d2::ManageConnection for Readers {
    type Connection = Connection;
    type Error = StoreError;

    fn connect(&self) -> Result<Connection, StoreError> {
        connect(&self.0, Access::Read)
    }

    fn is_valid(&self, conn: &mut Connection) -> Result<(), StoreError> {
        Ok(conn.batch_execute("SELECT 1")?)
    }

    /// One that was given back by a panic may still be in its transaction.
    fn has_broken(&self, conn: &mut Connection) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

#[cfg(test)]
mod tests;
