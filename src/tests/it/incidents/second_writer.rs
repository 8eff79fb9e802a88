//! Another program with the same database file open: what breaks a server's picture of it, and what reads
//! back what the server left there.

use guildhall::server::DATABASE_FILE;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{PATIENCE, Server};

/// See the file's head.
pub struct SecondWriter(Connection);

/// A line of `refused_writes`.
#[derive(Debug)]
pub struct Refused {
    pub batch: i64,
    pub account: Uuid,
    pub session: Option<Uuid>,
    pub entity: Uuid,
    pub version: u32,
    pub cause: String,
    pub constraint: Option<String>,
    pub payload: Value,
}

/// A line of `entity_history`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub batch: i64,
    pub version: u32,
    pub cause: String,
}

/// A line of `batches`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchLine {
    pub seq: i64,
    pub rows: i64,
    pub refused: i64,
}

impl SecondWriter {
    pub fn on(server: &Server) -> Self {
        let connection = Connection::open(server.data.path().join(DATABASE_FILE)).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        Self(connection)
    }

    /// Runs statements without parameters.
    pub fn run(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap();
    }

    /// One value.
    pub fn count(&self, sql: &str) -> i64 {
        self.0.query_one(sql, [], |row| row.get(0)).unwrap()
    }

    /// A name that no process of the server has heard of, for an owner that is nowhere.
    pub fn claim(&self, name: &str) {
        let name = guildhall_rules::names::name_key(name).unwrap();
        let insert = "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton,
             key_version, claimed_at) VALUES (?, (SELECT id FROM realms), 'character', ?, ?, ?, ?, ?, 0)";
        let (id, owner) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
        let row = (
            id,
            owner,
            name.key,
            name.display,
            name.skeleton,
            name.key_version,
        );
        self.0.execute(insert, row).unwrap();
    }

    /// The batches after number `seq`, oldest first.
    pub fn batches_after(&self, seq: i64) -> Vec<BatchLine> {
        let sql = "SELECT seq, rows, refused FROM batches WHERE seq > ? ORDER BY seq";
        self.all(sql, [seq], |row| {
            Ok(BatchLine {
                seq: row.get(0)?,
                rows: row.get(1)?,
                refused: row.get(2)?,
            })
        })
    }

    /// The number of the newest batch.
    pub fn newest_batch(&self) -> i64 {
        self.count("SELECT max(seq) FROM batches")
    }

    /// What was refused, oldest first.
    pub fn refused(&self) -> Vec<Refused> {
        let sql = "SELECT batch, account_id, session_id, entity_id, version, cause, constraint_name, payload
             FROM refused_writes ORDER BY id";
        self.all(sql, [], |row| {
            let payload: Vec<u8> = row.get(7)?;
            Ok(Refused {
                batch: row.get(0)?,
                account: uuid(row, 1)?,
                session: row
                    .get::<_, Option<String>>(2)?
                    .map(|id| id.parse().unwrap()),
                entity: uuid(row, 3)?,
                version: row.get(4)?,
                cause: row.get(5)?,
                constraint: row.get(6)?,
                payload: serde_json::from_slice(&payload).unwrap(),
            })
        })
    }

    /// The history of an entity after batch `seq`, oldest first.
    pub fn history(&self, entity: Uuid, seq: i64) -> Vec<Line> {
        let sql = "SELECT batch, version, cause FROM entity_history
             WHERE entity_id = ? AND batch > ? ORDER BY id";
        self.all(sql, (entity.to_string(), seq), |row| {
            Ok(Line {
                batch: row.get(0)?,
                version: row.get(1)?,
                cause: row.get(2)?,
            })
        })
    }

    /// Version and state of a character or of a guild's ship.
    pub fn stored(&self, entity: Uuid) -> Option<(u32, Value)> {
        let sql = "SELECT version, state FROM characters WHERE id = ?1
             UNION ALL SELECT version, state FROM ships WHERE guild_id = ?1";
        let row = self.0.query_row(sql, [entity.to_string()], |row| {
            Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let (version, state) = row.optional().unwrap()?;
        Some((version, serde_json::from_slice(&state).unwrap()))
    }

    /// Every row of a query.
    pub fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&Row) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let mut statement = self.0.prepare(sql).unwrap();
        let rows = statement.query_map(params, row).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

/// An id from a text column.
pub fn uuid(row: &Row, column: usize) -> rusqlite::Result<Uuid> {
    Ok(row.get::<_, String>(column)?.parse().unwrap())
}
