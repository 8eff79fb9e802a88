//! Another program with the same database open: what breaks a server's picture of it, and what reads back what
//! the server left there.

use std::ops::Deref;

use guildhall_testkit::{Backend, Cell, Sql, backend, quoted};
use serde_json::Value;
use uuid::Uuid;

use crate::harness::Server;

/// See the file's head.
pub struct SecondWriter(Sql);

impl Deref for SecondWriter {
    type Target = Sql;
    fn deref(&self) -> &Sql {
        &self.0
    }
}

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
        Self(server.sql())
    }

    /// A name that no process of the server has heard of, for an owner that is nowhere.
    pub fn claim(&self, name: &str) {
        let name = guildhall_rules::names::name_key(name).unwrap();
        self.run(&format!(
            "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton,
                 key_version, claimed_at)
             SELECT {}, id, 'character', {}, {}, {}, {}, {}, 0 FROM realms",
            quoted(Uuid::now_v7()),
            quoted(Uuid::now_v7()),
            quoted(name.key),
            quoted(name.display),
            quoted(name.skeleton),
            name.key_version,
        ));
    }

    /// The batches after number `seq`, oldest first.
    pub fn batches_after(&self, seq: i64) -> Vec<BatchLine> {
        let sql = format!("SELECT seq, rows, refused FROM batches WHERE seq > {seq} ORDER BY seq");
        let line = |row: Vec<Cell>| BatchLine {
            seq: row[0].number(),
            rows: row[1].number(),
            refused: row[2].number(),
        };
        self.rows(&sql).into_iter().map(line).collect()
    }

    /// The number of the newest batch.
    pub fn newest_batch(&self) -> i64 {
        self.number("SELECT max(seq) FROM batches")
    }

    /// What was refused, oldest first.
    pub fn refused(&self) -> Vec<Refused> {
        let sql = "SELECT batch, account_id, session_id, entity_id, version, cause, constraint_name, payload
             FROM refused_writes ORDER BY id";
        let line = |row: Vec<Cell>| Refused {
            batch: row[0].number(),
            account: row[1].parse(),
            session: row[2].as_option().map(|id| id.parse().unwrap()),
            entity: row[3].parse(),
            version: row[4].parse(),
            cause: row[5].as_str().to_owned(),
            constraint: row[6].as_option().map(str::to_owned),
            payload: row[7].document(),
        };
        self.rows(sql).into_iter().map(line).collect()
    }

    /// The history of an entity after batch `seq`, oldest first.
    pub fn history(&self, entity: Uuid, seq: i64) -> Vec<Line> {
        let sql = format!(
            "SELECT batch, version, cause FROM entity_history
             WHERE entity_id = '{entity}' AND batch > {seq} ORDER BY id"
        );
        let line = |row: Vec<Cell>| Line {
            batch: row[0].number(),
            version: row[1].parse(),
            cause: row[2].as_str().to_owned(),
        };
        self.rows(&sql).into_iter().map(line).collect()
    }

    /// Version and state of a character or of a guild's ship.
    pub fn stored(&self, entity: Uuid) -> Option<(u32, Value)> {
        let sql = format!(
            "SELECT version, state FROM characters WHERE id = '{entity}'
             UNION ALL SELECT version, state FROM ships WHERE guild_id = '{entity}'"
        );
        let rows = self.rows(&sql);
        rows.first().map(|row| (row[0].parse(), row[1].document()))
    }

    /// The first column of every row, which holds ids.
    pub fn ids(&self, sql: &str) -> Vec<Uuid> {
        self.rows(sql).iter().map(|row| row[0].parse()).collect()
    }
}

/// The word for the cause of a row that [`Sql::trigger`] refuses.
pub fn poisoned() -> &'static str {
    match backend() {
        Backend::Sqlite => "trigger",
        Backend::Postgres => "check",
    }
}
