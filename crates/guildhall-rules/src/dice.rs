//! Dice: which throws may be asked for (`4d6kh3+2`), and the faces that a seed gives.
//!
//! The seed comes from outside, fresh for each roll, and is kept with it: whoever has the text and the seed
//! throws the same faces again with [`Dice::roll`].

use std::fmt;

mod parse;
mod seed;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use seed::Seed;

/// Bytes of the text of a roll. 128: eight terms written in full have 96.
pub const DICE_TEXT_BYTES_MAX: usize = 128;
/// Terms of one roll. 8: attack and damage of the usual games need three.
pub const DICE_TERMS_MAX: usize = 8;
/// Dice of one roll, those of all terms together. 100: more is a simulation.
pub const DICE_MAX: u16 = 100;
/// Sides of a die, at least. A coin.
pub const DIE_SIDES_MIN: u16 = 2;
/// Sides of a die, at most. 1,000: tables of games end there.
pub const DIE_SIDES_MAX: u16 = 1_000;
/// A number that is added or taken off, at most. 1,000,000.
pub const DICE_CONSTANT_MAX: u32 = 1_000_000;

/// What is thrown: terms that are added up. `Display` writes it without spaces, every count and sign in its place;
/// that text parses to the same value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dice {
    terms: Vec<Term>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Term {
    is_taken_off: bool,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Dice {
        count: u16,
        sides: u16,
        keep: Option<Keep>,
    },
    Constant(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Keep {
    Highest(u16),
    Lowest(u16),
}

/// A roll that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rolled {
    /// One for each term, in their order.
    pub terms: Vec<TermRolled>,
    pub total: i64,
}

/// What one term gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermRolled {
    /// The faces in the order in which they were thrown; none if the term is a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faces: Vec<u16>,
    /// Which of the faces do not count, by their places from 0 on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<usize>,
    /// What the term adds to the total.
    pub sum: i64,
}

/// Why a text is no roll.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiceRefusal {
    #[error("There is nothing to roll.")]
    Empty,
    #[error("A roll is written in at most {DICE_TEXT_BYTES_MAX} bytes.")]
    TooLong,
    #[error("At byte {at} there is no {wanted}; a roll is written like 2d20kh1+5.")]
    Unexpected { at: usize, wanted: &'static str },
    #[error("A roll has at most {DICE_TERMS_MAX} terms.")]
    Terms,
    #[error("A roll has 1 to {DICE_MAX} dice in each term, and at most {DICE_MAX} in all.")]
    Count,
    #[error("A die has {DIE_SIDES_MIN} to {DIE_SIDES_MAX} sides.")]
    Sides,
    #[error("Of the dice of a term, at least one and at most all are kept.")]
    Keep,
    #[error("A number in a roll is at most {DICE_CONSTANT_MAX}.")]
    Constant,
}

impl DiceRefusal {
    /// The stable name on the wire.
    pub fn rule(&self) -> &'static str {
        match self {
            DiceRefusal::Empty => "dice.empty",
            DiceRefusal::TooLong => "dice.too_long",
            DiceRefusal::Unexpected { .. } => "dice.unexpected",
            DiceRefusal::Terms => "dice.terms",
            DiceRefusal::Count => "dice.count",
            DiceRefusal::Sides => "dice.sides",
            DiceRefusal::Keep => "dice.keep",
            DiceRefusal::Constant => "dice.constant",
        }
    }
}

impl Dice {
    /// Throws: the same dice and seed give the same faces, everywhere and always.
    pub fn roll(&self, seed: &Seed) -> Rolled {
        let numbered = (0_u32..).zip(&self.terms);
        let terms: Vec<TermRolled> = numbered
            .map(|(number, term)| term.roll(seed, number))
            .collect();
        let total = terms.iter().map(|term| term.sum).sum();
        Rolled { terms, total }
    }
}

impl Term {
    fn roll(&self, seed: &Seed, number: u32) -> TermRolled {
        let (faces, dropped, sum) = match self.what {
            What::Constant(constant) => (Vec::new(), Vec::new(), i64::from(constant)),
            What::Dice { count, sides, keep } => {
                let faces: Vec<u16> = (0..u32::from(count))
                    .map(|die| seed.face(number, die, sides))
                    .collect();
                let dropped = keep.map(|keep| keep.drops(&faces)).unwrap_or_default();
                let kept = faces
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| !dropped.contains(at));
                let sum = kept.map(|(_, face)| i64::from(*face)).sum();
                (faces, dropped, sum)
            }
        };
        TermRolled {
            faces,
            dropped,
            sum: if self.is_taken_off { -sum } else { sum },
        }
    }
}

impl Keep {
    /// The places of the faces that go, in rising order. Of equal faces the one thrown first is kept.
    fn drops(self, faces: &[u16]) -> Vec<usize> {
        let mut ranked: Vec<(usize, u16)> = faces.iter().copied().enumerate().collect();
        let kept = match self {
            Keep::Highest(kept) => {
                ranked.sort_by_key(|(_, face)| std::cmp::Reverse(*face));
                kept
            }
            Keep::Lowest(kept) => {
                ranked.sort_by_key(|(_, face)| *face);
                kept
            }
        };
        let gone = ranked.into_iter().skip(usize::from(kept));
        let mut gone: Vec<usize> = gone.map(|(at, _)| at).collect();
        gone.sort_unstable();
        gone
    }
}

impl fmt::Display for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            match (term.is_taken_off, at) {
                (true, _) => f.write_str("-")?,
                (false, 0) => {}
                (false, _) => f.write_str("+")?,
            }
            match term.what {
                What::Constant(constant) => write!(f, "{constant}")?,
                What::Dice { count, sides, keep } => {
                    write!(f, "{count}d{sides}")?;
                    match keep {
                        Some(Keep::Highest(kept)) => write!(f, "kh{kept}")?,
                        Some(Keep::Lowest(kept)) => write!(f, "kl{kept}")?,
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }
}
