//! Tests of `guildhall.board/1`: what is taken, what is refused, what is shown, what is mended.

use serde_json::{Value, json};

use super::*;
use crate::board_format::by_name;

mod any_bytes;
mod bad;
mod good;
mod hidden;
mod repairs;

/// The id of that number.
fn id(number: usize) -> String {
    Uuid::from_u128(u128::try_from(number).unwrap()).to_string()
}

/// A good document with something of everything. Layer 2 is hidden, token 22 is, token 23 stands on layer 2.
/// Asset 12 is of hidden things only, asset 13 of nothing.
fn sample() -> Value {
    json!({
        "format": "guildhall.board/1",
        "name": "Die Höhle",
        "size": [40, 30.5],
        "grid": "square",
        "gm": {"plot": "canary: the innkeeper did it"},
        "layers": [
            {"id": id(1), "name": "Ground", "asset": id(10), "at": [0, 0], "size": [40, 30.5], "gm": "canary"},
            {"id": id(2), "name": "canary traps", "hidden": true, "asset": id(12)},
            {"id": id(3)},
        ],
        "assets": [
            {"id": id(10), "media": "image/webp", "hash": "a".repeat(64)},
            {"id": id(11), "media": "image/png", "hash": "b".repeat(64), "gm": "canary"},
            {"id": id(12), "media": "image/jpeg", "hash": "cafe".repeat(16)},
            {"id": id(13), "media": "image/png", "hash": "face".repeat(16)},
        ],
        "tokens": [
            {"id": id(20), "layer": id(1), "at": [1.5, 2], "name": "Ogre", "asset": id(11), "size": [2, 2],
             "rotation": -90, "owners": [id(90), id(91)], "gm": "canary: 30 hit points"},
            {"id": id(21), "layer": id(3), "at": [0, 0], "hidden": false},
            {"id": id(22), "layer": id(1), "at": [7, 7], "name": "canary assassin", "hidden": true, "asset": id(12)},
            {"id": id(23), "layer": id(2), "at": [8, 8], "name": "canary pit", "asset": id(11)},
        ],
    })
}

fn check_bytes(bytes: &[u8]) -> Result<Checked, FormatRefusal> {
    let format = BoardDocument;
    let checked = format.check(bytes, &FormatLimits::default());
    let repairable = checked.as_ref().is_err_and(|refusal| refusal.repairable);
    let repaired = format.repair(bytes, &FormatLimits::default());
    assert_eq!(
        repaired.is_some(),
        repairable,
        "a repair is offered as told"
    );
    checked
}

fn check(document: &Value) -> Result<Checked, FormatRefusal> {
    check_bytes(document.to_string().as_bytes())
}

/// Checks the sample after one change.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Checked, FormatRefusal> {
    let mut document = sample();
    change(&mut document);
    check(&document)
}

/// Checks the sample with one piece of its text replaced; the piece must be there.
fn replaced(from: &str, to: &str) -> Result<Checked, FormatRefusal> {
    let text = sample().to_string();
    assert!(text.contains(from), "{from:?} is not in the document");
    check_bytes(text.replacen(from, to, 1).as_bytes())
}

/// Rule and path of a refusal.
#[track_caller]
fn rule(checked: Result<Checked, FormatRefusal>) -> (&'static str, String) {
    let refusal = checked.unwrap_err();
    assert!(refusal.sentence.len() < 300, "{}", refusal.sentence);
    (refusal.rule, refusal.path.unwrap_or_default())
}

/// What everybody may have of it.
#[track_caller]
fn open(document: &Value) -> Value {
    serde_json::from_slice(&check(document).unwrap().open.unwrap()).unwrap()
}
