//! A small world on a real file, and short words for writing to it.

use std::time::Duration;

use bytes::Bytes;
use guildhall_store::changes::{
    AddRevision, CreateAccount, CreateBoard, CreateCampaign, CreateCharacter, CreateGuild, Rename,
};
use guildhall_store::{
    Author, Batch, BatchReport, Buffer, BufferLimits, Cause, Change, Connection, DEFAULT_REALM,
    Database, EntityKey, EntityKind, NameOwner, NameRow, OpenOptions, Outcome, OwnerKind,
    RejectReason, Save, StoreError, Write, Writer, queries,
};
use tempfile::TempDir;
use uuid::Uuid;

/// How long a name cools that is given up.
pub const COOLING_US: i64 = 3_600_000_000;

/// A buffer, the one writer and the database, with one account in one realm.
pub struct World {
    pub db: Database,
    writer: Option<Writer>,
    pub buffer: Buffer<usize>,
    pub realm: Uuid,
    pub account: Uuid,
    clock: Duration,
    receipts: usize,
    _dir: TempDir,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = Database::open(dir.path().join("world.sqlite"), &OpenOptions::default()).unwrap();
        db.migrate().unwrap();
        let mut world = Self {
            writer: Some(db.writer().unwrap()),
            buffer: Buffer::new(BufferLimits::default()),
            realm: DEFAULT_REALM,
            account: Uuid::now_v7(),
            clock: Duration::ZERO,
            receipts: 0,
            _dir: dir,
            db,
        };
        world.found();
        world
    }

    fn found(&mut self) {
        let account = CreateAccount {
            id: self.account,
            realm: self.realm,
            login_key: "smith".into(),
            login: "Smith".into(),
            password_hash: "$hash".into(),
        };
        assert!(self.change(Change::CreateAccount(account)).is_durable());
    }

    pub fn by(&self) -> Author {
        Author {
            account: self.account,
            session: Some(Uuid::nil()),
        }
    }

    /// Puts a write into the buffer; the number is its receipt.
    pub fn submit(&mut self, write: impl Into<Write>) -> usize {
        self.try_submit(write).unwrap()
    }

    /// As [`World::submit`], of a write that may not be taken.
    pub fn try_submit(&mut self, write: impl Into<Write>) -> Result<usize, RejectReason> {
        let receipt = self.receipts;
        let taken = self.buffer.submit(write.into(), receipt, self.clock);
        taken.map_err(|rejected| rejected.reason)?;
        self.receipts += 1;
        Ok(receipt)
    }

    pub fn submit_change(&mut self, change: Change) -> usize {
        let by = self.by();
        self.submit(Write::Change(change, by))
    }

    /// The batch of all that waits.
    pub fn batch(&mut self) -> Batch {
        self.clock += Duration::from_secs(10);
        self.buffer.take_batch(self.clock).unwrap()
    }

    /// Writes all that waits, in one batch; the outcomes in the order of the receipts.
    pub fn flush(&mut self) -> Vec<Outcome> {
        let batch = self.batch();
        self.flush_batch(&batch).unwrap()
    }

    /// The writer alone, past the buffer.
    pub fn write(&mut self, batch: &Batch) -> Result<BatchReport, StoreError> {
        self.writer.as_mut().unwrap().flush(batch)
    }

    /// Drops the writer, as the death of its thread would, and takes a new one.
    pub fn replace_writer(&mut self) {
        self.writer = None;
        self.writer = Some(self.db.writer().unwrap());
    }

    pub fn flush_batch(&mut self, batch: &Batch) -> Result<Vec<Outcome>, StoreError> {
        let report = self.write(batch)?;
        let answers = self.finish(report).into_iter();
        Ok(answers.map(|(_, outcome)| outcome).collect())
    }

    /// Hands the report to the buffer; outcomes with their receipts, in their order.
    pub fn finish(&mut self, report: BatchReport) -> Vec<(usize, Outcome)> {
        let mut answers = self.buffer.finish(report);
        answers.sort_by_key(|(receipt, _)| *receipt);
        answers
    }

    /// Puts the failed batch back.
    pub fn abort(&mut self, batch: &Batch) {
        self.buffer.abort(batch.id, self.clock);
    }

    /// Writes one change alone.
    pub fn change(&mut self, change: Change) -> Outcome {
        self.submit_change(change);
        self.flush().pop().unwrap()
    }

    pub fn name(&self, key: &str) -> NameRow {
        NameRow {
            realm: self.realm,
            key: key.to_lowercase(),
            display: key.into(),
            skeleton: key.to_lowercase(),
            key_version: 1,
        }
    }

    pub fn create_character(&self, id: Uuid, name: &str) -> Change {
        Change::CreateCharacter(CreateCharacter {
            id,
            realm: self.realm,
            account: self.account,
            name: self.name(name),
            schema_version: 1,
            state: Bytes::from_static(b"born"),
        })
    }

    pub fn create_guild(&self, id: Uuid, name: &str) -> Change {
        Change::CreateGuild(CreateGuild {
            id,
            realm: self.realm,
            founder: self.account,
            name: self.name(name),
            ship_schema_version: 1,
            ship_state: Bytes::from_static(b"launched"),
            invite: None,
        })
    }

    /// A new character at version 1.
    pub fn character(&mut self, name: &str) -> EntityKey {
        let id = Uuid::now_v7();
        assert!(self.change(self.create_character(id, name)).is_durable());
        EntityKey {
            kind: EntityKind::Character,
            id,
        }
    }

    /// A new guild; the key is its ship's, at version 1.
    pub fn ship(&mut self, name: &str) -> EntityKey {
        let id = Uuid::now_v7();
        assert!(self.change(self.create_guild(id, name)).is_durable());
        EntityKey {
            kind: EntityKind::Ship,
            id,
        }
    }

    /// A board without content in a campaign of its own.
    pub fn board(&mut self) -> Uuid {
        let (campaign, id) = (Uuid::now_v7(), Uuid::now_v7());
        let create = Change::CreateCampaign(CreateCampaign {
            id: campaign,
            realm: self.realm,
            name: "Deep".into(),
            owner: self.account,
        });
        assert!(self.change(create).is_durable());
        let create = Change::CreateBoard(CreateBoard {
            id,
            campaign,
            name: "Cave".into(),
            format: "opaque".into(),
        });
        assert!(self.change(create).is_durable());
        id
    }

    pub fn revision(&self, board: Uuid, expected_head: Option<u32>, revision: u32) -> Change {
        Change::AddRevision(AddRevision {
            board,
            expected_head,
            revision,
            hash: [7; 32],
            size_bytes: 10,
            format: "opaque".into(),
            by: self.account,
        })
    }

    pub fn rename(&self, character: EntityKey, name: &str) -> Change {
        Change::Rename(Rename {
            owner: owner(character),
            name: self.name(name),
            cooling_us: COOLING_US,
            nameless: false,
        })
    }

    pub fn save(&self, key: EntityKey, base_version: u32, state: impl Into<Bytes>) -> Save {
        Save {
            key,
            base_version,
            schema_version: 1,
            state: state.into(),
            fence: None,
            by: self.by(),
        }
    }

    /// Version and state as the database has them.
    pub fn stored(&self, key: EntityKey) -> (u32, Vec<u8>) {
        self.read(|conn| {
            Ok(match key.kind {
                EntityKind::Character => {
                    let row = queries::character(conn, key.id)?.unwrap();
                    (row.version, row.state)
                }
                EntityKind::Ship => {
                    let (row, _) = queries::guild(conn, key.id)?.unwrap();
                    (row.ship_version, row.ship_state)
                }
            })
        })
    }

    pub fn read<T>(&self, query: impl FnOnce(&mut Connection) -> Result<T, StoreError>) -> T {
        self.db.read(query).unwrap()
    }

    /// Rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let row = |row: &rusqlite::Row<'_>| row.get(0);
        self.second_writer().query_row(&sql, [], row).unwrap()
    }

    /// Another process's connection to the same file.
    pub fn second_writer(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.db.path().unwrap()).unwrap()
    }

    /// Runs SQL from outside: a trigger, a row of another writer.
    pub fn meddle(&self, sql: &str) {
        self.second_writer().execute_batch(sql).unwrap();
    }
}

pub fn owner(key: EntityKey) -> NameOwner {
    let kind = match key.kind {
        EntityKind::Character => OwnerKind::Character,
        EntityKind::Ship => OwnerKind::Guild,
    };
    NameOwner { kind, id: key.id }
}

/// The cause of a refusal, `None` for a durable write.
pub fn cause(outcome: &Outcome) -> Option<Cause> {
    match outcome {
        Outcome::Durable { .. } => None,
        Outcome::Refused(refusal) => Some(refusal.cause),
    }
}
