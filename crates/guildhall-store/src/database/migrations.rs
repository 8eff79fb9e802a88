//! The migrations, embedded in the program.

use std::collections::BTreeSet;

use diesel::migration::{Migration, MigrationSource};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::backend::Connection;
use crate::error::StoreError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

type Source = Box<dyn std::error::Error + Send + Sync>;

fn failed(error: Source) -> StoreError {
    StoreError::MigrationFailed {
        detail: error.to_string(),
    }
}

fn known() -> Result<BTreeSet<String>, StoreError> {
    let all: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(failed)?;
    Ok(all
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

fn applied(conn: &mut Connection) -> Result<BTreeSet<String>, StoreError> {
    let versions = conn.applied_migrations().map_err(failed)?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

/// An older program must not touch what a newer one has migrated.
pub(super) fn refuse_unknown(conn: &mut Connection) -> Result<(), StoreError> {
    let unknown: Vec<_> = applied(conn)?.difference(&known()?).cloned().collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(StoreError::UnknownMigrations { versions: unknown })
}

pub(super) fn pending(conn: &mut Connection) -> Result<Vec<String>, StoreError> {
    Ok(known()?.difference(&applied(conn)?).cloned().collect())
}

pub(super) fn run(conn: &mut Connection) -> Result<Vec<String>, StoreError> {
    let done = conn.run_pending_migrations(MIGRATIONS).map_err(failed)?;
    Ok(done.iter().map(ToString::to_string).collect())
}
