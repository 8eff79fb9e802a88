//! The end of a guild, by a leader: everybody is told, and its process ends. What it had stays in the database
//! for an operator, who can revive it.

use std::sync::Arc;

use guildhall_process::{Ctx, ExitReason, Handle, ReplyTo};
use guildhall_protocol::{Event, Refusal};
use guildhall_rules::rights::GuildAct;

use super::Guild;
use crate::names;
use crate::persistence::Author;

/// End the guild.
pub struct Disband {
    /// Who does it.
    pub by: Author,
    /// Once it is durable.
    pub reply: ReplyTo<Result<(), Refusal>>,
}

impl Handle<Disband> for Guild {
    /// Other messages wait: nobody joins or saves what ends. Whatever came of it, the process starts anew from
    /// what the database holds: it may end without knowing the outcome.
    fn handle(&mut self, Disband { by, reply }: Disband, ctx: &mut Ctx<Self>) {
        self.asked = true;
        if let Err(refusal) = self.allowed(by.account, GuildAct::Disband) {
            return reply.send(Err(refusal));
        }
        let hall = Arc::clone(&self.hall);
        let disbanded = names::disband(&hall, self.id, self.realm, by);
        ctx.wait(disbanded, move |this, disbanded, ctx| {
            if disbanded.is_ok() {
                let (guild, by) = (this.id, by);
                let account = by.account;
                this.tell_members(by.session, Event::GuildGone { guild, by: account });
                log::info!(guild = guild.to_string(); "disbanded");
            }
            reply.send(disbanded.map(drop));
            ctx.exit(ExitReason::Normal);
        });
    }
}
