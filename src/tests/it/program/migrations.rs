//! `guildhall migrate`, and a server that finds another schema than its own.

use std::fs::File;
use std::process::Stdio;

use guildhall::server::{DATABASE_FILE, JOURNAL_FILE};
use guildhall_store::journal::Entry;
use guildhall_store::write_behind::{Author, EntityKey, EntityKind, Save, Write};
use guildhall_store::{Database, OpenOptions, Target};
use guildhall_testkit::{Sql, postgres};
use uuid::Uuid;

use super::{Folder, Running, outcome, refusal, says};

/// How the later migrations are undone, the newest first: as a program that knew the first one only has left it.
macro_rules! later {
    ($backend:literal: $($name:literal),*) => {
        [$(include_str!(concat!("../../../../migrations/", $backend, "/", $name, "/down.sql"))),*]
    };
}

const SQLITE_DOWN: [&str; 2] =
    later!("sqlite": "2026-11-21-000001_bans", "2026-11-20-000000_persistence");
const POSTGRES_DOWN: [&str; 2] =
    later!("postgres": "2026-11-21-000001_bans", "2026-11-20-000000_persistence");
const FORGET_LATER: &str =
    "DELETE FROM __diesel_schema_migrations WHERE version > '20250101000000'";

/// `guildhall migrate <verb>` for the world of this folder.
fn migrate(folder: &Folder, verb: &str) -> (Option<i32>, String) {
    let mut command = folder.program();
    command
        .args(["migrate", verb, "--data"])
        .arg(folder.world());
    outcome(command)
}

fn sql(folder: &Folder) -> Sql {
    Sql::open_file(&folder.world().join(DATABASE_FILE))
}

#[test]
fn an_answer_that_cannot_be_written_to_its_end_is_a_failure_and_told_where_a_person_reads() {
    let folder = Folder::new();
    assert_eq!(migrate(&folder, "up").0, Some(0));
    let status = |out: Stdio| {
        let mut command = folder.program();
        command
            .args(["migrate", "status", "--data"])
            .arg(folder.world());
        let ended = command.stdout(out).output().unwrap();
        (
            ended.status.code(),
            String::from_utf8(ended.stderr).unwrap(),
        )
    };
    assert_eq!(status(Stdio::null()).0, Some(0));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (code, said) = status(full.into());
    assert_eq!(code, Some(1), "{said}");
    says(&said, &["guildhall cannot migrate", "could not be written"]);
    // What a reader does not want to see to its end is none.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(status(writer.into()).0, Some(0));
}

#[test]
fn a_new_world_is_migrated_by_the_command_and_then_served() {
    let folder = Folder::new();
    let (status, said) = migrate(&folder, "status");
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["cannot migrate", "no database"]);
    let (status, said) = migrate(&folder, "up");
    assert_eq!(status, Some(0), "{said}");
    says(&said, &["20261120000000  was run"]);
    let (status, said) = migrate(&folder, "status");
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("pending"), "{said}");
    says(&migrate(&folder, "plan").1, &["nothing is pending"]);
    Running::start(folder.serve()).stop("-TERM");
}

#[test]
fn a_world_in_use_is_not_migrated() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let (status, said) = migrate(&folder, "up");
    assert_eq!(status, Some(1), "{said}");
    let pid = format!("process {}", running.child.pid());
    says(&said, &["another server uses this world", &pid]);
    // Looking is allowed.
    assert_eq!(migrate(&folder, "status").0, Some(0));
    running.stop("-TERM");
}

#[test]
fn a_world_that_lacks_migrations_is_not_served_and_the_command_is_named() {
    let folder = Folder::new();
    migrate(&folder, "up");
    for down in SQLITE_DOWN {
        sql(&folder).run(down);
    }
    sql(&folder).run(FORGET_LATER);
    let sentence = refusal(folder.serve());
    says(
        &sentence,
        &["lacks migrations", "20261120000000", "guildhall migrate up"],
    );
    says(
        &migrate(&folder, "status").1,
        &["20261120000000  is pending"],
    );
    says(&migrate(&folder, "plan").1, &["CREATE TABLE escrows"]);
    says(&migrate(&folder, "up").1, &["20261120000000  was run"]);
    Running::start(folder.serve()).stop("-TERM");
}

#[test]
fn a_world_of_a_newer_program_is_neither_served_nor_migrated() {
    let folder = Folder::new();
    migrate(&folder, "up");
    sql(&folder).run("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let words = ["newer program", "99990101000000"];
    says(&refusal(folder.serve()), &words);
    for verb in ["up", "status", "plan"] {
        let (status, said) = migrate(&folder, verb);
        assert_eq!(status, Some(1), "{said}");
        says(&said, &words);
    }
}

#[test]
fn a_world_in_postgres_is_migrated_by_the_same_command() {
    let folder = Folder::new();
    let there = postgres::create_database();
    let migrate = |verb: &str| {
        let mut command = folder.program();
        command.args(["migrate", verb, "--database", &there.url()]);
        outcome(command)
    };
    says(&migrate("status").1, &["20261120000000  is pending"]);
    says(&migrate("plan").1, &["GENERATED BY DEFAULT AS IDENTITY"]);
    assert_eq!(migrate("up").0, Some(0));
    says(&migrate("up").1, &["has every migration"]);

    let serve = || {
        let mut command = folder.serve();
        command.args(["--database", &there.url()]);
        command
    };
    let running = Running::start(serve());
    let (status, said) = migrate("up");
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["another server uses this world"]);
    running.stop("-TERM");

    for down in POSTGRES_DOWN {
        there.psql(down);
    }
    there.psql(FORGET_LATER);
    says(
        &refusal(serve()),
        &["lacks migrations", "guildhall migrate up"],
    );
    assert_eq!(migrate("up").0, Some(0));
    there.psql("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    says(&refusal(serve()), &["newer program", "99990101000000"]);
    says(&migrate("up").1, &["newer program", "99990101000000"]);
}

/// Leaves a save in the journal of this world, as a server does that was killed while its database was away.
fn promise_a_save(folder: &Folder, url: &str) {
    let database = Database::open(Target::parse(url).unwrap(), &OpenOptions::default()).unwrap();
    database.claim_world("a server that was killed").unwrap();
    std::fs::create_dir_all(folder.world()).unwrap();
    let opened = database.open_journal(&folder.world().join(JOURNAL_FILE));
    let save = Save {
        key: EntityKey {
            kind: EntityKind::Character,
            id: Uuid::now_v7(),
        },
        base_version: 1,
        schema_version: 1,
        state: b"{}".as_slice().into(),
        fence: None,
        by: Author::SERVER,
    };
    let entry = Entry {
        seq: 1,
        at_us: 0,
        write: Write::Save(save),
    };
    opened.unwrap().0.append(&[entry]).unwrap();
}

#[test]
fn a_world_is_not_migrated_before_it_has_the_saves_that_wait_in_its_journal() {
    let folder = Folder::new();
    let there = postgres::create_database();
    let on_it = |mut command: std::process::Command| {
        command.args(["--database", &there.url()]);
        command
    };
    let up = || {
        let mut command = folder.program();
        command.args(["migrate", "up", "--data"]);
        command.arg(folder.world());
        outcome(on_it(command))
    };
    assert_eq!(up().0, Some(0));
    promise_a_save(&folder, &there.url());
    assert_eq!(up().0, Some(0), "nothing is pending");
    there.psql("DELETE FROM __diesel_schema_migrations WHERE version = '20250101000000'");
    let (status, said) = up();
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["1 saves wait in the journal", "Start the server"]);
    says(&refusal(on_it(folder.serve())), &["lacks migrations"]);
    let refused = there.psql("SELECT cause FROM refused_writes");
    assert_eq!(refused.trim(), "gone", "the database has judged it");
    let (_, said) = up();
    assert!(!said.contains("wait in the journal"), "{said}");
}
