//! Requests about guilds and their ships. Founding takes a name through the authority; everything else is
//! decided by the guild's process.

use std::sync::Arc;

use bytes::Bytes;
use guildhall_process::Ctx;
use guildhall_protocol::{
    Answer, Ask, Event, GuildMember, GuildSummary, GuildView, Rank, Receipt, Refusal, ShipView,
};
use guildhall_store::queries;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use super::campaigns::invited;
use crate::auth::secrets::{self, Secret};
use crate::character::{self, Actor};
use crate::guild::{self, Guild};
use crate::hall::{self, HallRef};
use crate::names;
use crate::persistence::{
    Change, InviteKind, NameOwner, OwnerKind, STATE_SCHEMA_VERSION, Saved, changes, reloaded_to,
};
use crate::refusal;

impl Session {
    pub(super) fn guild_request(&mut self, id: Uuid, ask: Ask, ctx: &mut Ctx<Self>) {
        let (hall, actor) = (Arc::clone(&self.hall), self.actor());
        match ask {
            Ask::GuildCreate { name } => {
                let login = self.who.login.clone();
                self.answer_later(id, create(hall, actor, login, name), ctx);
            }
            Ask::GuildList {} => self.answer_later(id, list(hall, actor.account), ctx),
            Ask::GuildInvite { guild } => {
                self.answer_later(id, invite(hall, actor, guild), ctx);
            }
            Ask::GuildJoin { code } => {
                let login = self.who.login.clone();
                self.answer_later(id, join(hall, actor, login, code), ctx);
            }
            Ask::GuildGet { guild } => {
                let got = async move {
                    let guild = see(&hall, actor.account, guild).await?;
                    Ok(Answer::GuildGot { guild })
                };
                self.answer_later(id, got, ctx);
            }
            Ask::ShipSave {
                guild,
                base_version,
                state,
                until,
            } => {
                let until = until.unwrap_or(Receipt::Safe);
                self.save_ship(id, guild, base_version, &state, until, ctx);
            }
            _ => {}
        }
    }

    fn save_ship(
        &mut self,
        id: Uuid,
        guild: Uuid,
        base: u32,
        state: &Value,
        until: Receipt,
        ctx: &mut Ctx<Self>,
    ) {
        let state = match character::encode_state(&self.hall, state) {
            Ok(state) => state,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let (hall, by) = (Arc::clone(&self.hall), self.actor().author());
        let saved = async move {
            let process = Guild::reach(&hall, guild).await?;
            process
                .call(hall::CALL_TIMEOUT, |reply| guild::SaveShip {
                    by,
                    base_version: base,
                    state,
                    until,
                    reply,
                })
                .await
                .map_err(|e| refusal::call(&e))?
        };
        self.then(id, saved, ctx, move |this, saved, ctx| {
            let saved = saved.map_err(|refusal| this.ship_reloaded(guild, refusal, ctx));
            let Saved { version, receipt } = saved?;
            Ok(Answer::ShipSaved {
                guild,
                version,
                receipt,
            })
        });
    }

    /// As for a character: the event carries the state that the ship is at, the answer its version.
    fn ship_reloaded(&mut self, guild: Uuid, refusal: Refusal, ctx: &mut Ctx<Self>) -> Refusal {
        let Some((version, state)) = reloaded_to(&refusal) else {
            return refusal;
        };
        let reason = refusal.rule.clone();
        let event = Event::ShipReloaded {
            guild,
            reason,
            version,
            state,
        };
        self.event(event, ctx);
        refusal.detail(json!({ "version": version }))
    }
}

async fn see(hall: &HallRef, account: Uuid, guild: Uuid) -> Result<GuildView, Refusal> {
    let process = Guild::reach(hall, guild).await?;
    process
        .call(hall::CALL_TIMEOUT, |reply| guild::See { account, reply })
        .await
        .map_err(|e| refusal::call(&e))?
}

/// The founder leads, the ship is empty, and the invite code is shown this once. The answer is made of what
/// was written, so that nothing can come between the founding and its code.
async fn create(
    hall: HallRef,
    actor: Actor,
    login: String,
    name: String,
) -> Result<Answer, Refusal> {
    let name = character::checked_name(&name)?;
    let guild = Uuid::now_v7();
    let code = secrets::new(Secret::invite)?;
    let change = Change::CreateGuild(changes::CreateGuild {
        id: guild,
        realm: actor.realm,
        founder: actor.account,
        name: names::row(actor.realm, &name),
        ship_schema_version: STATE_SCHEMA_VERSION,
        ship_state: Bytes::from_static(b"{}"),
        invite: Some(guild::invite_row(guild, &code, actor.account)),
    });
    let owner = NameOwner {
        kind: OwnerKind::Guild,
        id: guild,
    };
    let display = name.display.clone();
    names::take(&hall, owner, actor.realm, name, change, actor.author()).await?;
    let founder = GuildMember {
        account: actor.account,
        login,
        rank: Rank::Leader,
    };
    let guild = GuildView {
        guild,
        name: display,
        rank: Rank::Leader,
        invite_code: Some(code.reveal()),
        members: vec![founder],
        ship: ShipView {
            version: 1,
            state: json!({}),
        },
    };
    let receipt = Receipt::Durable;
    Ok(Answer::GuildCreated { guild, receipt })
}

async fn list(hall: HallRef, account: Uuid) -> Result<Answer, Refusal> {
    let rows = hall
        .read(move |conn| queries::guilds_of(conn, account))
        .await?;
    let summary = |guild: queries::GuildSummaryRow| {
        Some(GuildSummary {
            guild: guild.id,
            name: guild.name,
            rank: guild::known_rank(&guild.rank)?,
        })
    };
    let guilds = rows.into_iter().filter_map(summary).collect();
    Ok(Answer::GuildListed { guilds })
}

async fn invite(hall: HallRef, actor: Actor, guild: Uuid) -> Result<Answer, Refusal> {
    let by = actor.author();
    let process = Guild::reach(&hall, guild).await?;
    let code = process
        .call(hall::CALL_TIMEOUT, |reply| guild::Invite { by, reply })
        .await
        .map_err(|e| refusal::call(&e))??;
    Ok(Answer::GuildInvited { guild, code })
}

async fn join(hall: HallRef, actor: Actor, login: String, code: String) -> Result<Answer, Refusal> {
    let invite = invited(&hall, &code, InviteKind::Guild).await?;
    let process = Guild::reach(&hall, invite.target_id).await?;
    let by = actor.author();
    let guild = process
        .call(hall::CALL_TIMEOUT, |reply| guild::Join { by, login, reply })
        .await
        .map_err(|e| refusal::call(&e))??;
    let receipt = Receipt::Durable;
    Ok(Answer::GuildJoined { guild, receipt })
}
