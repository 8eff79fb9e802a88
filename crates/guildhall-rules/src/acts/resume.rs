//! What somebody who comes back has missed, and what he saw that is no more.
//!
//! A board's process numbers acts before they are durable. If it dies, the next one goes on behind the last durable
//! number, and numbers are given a second time: a position is therefore a number of one incarnation.

use uuid::Uuid;

/// A place in one of a board's sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The process that gave the number; each start of a board's process is one.
    pub incarnation: Uuid,
    pub seq: u64,
}

/// What the board's process has, in the sequence of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// Its last act.
    pub position: Position,
    /// Every act behind this number is at hand.
    pub tail_after: u64,
}

/// How to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The acts behind this number are all that was missed.
    Tail { after: u64 },
    /// Nothing is lost, but the view is to be sent anew.
    Whole,
    /// The view is to be sent anew, and this is lost.
    Lost(Lost),
    /// The number was never given: whoever names it has something mixed up.
    PositionUnknown,
}

/// Acts that were seen and are not part of the board: those that the incarnation numbered above `after`, through
/// `through`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    pub incarnation: Uuid,
    /// The last that was kept; `None` if the incarnation kept nothing that it numbered.
    pub after: Option<u64>,
    pub through: u64,
}

/// Decides how somebody goes on who saw the acts through `seen`. `kept` is the last durable number of the incarnation
/// in `seen`, in the same sequence, and `None` if it made nothing durable; it is not asked for the present one.
pub fn resume(seen: Option<Position>, present: &Present, kept: Option<u64>) -> Resume {
    let Some(seen) = seen else {
        return Resume::Whole;
    };
    let now = present.position;
    if seen.incarnation == now.incarnation {
        return match seen.seq > now.seq {
            true => Resume::PositionUnknown,
            false => missed(seen.seq, present),
        };
    }
    // A database that was put back to an earlier day has less than was once kept.
    let kept = kept.map(|kept| kept.min(now.seq));
    match kept {
        Some(kept) if seen.seq <= kept => missed(seen.seq, present),
        after => Resume::Lost(Lost {
            incarnation: seen.incarnation,
            after,
            through: seen.seq,
        }),
    }
}

fn missed(after: u64, present: &Present) -> Resume {
    match after >= present.tail_after {
        true => Resume::Tail { after },
        false => Resume::Whole,
    }
}
