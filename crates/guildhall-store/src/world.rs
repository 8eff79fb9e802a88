//! Who has the world. A server raises the world's epoch when it starts; every batch is committed only
//! while the epoch is still its own, and on PostgreSQL only through the connection that holds the world's
//! lock. A server that has lost the world gives no more receipts.

use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::{Access, Connection, Target, connect, hold_world, world_pid};
use crate::error::StoreError;
use crate::schema::world;
use crate::time::now_us;

/// Nobody has claimed the world through this: the epoch is not compared.
const UNCLAIMED: i64 = -1;
/// The epoch of a world that is being copied to: it is not all there.
pub(crate) const COPYING: i64 = -1;
/// There is no connection that could hold the lock still.
const NO_PID: i32 = 0;

/// A world and what this server holds of it. All clones share one claim.
#[derive(Clone)]
pub(crate) struct World {
    pub target: Target,
    shared: Arc<Shared>,
}

struct Shared {
    epoch: AtomicI64,
    /// PostgreSQL's process behind the connection that held the lock last.
    holder_pid: AtomicI32,
    /// A connection that holds the lock and is not used yet.
    waiting: Mutex<Option<Connection>>,
}

impl World {
    pub fn new(target: Target) -> Self {
        Self {
            target,
            shared: Arc::new(Shared {
                epoch: AtomicI64::new(UNCLAIMED),
                holder_pid: AtomicI32::new(NO_PID),
                waiting: Mutex::new(None),
            }),
        }
    }

    /// The epoch that was claimed.
    pub fn epoch(&self) -> Option<i64> {
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        (epoch != UNCLAIMED).then_some(epoch)
    }

    /// A connection that may write: one that holds the lock of the world, where there is such a thing.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`] when another server has it, [`StoreError::WorldLost`] when another one
    /// had it meanwhile.
    pub fn write_connection(&self) -> Result<Connection, StoreError> {
        let waiting = self
            .shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(conn) = waiting {
            return Ok(conn);
        }
        let mut conn = connect(&self.target, Access::Write)?;
        self.hold(&mut conn)?;
        if self.epoch().is_some() {
            self.expect_ours(&mut conn)?;
        }
        Ok(conn)
    }

    fn hold(&self, conn: &mut Connection) -> Result<(), StoreError> {
        let before = self.shared.holder_pid.load(Ordering::Acquire);
        let lost = (before != NO_PID).then_some(before);
        if !hold_world(conn, lost)? {
            self.expect_ours(conn)?;
            let holder = holder(conn).unwrap_or_else(|_| "another server".to_owned());
            let world = self.target.to_string();
            return Err(StoreError::WorldInUse { world, holder });
        }
        let pid = world_pid(conn)?.unwrap_or(NO_PID);
        self.shared.holder_pid.store(pid, Ordering::Release);
        Ok(())
    }

    /// Takes the lock, before anything is written, migrations included. The connection waits for the
    /// writer.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`]; the database.
    pub fn lock(&self) -> Result<(), StoreError> {
        let conn = self.write_connection()?;
        self.keep(conn);
        Ok(())
    }

    /// Raises the epoch: from now on every older claim is void.
    ///
    /// # Errors
    /// The database.
    pub fn claim(&self, holder: &str) -> Result<(), StoreError> {
        let mut conn = self.write_connection()?;
        refuse_unfinished(&mut conn)?;
        let raised = diesel::update(world::table.find(1))
            .set((
                world::epoch.eq(world::epoch + 1),
                world::holder.eq(holder),
                world::since.eq(now_us()),
            ))
            .execute(&mut conn)?;
        if raised != 1 {
            return Err(StoreError::Database {
                detail: "the row of the world is missing".to_owned(),
            });
        }
        let epoch: i64 = world::table.find(1).select(world::epoch).first(&mut conn)?;
        self.shared.epoch.store(epoch, Ordering::Release);
        self.keep(conn);
        Ok(())
    }

    /// Remembers which journal may hold what is promised and not here yet.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`]; the database.
    pub fn remember_journal(&self, journal: Uuid) -> Result<(), StoreError> {
        let mut conn = self.write_connection()?;
        let remembered = diesel::update(world::table.find(1))
            .set(world::journal_id.eq(journal.to_string()))
            .execute(&mut conn)?;
        self.keep(conn);
        match remembered {
            1 => Ok(()),
            _ => Err(StoreError::Database {
                detail: "the row of the world is missing".to_owned(),
            }),
        }
    }

    /// Compares the world's epoch with the one that was claimed; part of every batch's transaction.
    ///
    /// # Errors
    /// [`StoreError::WorldLost`] with who has it now; the database.
    pub fn expect_ours(&self, conn: &mut Connection) -> Result<(), StoreError> {
        let Some(ours) = self.epoch() else {
            return Ok(());
        };
        let present: i64 = world::table.find(1).select(world::epoch).first(conn)?;
        if present == ours {
            return Ok(());
        }
        Err(StoreError::WorldLost {
            holder: holder(conn)?,
        })
    }

    fn keep(&self, conn: Connection) {
        *self
            .shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(conn);
    }
}

fn refuse_unfinished(conn: &mut Connection) -> Result<(), StoreError> {
    let unfinished: Option<String> = world::table
        .filter(world::epoch.eq(COPYING))
        .select(world::holder)
        .first(conn)
        .optional()?;
    match unfinished {
        Some(from) => Err(StoreError::CopyUnfinished { from }),
        None => Ok(()),
    }
}

fn holder(conn: &mut Connection) -> Result<String, StoreError> {
    let (holder, since): (String, i64) = world::table
        .find(1)
        .select((world::holder, world::since))
        .first(conn)?;
    let since = jiff::Timestamp::from_microsecond(since)
        .map_or_else(|_| "an unknown time".to_owned(), |at| format!("{at:.0}"));
    Ok(format!("{} since {since}", holder.escape_default()))
}
