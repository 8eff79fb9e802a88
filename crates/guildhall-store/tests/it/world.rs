//! A small world in a real database, and short words for writing to it. Which database is told by
//! the environment, but for tests that are about one of them; `world/rules.rs` makes it say no.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use guildhall_store::changes::{
    AddRevision, CreateAccount, CreateBoard, CreateCampaign, CreateCharacter, CreateGuild, Rename,
};
use guildhall_store::{
    Author, Batch, BatchReport, Buffer, BufferLimits, Cause, Change, Connection, DEFAULT_REALM,
    Database, EntityKey, EntityKind, NameOwner, NameRow, OpenOptions, Outcome, OwnerKind,
    RejectReason, Save, StoreError, Target, Write, Writer, queries,
};
use guildhall_testkit::{Backend, Sql, backend, postgres};
use tempfile::TempDir;
use uuid::Uuid;

mod rules;

pub use guildhall_testkit::Then;

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
    outside: OnceCell<Sql>,
    /// How many rules of [`World::refuse`] there are.
    rules: Cell<u32>,
    place: Place,
}

/// Where the database is, for as long as it is needed.
enum Place {
    File(TempDir),
    Postgres(postgres::Database),
}

impl Place {
    fn on(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::File(tempfile::tempdir().unwrap()),
            Backend::Postgres => {
                let copy = migrated().copy();
                copy.psql("UPDATE world SET world_id = gen_random_uuid()::text");
                Self::Postgres(copy)
            }
        }
    }

    fn url(&self) -> String {
        match self {
            Self::File(dir) => format!("sqlite://{}", dir.path().join("world.sqlite").display()),
            Self::Postgres(database) => database.url(),
        }
    }
}

/// A database with all migrations, to be copied.
fn migrated() -> &'static postgres::Database {
    static MIGRATED: OnceLock<postgres::Database> = OnceLock::new();
    MIGRATED.get_or_init(|| {
        let database = postgres::create_database();
        open(&database.url()).unwrap().migrate().unwrap();
        database
    })
}

/// Opens a database by its URL.
pub fn open(url: &str) -> Result<Database, StoreError> {
    Database::open(Target::parse(url)?, &OpenOptions::default())
}

/// Version and state of every entity.
pub type Rows = HashMap<EntityKey, (u32, Vec<u8>)>;

#[derive(diesel::QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    version: i64,
    #[diesel(sql_type = diesel::sql_types::Binary)]
    state: Vec<u8>,
}

impl World {
    /// On the database that the environment names.
    pub fn new() -> Self {
        Self::on(backend())
    }

    pub fn on(backend: Backend) -> Self {
        let place = Place::on(backend);
        let db = open(&place.url()).unwrap();
        db.migrate().unwrap();
        Self::through(place, db)
    }

    /// A world in PostgreSQL that is reached at another address, given the one it has.
    pub fn reached(address: impl FnOnce(&str) -> String) -> Self {
        let place = Place::on(Backend::Postgres);
        let db = open(&address(&place.url())).unwrap();
        db.migrate().unwrap();
        Self::through(place, db)
    }

    fn through(place: Place, db: Database) -> Self {
        db.claim_world("the tests").unwrap();
        let mut world = Self {
            writer: Some(db.writer().unwrap()),
            buffer: Buffer::new(BufferLimits::default()),
            realm: DEFAULT_REALM,
            account: Uuid::now_v7(),
            clock: Duration::ZERO,
            receipts: 0,
            outside: OnceCell::new(),
            rules: Cell::default(),
            place,
            db,
        };
        world.found();
        world
    }

    /// Takes up to this many rows into a batch.
    pub fn with_rows_max(mut self, batch_rows_max: usize) -> Self {
        self.buffer = Buffer::new(BufferLimits {
            batch_rows_max,
            dirty_max: batch_rows_max.saturating_mul(8).max(10_000),
            ..BufferLimits::default()
        });
        self
    }

    pub fn backend(&self) -> Backend {
        match self.place {
            Place::File(_) => Backend::Sqlite,
            Place::Postgres(_) => Backend::Postgres,
        }
    }

    /// The database's own address.
    pub fn url(&self) -> String {
        self.place.url()
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

    /// Gives the batch of all that waits again until it is committed; how often it failed before.
    pub fn until_committed(&mut self) -> (usize, Vec<Outcome>) {
        for failures in 0..10 {
            let batch = self.batch();
            match self.flush_batch(&batch) {
                Ok(outcomes) => return (failures, outcomes),
                Err(_) => self.abort(&batch),
            }
        }
        panic!("the batch fails for ever");
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
            of_account_max: None,
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
            founded_max: usize::MAX,
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

    /// As [`World::stored`], of all that there is.
    pub fn all_stored(&self) -> Rows {
        let mut all = Rows::new();
        for (kind, sql) in [
            (
                EntityKind::Character,
                "SELECT id, version, state FROM characters",
            ),
            (
                EntityKind::Ship,
                "SELECT guild_id AS id, version, state FROM ships",
            ),
        ] {
            let rows: Vec<StoredRow> =
                self.read(|conn| Ok(diesel::RunQueryDsl::load(diesel::sql_query(sql), conn)?));
            all.extend(rows.into_iter().map(|row| {
                let id = row.id.parse().unwrap();
                let version = row.version.try_into().unwrap();
                (EntityKey { kind, id }, (version, row.state))
            }));
        }
        all
    }

    /// Rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        self.outside()
            .number(&format!("SELECT count(*) FROM {table}"))
    }

    /// Another program's session with the same database.
    pub fn session(&self) -> Sql {
        Sql::open(&self.url())
    }

    /// One such session, always the same.
    pub fn outside(&self) -> &Sql {
        self.outside.get_or_init(|| self.session())
    }

    /// Runs SQL from outside that both databases understand.
    pub fn meddle(&self, sql: &str) {
        self.outside().run(sql);
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
