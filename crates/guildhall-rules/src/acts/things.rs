//! What lies on a board: tokens, layers, labels, uncovered areas, rolls. And the base, which is what of it the
//! uploaded document has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::measure::{Degrees, Point, Size};
use crate::dice::{Rolled, Seed};

/// A piece on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Where its middle is.
    pub at: Point,
    /// Clockwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rotation: Degrees,
    #[serde(default, skip_serializing_if = "is_default")]
    pub size: Size,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Uuid>,
    /// What is written at it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The accounts of the players who may move it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub owners: BTreeSet<Uuid>,
    /// The layer of the base that it lies on; hidden with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Uuid>,
    /// For GMs only. One that is not hidden may still lie on a hidden layer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hidden: bool,
}

/// A layer of the uploaded document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Uuid>,
    /// Where the picture's upper left corner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Point>,
    /// The picture's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// For GMs only, with all that lies on it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hidden: bool,
}

/// A text on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub at: Point,
    pub text: String,
    /// For GMs only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hidden: bool,
}

/// A roll as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roll {
    /// The account that rolled.
    pub by: Uuid,
    pub at_us: i64,
    /// In its one spelling.
    pub dice: String,
    /// What it is for; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// For GMs only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub secret: bool,
    /// Whoever has it can make the roll again.
    pub seed: Seed,
    #[serde(flatten)]
    pub rolled: Rolled,
}

/// What the uploaded document of a board has, by id. Empty for formats whose content the server does not know.
/// The acts lie over it; it changes with the head only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Base {
    pub tokens: BTreeMap<Uuid, Token>,
    pub layers: BTreeMap<Uuid, Layer>,
}

impl Token {
    /// One cell large, unturned, without picture, name, owners or layer, for everyone to see.
    pub fn new(at: Point) -> Self {
        Self {
            at,
            rotation: Degrees::default(),
            size: Size::default(),
            asset: None,
            name: String::new(),
            owners: BTreeSet::new(),
            layer: None,
            hidden: false,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
