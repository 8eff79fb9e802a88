//! Mistakes in the configuration are named by their line or variable, before anything is made or started.

use super::{Folder, Running, outcome, refusal, says};

/// Refused with these words, and no world was made.
fn is_refused(text: &str, variables: &[(&str, &str)], words: &[&str]) {
    let folder = Folder::new();
    std::fs::write(folder.path().join("guildhall.toml"), text).unwrap();
    let mut command = folder.serve();
    command.envs(variables.iter().copied());
    says(&refusal(command), words);
    assert!(!folder.world().exists());
}

#[test]
fn an_unknown_key_in_the_file_is_named_with_its_line() {
    let words = ["guildhall.toml", "line 3", "lissten", "unknown field"];
    is_refused("workers = 1\n\nlissten = \"127.0.0.1:1\"\n", &[], &words);
    let words = ["guildhall.toml", "line 2", "state_bites_max"];
    is_refused("[limits]\nstate_bites_max = 1\n", &[], &words);
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_its_line() {
    is_refused("workers = \"many\"\n", &[], &["line 1", "workers"]);
    is_refused("workers = = 1\n", &[], &["guildhall.toml", "line 1"]);
}

#[test]
fn limits_that_contradict_each_other_are_named() {
    let words = ["contradict", "message_bytes_max"];
    is_refused("[limits]\nmessage_bytes_max = 10\n", &[], &words);
}

#[test]
fn an_unknown_or_wrong_variable_is_named() {
    is_refused("", &[("GUILDHALL_LISSTEN", "x")], &["GUILDHALL_LISSTEN"]);
    is_refused("", &[("GUILDHALL_WORKERS", "many")], &["GUILDHALL_WORKERS"]);
}

#[test]
fn a_file_that_is_asked_for_and_not_there_is_named() {
    let folder = Folder::new();
    let mut command = folder.serve();
    command.args(["--config", "elsewhere.toml"]);
    says(&refusal(command), &["elsewhere.toml", "cannot read"]);
    assert!(!folder.world().exists());
}

/// Flags before the subcommand would be another program's: they are not passed over in silence.
#[test]
fn flags_before_the_subcommand_are_an_error_of_the_command_line() {
    for subcommand in ["serve", "dev", "probe"] {
        let folder = Folder::new();
        let mut command = folder.program();
        command.arg("--data").arg(folder.world()).arg(subcommand);
        let (status, said) = outcome(command);
        assert_eq!(status, Some(2), "{said}");
        says(&said, &["--data", "subcommand", "Usage"]);
        assert!(!folder.world().exists());
    }
}

#[tokio::test]
async fn the_file_in_the_folder_is_read_and_the_flags_come_last() {
    let folder = Folder::new();
    let text =
        "data = \"from-the-file\"\nlisten = \"192.0.2.1:1\"\n[limits]\nstate_bytes_max = 100\n";
    std::fs::write(folder.path().join("guildhall.toml"), text).unwrap();
    let running = Running::start(folder.serve());
    assert!(folder.world().exists() && !folder.path().join("from-the-file").exists());
    let account = running.account("the-reader").await;
    let (client, _events) = account.connect().await.unwrap();
    assert_eq!(client.welcome().limits.state_bytes_max, 100);
    running.stop("-TERM");
}

/// What the program says about a database at this URL, told in each way that there is.
fn all_that_is_said(url: &str) -> String {
    let folder = Folder::new();
    let status = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = folder.program();
        command.args(["migrate", "status"]).args(args);
        command.envs(variables.iter().copied());
        let (status, said) = outcome(command);
        assert_eq!(status, Some(1), "{said}");
        said
    };
    let by_flag = status(&["--database", url], &[]);
    let by_variable = status(&[], &[("GUILDHALL_DATABASE", url)]);
    let mistaken = status(&[], &[("GUILDHALL_LISTEN", url)]);
    let of_file = |key: &str| {
        let text = format!("{key} = \"{url}\"\n");
        std::fs::write(folder.path().join("guildhall.toml"), text).unwrap();
        status(&[], &[])
    };
    let files = ["database", "databse", "database = "].map(of_file).concat();
    by_flag + &by_variable + &mistaken + &files
}

#[test]
fn a_password_is_in_nothing_that_the_program_says() {
    for password in [
        "s3cret",
        "s3c%40ret",
        "s3c%3A%2F%3F%23%25ret",
        "s3c@ret",
        "s3c:ret",
        "s3c/ret",
        "s3c?ret",
        "s3c#ret",
        "s3c%ret",
        "1234/s3c",
        "1234?s3c",
    ] {
        let place = "127.0.0.1:1/world";
        for url in [
            format!("postgres://gm:{password}@{place}"),
            format!("postgres://gm@{place}?password={password}"),
            format!("postgres://gm@{place}?password=1234&s{password}=1"),
            format!("mysql://gm:{password}@{place}"),
        ] {
            let said = all_that_is_said(&url);
            assert!(
                !said.contains("s3c") && !said.contains("ret@"),
                "{url}: {said}"
            );
            assert!(said.contains("database"), "{url}: {said}");
        }
    }
}
