//! What a server holds after its restart, from both sides: as its clients see it, and as its files have it.
//! Nobody writes meanwhile.

use std::path::Path;

use guildhall::server::DATABASE_FILE;
use guildhall_client::{Account, ClientError};
use guildhall_protocol::Head;
use guildhall_protocol::http::revision_path;
use guildhall_store::blobs::{self, BlobStore, FileBlobs};
use rusqlite::{Connection, Row};
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

/// Reads the database file and the files of boards.
pub fn in_the_files(data: &Path) -> World {
    let database = Connection::open(data.join(DATABASE_FILE)).unwrap();
    let blobs = FileBlobs::open(data).unwrap();
    let mut world = World::default();
    characters(&mut world, &database);
    ships(&mut world, &database);
    revisions(&mut world, &database, &blobs);
    heads(&mut world, &database);
    contradictions(&mut world, &database);
    world
}

fn each(database: &Connection, sql: &str, mut act: impl FnMut(&Row) -> rusqlite::Result<()>) {
    let mut statement = database.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        act(row).unwrap();
    }
}

fn id(row: &Row, column: usize) -> rusqlite::Result<Uuid> {
    Ok(row.get::<_, String>(column)?.parse().unwrap())
}

fn state(row: &Row, column: usize) -> rusqlite::Result<Value> {
    Ok(serde_json::from_slice(&row.get::<_, Vec<u8>>(column)?).unwrap())
}

fn characters(world: &mut World, database: &Connection) {
    let sql = "SELECT c.id, n.display, c.version, c.state FROM characters c LEFT JOIN names n
         ON n.owner_kind = 'character' AND n.owner_id = c.id AND n.cooling_until IS NULL";
    each(database, sql, |row| {
        match row.get::<_, Option<String>>(1)? {
            Some(name) => world.hold_character(&name, row.get(2)?, &state(row, 3)?),
            None => world
                .broken
                .push(format!("character {} has no name", id(row, 0)?)),
        }
        Ok(())
    });
}

fn ships(world: &mut World, database: &Connection) {
    let sql = "SELECT guild_id, version, state FROM ships";
    each(database, sql, |row| {
        let content = Content::of_state(row.get(1)?, &state(row, 2)?);
        world.hold(Kind::Ship, id(row, 0)?, content);
        Ok(())
    });
}

/// Hashes the bytes themselves: the row's word for it is what is to be checked.
fn revisions(world: &mut World, database: &Connection, files: &FileBlobs) {
    let sql = "SELECT board_id, revision, hash, size_bytes FROM board_revisions";
    each(database, sql, |row| {
        let (board, revision, hash) = (id(row, 0)?, row.get(1)?, row.get::<_, [u8; 32]>(2)?);
        let Ok(bytes) = std::fs::read(files.path(&hash)) else {
            let sentence = format!("board {board}: revision {revision} has no bytes");
            world.broken.push(sentence);
            return Ok(());
        };
        let content = Content::of(revision, &bytes);
        if content.hash != blobs::hex(&hash) || bytes.len() as i64 != row.get::<_, i64>(3)? {
            let sentence = format!("board {board}: revision {revision} has other bytes");
            world.broken.push(sentence);
        }
        world.hold(Kind::Board, board, content);
        Ok(())
    });
}

/// A head is a revision that is there and was not kept aside.
fn heads(world: &mut World, database: &Connection) {
    let sql = "SELECT b.id, b.head_revision, r.is_side FROM boards b LEFT JOIN board_revisions r
         ON r.board_id = b.id AND r.revision = b.head_revision WHERE b.head_revision IS NOT NULL";
    each(database, sql, |row| {
        let (board, revision) = (id(row, 0)?, row.get(1)?);
        if row.get::<_, Option<bool>>(2)? != Some(false) {
            let sentence = format!("board {board}: head {revision} is no revision");
            world.broken.push(sentence);
        }
        world.heads.insert(board, revision);
        Ok(())
    });
}

/// Rows of the ledger of names.
pub fn names(data: &Path) -> i64 {
    let database = Connection::open(data.join(DATABASE_FILE)).unwrap();
    let sql = "SELECT count(*) FROM names";
    database.query_one(sql, [], |row| row.get(0)).unwrap()
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
        "a row that refers to nothing",
        "SELECT \"table\" FROM pragma_foreign_key_check",
    ),
    (
        "a damaged database",
        "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    ),
    (
        "a batch that says more than its history",
        "SELECT seq FROM batches b WHERE rows + refused >
             (SELECT count(*) FROM entity_history h WHERE h.batch = b.seq)",
    ),
];

fn contradictions(world: &mut World, database: &Connection) {
    for (what, sql) in CONTRADICTIONS {
        each(database, sql, |row| {
            let which: rusqlite::types::Value = row.get(0)?;
            world.broken.push(format!("{what}: {which:?}"));
            Ok(())
        });
    }
}
