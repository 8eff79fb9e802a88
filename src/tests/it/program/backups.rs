//! `guildhall backup`, `scrub` and `journal`, as the person at the keyboard uses them: beside a server that is
//! saved to, after it, and when something is broken.

use std::path::PathBuf;

use guildhall::server::{DATABASE_FILE, JOURNAL_FILE};
use guildhall_client::Client;
use guildhall_protocol::Receipt;
use guildhall_testkit::{Sql, postgres};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Folder, Running, outcome, refusal, says};

/// A world in the folder's data directory, with its rows in this database, or beside the boards.
struct World {
    folder: Folder,
    database: Option<String>,
}

impl World {
    fn new(database: Option<String>) -> Self {
        let folder = Folder::new();
        Self { folder, database }
    }

    /// Runs a command on this world.
    fn tell(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut command = self.folder.program();
        command.args(words).arg("--data").arg(self.folder.world());
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        outcome(command)
    }

    fn good(&self, words: &[&str]) -> String {
        let (status, said) = self.tell(words);
        assert_eq!(status, Some(0), "{said}");
        said
    }

    fn serve(&self) -> Running {
        let mut command = self.folder.serve();
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        Running::start(command)
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    /// Copies the backup into another place and serves it from there.
    fn restored(&self, database: Option<String>) -> World {
        let there = World::new(database.clone());
        let from = format!("sqlite://{}", self.backup().join(DATABASE_FILE).display());
        let beside = format!(
            "sqlite://{}",
            there.folder.world().join(DATABASE_FILE).display()
        );
        let mut command = there.folder.program();
        command.args(["copy", "--from", &from, "--to", &database.unwrap_or(beside)]);
        command.arg("--to-data").arg(there.folder.world());
        let (status, said) = outcome(command);
        assert_eq!(status, Some(0), "{said}");
        says(
            &said,
            &[
                "the sums that the backup was made with",
                "1, each as its hash says",
            ],
        );
        there
    }
}

struct Played {
    client: Client,
    guild: Uuid,
    version: u32,
}

impl Played {
    /// A guild with a ship that was saved once, and a board with content.
    async fn begin(running: &Running) -> Self {
        let account = running.account("the-leader").await;
        let (client, _events) = account.connect().await.unwrap();
        let (guild, _) = client.create_guild("Sea Dogs").await.unwrap();
        let campaign = client.create_campaign("Deep").await.unwrap();
        let board = client
            .create_board(campaign.campaign, "Cave", "opaque")
            .await
            .unwrap();
        client.open_board(board.board).await.unwrap();
        let upload = client.upload_board(board.board, None, "opaque", b"a map");
        upload.await.unwrap();
        let mut played = Self {
            client,
            guild: guild.guild,
            version: 1,
        };
        played.save().await;
        played
    }

    async fn save(&mut self) {
        let state = json!({"n": self.version});
        let durable = Receipt::Durable;
        let saved = self
            .client
            .save_ship_until(self.guild, self.version, state, durable);
        self.version = saved.await.unwrap().version;
    }

    /// Saves one after the other while something blocks beside it.
    async fn save_during<T: Send + 'static>(
        &mut self,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let acting = tokio::task::spawn_blocking(act);
        while !acting.is_finished() {
            self.save().await;
        }
        acting.await.unwrap()
    }
}

/// The ship's version after a start of the restored world, and its story.
async fn ship_of(world: &World, guild: Uuid) -> u32 {
    let running = world.serve();
    let account = running.sign_in("the-leader").await;
    let (client, _events) = account.connect().await.unwrap();
    let ship = client.guild(guild).await.unwrap().ship.version;
    let story = world.good(&["explain", "ship", &guild.to_string()]);
    says(&story, &[&format!("there at version {ship}")]);
    running.stop("-TERM");
    ship
}

/// All that is told beside the server is told without it.
fn tells_everything(world: &World, guild: Uuid) -> Vec<String> {
    let id = guild.to_string();
    let ship = world.good(&["explain", "ship", &id]);
    let batch = ship.split_once("in batch ").unwrap().1;
    let batch: String = batch.chars().take_while(char::is_ascii_digit).collect();
    let asked = [
        ("guild", id.as_str()),
        ("name", "sea dogs"),
        ("batch", &batch),
    ];
    let told = asked.map(|(kind, id)| world.good(&["explain", kind, id]));
    says(&told[2], &[&id]);
    [ship].into_iter().chain(told).collect()
}

async fn goes_round(here: Option<String>, there: Option<String>) {
    let world = std::sync::Arc::new(World::new(here));
    let running = world.serve();
    let mut played = Played::begin(&running).await;
    let before = played.version;
    let dir = world.backup();
    let said = {
        let (world, dir) = (std::sync::Arc::clone(&world), dir.clone());
        let backup = move || world.good(&["backup", "--to", dir.to_str().unwrap()]);
        played.save_during(backup).await
    };
    says(
        &said,
        &[
            "1 board files",
            "committed up to batch",
            "guildhall copy --from",
        ],
    );
    assert_eq!(
        said.contains("in the journal"),
        world.database.is_some(),
        "{said}"
    );
    let scrub = {
        let world = std::sync::Arc::clone(&world);
        played.save_during(move || world.good(&["scrub"])).await
    };
    says(&scrub, &["characters and ships  good", "Nothing is wrong"]);
    let (guild, after) = (played.guild, played.version);
    assert!(after > before, "saves went on");
    let beside = tells_everything(&world, guild);
    drop(played);
    running.stop("-TERM");
    assert_eq!(tells_everything(&world, guild), beside);
    world.good(&["scrub"]);
    world.good(&["scrub", "--backup", dir.to_str().unwrap()]);

    let restored = ship_of(&world.restored(there), guild).await;
    assert!(
        (before..=after).contains(&restored),
        "{before} {restored} {after}"
    );
    // Of the stopped world, too; and never over another.
    let (status, said) = world.tell(&["backup", "--to", dir.to_str().unwrap()]);
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["cannot make a backup", "already"]);
    let second = world.folder.path().join("second");
    world.good(&["backup", "--to", second.to_str().unwrap()]);
}

#[tokio::test]
async fn a_world_in_a_file_is_backed_up_while_it_is_served_and_restored_to_postgres() {
    let there = postgres::create_database();
    goes_round(None, Some(there.url())).await;
}

#[tokio::test]
async fn a_world_in_postgres_is_backed_up_while_it_is_served_and_restored_to_a_file() {
    let here = postgres::create_database();
    goes_round(Some(here.url()), None).await;
}

#[tokio::test]
async fn what_is_damaged_is_named_and_a_damaged_backup_is_not_restored() {
    let world = World::new(None);
    let running = world.serve();
    let guild = Played::begin(&running).await.guild;
    running.stop("-TERM");
    let dir = world.backup();
    world.good(&["backup", "--to", dir.to_str().unwrap()]);
    let outside = Sql::open_file(&world.folder.world().join(DATABASE_FILE));
    outside.ignore_references();
    outside.run("DELETE FROM ships");
    drop(outside);
    let (status, said) = world.tell(&["scrub"]);
    assert_eq!(status, Some(1), "{said}");
    says(
        &said,
        &["2 FAULTS", "has no ship", &format!("explain ship {guild}")],
    );
    let (status, said) = world.tell(&["scrub", "--json"]);
    assert_eq!(status, Some(1), "{said}");
    let checks: Vec<Value> = serde_json::from_str(&said).unwrap();
    assert!(checks.iter().any(|check| check["faults_in_all"] == 2));

    let file = dir.join(DATABASE_FILE);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let from = format!("sqlite://{}", file.display());
    let to = format!(
        "sqlite://{}",
        world.folder.path().join("new.sqlite3").display()
    );
    let mut command = world.folder.program();
    command.args(["copy", "--from", &from, "--to", &to]);
    let (status, said) = outcome(command);
    assert_eq!(status, Some(1), "{said}");
    says(
        &said,
        &["cannot copy", "is not whole", "Use another backup"],
    );
    assert!(!world.folder.path().join("new.sqlite3").exists());
    let (status, said) = world.tell(&["scrub", "--backup", dir.to_str().unwrap()]);
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["cannot scrub", "is not whole"]);
}

/// What is promised is in the journal when the database is away and the server is killed, and is taken out of
/// it when it is damaged on top of that.
#[tokio::test]
async fn the_saves_of_a_damaged_journal_are_listed_and_exported() {
    let database = postgres::create_database();
    let world = World::new(Some(database.url()));
    let mut running = world.serve();
    let mut played = Played::begin(&running).await;
    let sql = Sql::open(&database.url());
    sql.run("BEGIN; LOCK TABLE ships IN ACCESS EXCLUSIVE MODE");
    let saved = played
        .client
        .save_ship(played.guild, played.version, json!({"n": "promised"}));
    assert_eq!(saved.await.unwrap().receipt, Receipt::Safe);
    let (status, said) = world.tell(&["journal", "list"]);
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["another server uses this world"]);
    running.child.kill9();
    sql.run("ROLLBACK");
    played.version += 1;

    let version = format!("ship {} version {}", played.guild, played.version);
    says(
        &world.good(&["journal", "list"]),
        &[&version, "can be read"],
    );
    let file = world.folder.world().join(JOURNAL_FILE);
    let wal = world.folder.world().join("journal.sqlite3-wal");
    let log = std::fs::read(&wal).unwrap();
    // Its last frame is lost.
    std::fs::write(&wal, &log[..log.len() - 100]).unwrap();
    let mut command = world.folder.serve();
    command.args(["--database", &database.url()]);
    says(
        &refusal(command),
        &["is damaged", "guildhall journal export"],
    );
    let mut command = world.folder.program();
    command.args(["journal", "export", "--file"]).arg(&file);
    let (status, said) = outcome(command);
    assert_eq!(status, Some(1), "{said}");
    says(
        &said,
        &["{\"unreadable\":\"Its newest 1 transactions are missing.\"}"],
    );
    // The log is whole again: so is the journal, and the save goes where it was promised to go.
    std::fs::write(&wal, &log).unwrap();
    let exported = world.good(&["journal", "export"]);
    let lines = exported
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let promised = |line: &Value| line["state"] == "{\"n\":\"promised\"}";
    assert!(lines.into_iter().any(|line| promised(&line)), "{exported}");
    assert_eq!(ship_of(&world, played.guild).await, played.version);
}
