//! What a server holds after its restart, from both sides: as its clients see it, and as its database and its files have it.
//! Nobody writes meanwhile.

use guildhall_client::{Account, ClientError};
use guildhall_protocol::Head;
use guildhall_protocol::http::revision_path;
use guildhall_store::blobs::{self, BlobStore, FileBlobs};
use guildhall_testkit::{Sql, TestWorld};
use serde_json::Value;
use uuid::Uuid;

use crate::checker::World;
use crate::crew::Crew;
use crate::hands::{name_content, of, things};
use crate::ledger::{Content, Kind, Ledger};

impl World {
    fn hold_character(&mut self, name: &str, version: u32, state: &Value) {
        let (character, named) = things(of(state));
        let held = self.held.entry(character).or_default();
        held.push(Content::of_state(version, state));
        self.held.entry(named).or_default().push(name_content(name));
    }

    fn hold(&mut self, kind: Kind, id: Uuid, content: Content) {
        self.held.entry(kind.thing(id)).or_default().push(content);
    }
}

/// Signs in with the old tokens, and asks for everything that was promised.
pub async fn through_the_front_door(url: &str, crew: &Crew, ledger: &Ledger) -> World {
    let mut world = World::default();
    for sailor in &crew.sailors {
        let account = sailor.account(url);
        let (client, _events) = account.connect().await.unwrap();
        for listed in client.characters().await.unwrap() {
            let shown = client.character(listed.character).await.unwrap();
            world.hold_character(&shown.name, shown.version, &shown.state);
        }
        board(&mut world, &account, &client, sailor.board, ledger).await;
    }
    let account = crew.sailors[0].account(url);
    let (client, _events) = account.connect().await.unwrap();
    let ship = client.guild(crew.guild).await.unwrap().ship;
    let content = Content::of_state(ship.version, &ship.state);
    world.hold(Kind::Ship, crew.guild, content);
    board(&mut world, &account, &client, crew.shared_board, ledger).await;
    world
}

/// The head, and every revision that was promised, byte for byte.
async fn board(
    world: &mut World,
    account: &Account,
    client: &guildhall_client::Client,
    board: Uuid,
    ledger: &Ledger,
) {
    let opened = client.open_board(board).await.unwrap();
    let promised = ledger.acked.get(&Kind::Board.thing(board));
    let promised = promised.into_iter().flatten().cloned();
    let mut wanted: Vec<_> = promised.collect();
    if let Some(head) = opened.board.head {
        world.heads.insert(board, head.revision);
        let (version, hash) = (head.revision, head.hash);
        let head = Content { version, hash };
        if !wanted.contains(&head) {
            wanted.push(head);
        }
    }
    for content in wanted {
        match account
            .download(&revision_path(board, content.version), &head(&content))
            .await
        {
            Ok(_) => world.hold(Kind::Board, board, content),
            Err(ClientError::Http { status: 404, .. } | ClientError::HashMismatch { .. }) => {
                let sentence = format!("board {board}: {content} cannot be downloaded");
                world.broken.push(sentence);
            }
            Err(error) => panic!("board {board}: {content}: {error}"),
        }
    }
}

/// What a download is compared with.
fn head(content: &Content) -> Head {
    Head {
        revision: content.version,
        hash: content.hash.clone(),
        size_bytes: u64::MAX,
        format: String::new(),
        created_at_us: 0,
        by: Uuid::nil(),
    }
}

/// Reads the database and the files of boards.
pub fn in_the_files(of: &TestWorld) -> World {
    let sql = of.sql();
    let blobs = FileBlobs::open(of.path()).unwrap();
    let mut world = World::default();
    characters(&mut world, &sql);
    ships(&mut world, &sql);
    revisions(&mut world, &sql, &blobs);
    heads(&mut world, &sql);
    refused(&mut world, &sql);
    contradictions(&mut world, &sql, CONTRADICTIONS);
    if of.file().is_some() {
        contradictions(&mut world, &sql, CONTRADICTIONS_OF_A_FILE);
    }
    world
}

fn characters(world: &mut World, database: &Sql) {
    let sql = "SELECT c.id, n.display, c.version, c.state FROM characters c LEFT JOIN names n
         ON n.owner_kind = 'character' AND n.owner_id = c.id AND n.cooling_until IS NULL";
    for row in database.rows(sql) {
        match row[1].as_option() {
            Some(name) => world.hold_character(name, row[2].parse(), &row[3].document()),
            None => {
                let sentence = format!("character {} has no name", row[0].as_str());
                world.broken.push(sentence);
            }
        }
    }
}

fn ships(world: &mut World, database: &Sql) {
    for row in database.rows("SELECT guild_id, version, state FROM ships") {
        let content = Content::of_state(row[1].parse(), &row[2].document());
        world.hold(Kind::Ship, row[0].parse(), content);
    }
}

/// Hashes the bytes themselves: the row's word for it is what is to be checked.
fn revisions(world: &mut World, database: &Sql, files: &FileBlobs) {
    let sql = "SELECT board_id, revision, hash, size_bytes FROM board_revisions";
    for row in database.rows(sql) {
        let (board, revision) = (row[0].parse(), row[1].parse());
        let hash = row[2].bytes().try_into().unwrap();
        let Ok(bytes) = std::fs::read(files.path(&hash)) else {
            let sentence = format!("board {board}: revision {revision} has no bytes");
            world.broken.push(sentence);
            continue;
        };
        let content = Content::of(revision, &bytes);
        if content.hash != blobs::hex(&hash) || bytes.len() as i64 != row[3].number() {
            let sentence = format!("board {board}: revision {revision} has other bytes");
            world.broken.push(sentence);
        }
        world.hold(Kind::Board, board, content);
    }
}

/// A head is a revision that is there and was not kept aside.
fn heads(world: &mut World, database: &Sql) {
    let sql = "SELECT b.id, b.head_revision, r.is_side FROM boards b LEFT JOIN board_revisions r
         ON r.board_id = b.id AND r.revision = b.head_revision WHERE b.head_revision IS NOT NULL";
    for row in database.rows(sql) {
        let (board, revision) = (row[0].parse(), row[1].parse());
        if row[2].is_null() || row[2].truth() {
            let sentence = format!("board {board}: head {revision} is no revision");
            world.broken.push(sentence);
        }
        world.heads.insert(board, revision);
    }
}

/// Saves that were kept aside, by the same ids as those that were taken.
fn refused(world: &mut World, database: &Sql) {
    let sql = "SELECT entity_kind, entity_id, version, payload FROM refused_writes
         WHERE entity_kind IN ('character', 'ship')";
    for row in database.rows(sql) {
        let state = row[3].document();
        let thing = match row[0].as_str() {
            "ship" => Kind::Ship.thing(row[1].parse()),
            // A rename is kept aside too, and no state.
            _ if state["of"].is_null() => continue,
            _ => things(of(&state)).0,
        };
        let content = Content::of_state(row[2].parse(), &state);
        world.refused.entry(thing).or_default().insert(content);
    }
}

/// Rows of the ledger of names.
pub fn names(world: &TestWorld) -> i64 {
    world.sql().number("SELECT count(*) FROM names")
}

/// Each names what must not be there.
const CONTRADICTIONS: &[(&str, &str)] = &[
    (
        "a name without its character",
        "SELECT display FROM names WHERE owner_kind = 'character'
             AND owner_id NOT IN (SELECT id FROM characters)",
    ),
    (
        "a name without its guild",
        "SELECT display FROM names WHERE owner_kind = 'guild'
             AND owner_id NOT IN (SELECT id FROM guilds)",
    ),
    (
        "a guild without a name",
        "SELECT id FROM guilds WHERE id NOT IN
             (SELECT owner_id FROM names WHERE owner_kind = 'guild' AND cooling_until IS NULL)",
    ),
    (
        "a guild without a ship",
        "SELECT id FROM guilds WHERE id NOT IN (SELECT guild_id FROM ships)",
    ),
    (
        "a board without its campaign",
        "SELECT id FROM boards WHERE campaign_id NOT IN (SELECT id FROM campaigns)",
    ),
    (
        "a batch that says more than its history",
        "SELECT seq FROM batches b WHERE rows + refused >
             (SELECT count(*) FROM entity_history h WHERE h.batch = b.seq)",
    ),
];

/// What a file can be asked.
const CONTRADICTIONS_OF_A_FILE: &[(&str, &str)] = &[
    (
        "a row that refers to nothing",
        "SELECT \"table\" FROM pragma_foreign_key_check",
    ),
    (
        "a damaged database",
        "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    ),
];

fn contradictions(world: &mut World, database: &Sql, known: &[(&str, &str)]) {
    for (what, sql) in known {
        let found = database.rows(sql).into_iter();
        let sentences = found.map(|row| format!("{what}: {}", row[0].as_str()));
        world.broken.extend(sentences);
    }
}
