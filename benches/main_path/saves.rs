//! Durable saves: batches of 256 states of 1 KiB through buffer and writer, against a bare loop that writes
//! the same rows (state, history, batch) to a file that began the same.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use guildhall::hall::HallRef;
use guildhall_protocol::Receipt;
use guildhall_store::changes::{CreateAccount, CreateCharacter};
use guildhall_store::{
    Author, Buffer, BufferLimits, Change, DEFAULT_REALM, Database, EntityKey, EntityKind, NameRow,
    OpenOptions, Save, Write, Writer, now_us,
};
use rusqlite::{TransactionBehavior, params};
use tempfile::TempDir;
use uuid::Uuid;

use super::report;
use crate::harness::{Player, Server};

pub const NAME: &str = "durable_saves_256";
const AIM: f64 = 0.9;
const BATCH: usize = 256;
const STATE_BYTES: usize = 1024;
/// Enough for a few checkpoints in each round.
const BATCHES_PER_ROUND: u32 = 16;
const ROUNDS: usize = 25;
/// Past every window: what was submitted is due.
const LATER: Duration = Duration::from_secs(1);

pub fn measure() {
    let world = World::new();
    let mut engine = Engine::open(&world);
    let mut bare = Bare::open(&world);
    let (ours, bare) = report::in_turns(ROUNDS, || engine.round(), || bare.round());
    let rows = rows_per_round();
    report::side(NAME, "buffer and writer", &ours, rows, "rows");
    report::side(NAME, "bare rusqlite loop", &bare, rows, "rows");
    let actor = through_the_process();
    report::side(
        NAME,
        "persistence process, 256 at once",
        &actor,
        rows,
        "rows",
    );
    report::ratio(NAME, &ours, &bare, AIM);
}

fn rows_per_round() -> f64 {
    f64::from(BATCHES_PER_ROUND) * f64::from(u32::try_from(BATCH).unwrap())
}

fn state(version: u32) -> Bytes {
    let mut state = vec![7; STATE_BYTES];
    state[..4].copy_from_slice(&version.to_be_bytes());
    Bytes::from(state)
}

/// One account with its characters, in two files that are equal.
struct World {
    dir: TempDir,
    by: Author,
    characters: Vec<Uuid>,
}

impl World {
    fn new() -> Self {
        let world = Self {
            dir: tempfile::tempdir().unwrap(),
            by: Author {
                account: Uuid::now_v7(),
                session: Some(Uuid::now_v7()),
            },
            characters: (0..BATCH).map(|_| Uuid::now_v7()).collect(),
        };
        for path in [world.engine_path(), world.bare_path()] {
            world.populate(&path);
        }
        world
    }

    fn engine_path(&self) -> PathBuf {
        self.dir.path().join("engine.sqlite3")
    }

    fn bare_path(&self) -> PathBuf {
        self.dir.path().join("bare.sqlite3")
    }

    fn populate(&self, path: &Path) {
        let database = Database::open(path, &OpenOptions::default()).unwrap();
        database.migrate().unwrap();
        let account = Change::CreateAccount(CreateAccount {
            id: self.by.account,
            realm: DEFAULT_REALM,
            login_key: "bench".to_owned(),
            login: "Bench".to_owned(),
            password_hash: "none".to_owned(),
        });
        let characters = self.characters.iter().map(|id| self.create(*id));
        let writes: Vec<Write> = std::iter::once(account)
            .chain(characters)
            .map(|change| Write::Change(change, self.by))
            .collect();
        let mut buffer = Buffer::new(BufferLimits::default());
        let mut writer = database.writer().unwrap();
        for write in writes {
            buffer.submit(write, (), Duration::ZERO).unwrap();
        }
        while let Some(batch) = buffer.take_batch(LATER) {
            let outcomes = buffer.finish(writer.flush(&batch).unwrap());
            assert!(outcomes.iter().all(|(_, outcome)| outcome.is_durable()));
        }
    }

    fn create(&self, id: Uuid) -> Change {
        Change::CreateCharacter(CreateCharacter {
            id,
            realm: DEFAULT_REALM,
            account: self.by.account,
            name: NameRow {
                realm: DEFAULT_REALM,
                key: id.to_string(),
                display: id.to_string(),
                skeleton: id.to_string(),
                key_version: 1,
            },
            schema_version: 1,
            state: state(1),
        })
    }
}

/// The write-behind engine without a process around it.
struct Engine {
    buffer: Buffer<usize>,
    writer: Writer,
    by: Author,
    characters: Vec<Uuid>,
    version: u32,
}

impl Engine {
    fn open(world: &World) -> Self {
        let database = Database::open(world.engine_path(), &OpenOptions::default()).unwrap();
        Self {
            buffer: Buffer::new(BufferLimits::default()),
            writer: database.writer().unwrap(),
            by: world.by,
            characters: world.characters.clone(),
            version: 1,
        }
    }

    fn round(&mut self) -> Duration {
        let started = Instant::now();
        for _ in 0..BATCHES_PER_ROUND {
            self.batch();
        }
        started.elapsed()
    }

    fn batch(&mut self) {
        let state = state(self.version + 1);
        for (receipt, id) in self.characters.iter().enumerate() {
            let save = Save {
                key: EntityKey {
                    kind: EntityKind::Character,
                    id: *id,
                },
                base_version: self.version,
                schema_version: 1,
                state: state.clone(),
                fence: None,
                by: self.by,
            };
            self.buffer
                .submit(save.into(), receipt, Duration::ZERO)
                .unwrap();
        }
        let batch = self.buffer.take_batch(Duration::ZERO).unwrap();
        let outcomes = self.buffer.finish(self.writer.flush(&batch).unwrap());
        assert_eq!(outcomes.len(), BATCH);
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_durable()));
        self.version += 1;
    }
}

/// What is left when only the rows are written: ids are texts already and nothing is looked up.
struct Bare {
    conn: rusqlite::Connection,
    characters: Vec<String>,
    account: String,
    session: Option<String>,
    version: u32,
    batch: i64,
}

const UPDATE: &str = "UPDATE characters SET schema_version = ?1, version = ?2, state = ?3, \
                      updated_at = ?4 WHERE id = ?5 AND version = ?6";
const HISTORY: &str = "INSERT INTO entity_history (entity_kind, entity_id, version, account_id, \
                       session_id, batch, write_seq, cause, at) \
                       VALUES ('character', ?1, ?2, ?3, ?4, ?5, ?6, 'saved', ?7)";
const WATERMARK: &str =
    "INSERT INTO batches (seq, id, at, rows, refused) VALUES (?1, ?2, ?3, ?4, 0)";

impl Bare {
    fn open(world: &World) -> Self {
        let conn = rusqlite::Connection::open(world.bare_path()).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -16384;",
        )
        .unwrap();
        let batch = conn
            .query_row("SELECT max(seq) FROM batches", [], |row| row.get(0))
            .unwrap();
        Self {
            conn,
            characters: world.characters.iter().map(Uuid::to_string).collect(),
            account: world.by.account.to_string(),
            session: world.by.session.map(|id| id.to_string()),
            version: 1,
            batch,
        }
    }

    fn round(&mut self) -> Duration {
        let started = Instant::now();
        for _ in 0..BATCHES_PER_ROUND {
            self.version += 1;
            self.batch += 1;
            self.write();
        }
        started.elapsed()
    }

    fn write(&mut self) {
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
                        at
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

/// The same saves through a whole server's persistence and store processes.
fn through_the_process() -> Vec<Duration> {
    let runtime = report::runtime();
    let server = Server::start();
    let player = runtime.block_on(server.player("the-player"));
    let characters = runtime.block_on(create_characters(&player));
    let by = Author {
        account: player.account.id(),
        session: Some(player.client.welcome().session),
    };
    let mut version = 1;
    let mut round = || {
        let started = Instant::now();
        for _ in 0..BATCHES_PER_ROUND {
            runtime.block_on(save_all(&server.hall, &characters, version, by));
            version += 1;
        }
        started.elapsed()
    };
    (0..ROUNDS).map(|_| round()).collect()
}

async fn create_characters(player: &Player) -> Vec<Uuid> {
    let mut characters = Vec::new();
    for number in 0..BATCH {
        let created = player
            .client
            .create_character(&format!("Hero {number}"), serde_json::json!({}))
            .await;
        characters.push(created.unwrap().0.character);
    }
    characters
}

async fn save_all(hall: &HallRef, characters: &[Uuid], version: u32, by: Author) {
    let state = state(version + 1);
    let save = |id: &Uuid| Save {
        key: EntityKey {
            kind: EntityKind::Character,
            id: *id,
        },
        base_version: version,
        schema_version: 1,
        state: state.clone(),
        fence: None,
        by,
    };
    let saves = characters
        .iter()
        .map(|id| hall.save(save(id), Receipt::Durable));
    for saved in join_all(saves.collect::<Vec<_>>()).await {
        assert_eq!(saved.unwrap().version, version + 1);
    }
}
