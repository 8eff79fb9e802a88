//! Tests of `universal_vtt`. The real map is checked where it is present, a small one of our own always.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::*;
use crate::board_format::{MapSummary, Summary};

mod any_bytes;
mod bad_images;
mod bad_maps;
mod good_maps;
mod images;

/// A map of 4 × 3 cells of 10 pixels with one wall, one door and one light.
fn map() -> Value {
    json!({
        "format": 0.3,
        "resolution": {
            "map_origin": {"x": 0, "y": 0},
            "map_size": {"x": 4, "y": 3},
            "pixels_per_grid": 10
        },
        "line_of_sight": [[{"x": 0, "y": 0}, {"x": 4, "y": 0.5}, {"x": 4, "y": 3}]],
        "objects_line_of_sight": [],
        "portals": [{
            "position": {"x": 2, "y": 1},
            "bounds": [{"x": 1.5, "y": 1}, {"x": 2.5, "y": 1}],
            "rotation": -1.25,
            "closed": true,
            "freestanding": false
        }],
        "environment": {"baked_lighting": true, "ambient_light": "ffffffff"},
        "lights": [{
            "position": {"x": 2, "y": 2},
            "range": 3.5,
            "intensity": 1,
            "color": "ffeccd8b",
            "shadows": true
        }],
        "image": BASE64.encode(images::png(40, 30))
    })
}

fn check_bytes(bytes: &[u8]) -> Result<Checked, FormatRefusal> {
    UniversalVtt.check(bytes, &FormatLimits::default())
}

fn check(map: &Value) -> Result<Checked, FormatRefusal> {
    check_bytes(map.to_string().as_bytes())
}

/// Checks the small map after one change.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Checked, FormatRefusal> {
    let mut map = map();
    change(&mut map);
    check(&map)
}

/// Checks the small map with one piece of its text replaced; the piece must be there.
fn replaced(from: &str, to: &str) -> Result<Checked, FormatRefusal> {
    let text = map().to_string();
    assert!(text.contains(from), "{from:?} is not in the map");
    check_bytes(text.replacen(from, to, 1).as_bytes())
}

/// The codes of the warnings of an accepted map.
#[track_caller]
fn codes(checked: Result<Checked, FormatRefusal>) -> Vec<&'static str> {
    let warnings = checked.unwrap().warnings;
    warnings.iter().map(|warning| warning.code).collect()
}

/// Rule and path of a refusal.
#[track_caller]
fn rule(checked: Result<Checked, FormatRefusal>) -> (&'static str, String) {
    let refusal = checked.unwrap_err();
    assert!(refusal.sentence.len() < 300, "{}", refusal.sentence);
    (refusal.rule, refusal.path.unwrap_or_default())
}

fn summary(checked: Result<Checked, FormatRefusal>) -> MapSummary {
    match checked.unwrap().summary {
        Summary::Map(summary) => summary,
        other => panic!("no map: {other:?}"),
    }
}

/// The real map of the tests, exported by Dungeondraft, where it is present.
fn real_map() -> Option<Vec<u8>> {
    let path = "../../../shared/data/maps/cave.dd2vtt";
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}
