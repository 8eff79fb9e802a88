//! The members as the database has them, where what became of a change is not known or where the database
//! knows better: somebody who was put out would else go on as a member, for as long as the process lives.

use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle};
use guildhall_protocol::{Code, Event, Refusal};
use guildhall_store::queries;

use super::{Guild, seats};
use crate::persistence::{Author, Change, TAKEN_BACK};

/// How soon a reading that failed, or that a change overtook, is repeated.
const RETRY: Duration = Duration::from_secs(1);

/// Read the members; what differs is this one's doing.
struct ReadBack(Author);

impl Handle<ReadBack> for Guild {
    fn handle(&mut self, ReadBack(by): ReadBack, ctx: &mut Ctx<Self>) {
        self.read_back(by, ctx);
    }
}

impl Guild {
    /// A change of members, submitted before it returns.
    pub(super) fn change(
        &mut self,
        change: Change,
        by: Author,
    ) -> impl Future<Output = Result<u32, Refusal>> + use<> {
        self.changes = self.changes.saturating_add(1);
        self.hall.change(change, by)
    }

    /// Has the members read if this end of a change does not tell who they are. Others are served meanwhile:
    /// saves are taken also while the database is gone.
    pub(super) fn read_back_after(&mut self, refusal: &Refusal, by: Author, ctx: &mut Ctx<Self>) {
        let unknown = refusal.code == Code::Unavailable && refusal.rule != TAKEN_BACK;
        let differs = matches!(
            refusal.code,
            Code::StaleVersion | Code::RankForbidden | Code::AlreadyMember
        );
        if (unknown || differs) && !self.reading_back {
            self.reading_back = true;
            self.read_back(by, ctx);
        }
    }

    fn read_back(&mut self, by: Author, ctx: &mut Ctx<Self>) {
        let (id, mark) = (self.id, self.changes);
        let found = self.hall.read_settled(move |conn| queries::guild(conn, id));
        ctx.run(found, move |this, found, ctx| match found {
            Ok(Some((_, members))) if this.changes == mark => {
                this.reading_back = false;
                this.set_right(members, by);
            }
            // It has ended, or its ship is missing: whoever asks next loads it anew.
            Ok(None) => ctx.exit(ExitReason::Normal),
            Ok(Some(_)) | Err(_) => drop(ctx.send_after(RETRY, ReadBack(by))),
        });
    }

    /// Who asked for the change was not told that it was done, and is told like everybody else.
    fn set_right(&mut self, members: Vec<queries::GuildMember>, by: Author) {
        let by = Author {
            session: None,
            ..by
        };
        let members = seats(members);
        let gone = self.members.keys().filter(|id| !members.contains_key(id));
        for account in gone.copied().collect::<Vec<_>>() {
            self.removed(account, by);
        }
        for (account, seat) in members {
            match self.rank_of(account) {
                None => {
                    let (guild, member) = (self.id, seat.clone());
                    self.members.insert(account, seat);
                    self.tell_members(None, Event::GuildMemberJoined { guild, member });
                }
                Some(rank) if rank != seat.rank => self.ranked(account, seat.rank, by),
                Some(_) => {}
            }
        }
    }
}
