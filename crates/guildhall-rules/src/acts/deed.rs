//! What one may ask to be done on a board, as it comes over the wire and as it is kept.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::measure::{Degrees, Point};
use super::things::Token;

/// One thing to do. In JSON an object with its `kind`; fields that are not known are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deed {
    /// Put a new token on the board, under an id that the client made.
    Place {
        token: Uuid,
        #[serde(flatten)]
        piece: Token,
    },
    Move {
        token: Uuid,
        at: Point,
    },
    /// Turn a token to this rotation, whatever it had.
    Rotate {
        token: Uuid,
        degrees: Degrees,
    },
    /// Take a token off the board.
    Remove {
        token: Uuid,
    },
    /// Show players what was hidden.
    Reveal {
        what: Reveal,
    },
    /// Hide from players what they see.
    Hide {
        what: Hide,
    },
    /// Write on the board or at a token.
    Label {
        on: LabelOn,
        text: String,
    },
    /// Throw dice, written as in [`crate::dice`].
    Roll {
        dice: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
        /// For GMs only.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        secret: bool,
    },
}

/// What is shown. `{"token": id}`, `{"layer": id}`, `{"label": id}`, `{"area": {"id", "points"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reveal {
    Token(Uuid),
    /// A layer with all on it that is not hidden by itself.
    Layer(Uuid),
    Label(Uuid),
    /// Uncover the polygon between these points, in place of what the id uncovered before. An area is what
    /// clients lift their fog from: it hides and shows no token.
    Area {
        id: Uuid,
        points: Vec<Point>,
    },
}

/// What is hidden. `{"token": id}`, `{"layer": id}`, `{"label": id}`, `{"area": id}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hide {
    Token(Uuid),
    /// A layer with all on it.
    Layer(Uuid),
    Label(Uuid),
    /// Cover an uncovered area again.
    Area(Uuid),
}

/// What a text is written on. `{"token": id}`, `{"board": {"label", "at", "hidden"?}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelOn {
    /// The token's name.
    Token(Uuid),
    /// A place on the board, under an id that the client made. A text that is there is replaced, by an empty one
    /// taken away.
    Board {
        label: Uuid,
        at: Point,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hidden: bool,
    },
}

impl Deed {
    /// The word of its kind, as in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Deed::Place { .. } => "place",
            Deed::Move { .. } => "move",
            Deed::Rotate { .. } => "rotate",
            Deed::Remove { .. } => "remove",
            Deed::Reveal { .. } => "reveal",
            Deed::Hide { .. } => "hide",
            Deed::Label { .. } => "label",
            Deed::Roll { .. } => "roll",
        }
    }

    /// Whether a document can contain what it does: the tokens and layers of a board, not its texts, areas and rolls.
    pub(super) fn is_of_the_document(&self) -> bool {
        match self {
            Deed::Place { .. } | Deed::Move { .. } | Deed::Rotate { .. } | Deed::Remove { .. } => {
                true
            }
            Deed::Reveal { what } => matches!(what, Reveal::Token(_) | Reveal::Layer(_)),
            Deed::Hide { what } => matches!(what, Hide::Token(_) | Hide::Layer(_)),
            Deed::Label { on, .. } => matches!(on, LabelOn::Token(_)),
            Deed::Roll { .. } => false,
        }
    }
}
