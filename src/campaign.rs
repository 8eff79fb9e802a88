//! The campaign process: members, roles and the rights epoch, as they are now. One per active campaign, in
//! `campaigns`, temporary; loads itself, stops when idle. It is asked before every upload and every commit.
//! Changes are written through: they count from their commit on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, ProcRef, Process, ReplyTo};
use guildhall_protocol::{CampaignView, Code, Refusal};
use guildhall_rules::rights::{self, CampaignAct, Role};
use guildhall_store::queries::{
    CampaignMember, CampaignRow, RealmRow, campaign_by_id, realm_by_id,
};
use uuid::Uuid;

use crate::auth::secrets::{self, Secret};
use crate::hall::{self, HallRef, NOT_FOUND};
use crate::persistence::{self, Author, Change, InviteKind, changes};

#[cfg(test)]
mod tests;

/// A campaign that nobody asked for this long stops; it loads itself again when needed.
const IDLE_STOP: Duration = Duration::from_secs(600);

/// See the file's head.
pub struct Campaign {
    hall: HallRef,
    id: Uuid,
    name: String,
    /// Only its accounts may join.
    realm: RealmRow,
    members: BTreeMap<Uuid, Seat>,
    rights_epoch: u32,
    /// The newest epoch given to a change that is under way.
    next_epoch: u32,
    asked: bool,
}

/// A member as the process knows them.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Login, for people to read.
    pub login: String,
    /// Present role.
    pub role: Role,
}

/// A role and the epoch in which it held.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Present role.
    pub role: Role,
    /// Rises with every change of rights.
    pub rights_epoch: u32,
}

/// May this account do this now?
pub struct Check {
    /// Who wants it.
    pub account: Uuid,
    /// What.
    pub act: CampaignAct,
    /// The standing that allows it, or the refusal.
    pub reply: ReplyTo<Result<Standing, Refusal>>,
}

/// Make an invite code.
pub struct Invite {
    /// Who invites.
    pub by: Author,
    /// Role of whoever joins with it.
    pub role: Role,
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
    /// From the invite.
    pub role: Role,
    /// The view, once it is durable.
    pub reply: ReplyTo<Result<CampaignView, Refusal>>,
}

/// List the members.
pub struct Members {
    /// Who asks.
    pub account: Uuid,
    /// All of them.
    pub reply: ReplyTo<Result<Vec<(Uuid, Seat)>, Refusal>>,
}

impl Campaign {
    /// A process for campaign `id`.
    #[must_use]
    pub fn new(hall: HallRef, id: Uuid) -> Self {
        Self {
            hall,
            id,
            name: String::new(),
            realm: RealmRow {
                id: Uuid::nil(),
                name: String::new(),
            },
            members: BTreeMap::new(),
            rights_epoch: 0,
            next_epoch: 0,
            asked: true,
        }
    }

    /// The live process of campaign `id`.
    ///
    /// # Errors
    /// `not_found`, `unavailable`, `overloaded`.
    pub async fn reach(hall: &HallRef, id: Uuid) -> Result<ProcRef<Self>, Refusal> {
        let root = Arc::clone(hall);
        hall.campaigns.reach(id, move || Self::new(root, id)).await
    }

    /// Asks the live process whether `account` may do `act` in campaign `id`.
    ///
    /// # Errors
    /// The refusal with its rule, or that the process cannot be reached.
    pub async fn check(
        hall: &HallRef,
        id: Uuid,
        account: Uuid,
        act: CampaignAct,
    ) -> Result<Standing, Refusal> {
        let campaign = Self::reach(hall, id).await?;
        campaign
            .call(hall::CALL_TIMEOUT, |reply| Check {
                account,
                act,
                reply,
            })
            .await
            .map_err(|e| crate::refusal::call(&e))?
    }

    /// The one place where a wish meets the table of rights.
    fn standing(&self, account: Uuid, act: CampaignAct) -> Result<Standing, Refusal> {
        let role = self.members.get(&account).map(|seat| seat.role);
        rights::may(role, act).map_err(|denied| {
            let code = match role {
                None => Code::NotAMember,
                Some(_) => Code::RoleForbidden,
            };
            Refusal::new(code, denied.sentence).rule(denied.rule)
        })?;
        role.map(|role| Standing {
            role,
            rights_epoch: self.rights_epoch,
        })
        .ok_or_else(|| Refusal::new(Code::NotAMember, "Only members may do this."))
    }

    fn view(&self, role: Role) -> CampaignView {
        CampaignView {
            campaign: self.id,
            name: self.name.clone(),
            realm: self.realm.name.clone(),
            role,
            rights_epoch: self.rights_epoch,
        }
    }

    /// A role that this program does not know is no role: its bearer is told so, and the log says why.
    fn loaded(&mut self, row: CampaignRow, realm: RealmRow, members: Vec<CampaignMember>) {
        self.name = row.name;
        self.realm = realm;
        self.rights_epoch = row.rights_epoch;
        self.next_epoch = row.rights_epoch;
        for member in members {
            match member.role.parse::<Role>() {
                Ok(role) => {
                    let login = member.login;
                    self.members.insert(member.account_id, Seat { login, role });
                }
                Err(error) => {
                    log::error!(campaign = self.id.to_string(); "a member is left out: {error}")
                }
            }
        }
    }
}

struct IdleCheck;

impl Process for Campaign {
    const KIND: &'static str = "campaign";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Err(taken) = self.hall.campaigns.registry().register(self.id, &ctx.me()) {
            return Init::Fail(hall::lost_race(&taken));
        }
        let id = self.id;
        let row = self.hall.read_settled(move |conn| {
            let Some((row, members)) = campaign_by_id(conn, id)? else {
                return Ok(None);
            };
            let realm = realm_by_id(conn, row.realm_id)?;
            Ok(realm.map(|realm| (row, realm, members)))
        });
        ctx.wait(row, |this, row, ctx| match row {
            Ok(Some((row, realm, members))) => {
                this.loaded(row, realm, members);
                ctx.send_after(IDLE_STOP, IdleCheck);
                ctx.init_done(Ok(()));
            }
            Ok(None) => ctx.init_done(Err(ExitReason::shutdown_with(NOT_FOUND))),
            Err(refusal) => ctx.init_done(Err(ExitReason::error(refusal.message))),
        });
        Init::Pending
    }
}

impl Handle<IdleCheck> for Campaign {
    fn handle(&mut self, _: IdleCheck, ctx: &mut Ctx<Self>) {
        if std::mem::take(&mut self.asked) {
            ctx.send_after(IDLE_STOP, IdleCheck);
        } else {
            ctx.exit(ExitReason::Normal);
        }
    }
}

impl Handle<Check> for Campaign {
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
        reply.send(self.standing(account, act));
    }
}

impl Handle<Members> for Campaign {
    fn handle(&mut self, Members { account, reply }: Members, _: &mut Ctx<Self>) {
        self.asked = true;
        let allowed = self.standing(account, CampaignAct::SeeMembers);
        reply.send(allowed.map(|_| {
            let seats = self.members.iter();
            seats.map(|(id, seat)| (*id, seat.clone())).collect()
        }));
    }
}

impl Handle<Invite> for Campaign {
    fn handle(&mut self, Invite { by, role, reply }: Invite, ctx: &mut Ctx<Self>) {
        self.asked = true;
        if let Err(refusal) = self.standing(by.account, CampaignAct::Invite) {
            reply.send(Err(refusal));
            return;
        }
        let code = match secrets::new(Secret::invite) {
            Ok(code) => code,
            Err(refusal) => return reply.send(Err(refusal)),
        };
        let change = Change::AddInvite(changes::AddInvite {
            code_hash: code.hash().0,
            kind: InviteKind::Campaign,
            target: self.id,
            role: role.as_str(),
            created_by: by.account,
            open_max: self.hall.config.limits.invites_open_max,
            ttl_us: self.hall.config.limits.invite_ttl_us(),
        });
        let written = self.hall.change(change, by);
        ctx.run(written, move |_, written, _| {
            reply.send(written.map(|_| code.reveal()));
        });
    }
}

impl Handle<Join> for Campaign {
    fn handle(&mut self, join: Join, ctx: &mut Ctx<Self>) {
        self.asked = true;
        let Join {
            by,
            realm,
            login,
            role,
            reply,
        } = join;
        if realm != self.realm.id {
            let sentence = "This invite code is not known.";
            reply.send(Err(Refusal::new(Code::InviteUnknown, sentence)));
            return;
        }
        if let Some(seat) = self.members.get(&by.account) {
            let sentence = format!("You are in this campaign already, as {}.", seat.role);
            reply.send(Err(Refusal::new(Code::AlreadyMember, sentence)));
            return;
        }
        self.next_epoch = self.next_epoch.saturating_add(1);
        let change = Change::JoinCampaign(changes::JoinCampaign {
            campaign: self.id,
            account: by.account,
            role: role.as_str(),
            rights_epoch: self.next_epoch,
        });
        let account = by.account;
        let written = self.hall.change(change, by);
        ctx.run(written, move |this, written, ctx| {
            let written = written.map_err(persistence::not_joined);
            let is_member = matches!(&written, Err(refusal) if refusal.code == Code::AlreadyMember);
            let unheard = is_member && !this.members.contains_key(&account);
            reply.send(written.map(|epoch| {
                this.rights_epoch = this.rights_epoch.max(epoch);
                this.members.insert(account, Seat { login, role });
                this.view(role)
            }));
            // What became of an earlier try was not known: whoever asks next loads what the database has.
            if unheard {
                ctx.exit(ExitReason::Normal);
            }
        });
    }
}
