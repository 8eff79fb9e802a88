//! Reading what was promised: a save that is safe is what its game goes on from, whether or not the database has
//! it yet.

use guildhall_protocol::{Receipt, Refusal};
use guildhall_store::write_behind::{EntityKey, Save};
use uuid::Uuid;

use crate::hall::Hall;

impl Hall {
    /// Reads a row, and the newest save of it that is safe and newer than the row; `of`: this session's only.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn read_newest<T>(
        &self,
        (key, of): (EntityKey, Option<Uuid>),
        read: impl AsyncFn() -> Result<T, Refusal>,
        version: impl Fn(&T) -> u32,
    ) -> Result<(T, Option<Save>), Refusal> {
        let before = self.dirty.newest_safe(key, of);
        let mut row = read().await?;
        let mut safe = self.dirty.newest_safe(key, of);
        let newer = |save: &Save, row: &T| save.version() > version(row);
        // What was safe before and is not any more was decided, perhaps after the row was read.
        if safe.is_none() && before.is_some_and(|save| newer(&save, &row)) {
            row = read().await?;
            safe = self.dirty.newest_safe(key, of);
        }
        let safe = safe.filter(|save| newer(save, &row));
        Ok((row, safe))
    }
}

/// The receipt of what [`Hall::read_newest`] has read.
#[must_use]
pub fn receipt_of(safe: Option<&Save>) -> Receipt {
    match safe {
        Some(_) => Receipt::Safe,
        None => Receipt::Durable,
    }
}
