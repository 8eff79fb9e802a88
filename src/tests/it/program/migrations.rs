//! `guildhall migrate`, and a server that finds another schema than its own.

use guildhall::server::DATABASE_FILE;
use guildhall_testkit::Sql;

use super::{Folder, Running, outcome, refusal, says};

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
    // As a program that knew the first migration only has left it.
    let down = include_str!("../../../../migrations/sqlite/2026-11-20-000000_persistence/down.sql");
    sql(&folder).run(down);
    sql(&folder).run("DELETE FROM __diesel_schema_migrations WHERE version = '20261120000000'");
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
