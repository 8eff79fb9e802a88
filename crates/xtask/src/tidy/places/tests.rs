//! Paths and hosts that must be found, and look-alikes that must not.

use super::*;

fn picture(text: &str) -> Picture {
    Picture {
        files: vec![File::new("docs/a.md", text)],
        ..Picture::default()
    }
}

#[test]
fn absolute_paths_of_a_machine_are_found() {
    for folder in FOLDERS {
        for text in [
            format!("see /{folder}/ann/x"),
            format!("`/{folder}/x`"),
            format!("path=/{folder}/game"),
            format!("(/{folder}/ann/)"),
            format!("/{folder}/.local/bin"),
        ] {
            assert_eq!(machine_paths(&picture(&text)).len(), 1, "{text}");
        }
    }
}

#[test]
fn relative_paths_and_urls_are_not() {
    for text in [
        "../work/x",
        "https://example.com/home/x",
        "src/tmp/x",
        "$DIR/tmp/x",
        "/usr/bin/env",
    ] {
        assert_eq!(machine_paths(&picture(text)).len(), 0, "{text}");
    }
}

#[test]
fn private_hosts_and_other_registries_are_found() {
    for text in [
        "replace-with = \"mirror\"",
        "index = \"sparse+https://example.com/\"",
        "git clone https://git.corp/x",
        "http://10.1.2.3:8080/",
    ] {
        assert_eq!(private_hosts(&picture(text)).len(), 1, "{text}");
    }
}

#[test]
fn public_and_loopback_hosts_are_not() {
    for text in [
        "https://crates.io/",
        "http://127.0.0.1:7400",
        "https://evil.example/",
        "ws://localhost",
    ] {
        assert_eq!(private_hosts(&picture(text)).len(), 0, "{text}");
    }
}
