//! Worlds and addresses that cannot be used: a sentence with what to do, status 1, and nothing is changed.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use guildhall::server::{ADMIN_TOKEN_FILE, DATABASE_FILE};

use super::{Folder, Running, refusal, says};

/// A world that was made by an earlier start, with one account in it.
async fn made_before(login: &str) -> Folder {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    running.account(login).await;
    running.stop("-TERM");
    folder
}

/// The world serves again and the account is in it.
async fn is_whole(folder: &Folder, login: &str) {
    let running = Running::start(folder.serve());
    running.sign_in(login).await;
    running.stop("-TERM");
}

fn database(folder: &Folder) -> PathBuf {
    folder.world().join(DATABASE_FILE)
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_refused_at_the_start() {
    let folder = made_before("the-owner").await;
    let writable = std::fs::metadata(database(&folder)).unwrap().permissions();
    // Heeded also by a server of root, whom no mode binds.
    let read_only = Permissions::from_mode(0o444);
    std::fs::set_permissions(database(&folder), read_only).unwrap();
    let sentence = refusal(folder.serve());
    says(
        &sentence,
        &[DATABASE_FILE, "cannot be written", "right to write"],
    );
    std::fs::set_permissions(database(&folder), writable).unwrap();
    is_whole(&folder, "the-owner").await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    std::fs::create_dir(folder.world()).unwrap();
    let letter = "Dear players, this is a letter and no database.\n".repeat(100);
    std::fs::write(database(&folder), &letter).unwrap();
    let sentence = refusal(folder.serve());
    says(
        &sentence,
        &[DATABASE_FILE, "not a SQLite database", "backup"],
    );
    assert_eq!(std::fs::read_to_string(database(&folder)).unwrap(), letter);

    std::fs::remove_file(database(&folder)).unwrap();
    std::fs::create_dir(database(&folder)).unwrap();
    says(&refusal(folder.serve()), &[DATABASE_FILE]);

    std::fs::remove_dir(database(&folder)).unwrap();
    Running::start(folder.serve()).stop("-TERM");
}

#[tokio::test]
async fn a_world_that_is_a_file_is_refused() {
    let folder = Folder::new();
    std::fs::write(folder.world(), "not a folder").unwrap();
    says(&refusal(folder.serve()), &["world", "Check the path"]);
    assert_eq!(
        std::fs::read_to_string(folder.world()).unwrap(),
        "not a folder"
    );
}

/// Moves what a stop may have left in the log beside the database into it: a log that is there mends a file.
fn fold_log(folder: &Folder) {
    let opened = rusqlite::Connection::open(database(folder)).unwrap();
    let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    let busy: i64 = opened.query_row(truncate, [], |row| row.get(0)).unwrap();
    assert_eq!(busy, 0, "somebody still has the database open");
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_left_as_it_is() {
    let folder = made_before("the-owner").await;
    fold_log(&folder);
    let whole = std::fs::read(database(&folder)).unwrap();
    let half = &whole[..whole.len() / 2];
    std::fs::write(database(&folder), half).unwrap();
    let sentence = refusal(folder.serve());
    says(&sentence, &[DATABASE_FILE, "malformed", "backup"]);
    assert_eq!(std::fs::read(database(&folder)).unwrap(), half);
    std::fs::write(database(&folder), &whole).unwrap();
    is_whole(&folder, "the-owner").await;
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let folder = made_before("the-owner").await;
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231235959')";
    let opened = rusqlite::Connection::open(database(&folder)).unwrap();
    assert_eq!(opened.execute(newer, []).unwrap(), 1);
    let sentence = refusal(folder.serve());
    says(&sentence, &["newer program", "29991231235959", "backup"]);
    let older = "DELETE FROM __diesel_schema_migrations WHERE version = '29991231235959'";
    assert_eq!(opened.execute(older, []).unwrap(), 1);
    drop(opened);
    is_whole(&folder, "the-owner").await;
}

#[tokio::test]
async fn an_admin_token_that_others_can_read_is_refused_with_what_to_do() {
    let folder = made_before("the-owner").await;
    let token = folder.world().join(ADMIN_TOKEN_FILE);
    for mode in [0o644, 0o640, 0o602] {
        std::fs::set_permissions(&token, Permissions::from_mode(mode)).unwrap();
        let sentence = refusal(folder.serve());
        let words = [
            ADMIN_TOKEN_FILE,
            &format!("mode {mode:o}"),
            "chmod 600",
            "delete it",
        ];
        says(&sentence, &words);
    }
    std::fs::set_permissions(&token, Permissions::from_mode(0o600)).unwrap();
    is_whole(&folder, "the-owner").await;
}

#[tokio::test]
async fn a_taken_port_is_named_and_the_world_is_free_again() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = made_before("the-owner").await;
    for (flag, other) in [
        ("--listen", "--admin-listen"),
        ("--admin-listen", "--listen"),
    ] {
        let mut command = folder.program();
        command.args(["serve", flag, &address, other, "127.0.0.1:0", "--data"]);
        command.arg(folder.world());
        let sentence = refusal(command);
        says(
            &sentence,
            &[
                &address,
                "cannot be listened on",
                flag,
                "End the other program",
            ],
        );
        assert!(!sentence.contains("failed_to_start_child"), "{sentence}");
        is_whole(&folder, "the-owner").await;
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_world_is_refused_and_the_first_goes_on() {
    let folder = Folder::new();
    let mut first = Running::start(folder.serve());
    let account = first.account("the-owner").await;
    let (client, _events) = account.connect().await.unwrap();
    let sentence = refusal(folder.serve());
    let holder = format!("process {}", first.child.pid());
    says(
        &sentence,
        &[
            "another server uses this world",
            &holder,
            "Stop the other server",
        ],
    );
    client.keep_alive().await.unwrap();
    first.sign_in("the-owner").await;
    let status = first.admin().supervisor().await.unwrap();
    assert_eq!(status["sessions"]["here"], 1);
    // A holder that was killed holds nothing.
    first.child.kill9();
    is_whole(&folder, "the-owner").await;
}
