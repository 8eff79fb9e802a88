//! The store of Guildhall: a generic write-behind engine, the database behind it, the name ledger
//! and the files of boards. Everything here blocks and knows neither actors nor sockets.
//! Read in the order of the data path: `write_behind` (buffer → batch), `writer`, `backend`
//! (batch → database, one folder each), `changes` (one file per change), `queries`, `names`, `blobs`.
//! This is the only crate that names diesel and r2d2.

mod backend;
mod columns;
mod schema;
mod time;
mod world;

pub mod backup;
pub mod blobs;
pub mod changes;
pub mod clock;
pub mod copy;
pub mod database;
pub mod error;
pub mod explain;
pub mod journal;
pub mod names;
pub mod queries;
pub mod retention;
pub mod scrub;
pub mod write_behind;
pub mod writer;

pub use backend::{Connection, Target};
pub use blobs::{BlobStore, FileBlobs};
pub use changes::{Change, NameOwner, NameRow, OwnerKind};
pub use clock::Clock;
pub use database::{Database, House, MigrationStatus, OpenOptions, WorldLock};
pub use error::StoreError;
pub use journal::Journal;
pub use names::{LoadProof, NameDiff, NameEntry, NameIndex};
pub use time::now_us;
pub use write_behind::{
    Author, Batch, BatchReport, Buffer, BufferLimits, BufferStats, Cause, EntityKey, EntityKind,
    Member, Outcome, Present, RejectReason, Rejected, Save, Write, WriteRefusal,
};
pub use writer::Writer;

/// The realm that every world has from its first migration on.
pub const DEFAULT_REALM: uuid::Uuid =
    uuid::Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001);

/// The longest document of a character or a ship, in bytes. The database checks the same bound.
pub const STATE_BYTES_MAX: usize = 65_536;
