//! The guild process: members, ranks and the guild's ship as it is now. One per active guild, in `guilds`,
//! temporary; loads itself, stops when idle. The ship has its own lane: its saves are never tied to a
//! member's character, so nobody's bad update can touch it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, ProcRef, Process, ReplyTo};
use guildhall_protocol::{Code, GuildMember, GuildView, Rank, Receipt, Refusal, ShipView};
use guildhall_rules::rights::{self, GuildAct};
use guildhall_store::queries;
use uuid::Uuid;

use crate::auth::secrets::{self, Secret};
use crate::hall::{self, HallRef, NOT_FOUND};
use crate::persistence::{
    self, Author, Change, EntityKey, EntityKind, InviteKind, STATE_SCHEMA_VERSION, Save, Saved,
    changes,
};

/// A guild that nobody asked for this long stops; it loads itself again when needed.
const IDLE_STOP: Duration = Duration::from_secs(600);

/// See the file's head.
pub struct Guild {
    hall: HallRef,
    id: Uuid,
    members: BTreeMap<Uuid, GuildMember>,
    asked: bool,
}

/// Show the guild to one of its members.
pub struct See {
    /// Who asks.
    pub account: Uuid,
    /// The guild with its ship as the database has it.
    pub reply: ReplyTo<Result<GuildView, Refusal>>,
}

/// Make an invite code.
pub struct Invite {
    /// Who invites.
    pub by: Author,
    /// The code, once it is durable.
    pub reply: ReplyTo<Result<String, Refusal>>,
}

/// Take an account in; its invite was found valid.
pub struct Join {
    /// Who joins.
    pub by: Author,
    /// Their login.
    pub login: String,
    /// The view, once it is durable.
    pub reply: ReplyTo<Result<GuildView, Refusal>>,
}

/// Save the ship.
pub struct SaveShip {
    /// Who saves.
    pub by: Author,
    /// The version that `state` was made from.
    pub base_version: u32,
    /// The new state, JSON text within its bound.
    pub state: Vec<u8>,
    /// The receipt to wait for.
    pub until: Receipt,
    /// How far it came, or the refusal with the present state.
    pub reply: ReplyTo<Result<Saved, Refusal>>,
}

impl Guild {
    /// A process for guild `id`.
    #[must_use]
    pub fn new(hall: HallRef, id: Uuid) -> Self {
        Self {
            hall,
            id,
            members: BTreeMap::new(),
            asked: true,
        }
    }

    /// The live process of guild `id`.
    ///
    /// # Errors
    /// `not_found`, `unavailable`, `overloaded`.
    pub async fn reach(hall: &HallRef, id: Uuid) -> Result<ProcRef<Self>, Refusal> {
        let root = Arc::clone(hall);
        hall.guilds.reach(id, move || Self::new(root, id)).await
    }

    fn allowed(&self, account: Uuid, act: GuildAct) -> Result<Rank, Refusal> {
        let rank = self.members.get(&account).map(|member| member.rank);
        rights::may_in_guild(rank, act).map_err(|denied| {
            let code = match rank {
                None => Code::NotAMember,
                Some(_) => Code::RankForbidden,
            };
            Refusal::new(code, denied.sentence).rule(denied.rule)
        })?;
        rank.ok_or_else(|| Refusal::new(Code::NotAMember, "Only members may do this."))
    }

    /// The guild with its ship and name read from the database: what is shown is what is saved.
    fn view(&self, rank: Rank) -> impl Future<Output = Result<GuildView, Refusal>> + use<> {
        let id = self.id;
        let members = self.members.values().cloned().collect();
        let row = self.hall.read(move |conn| queries::guild(conn, id));
        async move {
            let (row, _) = row.await?.ok_or_else(|| {
                log::error!(guild = id.to_string(); "a guild has lost its ship or its name");
                Refusal::new(
                    Code::Unavailable,
                    "The guild cannot be read; this was reported.",
                )
            })?;
            Ok(GuildView {
                guild: id,
                name: row.name,
                rank,
                invite_code: None,
                members,
                ship: ShipView {
                    version: row.ship_version,
                    state: crate::character::document(&row.ship_state),
                },
            })
        }
    }

    fn loaded(&mut self, members: Vec<queries::GuildMember>) {
        for member in members {
            if let Some(rank) = known_rank(&member.rank) {
                let seat = GuildMember {
                    account: member.account_id,
                    login: member.login,
                    rank,
                };
                self.members.insert(member.account_id, seat);
            }
        }
    }
}

/// A rank that this program does not know is no rank, and the log says so.
#[must_use]
pub fn known_rank(word: &str) -> Option<Rank> {
    word.parse()
        .inspect_err(|error| log::error!("a member is left out: {error}"))
        .ok()
}

struct IdleCheck;

impl Process for Guild {
    const KIND: &'static str = "guild";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Err(taken) = self.hall.guilds.registry().register(self.id, &ctx.me()) {
            return Init::Fail(hall::lost_race(&taken));
        }
        let id = self.id;
        let row = self.hall.read_settled(move |conn| queries::guild(conn, id));
        ctx.wait(row, |this, row, ctx| match row {
            Ok(Some((_, members))) => {
                this.loaded(members);
                ctx.send_after(IDLE_STOP, IdleCheck);
                ctx.init_done(Ok(()));
            }
            Ok(None) => ctx.init_done(Err(ExitReason::shutdown_with(NOT_FOUND))),
            Err(refusal) => ctx.init_done(Err(ExitReason::error(refusal.message))),
        });
        Init::Pending
    }
}

impl Handle<IdleCheck> for Guild {
    fn handle(&mut self, _: IdleCheck, ctx: &mut Ctx<Self>) {
        if std::mem::take(&mut self.asked) {
            ctx.send_after(IDLE_STOP, IdleCheck);
        } else {
            ctx.exit(ExitReason::Normal);
        }
    }
}

impl Handle<See> for Guild {
    fn handle(&mut self, See { account, reply }: See, ctx: &mut Ctx<Self>) {
        self.asked = true;
        match self.allowed(account, GuildAct::See) {
            Ok(rank) => ctx.run(self.view(rank), |_, view, _| reply.send(view)),
            Err(refusal) => reply.send(Err(refusal)),
        }
    }
}

impl Handle<Invite> for Guild {
    fn handle(&mut self, Invite { by, reply }: Invite, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let made = self
            .allowed(by.account, GuildAct::Invite)
            .and_then(|_| secrets::new(Secret::invite));
        let code = match made {
            Ok(code) => code,
            Err(refusal) => return reply.send(Err(refusal)),
        };
        let change = Change::AddInvite(invite_row(self.id, &code, by.account));
        let written = self.hall.change(change, by);
        ctx.run(written, move |_, written, _| {
            reply.send(written.map(|_| code.reveal()));
        });
    }
}

/// The stored side of an invite into a guild.
#[must_use]
pub fn invite_row(guild: Uuid, code: &Secret, created_by: Uuid) -> changes::AddInvite {
    changes::AddInvite {
        code_hash: code.hash().0,
        kind: InviteKind::Guild,
        target: guild,
        role: Rank::Member.as_str(),
        created_by,
    }
}

impl Handle<Join> for Guild {
    fn handle(&mut self, Join { by, login, reply }: Join, ctx: &mut Ctx<Self>) {
        self.asked = true;
        if self.members.contains_key(&by.account) {
            let sentence = "You are in this guild already.";
            reply.send(Err(Refusal::new(Code::AlreadyMember, sentence)));
            return;
        }
        let member = GuildMember {
            account: by.account,
            login,
            rank: Rank::Member,
        };
        let change = Change::JoinGuild(changes::JoinGuild {
            guild: self.id,
            account: by.account,
            rank: member.rank.as_str(),
        });
        let written = self.hall.change(change, by);
        ctx.run(written, move |this, written, ctx| {
            if let Err(refusal) = written {
                reply.send(Err(persistence::joined_already(refusal)));
                return;
            }
            let rank = member.rank;
            this.members.insert(member.account, member);
            ctx.run(this.view(rank), |_, view, _| reply.send(view));
        });
    }
}

impl Handle<SaveShip> for Guild {
    fn handle(&mut self, save: SaveShip, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let SaveShip {
            by,
            base_version,
            state,
            until,
            reply,
        } = save;
        if let Err(refusal) = self.allowed(by.account, GuildAct::SaveShip) {
            reply.send(Err(refusal));
            return;
        }
        let save = Save {
            key: EntityKey {
                kind: EntityKind::Ship,
                id: self.id,
            },
            base_version,
            schema_version: STATE_SCHEMA_VERSION,
            state: state.into(),
            fence: None,
            by,
        };
        let saved = self.hall.save(save, until);
        ctx.run(saved, move |_, saved, _| reply.send(saved));
    }
}
