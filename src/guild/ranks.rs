//! Ranks change and members go: decided by the table of rights, written, then told. That a guild keeps a
//! leader is decided where the rows are, since two may go at once.

use guildhall_process::{Ctx, Handle, ReplyTo};
use guildhall_protocol::{Code, Event, Rank, Refusal};
use guildhall_rules::rights::{self, GuildAct};
use uuid::Uuid;

use super::Guild;
use crate::persistence::{Author, Change, changes};
use crate::presence;

/// Give a member another rank.
pub struct SetRank {
    /// Who does it.
    pub by: Author,
    /// The member.
    pub account: Uuid,
    /// The rank.
    pub rank: Rank,
    /// Once it is durable.
    pub reply: ReplyTo<Result<(), Refusal>>,
}

/// Take a member out: another, or oneself.
pub struct Remove {
    /// Who does it.
    pub by: Author,
    /// The member.
    pub account: Uuid,
    /// Once it is durable.
    pub reply: ReplyTo<Result<(), Refusal>>,
}

impl Handle<SetRank> for Guild {
    fn handle(&mut self, set: SetRank, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let SetRank {
            by,
            account,
            rank,
            reply,
        } = set;
        let allowed = self.allowed(by.account, GuildAct::SetRank);
        let from = match allowed.and_then(|_| self.member(account)) {
            Ok(from) if from == rank => return reply.send(Ok(())),
            Ok(from) => from,
            Err(refusal) => return reply.send(Err(refusal)),
        };
        let change = Change::SetRank(changes::SetRank {
            guild: self.id,
            account,
            from,
            to: rank,
            set_by: by.account,
        });
        let written = self.change(change, by);
        ctx.run(written, move |this, written, ctx| {
            match &written {
                Ok(_) => this.ranked(account, rank, by),
                Err(refusal) => this.read_back_after(refusal, by, ctx),
            }
            reply.send(written.map(drop).map_err(last_leader));
        });
    }
}

impl Handle<Remove> for Guild {
    fn handle(&mut self, Remove { by, account, reply }: Remove, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let rank = match self.may_remove(by.account, account) {
            Ok(rank) => rank,
            Err(refusal) => return reply.send(Err(refusal)),
        };
        let change = Change::LeaveGuild(changes::LeaveGuild {
            guild: self.id,
            account,
            rank,
            put_out_by: (by.account != account).then_some(by.account),
        });
        let written = self.change(change, by);
        ctx.run(written, move |this, written, ctx| {
            match &written {
                Ok(_) => this.removed(account, by),
                Err(refusal) => this.read_back_after(refusal, by, ctx),
            }
            reply.send(written.map(drop).map_err(last_leader));
        });
    }
}

impl Guild {
    fn member(&self, account: Uuid) -> Result<Rank, Refusal> {
        self.rank_of(account)
            .ok_or_else(|| Refusal::new(Code::NotFound, "This account is no member of the guild."))
    }

    /// The member's rank, where he may be taken out.
    fn may_remove(&self, by: Uuid, account: Uuid) -> Result<Rank, Refusal> {
        let rank = self.allowed(by, GuildAct::See)?;
        let target = self.member(account)?;
        if by != account {
            rights::may_kick(Some(rank), target)
                .map_err(|denied| self.denial(Some(rank), denied))?;
        }
        Ok(target)
    }

    pub(super) fn ranked(&mut self, account: Uuid, rank: Rank, by: Author) {
        if let Some(member) = self.members.get_mut(&account) {
            member.rank = rank;
        }
        let changed = Event::GuildRankChanged {
            guild: self.id,
            account,
            rank,
            by: by.account,
        };
        self.tell_members(by.session, changed);
    }

    /// Whoever went is told too.
    pub(super) fn removed(&mut self, account: Uuid, by: Author) {
        let concerned = self.members.keys().copied().collect();
        self.members.remove(&account);
        let left = Event::GuildMemberLeft {
            guild: self.id,
            account,
            by: by.account,
        };
        presence::tell(&self.hall, concerned, by.session, left);
    }
}

/// The one bound that these changes can break in the database.
fn last_leader(refusal: Refusal) -> Refusal {
    if refusal.rule == "database.check" {
        return Refusal::new(Code::LastLeader, refusal.message);
    }
    refusal
}
