//! The rows that a story is made of, as they were found. Times are microseconds since 1970.

use std::collections::BTreeMap;

use super::Kind;

/// Everything that was found about what was asked.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub asked: Option<(Kind, String)>,
    /// One for an id; for a name, each that bears it or bore it.
    pub entities: Vec<Entity>,
    pub names: Vec<NameFact>,
    /// Names that one may be mistaken for: why it is refused although nobody has it.
    pub look_alikes: Vec<NameFact>,
    pub batch: Option<BatchFacts>,
    /// Logins by account id.
    pub logins: BTreeMap<String, String>,
}

/// A character, a ship or a guild.
#[derive(Clone, Debug)]
pub struct Entity {
    pub kind: Kind,
    pub id: String,
    pub present: Option<PresentFact>,
    pub names: Vec<NameFact>,
    /// Oldest first.
    pub lines: Vec<LineFact>,
    /// Whether older lines were left out.
    pub lines_left_out: bool,
    /// Oldest first.
    pub refusals: Vec<RefusalFact>,
    pub escrows: Vec<EscrowFact>,
    /// Oldest first.
    pub ledger: Vec<LedgerFact>,
    /// Account and rank.
    pub members: Vec<(String, String)>,
}

/// The row of an entity.
#[derive(Clone, Debug, Default)]
pub struct PresentFact {
    /// `None` for a guild, which has no versions.
    pub version: Option<i64>,
    pub state_bytes: usize,
    pub at: i64,
    pub owner: Option<String>,
    pub play_epoch: Option<i64>,
    /// When a guild was disbanded.
    pub disbanded_at: Option<i64>,
}

/// A row of the names.
#[derive(Clone, Debug)]
pub struct NameFact {
    pub display: String,
    pub realm: String,
    pub owner_kind: String,
    pub owner_id: String,
    pub claimed_at: i64,
    pub cooling_until: Option<i64>,
}

/// A line of history.
#[derive(Clone, Debug)]
pub struct LineFact {
    pub kind: String,
    pub entity: String,
    pub version: i64,
    pub account: String,
    pub session: Option<String>,
    pub batch: i64,
    pub write_seq: i64,
    pub cause: String,
    pub at: i64,
    pub has_state: bool,
}

/// A refused write.
#[derive(Clone, Debug)]
pub struct RefusalFact {
    pub id: i64,
    pub kind: String,
    pub entity: String,
    pub version: i64,
    pub account: String,
    pub session: Option<String>,
    pub batch: i64,
    pub write_seq: i64,
    pub cause: String,
    pub constraint: Option<String>,
    pub detail: String,
    pub payload_bytes: usize,
    pub at: i64,
    /// Lines of the same batch about other things.
    pub others: i64,
    /// Of these, refused.
    pub others_refused: i64,
}

/// What left one side and has arrived at the other, or not.
#[derive(Clone, Debug)]
pub struct EscrowFact {
    pub id: String,
    pub from: (String, String),
    /// The giver's version that it left with.
    pub from_version: i64,
    pub to: (String, String),
    pub bytes: usize,
    pub given_by: String,
    pub given_at: i64,
    pub taken_by: Option<String>,
    pub taken_at: Option<i64>,
    /// The taker's version that holds it; none where it went back at the end of the guild.
    pub to_version: Option<i64>,
}

impl EscrowFact {
    /// Whether the guild was disbanded before its ship took it.
    pub fn went_back(&self) -> bool {
        self.taken_at.is_some() && self.to_version.is_none()
    }
}

/// A line of a ship's ledger.
#[derive(Clone, Debug)]
pub struct LedgerFact {
    pub version: i64,
    pub account: String,
    pub note: String,
    pub at: i64,
}

/// A batch with everything that was in it.
#[derive(Clone, Debug)]
pub struct BatchFacts {
    pub number: i64,
    /// Its id and time, unless its mark is past its retention.
    pub mark: Option<(String, i64)>,
    pub lines: Vec<LineFact>,
    pub refusals: Vec<RefusalFact>,
}
