//! Who has the world. A server raises the world's epoch when it starts; every batch is committed only
//! while the epoch is still its own, and on PostgreSQL only through the connection that holds the world's
//! lock. A server that has lost the world gives no more receipts.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::{
    Access, Connection, Holder, Target, connect, end_former, hold_world, sign_world,
    warn_of_language, world_holder,
};
use crate::clock::Clock;
use crate::database::House;
use crate::error::StoreError;
use crate::schema::world;

/// Nobody has claimed the world through this: the epoch is not compared.
const UNCLAIMED: i64 = -1;
/// The epoch of a world that is being copied to: it is not all there.
pub(crate) const COPYING: i64 = -1;

/// How long a start waits for what a dead server of the same house left behind.
const FORMER_WAIT: Duration = Duration::from_secs(10);

/// A world and what this server holds of it. All clones share one claim.
#[derive(Clone)]
pub(crate) struct World {
    pub target: Target,
    pub clock: Clock,
    shared: Arc<Shared>,
}

struct Shared {
    epoch: AtomicI64,
    /// What the connections that hold the lock are signed with.
    house: OnceLock<House>,
    /// The connection that took the lock last; it may hold it still when we have lost it.
    held_by: Mutex<Option<Holder>>,
    /// A connection that holds the lock and is not used yet.
    waiting: Mutex<Option<Connection>>,
}

impl World {
    pub fn new(target: Target) -> Self {
        Self {
            target,
            clock: Clock::of_system(),
            shared: Arc::new(Shared {
                epoch: AtomicI64::new(UNCLAIMED),
                house: OnceLock::new(),
                held_by: Mutex::new(None),
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
        // Never locked over the network: a connection that hangs would keep every later one from coming.
        let held_by = || {
            let held_by = self.shared.held_by.lock();
            held_by.unwrap_or_else(PoisonError::into_inner)
        };
        let lost = *held_by();
        if !hold_world(conn, lost)? {
            self.expect_ours(conn)?;
            let holder = holder(conn).unwrap_or_else(|_| "another server".to_owned());
            let world = self.target.to_string();
            return Err(StoreError::WorldInUse { world, holder });
        }
        if let Some(house) = self.shared.house.get() {
            sign_world(conn, house)?;
        }
        let holder = world_holder(conn)?;
        *held_by() = holder;
        Ok(())
    }

    /// Ends the connections that dead servers of this house left behind.
    fn end_former(&self, house: &House) -> Result<(), StoreError> {
        let mut conn = connect(&self.target, Access::Write)?;
        let until = Instant::now() + FORMER_WAIT;
        while let Some(pid) = end_former(&mut conn, house)? {
            log::warn!("process {pid} of PostgreSQL holds the world for a dead server; ending it");
            if Instant::now() >= until {
                let world = self.target.to_string();
                return Err(StoreError::WorldStillHeld { world, pid });
            }
        }
        Ok(())
    }

    /// Takes the lock, before anything is written, migrations included. The connection waits for the
    /// writer.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`]; [`StoreError::WorldStillHeld`]; the database.
    pub fn lock(&self, house: Option<House>) -> Result<(), StoreError> {
        if let Some(house) = house {
            self.end_former(&house)?;
            self.shared.house.get_or_init(|| house);
        }
        let mut conn = self.write_connection()?;
        warn_of_language(&mut conn)?;
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
                world::since.eq(self.clock.now_us()),
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

    /// Remembers which journal may hold what is promised and not here yet; `None`: there is nothing.
    ///
    /// # Errors
    /// [`StoreError::WorldLost`]; the database.
    pub fn remember_journal(&self, journal: Option<Uuid>) -> Result<(), StoreError> {
        // The writer may live already, and a second holder of the lock would end its connection.
        let mut conn = connect(&self.target, Access::Write)?;
        self.expect_ours(&mut conn)?;
        let remembered = diesel::update(world::table.find(1))
            .set(world::journal_id.eq(journal.map(|id| id.to_string())))
            .execute(&mut conn)?;
        match remembered {
            1 => Ok(()),
            _ => Err(StoreError::Database {
                detail: "the row of the world is missing".to_owned(),
            }),
        }
    }

    /// Whether this is the epoch that was claimed, or none was.
    pub fn is_ours(&self, present: Option<i64>) -> bool {
        self.epoch().is_none_or(|ours| present == Some(ours))
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
