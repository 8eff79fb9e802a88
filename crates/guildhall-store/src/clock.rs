//! The clock of a world: what every record of it is stamped with, and what everything that expires is compared
//! with. It runs by measured time from where it was set, so that a system's clock that jumps moves nothing; it is
//! set when the world is opened, by the system's clock if that is plausible beside the newest record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use guildhall_rules::wall::{Standing, WallLimits, judge};

use crate::backend::Connection;
use crate::error::StoreError;
use crate::schema::batches;
use crate::time::now_us;

/// See the file's head. All clones are one clock.
#[derive(Clone)]
pub struct Clock(Arc<Mutex<Anchor>>);

/// Where it was set.
struct Anchor {
    at_us: i64,
    measured: Instant,
    is_held: bool,
}

/// What the clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The world's time, microseconds since 1970.
    pub at_us: i64,
    /// What the system's clock says meanwhile.
    pub system_us: i64,
    /// Whether it goes on from the newest record, because the system's clock was not plausible beside it.
    pub is_held: bool,
}

impl Anchor {
    fn at(at_us: i64, is_held: bool) -> Self {
        Self {
            at_us,
            measured: Instant::now(),
            is_held,
        }
    }

    fn now_us(&self) -> i64 {
        self.at_us.saturating_add(us(self.measured.elapsed()))
    }
}

fn us(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

impl Clock {
    /// One that is set by the system's clock.
    #[must_use]
    pub fn of_system() -> Self {
        Self(Arc::new(Mutex::new(Anchor::at(now_us(), false))))
    }

    /// The world's time, microseconds since 1970.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.lock().now_us()
    }

    /// The world's time and the system's.
    #[must_use]
    pub fn read(&self) -> Reading {
        let anchor = self.lock();
        Reading {
            at_us: anchor.now_us(),
            system_us: now_us(),
            is_held: anchor.is_held,
        }
    }

    /// Sets it beside the newest record: by the system's clock if that is plausible, and otherwise from the
    /// record on, so that the time in between has anything neither expire nor forgotten.
    pub(crate) fn set_beside(&self, newest_us: i64, limits: &WallLimits) -> Standing {
        let system_us = now_us();
        let standing = judge(system_us, newest_us, limits);
        *self.lock() = match standing {
            Standing::Agrees => Anchor::at(system_us, false),
            Standing::Ahead { .. } | Standing::Behind { .. } => Anchor::at(newest_us, true),
        };
        standing
    }

    /// Goes by the system's clock again if it was held and that is plausible beside it by now; whether it does.
    pub fn release_if_plausible(&self, limits: &WallLimits) -> bool {
        let mut anchor = self.lock();
        let system_us = now_us();
        let released =
            anchor.is_held && judge(system_us, anchor.now_us(), limits) == Standing::Agrees;
        if released {
            *anchor = Anchor::at(system_us, false);
        }
        released
    }

    /// Goes by the system's clock from now on: somebody has looked at it and says that it is right.
    pub fn accept_system(&self) {
        *self.lock() = Anchor::at(now_us(), false);
    }

    fn lock(&self) -> MutexGuard<'_, Anchor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the newest batch was written, by its number and not by its time: a time that was wrong once is
/// outlived by the next batch. `None` in a world in which nothing was written.
///
/// # Errors
/// The database.
pub fn newest_record_us(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(batches::table
        .order(batches::seq.desc())
        .select(batches::at)
        .first(conn)
        .optional()?)
}

#[cfg(test)]
mod tests;
