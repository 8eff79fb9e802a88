//! What is left over SQLite when only the rows are written: ids are texts already and nothing is looked up.

use std::path::Path;

use guildhall_store::now_us;
use rusqlite::{TransactionBehavior, params};
use uuid::Uuid;

use super::engine::{BATCH, Cast, state};

const UPDATE: &str = "UPDATE characters SET schema_version = ?1, version = ?2, state = ?3, \
                      updated_at = ?4 WHERE id = ?5 AND version = ?6";
const HISTORY: &str = "INSERT INTO entity_history (entity_kind, entity_id, version, account_id, \
                       session_id, batch, write_seq, cause, at, schema_version, state) \
                       VALUES ('character', ?1, ?2, ?3, ?4, ?5, ?6, 'saved', ?7, 1, ?8)";
const WATERMARK: &str =
    "INSERT INTO batches (seq, id, at, rows, refused) VALUES (?1, ?2, ?3, ?4, 0)";

pub struct BareSqlite {
    conn: rusqlite::Connection,
    characters: Vec<String>,
    account: String,
    session: Option<String>,
    version: u32,
    batch: i64,
}

impl BareSqlite {
    pub fn open(cast: &Cast, path: &Path) -> Self {
        let conn = rusqlite::Connection::open(path).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -16384;",
        )
        .unwrap();
        let newest = "SELECT max(seq) FROM batches";
        let batch = conn.query_row(newest, [], |row| row.get(0)).unwrap();
        Self {
            conn,
            characters: cast.characters.iter().map(Uuid::to_string).collect(),
            account: cast.by.account.to_string(),
            session: cast.by.session.map(|id| id.to_string()),
            version: 1,
            batch,
        }
    }

    /// All connections of a process share one list of pages here: what this one holds at rest, the engine's
    /// could not, which has the process to itself in a server.
    pub fn release_cache(&self) {
        self.conn.execute_batch("PRAGMA shrink_memory").unwrap();
    }

    pub fn batch(&mut self) {
        self.version += 1;
        self.batch += 1;
        let (state, at, version) = (state(self.version), now_us(), self.version);
        let transaction = self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        {
            let mut update = transaction.prepare_cached(UPDATE).unwrap();
            let mut history = transaction.prepare_cached(HISTORY).unwrap();
            let mut watermark = transaction.prepare_cached(WATERMARK).unwrap();
            for (seq, id) in (0_i64..).zip(&self.characters) {
                let changed = update
                    .execute(params![1, version, state.as_ref(), at, id, version - 1])
                    .unwrap();
                assert_eq!(changed, 1);
                history
                    .execute(params![
                        id,
                        version,
                        self.account,
                        self.session,
                        self.batch,
                        seq,
                        at,
                        state.as_ref()
                    ])
                    .unwrap();
            }
            let id = Uuid::now_v7().to_string();
            watermark
                .execute(params![self.batch, id, at, BATCH as i64])
                .unwrap();
        }
        transaction.commit().unwrap();
    }
}
