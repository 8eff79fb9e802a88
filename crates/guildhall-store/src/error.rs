//! What can go wrong with the store as a whole. The refusal of one write is no error: see
//! [`crate::write_behind::WriteRefusal`].

use std::path::PathBuf;

use thiserror::Error;
use uuid::Uuid;

/// A failure of the database, the world's lock or the files of boards. `Display` says what
/// happened in plain words, [`StoreError::next`] what to do about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("there is no database at {}", path.display())]
    Missing { path: PathBuf },
    #[error("the database {} cannot be written: {detail}", path.display())]
    ReadOnly { path: PathBuf, detail: String },
    #[error("{} is not a SQLite database", path.display())]
    NotADatabase { path: PathBuf },
    #[error("the database {} cannot be opened: {detail}", path.display())]
    CannotOpen { path: PathBuf, detail: String },
    #[error("the database was migrated by a newer program: this one does not know {}", versions.join(", "))]
    UnknownMigrations { versions: Vec<String> },
    #[error("the database lacks migrations: {}", versions.join(", "))]
    PendingMigrations { versions: Vec<String> },
    #[error("a migration failed: {detail}")]
    MigrationFailed { detail: String },
    #[error("another server uses this world: {world} is locked by {holder}")]
    WorldInUse { world: String, holder: String },
    #[error(
        "process {pid} of PostgreSQL holds {world} for a server of this data directory that has ended"
    )]
    WorldStillHeld { world: String, pid: i32 },
    #[error("the world was taken over by another server, {holder}")]
    WorldLost { holder: String },
    #[error("the database holds an unfinished copy of {from}")]
    CopyUnfinished { from: String },
    #[error("this world has a local journal, and nobody has looked whether saves wait in it")]
    JournalUnseen,
    #[error("{saves} saves wait in the journal {} for their database", path.display())]
    JournalWaits { path: PathBuf, saves: usize },
    #[error("the target of the copy is not new: there are rows in {table}")]
    NotEmpty { table: String },
    #[error("the target did not take the rows of {table}: {detail}")]
    CopyRefused { table: String, detail: String },
    #[error("the copy differs in {table}: {from} in the source, {to} in the target")]
    CopyDiffers {
        table: String,
        from: String,
        to: String,
    },
    #[error("there is something at {} already", path.display())]
    BackupInTheWay { path: PathBuf },
    #[error("the backup {} is not whole: {detail}", path.display())]
    BackupDamaged { path: PathBuf, detail: String },
    #[error("{url} is no database that is known here: {why}")]
    BadUrl { url: String, why: String },
    #[error("the database {url} cannot be reached: {detail}")]
    Unreachable { url: String, detail: String },
    #[error("the database {url} and this program do not agree on encryption: {detail}")]
    Encryption { url: String, detail: String },
    #[error("the database is PostgreSQL {found}, and 15 is the oldest that is taken")]
    TooOld { found: String },
    #[error("the one writer of this database is already taken")]
    WriterTaken,
    #[error("the database did not answer in time: {detail}")]
    Unavailable { detail: String },
    #[error("the disk is full: {detail}")]
    DiskFull { detail: String },
    #[error("the database failed: {detail}")]
    Database { detail: String },
    #[error("the journal {} is damaged: {detail}; {readable} of its saves can be read", path.display())]
    JournalDamaged {
        path: PathBuf,
        detail: String,
        readable: usize,
    },
    #[error("the journal {} has layout {found}, and this program knows {known}", path.display())]
    JournalVersion {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("the journal {} belongs to the world {found}, not to {world}", path.display())]
    JournalOfAnotherWorld {
        path: PathBuf,
        found: Uuid,
        world: Uuid,
    },
    #[error("the journal {journal} of this world is not at {}", path.display())]
    JournalMissing { path: PathBuf, journal: Uuid },
    #[error("the journal {} does not take this: {detail}", path.display())]
    JournalRefused { path: PathBuf, detail: String },
    #[error("the journal {} could not be written: {detail}", path.display())]
    JournalFailed { path: PathBuf, detail: String },
    #[error("a name was lost on the way: the index holds {loaded}, the database {in_database}")]
    NamesIncomplete { loaded: String, in_database: String },
    #[error(
        "a name has a key by version {found} of the rules, this program makes keys by version {known}"
    )]
    NamesOfOtherVersion { found: i32, known: u16 },
    #[error("the name {name:?} has the same key as another one by the rules of this program")]
    NamesCollide { name: String },
    #[error("the files of boards: {doing}: {source}")]
    Files {
        doing: String,
        source: std::io::Error,
    },
    #[error("stored content {hash} is damaged: {detail}")]
    Damaged { hash: String, detail: String },
    #[error("an upload grew past its announced {announced} bytes")]
    UploadTooLong { announced: u64 },
    #[error("an upload has {received} of its announced {announced} bytes")]
    UploadTooShort { announced: u64, received: u64 },
}

impl StoreError {
    /// What a person can do about it, as one sentence.
    #[rustfmt::skip] // One line for each error.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "Give the right data directory, or let the program create it.",
            Self::ReadOnly { .. } => "Give this user the right to write the file and its directory, or use another data directory.",
            Self::NotADatabase { .. } => "Move the file away, or restore the database from a backup.",
            Self::CannotOpen { .. } => "Check that the path exists and that this user may use it; restore a damaged file from a backup.",
            Self::UnknownMigrations { .. } => "Start the newer program again, or restore the backup made before its migration.",
            Self::PendingMigrations { .. } => "Make a backup, then run `guildhall migrate up`; `guildhall migrate plan` shows what it does.",
            Self::MigrationFailed { .. } => "Nothing was changed by the failed step; restore the backup if an earlier step is unwanted.",
            Self::WorldInUse { .. } => "Stop the other server first, or give this one a data directory of its own.",
            Self::WorldStillHeld { .. } => "It was told to end and does not: on the database's host wake it with kill -CONT, or see what disk it waits for; then start again.",
            Self::WorldLost { .. } => "Stop one of the two servers; this one gives no more receipts and ends.",
            Self::CopyUnfinished { .. } => "Run `guildhall copy` once more: it begins anew, and the source is as it was.",
            Self::JournalUnseen => "Name the data directories of the source and of the target with --from-data and --to-data.",
            Self::JournalWaits { .. } => "Start the server once on that world: it writes them, even where it then refuses the schema; stop it and do this again.",
            Self::NotEmpty { .. } => "Give a database that holds no world; nothing was changed.",
            Self::CopyRefused { .. } => "Correct the row in the source, or make room in the target, and copy once more: it begins anew.",
            Self::CopyDiffers { .. } => "Use the source; look at the target's disk and memory, and copy once more.",
            Self::BackupInTheWay { .. } => "Name a directory that does not exist; one that ends in `.unfinished` was left by a backup that was cut short, and may be removed when no backup runs.",
            Self::BackupDamaged { .. } => "Use another backup; `guildhall scrub --backup DIR` tells everything that is wrong with this one.",
            Self::BadUrl { .. } => "Use sqlite:///path/to/file or postgres://user@host:port/database.",
            Self::Unreachable { .. } => "Check that the database runs, its address, and that this user may connect.",
            Self::Encryption { .. } => "Say in the URL what is wanted: ?sslmode=verify-full&sslrootcert=FILE with the certificate of who signed the server's; encryption needs a program that was built with --features postgres-tls.",
            Self::TooOld { .. } => "Use PostgreSQL 15 or later.",
            Self::WriterTaken => "Let the present writer end before another is made.",
            Self::Unavailable { .. } => "Nothing was lost; try again in a moment.",
            Self::DiskFull { .. } => "Make room on the disk; saving goes on by itself.",
            Self::Database { .. } => "Look at the disk and the log; saving is tried again by itself.",
            Self::JournalDamaged { .. } => "Take out what can be read with `guildhall journal export`; then restore the file and what lies beside it under its name from a backup, or move them away: the next start says how to go on without it, which gives up every save in it that the database has not.",
            Self::JournalVersion { .. } => "Start the program that wrote it and stop it cleanly, then start this one.",
            Self::JournalOfAnotherWorld { .. } => "Give each world a data directory of its own, or move the file back to where its world is.",
            Self::JournalMissing { .. } => "Put the file back, or start with the data directory where it is; `UPDATE world SET journal_id = NULL` in the database goes on without it and gives up every save in it that the database has not.",
            Self::JournalRefused { .. } => "Saves go into the journal, once each and in their order; this is an error of the program.",
            Self::JournalFailed { .. } => "End the process and look at the disk: what was called safe before is, nothing after it.",
            Self::NamesIncomplete { .. } => "The server was not opened; check the database for damage, or restore it from a backup.",
            Self::NamesOfOtherVersion { .. } => "Start the program that made this key, or one with a migration from it; nothing was changed.",
            Self::NamesCollide { .. } => "Start the former program, give one of the two another name, and start this one again.",
            Self::Files { .. } => "Check the disk and the rights of the data directory.",
            Self::Damaged { .. } => "Restore this file from a backup.",
            Self::UploadTooLong { .. } | Self::UploadTooShort { .. } => "Announce the true size and upload again.",
        }
    }

    /// Whether the database is merely away: the same may succeed later without anybody's doing.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Unreachable { detail, .. } => crate::backend::is_away(detail),
            _ => false,
        }
    }

    /// Wraps an error of a file with what was being done.
    pub(crate) fn files(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        |source| Self::Files { doing, source }
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        crate::backend::store_error(&error)
    }
}
