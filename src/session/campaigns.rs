//! Requests about campaigns: what needs live rights goes to the campaign process, the rest to the readers.

use std::sync::Arc;

use guildhall_process::Ctx;
use guildhall_protocol::{Answer, Ask, CampaignView, Code, Member, Refusal, Role};
use guildhall_rules::names;
use guildhall_rules::rights::CampaignAct;
use guildhall_store::queries;
use uuid::Uuid;

use super::Session;
use crate::auth::secrets;
use crate::campaign::{self, Campaign};
use crate::character::Actor;
use crate::hall::{self, HallRef};
use crate::persistence::{Change, InviteKind, changes};
use crate::refusal;

/// Characters of a campaign's or a board's title; titles are not unique and follow no alphabet.
const TITLE_CHARS_MAX: usize = 80;

/// A title for people: not empty, not long, nothing that cannot be seen or turns the writing.
pub(super) fn title(raw: &str) -> Result<String, Refusal> {
    let title = raw.trim();
    let chars = title.chars().count();
    let harmful = names::harmful_in_title(title);
    if (1..=TITLE_CHARS_MAX).contains(&chars) && harmful.is_none() {
        return Ok(title.to_string());
    }
    let sentence = format!(
        "A title has 1 to {TITLE_CHARS_MAX} characters, and none that cannot be seen or turns the writing."
    );
    Err(Refusal::new(Code::NameInvalid, sentence).rule("title.shape"))
}

impl Session {
    pub(super) fn actor(&self) -> Actor {
        Actor {
            account: self.who.account,
            realm: self.who.realm,
            session: self.id,
            is_service: self.who.is_service,
        }
    }

    pub(super) fn campaign_request(&mut self, id: Uuid, ask: Ask, ctx: &mut Ctx<Self>) {
        let hall = Arc::clone(&self.hall);
        let actor = self.actor();
        match ask {
            Ask::CampaignCreate { name } => {
                let realm = self.who.realm_name.clone();
                self.answer_later(id, create(hall, actor, realm, name), ctx);
            }
            Ask::CampaignList {} => {
                let realm = self.who.realm_name.clone();
                self.answer_later(id, list(hall, actor.account, realm), ctx);
            }
            Ask::CampaignInvite { campaign, role } => {
                self.answer_later(id, invite(hall, actor, campaign, role), ctx);
            }
            Ask::CampaignJoin { code } => {
                let login = self.who.login.clone();
                self.answer_later(id, join(hall, actor, login, code), ctx);
            }
            Ask::CampaignMembers { campaign } => {
                self.answer_later(id, members(hall, actor.account, campaign), ctx);
            }
            _ => {}
        }
    }
}

async fn create(
    hall: HallRef,
    actor: Actor,
    realm: String,
    name: String,
) -> Result<Answer, Refusal> {
    let name = title(&name)?;
    let campaign = Uuid::now_v7();
    let change = Change::CreateCampaign(changes::CreateCampaign {
        id: campaign,
        realm: actor.realm,
        name: name.clone(),
        owner: actor.account,
    });
    hall.change(change, actor.author()).await?;
    let standing = Campaign::check(&hall, campaign, actor.account, CampaignAct::SeeMembers).await?;
    Ok(Answer::CampaignCreated {
        campaign: CampaignView {
            campaign,
            name,
            realm,
            role: standing.role,
            rights_epoch: standing.rights_epoch,
        },
    })
}

/// All campaigns of an account are of its realm.
async fn list(hall: HallRef, account: Uuid, realm: String) -> Result<Answer, Refusal> {
    let rows = hall
        .read(move |conn| queries::campaigns_of(conn, account))
        .await?;
    let view = |(row, role): (queries::CampaignRow, String)| {
        Some(CampaignView {
            campaign: row.id,
            name: row.name,
            realm: realm.clone(),
            role: known_role(&role)?,
            rights_epoch: row.rights_epoch,
        })
    };
    let campaigns = rows.into_iter().filter_map(view).collect();
    Ok(Answer::CampaignListed { campaigns })
}

/// A role that this program does not know is no role, and the log says so.
fn known_role(word: &str) -> Option<Role> {
    word.parse()
        .inspect_err(|error| log::error!("a membership is left out: {error}"))
        .ok()
}

async fn invite(
    hall: HallRef,
    actor: Actor,
    campaign: Uuid,
    role: Role,
) -> Result<Answer, Refusal> {
    let by = actor.author();
    let process = Campaign::reach(&hall, campaign).await?;
    let code = process
        .call(hall::CALL_TIMEOUT, |reply| campaign::Invite {
            by,
            role,
            reply,
        })
        .await
        .map_err(|e| refusal::call(&e))??;
    Ok(Answer::CampaignInvited {
        campaign,
        code,
        role,
    })
}

/// What an invite code opens, or `invite_unknown`: also for a code of the other kind, so that a code tells
/// nothing to those who guess.
pub(super) async fn invited(
    hall: &HallRef,
    code: &str,
    kind: InviteKind,
) -> Result<queries::InviteRow, Refusal> {
    let unknown = || Refusal::new(Code::InviteUnknown, "This invite code is not known.");
    let hash = secrets::hash_of(code);
    let row = hall
        .read(move |conn| queries::invite_by_hash(conn, &hash.0))
        .await?;
    let since_us = hall
        .now_us()
        .saturating_sub(hall.config.limits.invite_ttl_us());
    row.filter(|row| row.kind == kind.as_str() && row.created_at > since_us)
        .ok_or_else(unknown)
}

async fn join(hall: HallRef, actor: Actor, login: String, code: String) -> Result<Answer, Refusal> {
    let invite = invited(&hall, &code, InviteKind::Campaign).await?;
    let role = known_role(&invite.role)
        .ok_or_else(|| Refusal::new(Code::Internal, "The invite names a role nobody knows."))?;
    let process = Campaign::reach(&hall, invite.target_id).await?;
    let (by, realm) = (actor.author(), actor.realm);
    let campaign = process
        .call(hall::CALL_TIMEOUT, |reply| campaign::Join {
            by,
            realm,
            login,
            role,
            reply,
        })
        .await
        .map_err(|e| refusal::call(&e))??;
    Ok(Answer::CampaignJoined { campaign })
}

async fn members(hall: HallRef, account: Uuid, campaign: Uuid) -> Result<Answer, Refusal> {
    let process = Campaign::reach(&hall, campaign).await?;
    let seats = process
        .call(hall::CALL_TIMEOUT, |reply| campaign::Members {
            account,
            reply,
        })
        .await
        .map_err(|e| refusal::call(&e))??;
    let accounts = seats.iter().map(|(id, _)| *id).collect();
    let online = hall
        .presence
        .call(|reply| crate::presence::Online { accounts, reply })
        .await
        .map_err(|e| refusal::call(&e))?;
    let member = |((account, seat), online): ((Uuid, campaign::Seat), bool)| Member {
        account,
        login: seat.login,
        role: seat.role,
        online,
    };
    let members = seats.into_iter().zip(online).map(member).collect();
    Ok(Answer::CampaignMembersListed { campaign, members })
}
