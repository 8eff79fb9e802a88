//! What is said and done about the world's clock: at the start, on the status page, and when an operator says that
//! the system's clock is right. The clock itself is `guildhall_store::clock`, the rule `guildhall_rules::wall`.

use guildhall_rules::wall::{Standing, judge};
use serde_json::{Value, json};

use crate::hall::{Hall, HallRef};

/// A difference to the system's clock that is told, without anything being wrong. One minute in microseconds.
const TOLD_FROM_US: u64 = 60_000_000;

/// The ways out of a clock that is not the system's.
const NEXT: &str = "Set the clock of the system right: the world goes by it as soon as it is plausible. If it is \
     right, say so with `guildhall clock --accept`.";

/// Says in the log how the system's clock stands at the start.
pub(crate) fn tell(standing: Standing) {
    if let Some(sentence) = sentence(standing) {
        log::warn!("{sentence} {NEXT}");
    }
}

fn sentence(standing: Standing) -> Option<String> {
    let (by_us, where_to) = match standing {
        Standing::Agrees => return None,
        Standing::Ahead { by_us } => (by_us, "ahead of"),
        Standing::Behind { by_us } => (by_us, "behind"),
    };
    let days = by_us / 1_000_000 / 60 / 60 / 24;
    Some(format!(
        "The system's clock is {days} days {where_to} the newest record of this world. The world's clock goes on from \
         that record, so that nothing is forgotten, freed or expired by the difference."
    ))
}

/// Goes by the system's clock again, where that was not plausible and is so now.
pub(crate) fn look(hall: &HallRef) {
    if hall
        .database
        .clock()
        .release_if_plausible(&hall.config.limits.clock)
    {
        log::info!("the system's clock is plausible again: the world goes by it");
    }
}

/// Whether the time must be noted, because the newest record is of another.
pub(crate) fn is_note_due(hall: &Hall, newest_us: Option<i64>) -> bool {
    let is_due = |newest_us| {
        let limits = &hall.config.limits.clock;
        limits.is_note_due(newest_us, hall.now_us())
    };
    newest_us.is_some_and(is_due)
}

/// Goes by the system's clock, on an operator's word.
pub fn accept(hall: &Hall) {
    let before = hall.database.clock().read();
    hall.database.clock().accept_system();
    log::warn!(before_us = before.at_us, now_us = before.system_us; "an operator says that the system's clock is right");
}

/// The clock as the status shows it.
#[must_use]
pub fn status(hall: &Hall) -> Value {
    let read = hall.database.clock().read();
    let apart_us = read.system_us.saturating_sub(read.at_us);
    let why = match read.is_held {
        true => sentence(judge(read.system_us, read.at_us, &hall.config.limits.clock)),
        false if apart_us.unsigned_abs() >= TOLD_FROM_US => Some(
            "The system's clock was set while the server ran. The world's clock goes on as it went, so that nothing \
             is forgotten, freed or expired by the difference; the next start goes by the system's, if it is plausible."
                .to_owned(),
        ),
        false => None,
    };
    json!({
        "at_us": read.at_us,
        "system_us": read.system_us,
        "system_ahead_ms": apart_us / 1000,
        "is_held": read.is_held,
        "next": why.as_ref().map(|_| NEXT),
        "why": why,
    })
}
