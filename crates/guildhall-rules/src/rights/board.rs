//! The table of acts on a board. Which token is one's own is decided where the tokens are, in `acts/judge.rs`.

use super::{Denied, Role, decide};

/// What one may want to do on an open board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BoardAct {
    /// See what is hidden, secret rolls too.
    SeeHidden,
    PlaceToken,
    /// Move and turn any token.
    MoveAnyToken,
    /// Move and turn an open token that names one as its owner.
    MoveOwnToken,
    RemoveToken,
    /// Show and hide tokens, layers, labels and areas.
    Reveal,
    /// Name any token.
    NameAnyToken,
    /// Name an open token that names one as its owner.
    NameOwnToken,
    /// Write on the board.
    Label,
    /// Throw dice for all to see.
    Roll,
    /// Throw dice for GMs to see.
    RollInSecret,
}

impl BoardAct {
    pub const ALL: [BoardAct; 11] = [
        BoardAct::SeeHidden,
        BoardAct::PlaceToken,
        BoardAct::MoveAnyToken,
        BoardAct::MoveOwnToken,
        BoardAct::RemoveToken,
        BoardAct::Reveal,
        BoardAct::NameAnyToken,
        BoardAct::NameOwnToken,
        BoardAct::Label,
        BoardAct::Roll,
        BoardAct::RollInSecret,
    ];

    /// (stable rule, what it lets one do, roles that may): the board's table, one row per act.
    pub(super) fn row(self) -> (&'static str, &'static str, &'static [Role]) {
        use Role::{Gm, Player};
        match self {
            BoardAct::SeeHidden => ("act.see_hidden", "see what is hidden", &[Gm]),
            BoardAct::PlaceToken => ("act.place", "place tokens", &[Gm]),
            BoardAct::MoveAnyToken => ("act.move", "move the tokens of others", &[Gm]),
            BoardAct::MoveOwnToken => ("act.move_own", "move tokens", &[Gm, Player]),
            BoardAct::RemoveToken => ("act.remove", "remove tokens", &[Gm]),
            BoardAct::Reveal => ("act.reveal", "reveal and hide things", &[Gm]),
            BoardAct::NameAnyToken => ("act.name", "name the tokens of others", &[Gm]),
            BoardAct::NameOwnToken => ("act.name_own", "name tokens", &[Gm, Player]),
            BoardAct::Label => ("act.label", "write on the board", &[Gm]),
            BoardAct::Roll => ("act.roll", "roll dice", &[Gm, Player]),
            BoardAct::RollInSecret => ("act.roll_secret", "roll in secret", &[Gm]),
        }
    }
}

/// May somebody with this role do this on a board of the campaign? `None` is somebody who is no member.
pub fn may_on_board(role: Option<Role>, act: BoardAct) -> Result<(), Denied> {
    let (rule, deed, allowed) = act.row();
    decide(role, rule, deed, allowed, "campaign")
}
