//! `guildhall copy`: a world moves to PostgreSQL and is served from there.

use guildhall::server::DATABASE_FILE;
use guildhall_testkit::postgres;
use std::path::Path;

use super::{Folder, Running, outcome, refusal, says};

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn copy(folder: &Folder, from: &str, to: &str) -> (Option<i32>, String) {
    let mut command = folder.program();
    command.args(["copy", "--from", from, "--to", to]);
    outcome(command)
}

#[tokio::test]
async fn a_world_is_copied_to_postgres_and_served_from_there() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    running.account("the-owner").await;
    let here = url(&folder.world().join(DATABASE_FILE));
    let there = postgres::create_database();
    // In use, it is not copied.
    let (status, said) = copy(&folder, &here, &there.url());
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["cannot copy", "another server uses this world"]);
    running.stop("-TERM");

    let (status, said) = copy(&folder, &here, &there.url());
    assert_eq!(status, Some(0), "{said}");
    says(
        &said,
        &["accounts", "the same on both sides", "rows were copied"],
    );
    let mut command = folder.serve();
    command.args(["--database", &there.url()]);
    let running = Running::start(command);
    running.sign_in("the-owner").await;
    running.account("the-newcomer").await;
    running.stop("-TERM");

    // A world that lives there is not overwritten; back it goes to a new file.
    let (status, said) = copy(&folder, &here, &there.url());
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["is not new", "nothing was changed"]);
    let back = url(&folder.path().join("back").join(DATABASE_FILE));
    let mut command = folder.program();
    command.args(["copy", "--from", &there.url(), "--to", &back, "--from-data"]);
    command.arg(folder.world()).arg("--to-data");
    command.arg(folder.path().join("back"));
    let (status, said) = outcome(command);
    assert_eq!(status, Some(0), "{said}");
    says(&said, &["board files"]);
    let mut command = folder.serve();
    command.args(["--database", &back]);
    let running = Running::start(command);
    running.sign_in("the-newcomer").await;
    running.stop("-TERM");
}

#[test]
fn a_copy_that_was_cut_short_is_not_served() {
    let folder = Folder::new();
    Running::start(folder.serve()).stop("-TERM");
    let file = folder.world().join(DATABASE_FILE);
    guildhall_testkit::Sql::open_file(&file)
        .run("UPDATE world SET epoch = -1, holder = 'elsewhere'");
    says(
        &refusal(folder.serve()),
        &["unfinished copy of elsewhere", "guildhall copy"],
    );
}

#[test]
fn urls_that_are_none_are_refused_without_their_passwords() {
    let folder = Folder::new();
    let (status, said) = copy(&folder, "mysql://me:secret@host/x", "sqlite://b");
    assert_eq!(status, Some(1), "{said}");
    assert!(!said.contains("secret"), "{said}");
}
