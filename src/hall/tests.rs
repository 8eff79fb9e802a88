//! A house for tests of single processes: a new world in a directory of its own, with the processes of
//! `core` and nobody who listens. What belongs to a test ends with it.

use std::sync::Arc;

use guildhall_process::testing::Kit;
use guildhall_process::{DynamicSupervisor, Port, ProcRef, Recipient, Spawn};
use guildhall_rules::limits::Limits;
use guildhall_store::{DEFAULT_REALM, Database, FileBlobs, OpenOptions};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Faults, Hall, HallRef, REALM_NAME};
use crate::auth::Identity;
use crate::auth::secrets;
use crate::config::Config;
use crate::persistence::{Author, Change, JournalThread, Persistence, changes, replay};
use crate::presence::Presence;
use crate::server::JOURNAL_FILE;
use crate::session::{Session, Transport};
use crate::store::Store;
use crate::tree;

/// Tokens of tests hold until then: a day from now, on the wall.
const TOKEN_US: i64 = 24 * 3_600_000_000;

/// See the file's head.
pub(crate) struct House {
    pub hall: HallRef,
    data: TempDir,
}

/// A socket that a test holds in its hands: dropping it is the end of the connection.
pub(crate) struct Socket {
    pub port: Port,
    pub session: ProcRef<Session>,
}

/// What a session gives to its socket.
#[derive(Debug, PartialEq)]
pub(crate) enum Given {
    Frames(Vec<String>),
    Ping,
}

struct Wire(Recipient<Given>);

impl Transport for Wire {
    fn send(&self, frames: Vec<bytestring::ByteString>) {
        let texts = frames.iter().map(ToString::to_string).collect();
        self.0.tell(Given::Frames(texts)).unwrap();
    }

    fn ping(&self) {
        self.0.tell(Given::Ping).unwrap();
    }
}

impl House {
    pub async fn open(kit: &Kit) -> Self {
        let house = Self::found(|_| ());
        let known = Arc::clone(&house.hall);
        let core = kit.start(Spawn::named("core"), move || tree::core(&known));
        let core = core.await;
        house.hall.root.get_or_init(|| core.pid());
        let campaigns = kit.start(Spawn::named("campaigns"), DynamicSupervisor::new);
        house.hall.campaigns.supervised_by(&campaigns.await);
        house
    }

    /// Only persistence and presence live in it, under nobody's supervision: its database is as good as
    /// gone until a test starts the store.
    pub async fn open_without_store(kit: &Kit, change: impl FnOnce(&mut Limits)) -> Self {
        let house = Self::found(change);
        let known = Arc::clone(&house.hall);
        let presence = kit.start(Spawn::named("presence"), move || Presence::new(known));
        presence.await;
        house.start_persistence(kit).await;
        house
    }

    pub async fn start_persistence(&self, kit: &Kit) -> ProcRef<Persistence> {
        let known = Arc::clone(&self.hall);
        let start = kit.start(Spawn::named("persistence"), move || Persistence::new(known));
        start.await
    }

    pub async fn start_store(&self, kit: &Kit) -> ProcRef<Store> {
        let known = Arc::clone(&self.hall);
        let start = kit.start(Spawn::named("store"), move || Store::new(known));
        start.await
    }

    /// A new world in which nothing lives yet.
    pub fn found(change: impl FnOnce(&mut Limits)) -> Self {
        Self::build(tempfile::tempdir().unwrap(), change, false)
    }

    /// Like [`Self::open_without_store`], of the world in a directory, with a journal that is replayed.
    pub async fn open_with_journal(kit: &Kit, data: TempDir) -> Self {
        let house = Self::build(data, |_| (), true);
        house.start_persistence(kit).await;
        house
    }

    /// The world's directory, for another house after this one has ended.
    pub fn leave(self) -> TempDir {
        self.data
    }

    fn build(data: TempDir, change: impl FnOnce(&mut Limits), with_journal: bool) -> Self {
        let mut config = Config {
            data: data.path().to_path_buf(),
            ..Config::default()
        };
        // Its peers are probes, which say no hello.
        config.limits.doors.hello_timeout_ms = 2 * config.limits.idle_timeout_ms;
        change(&mut config.limits);
        let options = OpenOptions {
            readers: 1,
            create: true,
        };
        let database = Database::open(data.path().join("world.sqlite3"), &options).unwrap();
        database.migrate().unwrap();
        let blobs = FileBlobs::open(data.path()).unwrap();
        let journal = with_journal.then(|| {
            let opened = database.open_journal(&data.path().join(JOURNAL_FILE));
            let (mut journal, left) = opened.unwrap();
            replay(&database, &mut journal, left).unwrap();
            JournalThread::new(journal)
        });
        let hall = Hall::new(config, database, journal, blobs, "token", Faults::default());
        Self { hall, data }
    }

    /// A new account that has signed in.
    pub async fn account(&self, login: &str) -> Identity {
        let (account, token) = (Uuid::now_v7(), secrets::hash_of(login));
        let expires_us = guildhall_store::now_us() + TOKEN_US;
        let create = Change::CreateAccount(changes::CreateAccount {
            id: account,
            realm: DEFAULT_REALM,
            login_key: login.to_owned(),
            login: login.to_owned(),
            password_hash: "none".to_owned(),
        });
        let sign_in = Change::AddToken(changes::AddToken {
            hash: token.0,
            account,
            device: String::new(),
            expires_at: expires_us,
            password_hash: None,
        });
        for change in [create, sign_in] {
            self.hall.change(change, author(account)).await.unwrap();
        }
        Identity {
            account,
            login: login.to_owned(),
            realm: DEFAULT_REALM,
            realm_name: REALM_NAME.to_owned(),
            is_service: false,
            token,
            device: String::new(),
            expires_us,
        }
    }

    /// A session of `who`, behind a socket that gives what it is given to `peer`.
    pub async fn connect(&self, kit: &Kit, who: &Identity, peer: Recipient<Given>) -> Socket {
        let port = Port::open("socket", None, |_| ());
        let (hall, who, pid) = (Arc::clone(&self.hall), who.clone(), port.pid());
        let make = move || Session::new(hall, who, pid, Box::new(Wire(peer)));
        let session = kit.start(Spawn::named("session"), make).await;
        Socket { port, session }
    }
}

pub(crate) fn author(account: Uuid) -> Author {
    Author {
        account,
        session: None,
    }
}
