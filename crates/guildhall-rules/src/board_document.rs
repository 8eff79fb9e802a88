//! The format `guildhall.board/1`: a JSON document of layers, assets and tokens, some of which GMs alone see.
//! docs/BOARD-FORMAT.md describes it for those who write it.
//!
//! `read` takes the document apart, `identity` asks whether every id is there once and every reference leads
//! somewhere, `open` makes what everybody may have, and `repair` mends ids that are there twice.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::board_format::{
    BoardFormat, Checked, DocumentSummary, FORMAT_BOARD, FormatLimits, FormatRefusal, Summary,
};

pub use repair::{Mended, Repaired};

mod identity;
mod node;
mod open;
mod read;
mod repair;
#[cfg(test)]
mod tests;

/// The built-in document format.
#[derive(Clone, Copy, Debug)]
pub struct BoardDocument;

/// Degrees in which a token may be turned, either way.
pub const ROTATION_MAX: f64 = 360.0;

/// A document with its hidden things, without what the format does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub name: Option<String>,
    /// Width and height in cells.
    pub size: [f64; 2],
    pub grid: Grid,
    /// From the lowest to the highest.
    pub layers: Vec<Layer>,
    pub assets: Vec<Asset>,
    pub tokens: Vec<Token>,
}

/// How the board is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grid {
    #[default]
    Square,
    HexRows,
    HexColumns,
    None,
}

/// What tokens stand on; may show a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub id: Id,
    pub name: Option<String>,
    /// GMs alone see it, and all that is on it.
    pub hidden: bool,
    /// The picture.
    pub asset: Option<Id>,
    /// Where the picture's upper left corner is, in cells.
    pub at: Option<[f64; 2]>,
    /// Width and height of the picture, in cells.
    pub size: Option<[f64; 2]>,
}

/// A picture that lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// How this document calls it.
    pub id: Id,
    pub media: Media,
    /// BLAKE3 of its bytes, in hex digits.
    pub hash: String,
}

/// The kinds of picture that every browser shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Media {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/webp")]
    Webp,
}

/// A figure on the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub id: Id,
    /// The layer that it stands on.
    pub layer: Id,
    /// Its middle, in cells.
    pub at: [f64; 2],
    pub name: Option<String>,
    pub asset: Option<Id>,
    /// Width and height in cells.
    pub size: Option<[f64; 2]>,
    /// Degrees, clockwise.
    pub rotation: Option<f64>,
    /// Accounts of players who may move it.
    pub owners: Vec<Uuid>,
    /// GMs alone see it.
    pub hidden: bool,
}

/// An id, and where in the text it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id {
    pub value: Uuid,
    /// Byte of its first digit.
    place: usize,
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// The document in these bytes.
///
/// # Errors
/// As [`BoardFormat::check`] of [`BoardDocument`].
pub fn document(bytes: &[u8], limits: &FormatLimits) -> Result<Document, FormatRefusal> {
    let (document, _) = read::read(bytes, limits)?;
    identity::check(&document)?;
    Ok(document)
}

impl BoardFormat for BoardDocument {
    fn name(&self) -> &'static str {
        FORMAT_BOARD
    }

    fn hides(&self) -> bool {
        true
    }

    fn bytes_max(&self, limits: &FormatLimits) -> u64 {
        limits.document_bytes_max.min(limits.file_bytes_max)
    }

    fn check(&self, bytes: &[u8], limits: &FormatLimits) -> Result<Checked, FormatRefusal> {
        let (document, unknown) = read::read(bytes, limits)?;
        identity::check(&document)?;
        let hidden_layers = document.layers.iter().filter(|layer| layer.hidden).count();
        let hidden_tokens = document.tokens.iter().filter(|token| token.hidden).count();
        Ok(Checked {
            warnings: unknown.into_warnings(),
            summary: Summary::Document(DocumentSummary {
                layers: document.layers.len(),
                assets: document.assets.len(),
                tokens: document.tokens.len(),
                hidden: hidden_layers.saturating_add(hidden_tokens),
            }),
            open: Some(open::project(&document)?),
        })
    }

    fn repair(&self, bytes: &[u8], limits: &FormatLimits) -> Option<Repaired> {
        let (document, _) = read::read(bytes, limits).ok()?;
        let refused = identity::check(&document).err()?;
        refused.repairable.then(|| repair::repair(bytes, &document))
    }
}
