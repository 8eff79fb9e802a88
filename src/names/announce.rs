//! Who shows a name hears at once that it is another one.

use guildhall_protocol::Event;

use super::{Doing, Names};
use crate::persistence::OwnerKind;
use crate::presence::Tell;

/// The reason that is told when nobody gave one.
const BY_ITS_OWNER: &str = "renamed";

impl Names {
    /// Tells the sessions that show the owner's name of the new one. Whoever asked for it is answered
    /// instead; what an operator ordered is told to all.
    pub(super) fn announce(&self, doing: &Doing) {
        let Some(taken) = doing.reservation() else {
            return;
        };
        if doing.shown_to.is_empty() {
            return;
        }
        let name = taken.entry().display.clone();
        let reason = doing.reason.clone();
        let except = doing.by.session.filter(|_| reason.is_none());
        let reason = reason.unwrap_or_else(|| BY_ITS_OWNER.to_owned());
        let id = doing.owner.id;
        let event = match doing.owner.kind {
            OwnerKind::Character => Event::CharacterNameChanged {
                character: id,
                name,
                reason,
            },
            OwnerKind::Guild => Event::GuildNameChanged {
                guild: id,
                name,
                reason,
            },
            OwnerKind::Reserved => return,
        };
        let tell = Tell {
            accounts: doing.shown_to.clone(),
            except,
            event,
        };
        // A presence that is on its way back has nobody to tell yet; what they read next is the new name.
        let _ = self.hall.presence.tell(tell);
    }
}
