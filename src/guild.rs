//! The guild process: members, ranks and the guild's ship as it is now. One per active guild, in `guilds`,
//! temporary; loads itself, stops when idle. The ship has its own lane: its saves are never tied to a
//! member's character, so nobody's bad update can touch it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, ProcRef, Process, ReplyTo};
use guildhall_protocol::{Code, Event, GuildMember, GuildView, Rank, Refusal, ShipView};
use guildhall_rules::rights::{self, GuildAct};
use guildhall_store::queries;
use uuid::Uuid;

use crate::auth::secrets::{self, Secret};
use crate::hall::{self, HallRef, NOT_FOUND};
use crate::persistence::{self, Author, Change, InviteKind, Save, changes, receipt_of};
use crate::{presence, refusal};

mod disband;
mod ranks;
mod read_back;
mod ship;

pub use disband::Disband;
pub use ranks::{Remove, SetRank};
pub use ship::{LEDGER_LINES_MAX, SaveShip};

/// A guild that nobody asked for this long stops; it loads itself again when needed.
const IDLE_STOP: Duration = Duration::from_secs(600);

/// See the file's head.
pub struct Guild {
    hall: HallRef,
    id: Uuid,
    realm: Uuid,
    members: BTreeMap<Uuid, GuildMember>,
    /// Changes of members that were asked for so far.
    changes: u64,
    /// Whether the members are being read anew.
    reading_back: bool,
    asked: bool,
}

/// Show the guild to one of its members.
pub struct See {
    /// Who asks.
    pub by: Author,
    /// The guild with its ship: as the asking session has made it, if that is safe and newer than what the
    /// database has. Another member's save is built on only when it is committed.
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
    /// Their realm.
    pub realm: Uuid,
    /// Their login.
    pub login: String,
    /// The hash of the code that they came with.
    pub invite: [u8; 32],
    /// The view, once it is durable.
    pub reply: ReplyTo<Result<GuildView, Refusal>>,
}

/// May this account do this?
pub struct Check {
    /// Who wants to.
    pub account: Uuid,
    /// What.
    pub act: GuildAct,
    /// Nothing, or the refusal.
    pub reply: ReplyTo<Result<(), Refusal>>,
}

impl Guild {
    /// A process for guild `id`.
    #[must_use]
    pub fn new(hall: HallRef, id: Uuid) -> Self {
        Self {
            hall,
            id,
            realm: Uuid::nil(),
            members: BTreeMap::new(),
            changes: 0,
            reading_back: false,
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

    /// Asks the live process of guild `id` whether `account` may do `act` there.
    ///
    /// # Errors
    /// The refusal with its rule, or that the process cannot be reached.
    pub async fn check(
        hall: &HallRef,
        id: Uuid,
        account: Uuid,
        act: GuildAct,
    ) -> Result<(), Refusal> {
        let guild = Self::reach(hall, id).await?;
        let checked = guild.call(hall::CALL_TIMEOUT, |reply| Check {
            account,
            act,
            reply,
        });
        checked.await.map_err(|e| refusal::call(&e))?
    }

    fn rank_of(&self, account: Uuid) -> Option<Rank> {
        self.members.get(&account).map(|member| member.rank)
    }

    fn allowed(&self, account: Uuid, act: GuildAct) -> Result<Rank, Refusal> {
        let rank = self.rank_of(account);
        rights::may_in_guild(rank, act).map_err(|denied| self.denial(rank, denied))?;
        rank.ok_or_else(|| self.hall.guilds.unknown())
    }

    /// Somebody who is no member learns no more than of a guild that there is not.
    fn denial(&self, rank: Option<Rank>, denied: rights::Denied) -> Refusal {
        match rank {
            None => self.hall.guilds.unknown(),
            Some(_) => Refusal::new(Code::RankForbidden, denied.sentence).rule(denied.rule),
        }
    }

    /// Tells every member who is here, but not the session that knows already.
    fn tell_members(&self, except: Option<Uuid>, event: Event) {
        let members = self.members.keys().copied().collect();
        presence::tell(&self.hall, members, except, event);
    }

    /// The guild with its ship and name read anew: what is shown is what is saved, or promised to who asks.
    fn answer_view(
        &self,
        (rank, session): (Rank, Option<Uuid>),
        reply: ReplyTo<Result<GuildView, Refusal>>,
        ctx: &mut Ctx<Self>,
    ) {
        let id = self.id;
        let row = ship::read(Arc::clone(&self.hall), id, session);
        ctx.run(row, move |this, row, ctx| match row {
            Ok((Some(row), safe)) => reply.send(Ok(this.view(row, safe, rank))),
            Ok((None, _)) => this.put_ship_back(ctx, move |this, put_back, ctx| match put_back {
                Ok(true) => this.answer_view((rank, session), reply, ctx),
                // Its ship is there now, or the guild ended without this process: whoever asks next loads it anew.
                Ok(false) => {
                    reply.send(Err(unreadable(id)));
                    ctx.exit(ExitReason::Normal);
                }
                Err(refusal) => reply.send(Err(refusal)),
            }),
            Err(refusal) => reply.send(Err(refusal)),
        });
    }

    fn view(&self, row: queries::GuildRow, safe: Option<Save>, rank: Rank) -> GuildView {
        let receipt = receipt_of(safe.as_ref());
        let (version, state) = match &safe {
            Some(save) => (save.version(), save.state.as_ref()),
            None => (row.ship_version, row.ship_state.as_slice()),
        };
        GuildView {
            guild: self.id,
            name: row.name,
            rank,
            invite_code: None,
            members: self.members.values().cloned().collect(),
            ship: ShipView {
                version,
                state: crate::character::document(state),
                receipt,
            },
        }
    }

    fn loaded(&mut self, row: &queries::GuildRow, members: Vec<queries::GuildMember>) {
        self.realm = row.realm_id;
        self.members = seats(members);
    }
}

fn seats(members: Vec<queries::GuildMember>) -> BTreeMap<Uuid, GuildMember> {
    let seat = |member: queries::GuildMember| {
        let seat = GuildMember {
            account: member.account_id,
            login: member.login,
            rank: known_rank(&member.rank)?,
        };
        Some((member.account_id, seat))
    };
    members.into_iter().filter_map(seat).collect()
}

fn unreadable(id: Uuid) -> Refusal {
    log::error!(guild = id.to_string(); "a guild cannot be read");
    let sentence = "The guild cannot be read now; this was reported.";
    Refusal::new(Code::Unavailable, sentence)
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
        let row = ship::load(Arc::clone(&self.hall), self.id);
        ctx.wait(row, |this, row, ctx| match row {
            Ok(Some((row, members))) => {
                this.loaded(&row, members);
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
    fn handle(&mut self, See { by, reply }: See, ctx: &mut Ctx<Self>) {
        self.asked = true;
        match self.allowed(by.account, GuildAct::See) {
            Ok(rank) => self.answer_view((rank, by.session), reply, ctx),
            Err(refusal) => reply.send(Err(refusal)),
        }
    }
}

impl Handle<Check> for Guild {
    fn handle(
        &mut self,
        Check {
            account,
            act,
            reply,
        }: Check,
        _: &mut Ctx<Self>,
    ) {
        self.asked = true;
        reply.send(self.allowed(account, act).map(drop));
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
        let change = Change::AddInvite(invite_row(&self.hall, self.id, &code, by.account));
        let written = self.hall.change(change, by);
        ctx.run(written, move |_, written, _| {
            reply.send(written.map(|_| code.reveal()));
        });
    }
}

/// The stored side of an invite into a guild.
#[must_use]
pub fn invite_row(
    hall: &HallRef,
    guild: Uuid,
    code: &Secret,
    created_by: Uuid,
) -> changes::AddInvite {
    changes::AddInvite {
        code_hash: code.hash().0,
        kind: InviteKind::Guild,
        target: guild,
        role: Rank::Member.as_str(),
        created_by,
        open_max: hall.config.limits.invites_open_max,
        ttl_us: hall.config.limits.invite_ttl_us(),
    }
}

impl Handle<Join> for Guild {
    fn handle(&mut self, join: Join, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let Join {
            by,
            realm,
            login,
            invite,
            reply,
        } = join;
        if realm != self.realm {
            let sentence = "This invite code is not known.";
            reply.send(Err(Refusal::new(Code::InviteUnknown, sentence)));
            return;
        }
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
            invite: Some(invite),
            members_max: self.hall.config.limits.guild_members_max,
        });
        let written = self.change(change, by);
        ctx.run(written, move |this, written, ctx| {
            if let Err(refusal) = written {
                let refusal = persistence::not_joined(refusal);
                this.read_back_after(&refusal, by, ctx);
                reply.send(Err(refusal));
                return;
            }
            let rank = member.rank;
            let (guild, new) = (this.id, member.clone());
            this.members.insert(member.account, member);
            let joined = Event::GuildMemberJoined { guild, member: new };
            this.tell_members(by.session, joined);
            this.answer_view((rank, by.session), reply, ctx);
        });
    }
}
