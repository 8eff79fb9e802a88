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
