//! The bounds of acts and of the state that they make: the `[limits.acts]` table.

use serde::{Deserialize, Serialize};

use crate::board_format::FormatLimits;
use crate::dice::{DICE_MAX, DICE_TERMS_MAX, DICE_TEXT_BYTES_MAX};

/// What a token, a label, an area or a roll needs in JSON beside its lists and texts.
const THING_BYTES: usize = 512;
/// A UUID as a member of a list or the key of a flag.
const ID_BYTES: usize = 48;
/// A point: two numbers of at most 12 digits each, and their brackets.
const POINT_BYTES: usize = 32;
/// A character of a text, escaped.
const CHAR_BYTES: usize = 4;
/// A face or a place among the dropped ones.
const FACE_BYTES: usize = 5;

/// Rolls that a board remembers, and as many secret ones: what one scrolls back to in an evening. 50. No setting,
/// because clients forget the older ones by the same count.
pub const ROLLS_KEPT: usize = 50;

/// Bytes of one act as it is kept. 8 KiB, also the bound of its column in the database.
pub const ACT_BYTES_MAX: usize = 8 * 1024;

/// The bounds of acts, with their reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActLimits {
    /// Tokens on one board, those of its document included. 5,000: as many as a document may have.
    pub tokens_max: usize,
    /// Hidden tokens that one reveal of a layer may show: they go out in one message. 512.
    pub tokens_shown_max: usize,
    /// Texts on one board. 512.
    pub labels_max: usize,
    /// Uncovered areas of one board. 256.
    pub areas_max: usize,
    /// Corners of one area. 64.
    pub area_points_max: usize,
    /// Players who may move one token. 8: a mount, a ship's boat.
    pub owners_max: usize,
    /// Characters of a token's name. 200: as in a document.
    pub token_name_chars_max: usize,
    /// Characters of a text on the board. 200.
    pub label_chars_max: usize,
    /// Characters of a roll's note. 200.
    pub note_chars_max: usize,
    /// A token's sides in cells. 1,024: as in a document.
    pub token_size_cells_max: f64,
    /// How far from the map's corner anything may lie, in cells. 8,192: beyond every map there may be.
    pub coordinate_cells_max: f64,
    /// The state of all acts of one board, encoded, at its fullest. 12 MiB: all that the counts here
    /// allow; a board that people play on has some kilobytes.
    pub state_bytes_max: usize,
    /// Acts of one board of which it is remembered what was answered, about 200 bytes each. 16,384: more than
    /// are kept of a board, so that a repeated act is known without asking the database.
    pub ops_remembered_max: usize,
}

impl Default for ActLimits {
    fn default() -> Self {
        Self {
            tokens_max: 5_000,
            tokens_shown_max: 512,
            labels_max: 512,
            areas_max: 256,
            area_points_max: 64,
            owners_max: 8,
            token_name_chars_max: 200,
            label_chars_max: 200,
            note_chars_max: 200,
            token_size_cells_max: 1_024.0,
            coordinate_cells_max: 8_192.0,
            state_bytes_max: 12 * 1024 * 1024,
            ops_remembered_max: 16_384,
        }
    }
}

impl ActLimits {
    pub(crate) fn all_positive(&self) -> bool {
        let counts = [
            self.tokens_max,
            self.tokens_shown_max,
            self.labels_max,
            self.areas_max,
            self.area_points_max,
            self.owners_max,
            self.token_name_chars_max,
            self.label_chars_max,
            self.note_chars_max,
            self.state_bytes_max,
            self.ops_remembered_max,
        ];
        let cells = [self.token_size_cells_max, self.coordinate_cells_max];
        !counts.contains(&0) && cells.iter().all(|&cells| cells > 0.0 && cells.is_finite())
    }

    /// What must hold between them and beside the bounds of maps; each with the sentence for when it does not.
    pub(crate) fn relations(&self, map: &FormatLimits) -> [(bool, &'static str); 5] {
        let farthest =
            map.map_origin_cells_max + map.map_cells_per_side_max + map.outside_cells_max;
        [
            (
                farthest <= self.coordinate_cells_max && self.coordinate_cells_max <= 1_000_000.0,
                "acts.coordinate_cells_max must reach beyond map.map_origin_cells_max + map.map_cells_per_side_max + map.outside_cells_max, and be at most 1000000",
            ),
            (
                self.token_size_cells_max <= self.coordinate_cells_max,
                "acts.token_size_cells_max must be at most acts.coordinate_cells_max",
            ),
            (
                map.tokens_max <= self.tokens_max
                    && map.owners_max <= self.owners_max
                    && map.name_chars_max <= self.token_name_chars_max,
                "acts.tokens_max, acts.owners_max and acts.token_name_chars_max must each be at least map.tokens_max, map.owners_max and map.name_chars_max: acts lift the tokens of documents",
            ),
            (
                self.act_bytes() <= ACT_BYTES_MAX,
                "acts: the longest token, area, text or note must fit the 8192 bytes of one act",
            ),
            (
                self.state_bytes(map.layers_max) <= self.state_bytes_max,
                "acts.state_bytes_max must hold a board with all tokens, layers, labels and areas at their largest, and its rolls",
            ),
        ]
    }

    /// The longest act, encoded.
    fn act_bytes(&self) -> usize {
        let area = self.area_points_max.saturating_mul(POINT_BYTES);
        let roll = text(self.note_chars_max).saturating_add(DICE_TEXT_BYTES_MAX);
        let longest = self.token_bytes().max(area).max(roll);
        // Twice: beside the thing there are who, when, which, and what frames it.
        longest
            .max(text(self.label_chars_max))
            .saturating_add(2 * THING_BYTES)
    }

    /// The fullest state, encoded.
    fn state_bytes(&self, layers_max: usize) -> usize {
        let faces = usize::from(DICE_MAX) * 2 * FACE_BYTES + DICE_TERMS_MAX * ID_BYTES;
        let roll = THING_BYTES + DICE_TEXT_BYTES_MAX + faces;
        let roll = roll.saturating_add(text(self.note_chars_max));
        let label = text(self.label_chars_max).saturating_add(THING_BYTES);
        let area = self.area_points_max.saturating_mul(POINT_BYTES);
        let area = area.saturating_add(ID_BYTES);
        // A token of the document that was removed leaves its id, and room for another.
        let token = self.token_bytes().saturating_add(ID_BYTES);
        let parts = [
            self.tokens_max.saturating_mul(token),
            layers_max.saturating_mul(ID_BYTES),
            self.labels_max.saturating_mul(label),
            self.areas_max.saturating_mul(area),
            roll.saturating_mul(2 * ROLLS_KEPT),
        ];
        parts
            .into_iter()
            .fold(THING_BYTES, |sum, part| sum.saturating_add(part))
    }

    fn token_bytes(&self) -> usize {
        let owners = self.owners_max.saturating_mul(ID_BYTES);
        THING_BYTES
            .saturating_add(owners)
            .saturating_add(text(self.token_name_chars_max))
    }
}

fn text(chars: usize) -> usize {
    chars.saturating_mul(CHAR_BYTES)
}
