//! "Where is my ship?" answered from durable records alone: `gather` reads the rows, `tell` makes sentences of
//! them and is pure. Read-only, and the same beside a running server as without one. Called by the command
//! `guildhall explain` and by the admin listener.

mod facts;
mod gather;
mod story;
mod words;

pub use facts::{
    BatchFacts, Entity, EscrowFact, Facts, LedgerFact, LineFact, NameFact, PresentFact, RefusalFact,
};
pub use gather::gather;
pub use story::{Event, Story, tell};
pub(crate) use words::time;

/// What can be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Character,
    Ship,
    Guild,
    Name,
    Batch,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Character,
        Self::Ship,
        Self::Guild,
        Self::Name,
        Self::Batch,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Ship => "ship",
            Self::Guild => "guild",
            Self::Name => "name",
            Self::Batch => "batch",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        known.ok_or_else(|| format!("{word:?} is none of character, ship, guild, name and batch."))
    }
}

#[cfg(test)]
mod tests;
