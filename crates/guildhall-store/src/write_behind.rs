//! The write-behind engine: writes are submitted to a [`Buffer`], leave it as a [`Batch`], and
//! come back as a [`BatchReport`] after the commit. Pure logic; the database is behind
//! [`crate::Writer`]. Nothing here knows boards, names or accounts.

mod batch;
mod buffer;
mod contests;
mod outcome;
mod queue;
mod stats;
mod write;

pub use batch::{Batch, BatchReport, ChangeUnit, GroupUnit, Link, SaveUnit, Unit};
pub use buffer::{Buffer, BufferLimits, RejectReason, Rejected};
pub use outcome::{Beside, Cause, Outcome, Present, WriteRefusal};
pub use stats::BufferStats;
pub(crate) use write::Lane;
pub use write::{Author, EntityKey, EntityKind, GROUP_MEMBERS_MAX, Member, Save, Write};
