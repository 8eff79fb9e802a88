//! What can be asked of the fuzzer.

use super::*;

fn known() -> Vec<String> {
    ["frames", "names"].map(str::to_owned).into()
}

fn told(line: &str) -> Result<Asked, String> {
    asked(line.split_whitespace().map(str::to_owned), &known())
}

#[test]
fn what_is_asked_for_is_what_is_run() {
    let minutes = MINUTES;
    let targets = known();
    assert_eq!(told(""), Ok(Asked { minutes, targets }));
    let (minutes, targets) = (3, vec!["names".to_owned()]);
    assert_eq!(told("--minutes 3 names"), Ok(Asked { minutes, targets }));
}

#[test]
fn what_cannot_be_understood_is_answered_with_how_to_ask() {
    for line in ["--minutes", "--minutes none", "--minutes 0", "nobody"] {
        assert!(told(line).unwrap_err().starts_with(USAGE), "{line}");
    }
}

#[test]
fn every_corpus_has_its_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let known = targets(&root).unwrap();
    assert!(known.len() >= 5, "{known:?}");
    for target in known {
        let program = root.join(FOLDER).join("libfuzzer/targets").join(&target);
        assert!(program.with_extension("rs").is_file(), "{target}");
    }
}
