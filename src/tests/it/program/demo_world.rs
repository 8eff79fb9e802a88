//! `guildhall` without arguments: a world with a demo in it, the same one at every start.

use std::os::unix::fs::PermissionsExt;

use guildhall_client::HttpClient;
use guildhall_testkit::ChildServer;

use super::{FREE_PORT, Folder, PATIENCE, Running};

/// The program without arguments; the variables only keep it off the well-known ports.
fn start(folder: &Folder) -> Running {
    let mut command = folder.program();
    command.env("GUILDHALL_LISTEN", FREE_PORT);
    command.env("GUILDHALL_ADMIN_LISTEN", FREE_PORT);
    Running::start(command)
}

/// The printed sign-ins: login and password.
fn sign_ins(child: &ChildServer) -> Vec<(String, String)> {
    let log = child.log();
    let lines = log
        .lines()
        .filter_map(|line| line.strip_prefix("demo sign-in "));
    let pairs = lines.map(|line| line.trim().split_once(" / ").expect("login / password"));
    pairs
        .map(|(login, password)| (login.to_owned(), password.to_owned()))
        .collect()
}

/// Names of campaigns, characters and guilds that the account has.
async fn belongings(http: &HttpClient, login: &str, password: &str) -> Vec<String> {
    let account = http.sign_in(login, password, None).await.unwrap();
    let (client, _events) = account.connect().await.unwrap();
    let campaigns = client.campaigns().await.unwrap();
    let boards = client.boards(campaigns[0].campaign).await.unwrap();
    assert!(boards[0].head.is_some(), "{boards:?}");
    let campaigns = campaigns.into_iter().map(|campaign| campaign.name);
    let boards = boards.into_iter().map(|board| board.name);
    let characters = client.characters().await.unwrap();
    let characters = characters.into_iter().map(|character| character.name);
    let guilds = client.guilds().await.unwrap();
    let guilds = guilds.into_iter().map(|guild| guild.name);
    campaigns
        .chain(boards)
        .chain(characters)
        .chain(guilds)
        .collect()
}

#[tokio::test]
async fn without_arguments_it_makes_a_demo_world_and_finds_it_again() {
    let folder = Folder::new();
    let first = start(&folder);
    let world = folder.path().join("guildhall-data");
    let mode = std::fs::metadata(&world).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(world.join("guildhall.sqlite3").is_file());
    first.child.wait_for_line("demo sign-in ", PATIENCE);
    let printed = sign_ins(&first.child);
    assert_eq!(printed.len(), 2, "{}", first.child.log());
    let mut found = Vec::new();
    for (login, password) in &printed {
        let of_theirs = belongings(&first.http(), login, password).await;
        // A campaign, a board, a character; the GM's guild beside them.
        assert_eq!(of_theirs.len(), 4 - found.len(), "{of_theirs:?}");
        found.push(of_theirs);
    }
    first.stop("-INT");

    let second = start(&folder);
    assert_eq!(sign_ins(&second.child), printed);
    for ((login, password), before) in printed.iter().zip(&found) {
        assert_eq!(&belongings(&second.http(), login, password).await, before);
    }
    second.stop("-TERM");
}
