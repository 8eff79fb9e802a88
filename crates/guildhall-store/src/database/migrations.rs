//! The migrations, embedded in the program: one folder per database, with the same names.

use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::backend::Connection;
use crate::error::StoreError;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The migration that brought the table `world`.
const WITH_WORLD: &str = "20261120000000";

type Source = Box<dyn std::error::Error + Send + Sync>;

fn failed(error: Source) -> StoreError {
    StoreError::MigrationFailed {
        detail: error.to_string(),
    }
}

/// How the migrations of a database and of this program compare, each by its version in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Applied, but not known to this program: a newer one was here.
    pub unknown: Vec<String>,
}

impl MigrationStatus {
    /// Whether the database holds no world yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.applied.is_empty()
    }

    /// Whether the row of the world is there, which remembers the journal: no promise is older than it.
    #[must_use]
    pub fn knows_journals(&self) -> bool {
        self.applied.iter().any(|version| version == WITH_WORLD)
    }

    /// An older program must not touch what a newer one has migrated.
    ///
    /// # Errors
    /// [`StoreError::UnknownMigrations`].
    pub fn refuse_unknown(&self) -> Result<(), StoreError> {
        match self.unknown.is_empty() {
            true => Ok(()),
            false => Err(StoreError::UnknownMigrations {
                versions: self.unknown.clone(),
            }),
        }
    }

    /// # Errors
    /// [`StoreError::PendingMigrations`].
    pub fn refuse_pending(&self) -> Result<(), StoreError> {
        match self.pending.is_empty() {
            true => Ok(()),
            false => Err(StoreError::PendingMigrations {
                versions: self.pending.clone(),
            }),
        }
    }
}

pub(super) fn status(conn: &mut Connection) -> Result<MigrationStatus, StoreError> {
    let known = match conn {
        Connection::Sqlite(_) => known::<Sqlite>(SQLITE)?,
        Connection::Postgres(_) => known::<Pg>(POSTGRES)?,
    };
    let applied = applied(conn)?;
    Ok(MigrationStatus {
        pending: known.difference(&applied).cloned().collect(),
        unknown: applied.difference(&known).cloned().collect(),
        applied: applied.into_iter().collect(),
    })
}

fn known<DB: Backend>(source: EmbeddedMigrations) -> Result<BTreeSet<String>, StoreError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let all: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(failed)?;
    Ok(all
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

/// The versions in diesel's table, which is not made here, as diesel would: whoever only reads may look.
fn applied(conn: &mut Connection) -> Result<BTreeSet<String>, StoreError> {
    let has_table = match conn {
        Connection::Sqlite(_) => {
            "EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')"
        }
        Connection::Postgres(_) => "to_regclass('__diesel_schema_migrations') IS NOT NULL",
    };
    if !diesel::select(sql::<Bool>(has_table)).get_result::<bool>(conn)? {
        return Ok(BTreeSet::new());
    }
    let versions: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .load(conn)?;
    Ok(versions.into_iter().collect())
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// Runs what is pending; each migration is one transaction.
pub(super) fn run(conn: &mut Connection) -> Result<Vec<String>, StoreError> {
    let done = match conn {
        Connection::Sqlite(conn) => conn.run_pending_migrations(SQLITE),
        Connection::Postgres(conn) => conn.run_pending_migrations(POSTGRES),
    };
    let done = done.map_err(failed)?;
    Ok(done.iter().map(ToString::to_string).collect())
}

/// The statements of the pending migrations, as they would be run.
pub(super) fn plan(conn: &mut Connection) -> Result<Vec<(String, &'static str)>, StoreError> {
    let pending = status(conn)?.pending;
    let texts = match conn {
        Connection::Sqlite(_) => SQLITE_TEXTS,
        Connection::Postgres(_) => POSTGRES_TEXTS,
    };
    let text = |version: String| {
        let digits = |name: &str| -> String { name.chars().filter(char::is_ascii_digit).collect() };
        let (_, text) = texts.iter().find(|(name, _)| digits(name) == version)?;
        Some((version, *text))
    };
    Ok(pending.into_iter().filter_map(text).collect())
}

/// diesel keeps the texts of its migrations to itself.
macro_rules! texts {
    ($backend:literal: $($name:literal),*) => {
        &[$((
            $name,
            include_str!(concat!("../../../../migrations/", $backend, "/", $name, "/up.sql")),
        )),*]
    };
}

const SQLITE_TEXTS: &[(&str, &str)] = texts!("sqlite": "2025-01-01-000000_world", "2026-11-20-000000_persistence", "2026-11-21-000001_bans");
const POSTGRES_TEXTS: &[(&str, &str)] = texts!("postgres": "2025-01-01-000000_world", "2026-11-20-000000_persistence", "2026-11-21-000001_bans");
