//! The local journal at work: its thread, which appends what was taken up and records each batch before it
//! goes, and the replay at a start. Only with a database on the network; a file needs no journal before it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guildhall_process::{JobError, Pool};
use guildhall_store::journal::{Entry, Journal, Left};
use guildhall_store::write_behind::{Buffer, BufferLimits, Outcome};
use guildhall_store::{Database, StoreError};
use uuid::Uuid;

/// Jobs that may wait for the thread: there is one append and one batch under way, and few that were lost
/// with a crashed process.
const JOBS_MAX: usize = 64;
/// Units of one batch of a replay.
const REPLAY_ROWS: usize = 256;

/// One thread that does everything in the order in which it was asked. Cheap to clone.
#[derive(Clone)]
pub struct JournalThread {
    thread: Pool,
    id: Uuid,
    /// `None` once closed.
    journal: Arc<Mutex<Option<Journal>>>,
}

impl JournalThread {
    /// A thread for this journal.
    #[must_use]
    pub fn new(journal: Journal) -> Self {
        Self {
            thread: Pool::new("journal", 1, JOBS_MAX),
            id: journal.id(),
            journal: Arc::new(Mutex::new(Some(journal))),
        }
    }

    /// Which journal it is.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The lowest number that no write in it ever had.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.as_ref().map_or(1, Journal::next_seq)
    }

    /// When it resolves, the entries are on the disk.
    pub(super) fn append(
        &self,
        entries: Vec<Entry>,
    ) -> impl Future<Output = Result<(), StoreError>> + use<> {
        self.run(move |journal| journal.append(&entries))
    }

    /// When it resolves, the batch may go to the database, with what it must note there for this journal.
    pub(super) fn take_off(
        &self,
        batch: Uuid,
        seqs: Vec<u64>,
    ) -> impl Future<Output = Result<Option<Uuid>, StoreError>> + use<> {
        self.run(move |journal| journal.take_off(batch, &seqs))
    }

    /// The batch was committed. Nobody need wait for it: the next flight comes after it.
    pub(super) fn landed(&self, batch: Uuid) {
        drop(self.run(move |journal| {
            journal.landed(batch);
            Ok(())
        }));
    }

    /// Deletes what landed and closes the file: the end of a clean stop.
    ///
    /// # Errors
    /// Those of the journal.
    pub async fn close(&self) -> Result<(), StoreError> {
        let slot = Arc::clone(&self.journal);
        let closing = self.thread.run(move || {
            let journal = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            journal.map_or(Ok(()), Journal::close)
        });
        closing.await.unwrap_or_else(|error| Err(broken(&error)))
    }

    fn run<T, F>(&self, act: F) -> impl Future<Output = Result<T, StoreError>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Journal) -> Result<T, StoreError> + Send + 'static,
    {
        let slot = Arc::clone(&self.journal);
        let job = self.thread.run(move || {
            let mut journal = slot.lock().unwrap_or_else(PoisonError::into_inner);
            match journal.as_mut() {
                Some(journal) => act(journal),
                None => Err(StoreError::Unavailable {
                    detail: "the journal is closed".to_owned(),
                }),
            }
        });
        async move { job.await.unwrap_or_else(|error| Err(broken(&error))) }
    }
}

/// A job that panicked leaves a journal of which nobody knows what it holds.
fn broken(error: &JobError) -> StoreError {
    let detail = format!("a job of the journal did not end: {error}");
    match error {
        JobError::Panicked(_) => StoreError::JournalFailed {
            path: "journal".into(),
            detail,
        },
        JobError::Full | JobError::Closed => StoreError::Unavailable { detail },
    }
}

/// Gives to the database what an earlier server promised and the database has not. Blocks; called at a start,
/// with the world locked, before migrations and before anybody is let in. The number of saves given.
///
/// # Errors
/// Those of the database and of the journal: the server must not start, and nothing is lost.
pub fn replay(database: &Database, journal: &mut Journal, left: Left) -> Result<usize, StoreError> {
    let again = journal.replay(left, |batch| database.is_committed(batch))?;
    if again.is_empty() {
        return Ok(0);
    }
    let saves = again.len();
    let mut writer = database.writer_before_migrations()?;
    let mut buffer: Buffer<()> = Buffer::new(BufferLimits {
        dirty_max: usize::MAX,
        dirty_bytes_max: usize::MAX,
        batch_rows_max: REPLAY_ROWS,
        window: Duration::ZERO,
    });
    let mut refused = 0;
    let mut flush = |buffer: &mut Buffer<()>| -> Result<(), StoreError> {
        while let Some(mut batch) = buffer.take_batch(Duration::ZERO) {
            let seqs: Vec<u64> = batch.seqs().collect();
            batch.noted_for = journal.take_off(batch.id, &seqs)?;
            let report = writer.flush(&batch)?;
            journal.landed(batch.id);
            let outcomes = buffer.finish(report);
            let is_refused = |(_, outcome): &&((), Outcome)| !outcome.is_durable();
            refused += outcomes.iter().filter(is_refused).count();
        }
        Ok(())
    };
    for Entry { seq, write, .. } in again {
        buffer = buffer.starting_at(seq);
        if buffer.submit(write.clone(), (), Duration::ZERO).is_err() {
            // It builds on no save that waits: the database judges it, and records it where it refuses.
            flush(&mut buffer)?;
            let taken = buffer.submit(write, (), Duration::ZERO);
            taken.map_err(|rejected| StoreError::Database {
                detail: format!("save {seq} of the journal: {:?}", rejected.reason),
            })?;
        }
    }
    flush(&mut buffer)?;
    log::warn!(
        "{saves} saves of an earlier run were given to the database, {refused} were refused"
    );
    Ok(saves)
}
