//! Lengths, turns and points on a board. They are whole thousandths inside, so that a state is the same after any
//! number of ways through JSON and on every machine; in JSON they are numbers of cells and degrees.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length in grid cells, kept to a thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cells(i32);

/// A turn in degrees, from 0 to below 360, kept to a thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Degrees(i32);

/// A place on a board, `[x, y]` in cells from the map's corner, y downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Point(pub Cells, pub Cells);

/// Width and height, `[w, h]` in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size(pub Cells, pub Cells);

/// Thousandths of a full turn.
const TURN: i32 = 360_000;

impl Default for Size {
    /// One cell.
    fn default() -> Self {
        Self(Cells::ONE, Cells::ONE)
    }
}

impl Cells {
    pub const ONE: Cells = Cells(1_000);

    /// The nearest thousandth; what is beyond two million cells ends there. `None` for what is not finite.
    pub fn new(cells: f64) -> Option<Self> {
        cells.is_finite().then(|| Self(thousandths(cells)))
    }

    /// In cells. Exactly what goes into JSON.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }
}

impl Degrees {
    /// The nearest thousandth of what is left of full turns. `None` for what is not finite.
    pub fn new(degrees: f64) -> Option<Self> {
        let within = |degrees: f64| thousandths(degrees.rem_euclid(360.0)).rem_euclid(TURN);
        degrees.is_finite().then(|| Self(within(degrees)))
    }

    /// In degrees. Exactly what goes into JSON.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }
}

#[expect(
    clippy::as_conversions,
    reason = "the only conversion there is; it ends at the bounds of i32"
)]
fn thousandths(number: f64) -> i32 {
    (number * 1_000.0).round() as i32
}

/// A whole number without its `.0`, anything else with at most three decimals, which every reader gets right.
fn write<S: Serializer>(thousandths: i32, serializer: S) -> Result<S::Ok, S::Error> {
    match thousandths % 1_000 {
        0 => serializer.serialize_i32(thousandths / 1_000),
        _ => serializer.serialize_f64(f64::from(thousandths) / 1_000.0),
    }
}

impl Serialize for Cells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, serializer)
    }
}

impl Serialize for Degrees {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cells = f64::deserialize(deserializer)?;
        Self::new(cells).ok_or_else(|| D::Error::custom("a length must be finite"))
    }
}

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let degrees = f64::deserialize(deserializer)?;
        Self::new(degrees).ok_or_else(|| D::Error::custom("a turn must be finite"))
    }
}
