//! A database on the network that is away is never taken for the name of a file.

use guildhall_testkit::free_port;

use super::*;

/// What every server's folder has.
const OURS: [&str; 2] = ["world.lock", "admin.token"];

/// All other files below this folder.
fn strangers(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true => found.extend(strangers(&path)),
            false if OURS.contains(&name.as_str()) => {}
            false => found.push(name),
        }
    }
    found
}

#[tokio::test]
async fn a_database_that_is_away_is_never_made_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world");
    let url = format!("postgres://nobody@127.0.0.1:{}/world", free_port());
    let database = ["--database", url.as_str()];
    let program = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        command.current_dir(folder.path()).args(args);
        command
    };
    let mut serve = program(&SERVE);
    serve.arg(&world).args(database);
    let mut server = ChildServer::spawn(serve);
    eventually(PATIENCE, "the server to wait", async || {
        server.log().contains("waiting for it")
    })
    .await;
    let id = Uuid::now_v7().to_string();
    let commands: [&[&str]; 4] = [
        &["migrate", "status"],
        &["migrate", "up"],
        &["migrate", "plan"],
        &["explain", "character", &id],
    ];
    for args in commands {
        let mut command = program(args);
        command.arg("--data").arg(folder.path().join("other"));
        command.args(database);
        let (status, said) = ChildServer::spawn(command).wait_end(PATIENCE);
        assert_eq!(status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("cannot be reached"), "{args:?}: {said}");
    }
    server.sigterm();
    server.wait_exit(PATIENCE);
    assert_eq!(strangers(folder.path()), Vec::<String>::new());
    // What such a mistake leaves behind is found.
    let mistake = rusqlite::Connection::open(folder.path().join("postgres:")).unwrap();
    mistake.execute_batch("CREATE TABLE t (id)").unwrap();
    assert_eq!(strangers(folder.path()), ["postgres:"]);
}
