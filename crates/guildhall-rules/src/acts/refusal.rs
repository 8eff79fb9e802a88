//! Why an act is not taken. A board that refused is as it was before.

use crate::dice::DiceRefusal;
use crate::rights::Denied;

/// Why an act was refused: `code` and `rule` are stable, the text is for a person.
///
/// Whatever a player may not see is refused him as if it were not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActRefusal {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{sentence}")]
    Shape {
        rule: &'static str,
        sentence: String,
    },
    #[error(transparent)]
    Dice(#[from] DiceRefusal),
    #[error("There is no such token on this board.")]
    TokenUnknown,
    #[error("A token of this id is on the board already.")]
    TokenExists,
    #[error("There is no such layer on this board.")]
    LayerUnknown,
    #[error("There is no such label on this board.")]
    LabelUnknown,
    #[error("There is no such uncovered area on this board.")]
    AreaUnknown,
    #[error("A board takes at most {max} {what}.")]
    TooMany {
        rule: &'static str,
        what: &'static str,
        max: usize,
    },
    /// Only of a roll that is read back and was kept without what it was made from.
    #[error("The roll has no seed.")]
    SeedMissing,
}

impl ActRefusal {
    pub(super) fn shape(rule: &'static str, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        ActRefusal::Shape { rule, sentence }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ActRefusal::Denied(_) => "role_forbidden",
            ActRefusal::Shape { .. } | ActRefusal::Dice(_) | ActRefusal::SeedMissing => {
                "act_invalid"
            }
            ActRefusal::TokenUnknown => "token_unknown",
            ActRefusal::TokenExists => "token_exists",
            ActRefusal::LayerUnknown => "layer_unknown",
            ActRefusal::LabelUnknown => "label_unknown",
            ActRefusal::AreaUnknown => "area_unknown",
            ActRefusal::TooMany { .. } => "limit_reached",
        }
    }

    /// The stable name of the rule.
    pub fn rule(&self) -> &'static str {
        match self {
            ActRefusal::Denied(denied) => denied.rule,
            ActRefusal::Shape { rule, .. } | ActRefusal::TooMany { rule, .. } => rule,
            ActRefusal::Dice(refusal) => refusal.rule(),
            ActRefusal::TokenUnknown => "act.token",
            ActRefusal::TokenExists => "act.token_id",
            ActRefusal::LayerUnknown => "act.layer",
            ActRefusal::LabelUnknown => "act.label",
            ActRefusal::AreaUnknown => "act.area",
            ActRefusal::SeedMissing => "act.seed",
        }
    }
}
