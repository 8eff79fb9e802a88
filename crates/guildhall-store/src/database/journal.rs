//! What the database knows of its world's journal: which one it is, and which of its batches arrived.

use std::path::Path;

use diesel::prelude::*;
use uuid::Uuid;

use super::Database;
use crate::backend::{Access, Connection, connect};
use crate::error::StoreError;
use crate::journal::{Flight, Journal, Left};
use crate::schema::{batches, flights, world};

impl Database {
    /// Opens the world's journal, or makes the first one and remembers it here before anything can be
    /// promised. Call it when the world is locked and claimed, and before the writer.
    ///
    /// # Errors
    /// As [`Journal::open`]; [`StoreError::WorldInUse`]; the database.
    pub fn open_journal(&self, path: &Path) -> Result<(Journal, Left), StoreError> {
        let (id, known) = self.read(|conn| {
            let columns = (world::world_id, world::journal_id);
            let row: (String, Option<String>) = world::table.find(1).select(columns).first(conn)?;
            Ok(row)
        })?;
        let known = known.map(|id| parse(&id)).transpose()?;
        let (mut journal, mut left) = Journal::open(path, parse(&id)?, known)?;
        let noted = self.read(|conn| noted_flights(conn, journal.id()))?;
        journal.add_noted(noted, &mut left);
        if known.is_none() {
            self.world.remember_journal(Some(journal.id()))?;
        }
        Ok((journal, left))
    }

    /// The journal holds nothing that is not here, and was closed: the world may be served from another data
    /// directory. Call it when the writer has gone.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`]; the database.
    pub fn forget_journal(&self) -> Result<(), StoreError> {
        self.world.remember_journal(None)
    }

    /// Forgets what batches noted for this journal, which was replayed and has settled: it holds nothing of that.
    ///
    /// # Errors
    /// [`StoreError::WorldLost`]; the database.
    pub fn forget_flights(&self, journal: Uuid) -> Result<(), StoreError> {
        // Not the writer's: see `World::remember_journal`.
        let mut conn = connect(&self.world.target, Access::Write)?;
        self.world.expect_ours(&mut conn)?;
        let noted = flights::table.filter(flights::journal_id.eq(journal.to_string()));
        diesel::delete(noted).execute(&mut conn)?;
        Ok(())
    }

    /// Whether the batch was committed: what [`Journal::replay`] asks. Of a batch that was written in
    /// parts it says no; a save that is given again finds itself written.
    ///
    /// # Errors
    /// The database.
    pub fn is_committed(&self, batch: Uuid) -> Result<bool, StoreError> {
        self.read(|conn| {
            let of_batch = batches::table.filter(batches::id.eq(batch.to_string()));
            let found: Option<i64> = of_batch.select(batches::seq).first(conn).optional()?;
            Ok(found.is_some())
        })
    }
}

/// What batches carried of this journal that it could not record.
fn noted_flights(conn: &mut Connection, journal: Uuid) -> Result<Vec<Flight>, StoreError> {
    let rows: Vec<(String, Vec<u8>)> = flights::table
        .filter(flights::journal_id.eq(journal.to_string()))
        .select((flights::batch_id, flights::runs))
        .load(conn)?;
    let flight = |(batch, runs): (String, Vec<u8>)| {
        let unreadable = || StoreError::Database {
            detail: format!("nobody can read what the batch {batch} carried"),
        };
        Flight::noted(parse(&batch)?, &runs).ok_or_else(unreadable)
    };
    rows.into_iter().map(flight).collect()
}

fn parse(id: &str) -> Result<Uuid, StoreError> {
    Uuid::try_parse(id).map_err(|error| StoreError::Database {
        detail: format!("the row of the world holds an id that is none: {error}"),
    })
}
