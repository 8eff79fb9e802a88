//! Maps in the Universal VTT format, as map editors export them, made by hand:
//! a few KB, with a real image, and each of the ways to be bad.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::png::grey_png;

/// A map to be made. The default is good.
#[derive(Clone, Debug)]
pub struct MapSpec {
    /// Columns and rows of the grid.
    pub cells: (u32, u32),
    pub pixels_per_grid: u32,
    /// Makes maps differ in their bytes.
    pub shade: u8,
    /// The image in place of the one that fits the grid.
    pub image: Option<Vec<u8>>,
    /// A wall, in cells.
    pub wall: Vec<(f64, f64)>,
    /// Fields that are added to, or replace, those of the file.
    pub fields: Vec<(String, Value)>,
}

impl Default for MapSpec {
    fn default() -> Self {
        Self {
            cells: (4, 3),
            pixels_per_grid: 16,
            shade: 200,
            image: None,
            wall: vec![(0.0, 0.0), (2.5, 0.0), (2.5, 3.0)],
            fields: Vec::new(),
        }
    }
}

impl MapSpec {
    /// The size in pixels that the image must have.
    pub fn image_px(&self) -> (u32, u32) {
        let (columns, rows) = self.cells;
        (columns * self.pixels_per_grid, rows * self.pixels_per_grid)
    }

    pub fn to_json(&self) -> Value {
        let (width, height) = self.image_px();
        let fitting = || grey_png(width, height, self.shade);
        let image = self.image.clone().unwrap_or_else(fitting);
        let point = |(x, y)| json!({"x": x, "y": y});
        let wall: Vec<_> = self.wall.iter().copied().map(point).collect();
        let mut map = json!({
            "format": 0.3,
            "resolution": {
                "map_origin": {"x": 0, "y": 0},
                "map_size": {"x": self.cells.0, "y": self.cells.1},
                "pixels_per_grid": self.pixels_per_grid,
            },
            "line_of_sight": [wall],
            "objects_line_of_sight": [],
            "portals": [{
                "position": {"x": 1.5, "y": 0}, "bounds": [{"x": 1, "y": 0}, {"x": 2, "y": 0}],
                "rotation": 0, "closed": true, "freestanding": false,
            }],
            "environment": {"baked_lighting": true, "ambient_light": "ffffffff"},
            "lights": [{
                "position": {"x": 2, "y": 1.25}, "range": 3.5, "intensity": 1,
                "color": "ffeccd8b", "shadows": true,
            }],
            "image": STANDARD.encode(image),
        });
        let object = map.as_object_mut().expect("an object");
        object.extend(self.fields.iter().cloned());
        map
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_json().to_string().into_bytes()
    }
}

/// A good map of about 5 KB.
pub fn small_map() -> Vec<u8> {
    MapSpec::default().to_bytes()
}

/// The small map with something changed: `map_with(|map| map.shade = 7)`.
pub fn map_with(change: impl FnOnce(&mut MapSpec)) -> Vec<u8> {
    let mut map = MapSpec::default();
    change(&mut map);
    map.to_bytes()
}

/// Maps that no server may accept, each with what is wrong about it.
pub fn bad_maps() -> Vec<(&'static str, Vec<u8>)> {
    let good = small_map();
    let png = grey_png(64, 48, 200);
    let set = |name: &str, value: Value| {
        let field = (name.to_owned(), value);
        map_with(|map| map.fields.push(field))
    };
    vec![
        ("no bytes", Vec::new()),
        ("not JSON", b"\x89PNG, not JSON".to_vec()),
        (
            "truncated",
            good.iter().take(good.len() / 2).copied().collect(),
        ),
        (
            "image of the wrong size",
            map_with(|map| map.image = Some(grey_png(64, 64, 200))),
        ),
        (
            "image cut short",
            map_with(|map| map.image = Some(png.iter().take(500).copied().collect())),
        ),
        (
            "base64 that is not an image",
            map_with(|map| map.image = Some(b"a letter, not a picture".to_vec())),
        ),
        ("image that is not base64", set("image", json!("%%%%"))),
        ("image missing", set("image", Value::Null)),
        (
            "coordinate of 1e300",
            map_with(|map| map.wall.push((1e300, 0.0))),
        ),
        (
            "no pixels per grid",
            set(
                "resolution",
                json!({"map_origin": {"x": 0, "y": 0}, "map_size": {"x": 4, "y": 3},
                    "pixels_per_grid": 0}),
            ),
        ),
    ]
}

#[cfg(test)]
mod tests;
