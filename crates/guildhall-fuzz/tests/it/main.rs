//! The corpora, held against what must hold: every file, on the toolchain that builds the server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use guildhall_fuzz::{TARGETS, Target, hold};
use guildhall_protocol::Request;
use guildhall_rules::board_document::BoardDocument;
use guildhall_rules::board_format::BoardFormat;
use guildhall_rules::frames::Scan;
use guildhall_rules::names::name_key;
use guildhall_rules::universal_vtt::UniversalVtt;

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The files for which it does not hold.
fn failing(files: &[PathBuf], hold: fn(&[u8])) -> Vec<String> {
    let fails = |file: &&PathBuf| {
        let bytes = fs::read(file).unwrap();
        catch_unwind(|| hold(&bytes)).is_err()
    };
    let failing = files.iter().filter(fails);
    failing.map(|file| file.display().to_string()).collect()
}

#[test]
fn what_must_hold_for_any_bytes_holds_for_every_file_of_the_corpora() {
    for (target, hold) in TARGETS {
        let files = corpus(target);
        assert!(files.len() >= 20, "{target} has {} files", files.len());
        assert_eq!(failing(&files, hold), Vec::<String>::new(), "{target}");
    }
}

/// Without these a corpus that holds nothing but refusals would pass.
#[test]
fn each_corpus_has_bytes_that_are_good_and_bytes_that_are_not() {
    fn good_names(bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).unwrap();
        name_key(text).unwrap();
    }
    fn good_messages(bytes: &[u8]) {
        Request::parse(std::str::from_utf8(bytes).unwrap()).unwrap();
    }
    fn good_maps(bytes: &[u8]) {
        UniversalVtt.check(bytes, &Default::default()).unwrap();
    }
    fn good_documents(bytes: &[u8]) {
        BoardDocument.check(bytes, &Default::default()).unwrap();
    }
    fn good_frames(bytes: &[u8]) {
        let mut scan = Scan::new(300, 1_000);
        let seen = scan.feed(&bytes[2..]);
        assert!(seen.breach.is_none() && seen.frames > 0);
    }
    let goods: [Target; 5] = [
        ("board_document", good_documents),
        ("frames", good_frames),
        ("messages", good_messages),
        ("names", good_names),
        ("universal_vtt", good_maps),
    ];
    for (target, is_good) in goods {
        let files = corpus(target);
        let bad = failing(&files, is_good).len();
        assert!(
            (1..files.len()).contains(&bad),
            "{target}: {bad} of {} are bad",
            files.len()
        );
    }
}

#[test]
fn a_target_that_is_not_there_is_told() {
    assert!(!hold("no_such_target", b""));
    assert!(hold("names", b"Bob"));
}
