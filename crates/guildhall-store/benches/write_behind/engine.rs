//! A world for the engine, and its twin for the bare loop: one account and its characters.

use std::time::Duration;

use bytes::Bytes;
use guildhall_store::changes::{CreateAccount, CreateCharacter};
use guildhall_store::{
    Author, Buffer, BufferLimits, Change, DEFAULT_REALM, Database, EntityKey, EntityKind, NameRow,
    OpenOptions, Save, Target, Write, Writer,
};
use uuid::Uuid;

pub const BATCH: usize = 256;
pub const STATE_BYTES: usize = 1024;
/// Past every window: what was submitted is due.
const LATER: Duration = Duration::from_secs(1);

pub fn state(version: u32) -> Bytes {
    let mut state = vec![7; STATE_BYTES];
    state[..4].copy_from_slice(&version.to_be_bytes());
    Bytes::from(state)
}

/// Who saves what: the same in both databases.
#[derive(Clone)]
pub struct Cast {
    pub by: Author,
    pub characters: Vec<Uuid>,
}

impl Cast {
    pub fn new() -> Self {
        Self {
            by: Author {
                account: Uuid::now_v7(),
                session: Some(Uuid::now_v7()),
            },
            characters: (0..BATCH).map(|_| Uuid::now_v7()).collect(),
        }
    }

    /// A database with the account and the characters, all at version 1.
    pub fn populate(&self, url: &str) -> Database {
        let target = Target::parse(url).unwrap();
        let database = Database::open(target, &OpenOptions::default()).unwrap();
        database.migrate().unwrap();
        database.claim_world("a bench").unwrap();
        let account = Change::CreateAccount(CreateAccount {
            id: self.by.account,
            realm: DEFAULT_REALM,
            login_key: "bench".to_owned(),
            login: "Bench".to_owned(),
            password_hash: "none".to_owned(),
        });
        let characters = self.characters.iter().map(|id| self.create(*id));
        let mut buffer = Buffer::new(BufferLimits::default());
        let mut writer = database.writer().unwrap();
        for change in std::iter::once(account).chain(characters) {
            let write = Write::Change(change, self.by);
            buffer.submit(write, (), Duration::ZERO).unwrap();
        }
        while let Some(batch) = buffer.take_batch(LATER) {
            let outcomes = buffer.finish(writer.flush(&batch).unwrap());
            assert!(outcomes.iter().all(|(_, outcome)| outcome.is_durable()));
        }
        drop(writer);
        database
    }

    fn create(&self, id: Uuid) -> Change {
        Change::CreateCharacter(CreateCharacter {
            of_account_max: None,
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

    pub fn save(&self, at: usize, base_version: u32, state: Bytes) -> Save {
        Save {
            key: EntityKey {
                kind: EntityKind::Character,
                id: self.characters[at],
            },
            base_version,
            schema_version: 1,
            state,
            fence: None,
            by: self.by,
        }
    }
}

/// The write-behind engine without a process around it.
pub struct Engine {
    pub cast: Cast,
    pub buffer: Buffer<usize>,
    pub writer: Writer,
    pub versions: Vec<u32>,
    turn: u32,
}

impl Engine {
    pub fn new(cast: &Cast, database: &Database) -> Self {
        Self {
            cast: cast.clone(),
            buffer: Buffer::new(BufferLimits::default()),
            writer: database.writer().unwrap(),
            versions: vec![1; cast.characters.len()],
            turn: 1,
        }
    }

    /// Saves every character once, in one batch; those of `bad` with what the schema refuses. The number
    /// of those that are durable.
    pub fn batch(&mut self, bad: impl Fn(usize) -> bool) -> usize {
        self.turn += 1;
        let state = state(self.turn);
        for at in 0..self.cast.characters.len() {
            let mut save = self.cast.save(at, self.versions[at], state.clone());
            if bad(at) {
                save.schema_version = 0;
            }
            self.buffer.submit(save.into(), at, Duration::ZERO).unwrap();
        }
        let batch = self.buffer.take_batch(Duration::ZERO).unwrap();
        let outcomes = self.buffer.finish(self.writer.flush(&batch).unwrap());
        self.writer.rest();
        assert_eq!(outcomes.len(), self.cast.characters.len());
        let mut durable = 0;
        for (at, outcome) in outcomes {
            assert_eq!(outcome.is_durable(), !bad(at), "{outcome:?}");
            if outcome.is_durable() {
                durable += 1;
                self.versions[at] += 1;
            }
        }
        durable
    }
}
