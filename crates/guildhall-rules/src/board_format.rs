//! What a board's bytes may be: the trait that every format implements, and the built-in formats by name.
//!
//! A format decides whether bytes may become the head of a board, and what of them is for everybody. It
//! never changes them: what it shows to others than GMs, and what it offers as a repair, are other bytes.

use serde::{Deserialize, Serialize};

use crate::board_document::Repaired;
use crate::universal_vtt::UniversalVtt;

#[cfg(test)]
mod tests;

/// Documents of layers, assets and tokens, of which some may be hidden: docs/BOARD-FORMAT.md.
pub const FORMAT_BOARD: &str = "guildhall.board/1";
/// Maps as Dungeondraft, DungeonFog and Arkenforge export them (`.uvtt`, `.dd2vtt`, `.df2vtt`).
pub const FORMAT_UNIVERSAL_VTT: &str = "universal-vtt";
/// Any bytes; only their size is checked.
pub const FORMAT_OPAQUE: &str = "opaque";

/// A kind of board.
pub trait BoardFormat: Send + Sync {
    /// The name on the wire and in the database.
    fn name(&self) -> &'static str;

    /// Whether [`BoardFormat::check`] looks at more than the number of bytes. A caller that bounds the size
    /// itself need not read the bytes of a format that does not.
    fn reads_content(&self) -> bool {
        true
    }

    /// Whether boards of this format may hold what is for GMs only. Then [`Checked::open`] is never `None`, and
    /// who is no GM gets no bytes but those.
    fn hides(&self) -> bool {
        false
    }

    /// The longest file, in bytes.
    fn bytes_max(&self, limits: &FormatLimits) -> u64 {
        limits.file_bytes_max
    }

    /// May these bytes become a revision? Never panics, whatever the bytes; memory stays within a small
    /// multiple of the limits.
    fn check(&self, bytes: &[u8], limits: &FormatLimits) -> Result<Checked, FormatRefusal>;

    /// Bytes that are good and as near to these as can be, if [`FormatRefusal::repairable`] was said of these.
    /// The same bytes always have the same repair.
    fn repair(&self, bytes: &[u8], limits: &FormatLimits) -> Option<Repaired> {
        let _never_repaired = (bytes, limits);
        None
    }
}

/// The bounds of board formats, with their reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FormatLimits {
    /// The whole file. 128 MiB.
    pub file_bytes_max: u64,
    /// The decoded image. 96 MiB: what base64 can carry in the largest file.
    pub image_bytes_max: usize,
    /// Either side of the image. 32,768: twice what today's graphics cards take as one texture.
    pub image_px_per_side_max: u32,
    /// The image's pixels in all. 2^28 = 268 million: as much as 1 GiB once a client decodes it.
    pub image_px_max: u64,
    /// Either side of the map in grid cells. 0.01: above zero; a picture may be a part of one cell.
    pub map_cells_per_side_min: f64,
    /// Either side of the map in grid cells. 1024: eight times the largest canvas of the usual editors.
    pub map_cells_per_side_max: f64,
    /// Pixels per grid cell. 1: a world map may have a pixel per cell.
    pub pixels_per_grid_min: f64,
    /// Pixels per grid cell. 2048: editors stop at 256 to 512.
    pub pixels_per_grid_max: f64,
    /// How far the map's origin may lie from zero, in cells. 4096: four of the largest maps.
    pub map_origin_cells_max: f64,
    /// How far a point may lie outside the map, in cells. 256: an editor that crops the picture leaves
    /// the walls of the whole canvas in the file; beyond that the number is an error.
    pub outside_cells_max: f64,
    /// Wall polylines, those of objects included. 65,536.
    pub walls_max: usize,
    /// Points of all walls and portals. 1,048,576: every one costs each player's line of sight.
    pub points_max: usize,
    /// Doors and windows. 16,384.
    pub portals_max: usize,
    /// Light sources. 16,384.
    pub lights_max: usize,
    /// How deep arrays and objects may lie in each other. 32: the formats themselves need 6.
    pub nesting_max: usize,
    /// A whole `guildhall.board/1` document; its pictures lie elsewhere. 16 MiB: all that the counts below
    /// allow, each with some kilobytes of notes.
    pub document_bytes_max: u64,
    /// Layers of a document. 256: more than anybody finds again.
    pub layers_max: usize,
    /// Assets that a document refers to. 2,048.
    pub assets_max: usize,
    /// Tokens of a document. 5,000: a battle of armies.
    pub tokens_max: usize,
    /// Accounts that may move one token. 8.
    pub owners_max: usize,
    /// Characters of a name in a document. 200: a line, no story.
    pub name_chars_max: usize,
}

impl Default for FormatLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 128 * 1024 * 1024,
            image_bytes_max: 96 * 1024 * 1024,
            image_px_per_side_max: 32_768,
            image_px_max: 1 << 28,
            map_cells_per_side_min: 0.01,
            map_cells_per_side_max: 1024.0,
            pixels_per_grid_min: 1.0,
            pixels_per_grid_max: 2048.0,
            map_origin_cells_max: 4096.0,
            outside_cells_max: 256.0,
            walls_max: 65_536,
            points_max: 1 << 20,
            portals_max: 16_384,
            lights_max: 16_384,
            nesting_max: 32,
            document_bytes_max: 16 * 1024 * 1024,
            layers_max: 256,
            assets_max: 2_048,
            tokens_max: 5_000,
            owners_max: 8,
            name_chars_max: 200,
        }
    }
}

impl FormatLimits {
    pub(crate) fn all_positive(&self) -> bool {
        let cells = [
            self.map_cells_per_side_min,
            self.map_cells_per_side_max,
            self.pixels_per_grid_min,
            self.pixels_per_grid_max,
            self.map_origin_cells_max,
            self.outside_cells_max,
        ];
        let counts = [
            self.image_bytes_max,
            self.walls_max,
            self.points_max,
            self.portals_max,
            self.lights_max,
            self.nesting_max,
            self.layers_max,
            self.assets_max,
            self.tokens_max,
            self.owners_max,
            self.name_chars_max,
        ];
        cells.iter().all(|&limit| limit > 0.0 && limit.is_finite())
            && !counts.contains(&0)
            && self.file_bytes_max > 0
            && self.document_bytes_max > 0
            && self.image_px_per_side_max > 0
            && self.image_px_max > 0
    }

    /// No range is empty.
    pub(crate) fn ranges_hold(&self) -> bool {
        self.map_cells_per_side_min <= self.map_cells_per_side_max
            && self.pixels_per_grid_min <= self.pixels_per_grid_max
    }

    /// Deep enough for the format itself, and shallower than where the JSON reader stops.
    pub(crate) fn nesting_fits(&self) -> bool {
        (6..=100).contains(&self.nesting_max)
    }
}

/// The bytes are good, and this is what they hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// What is odd and was accepted all the same.
    pub warnings: Vec<Warning>,
    pub summary: Summary,
    /// What everybody may have of a format that hides things; `None`: the bytes themselves.
    #[serde(skip)]
    pub open: Option<Vec<u8>>,
}

/// Something odd that harms nobody. `code` is stable, `message` is for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    pub code: &'static str,
    pub message: String,
}

/// What was found in the bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Summary {
    /// Nothing is known but the size.
    Opaque { size_bytes: u64 },
    /// A map with its grid and what lies on it.
    Map(MapSummary),
    /// A document with what lies on it, hidden things included.
    Document(DocumentSummary),
}

/// A document in figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentSummary {
    pub layers: usize,
    pub assets: usize,
    pub tokens: usize,
    /// Layers and tokens that GMs alone see.
    pub hidden: usize,
}

/// A map in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapSummary {
    /// The format version that the file claims.
    pub format: f64,
    /// Width and height of the map in grid cells.
    pub map_cells: (f64, f64),
    pub pixels_per_grid: f64,
    /// Width and height of the image in pixels.
    pub image_px: (u32, u32),
    /// `png`, `jpeg` or `webp`.
    pub image_type: &'static str,
    pub walls: usize,
    pub points: usize,
    pub portals: usize,
    pub lights: usize,
}

/// Why bytes were refused. `rule` is stable, `sentence` is for a person, `path` is where in the document
/// (`$.lights[2].range`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct FormatRefusal {
    pub rule: &'static str,
    pub sentence: String,
    pub path: Option<String>,
    /// Nothing else is wrong, and [`BoardFormat::repair`] can put it right.
    pub repairable: bool,
}

impl FormatRefusal {
    pub(crate) fn new(rule: &'static str, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self {
            rule,
            sentence,
            path: None,
            repairable: false,
        }
    }
}

/// The built-in format of that name.
pub fn by_name(name: &str) -> Option<&'static dyn BoardFormat> {
    match name {
        FORMAT_UNIVERSAL_VTT => Some(&UniversalVtt),
        FORMAT_OPAQUE => Some(&Opaque),
        _ => None,
    }
}

/// Any bytes within the size limit.
#[derive(Clone, Copy, Debug)]
pub struct Opaque;

impl BoardFormat for Opaque {
    fn name(&self) -> &'static str {
        FORMAT_OPAQUE
    }

    fn reads_content(&self) -> bool {
        false
    }

    fn check(&self, bytes: &[u8], limits: &FormatLimits) -> Result<Checked, FormatRefusal> {
        let size_bytes = check_size(bytes, self.bytes_max(limits))?;
        Ok(Checked {
            warnings: Vec::new(),
            summary: Summary::Opaque { size_bytes },
            open: None,
        })
    }
}

/// The rule of every format: something, but not too much. Returns the size in bytes.
pub(crate) fn check_size(bytes: &[u8], max: u64) -> Result<u64, FormatRefusal> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match size {
        0 => Err(FormatRefusal::new("format.empty", "The board is empty.")),
        size if size > max => Err(FormatRefusal::new(
            "format.too_large",
            format!("The board has {size} bytes; at most {max} are taken."),
        )),
        size => Ok(size),
    }
}
