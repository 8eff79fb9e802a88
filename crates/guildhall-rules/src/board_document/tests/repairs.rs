//! Documents in which ids are there twice: the repair is good, small, and brings nothing to light.

use proptest::prelude::*;

use super::*;

fn repair(bytes: &[u8]) -> Repaired {
    let refused = check_bytes(bytes).unwrap_err();
    assert_eq!(refused.rule, "document.duplicate_id");
    BoardDocument
        .repair(bytes, &FormatLimits::default())
        .unwrap()
}

fn repaired(document: &Value) -> (Value, Vec<Mended>) {
    let Repaired { bytes, changes } = repair(document.to_string().as_bytes());
    check_bytes(&bytes).unwrap();
    (serde_json::from_slice(&bytes).unwrap(), changes)
}

fn paths(changes: &[Mended]) -> Vec<&str> {
    changes.iter().map(|change| change.path.as_str()).collect()
}

#[test]
fn the_later_of_two_tokens_gets_a_fresh_id_and_nothing_else_changes() {
    let mut it = sample();
    it["tokens"][3]["id"] = json!(id(20));
    let (after, changes) = repaired(&it);
    assert_eq!(paths(&changes), ["$.tokens[3].id"]);
    assert_eq!(changes[0].was, Uuid::from_u128(20));
    it["tokens"][3]["id"] = json!(changes[0].is);
    assert_eq!(after, it);
}

#[test]
fn a_repair_leaves_every_other_byte_alone() {
    let text = serde_json::to_string_pretty(&sample()).unwrap();
    let text = format!("\n {text}\t").replace(&id(23), &id(20));
    let Repaired { bytes, changes } = repair(text.as_bytes());
    let back = String::from_utf8(bytes).unwrap();
    let back = back.replace(&changes[0].is.to_string(), &id(20));
    assert_eq!(back, text);
    assert_eq!(changes.len(), 1);
}

#[test]
fn the_same_bytes_have_the_same_repair() {
    let mut it = sample();
    it["tokens"][3]["id"] = json!(id(20));
    let bytes = it.to_string().into_bytes();
    assert_eq!(repair(&bytes), repair(&bytes));
    it["name"] = json!("another");
    assert_ne!(repair(&bytes).changes, repaired(&it).1);
}

#[test]
fn references_go_on_meaning_the_first_of_their_kind() {
    // A token's picture that has a layer's id: the picture gets another, and the token follows.
    let mut it = sample();
    it["assets"][1]["id"] = json!(id(3));
    it["tokens"][0]["asset"] = json!(id(3));
    it["tokens"][3]["asset"] = json!(id(3));
    let (after, changes) = repaired(&it);
    let fresh = after["assets"][1]["id"].clone();
    assert_ne!(fresh, json!(id(3)));
    assert_eq!(after["tokens"][0]["asset"], fresh);
    assert_eq!(after["tokens"][1]["layer"], json!(id(3)));
    assert_eq!(
        paths(&changes),
        ["$.assets[1].id", "$.tokens[0].asset", "$.tokens[3].asset"]
    );
    // Of two pictures the first is meant.
    let mut it = sample();
    it["assets"][3]["id"] = json!(id(10));
    let (after, changes) = repaired(&it);
    assert_eq!(after["layers"][0]["asset"], json!(id(10)));
    assert_eq!(paths(&changes), ["$.assets[3].id"]);
}

#[test]
fn what_may_have_been_meant_for_a_hidden_layer_stays_hidden() {
    let mut it = sample();
    it["layers"][2]["id"] = json!(id(2));
    it["layers"][1]["hidden"] = json!(false);
    it["layers"][2]["hidden"] = json!(true);
    it["tokens"][1]["layer"] = json!(id(2));
    let (after, _) = repaired(&it);
    let fresh = after["layers"][2]["id"].clone();
    assert_ne!(fresh, json!(id(2)));
    assert_eq!(after["tokens"][3]["layer"], fresh);
    assert_eq!(after["tokens"][1]["layer"], fresh);
    let shown = open(&after);
    assert_eq!(shown["tokens"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_bad_otherwise_is_not_repaired() {
    let mut it = sample();
    it["tokens"][3]["id"] = json!(id(20));
    it["tokens"][3]["layer"] = json!(id(99));
    let refused = check(&it).unwrap_err();
    assert_eq!(
        (refused.rule, refused.repairable),
        ("document.unknown_id", false)
    );
    for format in [crate::FORMAT_OPAQUE, crate::FORMAT_UNIVERSAL_VTT] {
        let format = by_name(format).unwrap();
        let none = format.repair(it.to_string().as_bytes(), &FormatLimits::default());
        assert_eq!(none, None);
    }
}

/// A document with as many of each as told, whose ids are few.
fn crowded(layers: &[(u8, bool)], assets: &[u8], tokens: &[(u8, usize, bool)]) -> Value {
    let id = |number: u8| id(usize::from(number % 6));
    let layer = |&(number, hidden): &(u8, bool)| {
        let mut it = json!({"id": id(number), "hidden": hidden});
        if let Some(asset) = assets.get(usize::from(number)) {
            it["asset"] = json!(id(*asset));
        }
        it
    };
    let asset =
        |number: &u8| json!({"id": id(*number), "media": "image/png", "hash": "0".repeat(64)});
    let token = |&(number, on, hidden): &(u8, usize, bool)| {
        let on = layers[on % layers.len()].0;
        let mut it = json!({"id": id(number), "layer": id(on), "at": [0, 0], "hidden": hidden});
        if let Some(asset) = assets.get(usize::from(number)) {
            it["asset"] = json!(id(*asset));
        }
        it
    };
    json!({
        "format": FORMAT_BOARD,
        "size": [5, 5],
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
        "assets": assets.iter().map(asset).collect::<Vec<_>>(),
        "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_repair_is_good_and_shows_nothing_that_may_have_been_hidden(
        layers in proptest::collection::vec(any::<(u8, bool)>(), 1..6),
        assets in proptest::collection::vec(any::<u8>(), 0..6),
        tokens in proptest::collection::vec(any::<(u8, usize, bool)>(), 2..9),
    ) {
        let before = crowded(&layers, &assets, &tokens);
        let bytes = before.to_string().into_bytes();
        let refused = match check_bytes(&bytes) {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        prop_assert_eq!(refused.rule, "document.duplicate_id");
        let (after, changes) = repaired(&before);
        prop_assert!(!changes.is_empty());
        for change in &changes {
            prop_assert_ne!(change.was, change.is);
        }
        let shown = open(&after);
        let shown = shown["tokens"].as_array().unwrap();
        for (index, token) in before["tokens"].as_array().unwrap().iter().enumerate() {
            let on_hidden = before["layers"].as_array().unwrap().iter()
                .any(|layer| layer["id"] == token["layer"] && layer["hidden"] == true);
            let id = &after["tokens"][index]["id"];
            let is_shown = shown.iter().any(|token| token["id"] == *id);
            prop_assert_eq!(is_shown, token["hidden"] == false && !on_hidden);
        }
    }
}
