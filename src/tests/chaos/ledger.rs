//! What clients sent and which receipts they got that promise something, in files of their own beside the server. A line
//! `sent` is written before the request, a line `acked` after a durable receipt, `safe` after one that is safe.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;
use uuid::Uuid;

/// What can be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A character's state. Its id here is its maker's choice and stands in every state, so that it is known
    /// before the server has answered.
    Character,
    /// The name of the same character. Its version is the number in the name.
    Name,
    Ship,
    /// The version is the revision; it is the server's choice.
    Board,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    pub kind: Kind,
    pub id: Uuid,
}

/// A state that something has, had or was to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    pub version: u32,
    pub hash: String,
}

impl Content {
    pub fn of(version: u32, bytes: &[u8]) -> Self {
        let hash = blake3::hash(bytes).to_string();
        Self { version, hash }
    }

    /// Of a document, however it is laid out.
    pub fn of_state(version: u32, state: &Value) -> Self {
        Self::of(version, state.to_string().as_bytes())
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.id)
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.hash)
    }
}

impl Kind {
    const ALL: [Self; 4] = [Self::Character, Self::Name, Self::Ship, Self::Board];

    pub fn word(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Name => "name",
            Self::Ship => "ship",
            Self::Board => "board",
        }
    }

    pub fn thing(self, id: Uuid) -> Thing {
        Thing { kind: self, id }
    }
}

/// The file of one client.
pub struct Log(Mutex<File>);

impl Log {
    pub fn create(path: &Path) -> Self {
        Self(Mutex::new(File::create(path).unwrap()))
    }

    pub fn sent(&self, thing: Thing, content: &Content) {
        self.line("sent", thing, content);
    }

    pub fn acked(&self, thing: Thing, content: &Content) {
        self.line("acked", thing, content);
    }

    /// In the server's journal: it is kept, or it is refused later and kept aside.
    pub fn safe(&self, thing: Thing, content: &Content) {
        self.line("safe", thing, content);
    }

    fn line(&self, what: &str, thing: Thing, content: &Content) {
        let line = format!("{what} {thing} {content}\n");
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

type Lines = BTreeMap<Thing, BTreeSet<Content>>;

/// All files together.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub sent: Lines,
    pub acked: Lines,
    pub safe: Lines,
}

impl Ledger {
    /// Reads every file of a directory.
    pub fn read(logs: &Path) -> Self {
        let mut ledger = Self::default();
        for file in fs::read_dir(logs).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines() {
                ledger.take_in(line);
            }
        }
        ledger
    }

    /// Without all but the newest receipts of each board: what a server is asked for after every kill, so
    /// that a long run takes a time in proportion to its kills.
    pub fn recent(mut self, of_a_board: usize) -> Self {
        for (thing, acked) in &mut self.acked {
            while thing.kind == Kind::Board && acked.len() > of_a_board {
                acked.pop_first();
            }
        }
        self
    }

    fn take_in(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        let [what, kind, id, version, hash] = words[..] else {
            panic!("no line of a ledger: {line:?}");
        };
        let lines = match what {
            "sent" => &mut self.sent,
            "acked" => &mut self.acked,
            "safe" => &mut self.safe,
            _ => panic!("no line of a ledger: {line:?}"),
        };
        let kind = Kind::ALL.into_iter().find(|it| it.word() == kind).unwrap();
        let thing = kind.thing(id.parse().unwrap());
        let (version, hash) = (version.parse().unwrap(), hash.to_owned());
        let content = Content { version, hash };
        lines.entry(thing).or_default().insert(content);
    }
}
