//! What others on the network could read is not served, unless somebody says that it may be.

use std::process::Command;

use super::{FREE_PORT, Folder, Running, refusal, says};

/// `guildhall serve` at these addresses.
fn serve_at(folder: &Folder, listen: &str, admin_listen: &str) -> Command {
    let mut command = folder.program();
    command.args(["serve", "--listen", listen, "--admin-listen", admin_listen]);
    command.arg("--data").arg(folder.world());
    command
}

#[test]
fn a_listener_that_other_machines_reach_is_refused_with_both_ways_out() {
    let folder = Folder::new();
    let cases = [
        ("--listen", "0.0.0.0:7400", FREE_PORT, "0.0.0.0:7400"),
        ("--listen", "[::]:7400", FREE_PORT, "[::]:7400"),
        ("--listen", "192.0.2.1:7400", FREE_PORT, "192.0.2.1:7400"),
        ("--admin-listen", FREE_PORT, "0.0.0.0:7400", "0.0.0.0:7400"),
        (
            "--admin-listen",
            FREE_PORT,
            "[2001:db8::1]:7400",
            "[2001:db8::1]:7400",
        ),
    ];
    for (flag, listen, admin_listen, named) in cases {
        let sentence = refusal(serve_at(&folder, listen, admin_listen));
        let instead = format!("{flag} 127.0.0.1:7400");
        says(
            &sentence,
            &[
                named,
                &instead,
                "TLS",
                "--plain-beyond-loopback",
                "plain_beyond_loopback = true",
            ],
        );
        assert!(!folder.world().exists(), "{sentence}");
    }
}

#[tokio::test]
async fn with_the_flag_or_the_setting_it_is_served() {
    let folder = Folder::new();
    let mut flag = serve_at(&folder, "0.0.0.0:0", FREE_PORT);
    flag.arg("--plain-beyond-loopback");
    let mut setting = serve_at(&folder, FREE_PORT, "0.0.0.0:0");
    setting.env("GUILDHALL_PLAIN_BEYOND_LOOPBACK", "true");
    for command in [flag, setting] {
        Running::start(command).stop("-TERM");
    }
}

#[test]
fn every_address_of_this_machine_alone_is_served_without_asking() {
    let exposed = |listen: &str| {
        let config = guildhall::config::Config {
            listen: listen.parse().unwrap(),
            ..guildhall::config::Config::default()
        };
        config.exposed().is_some()
    };
    for listen in [
        "127.0.0.1:1",
        "127.8.9.10:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        assert!(!exposed(listen), "{listen}");
    }
    for listen in [
        "0.0.0.0:1",
        "10.0.0.1:1",
        "[fe80::1]:1",
        "[::ffff:10.0.0.1]:1",
    ] {
        assert!(exposed(listen), "{listen}");
    }
}
