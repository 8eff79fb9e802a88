//! The maps are what they say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{MapSpec, bad_maps, map_with, small_map};

#[test]
fn the_small_map_is_json_with_an_image_of_the_size_it_states() {
    let bytes = small_map();
    assert!(bytes.len() < 8_192, "{} bytes", bytes.len());
    let map: Value = serde_json::from_slice(&bytes).unwrap();
    let image = STANDARD.decode(map["image"].as_str().unwrap()).unwrap();
    assert_eq!(MapSpec::default().image_px(), (64, 48));
    assert_eq!(&image[16..24], b"\0\0\0\x40\0\0\0\x30");
}

#[test]
fn a_changed_map_differs_only_where_it_was_changed() {
    let changed = map_with(|map| map.wall.push((9.0, 9.0)));
    let mut map: Value = serde_json::from_slice(&changed).unwrap();
    assert_eq!(
        map["line_of_sight"][0]
            .as_array_mut()
            .unwrap()
            .pop()
            .unwrap()["x"],
        9.0
    );
    assert_eq!(map, MapSpec::default().to_json());
}

#[test]
fn maps_of_different_shades_differ() {
    assert_ne!(map_with(|map| map.shade = 1), map_with(|map| map.shade = 2));
}

#[test]
fn no_bad_map_is_the_good_one_or_another_bad_one() {
    let mut all: Vec<_> = bad_maps().into_iter().map(|(_, bytes)| bytes).collect();
    all.push(small_map());
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}
