//! The format `universal-vtt`: a JSON document with a grid, walls, doors, lights and a base64 image.
//!
//! What would harm the others at the table is refused, with rule, sentence and JSON path. What exporters
//! are known to do and harms nobody is accepted, with a warning. The document is read as a stream against
//! `schema`, twice: once for the grid, wherever it stands, then for all that lies on it. So no tree of
//! the file is ever built, and the decoded image is the largest thing in memory.

use crate::board_format::{
    BoardFormat, Checked, FORMAT_UNIVERSAL_VTT, FormatLimits, FormatRefusal, check_size,
};

use grid::Grid;
use judge::Judge;
use note::Note;

mod grid;
mod image;
mod judge;
mod note;
mod schema;
#[cfg(test)]
mod tests;
mod walk;

/// The built-in map format.
#[derive(Clone, Copy, Debug)]
pub struct UniversalVtt;

/// The image may be this many pixels off map size × pixels per grid on either side: exporters round or
/// cut the product of fractional sizes to whole pixels.
pub const IMAGE_TOLERANCE_PX: f64 = 1.0;

/// The image may be this share of its side off: exporters that derive the grid from a finished picture
/// write a rounded `pixels_per_grid`, at the usual 50 and more at most half a pixel in fifty. A wrong
/// image, or one scaled after export, is off by far more.
pub const IMAGE_TOLERANCE_SHARE: f64 = 0.01;

/// Numbers without a bound of their own (light range, intensity, rotation) stay within ± this.
pub const FIGURE_MAX: f64 = 1e6;

/// Format versions that exporters are known to write with this meaning of the fields.
pub const VERSIONS_KNOWN: [f64; 3] = [0.2, 0.3, 1.0];

/// Editors on Windows start a file with it.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

impl BoardFormat for UniversalVtt {
    fn name(&self) -> &'static str {
        FORMAT_UNIVERSAL_VTT
    }

    fn check(&self, bytes: &[u8], limits: &FormatLimits) -> Result<Checked, FormatRefusal> {
        check_size(bytes, self.bytes_max(limits))?;
        let text = std::str::from_utf8(bytes).map_err(not_utf8)?;
        let bare = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let mut seeker = Judge::new(limits, Grid::default());
        walk::walk(bare, &schema::GRID_ONLY, &mut seeker)?;
        let mut judge = Judge::new(limits, seeker.grid());
        walk::walk(bare, &schema::MAP, &mut judge)?;
        if bare.len() < text.len() {
            judge.note(Note::ByteOrderMark);
        }
        judge.into_checked()
    }
}

fn not_utf8(error: std::str::Utf8Error) -> FormatRefusal {
    let at = error.valid_up_to();
    match error.error_len() {
        None => FormatRefusal::new(
            "map.truncated",
            "The map ends in the middle of a character.",
        ),
        Some(_) => FormatRefusal::new("map.not_utf8", format!("Byte {at} of the map is no UTF-8.")),
    }
}
