//! Requests about guilds and their ships. Founding takes a name through the authority; everything else is
//! decided by the guild's process.

use std::sync::Arc;

use bytes::Bytes;
use guildhall_process::Ctx;
use guildhall_protocol::{
    Answer, Ask, Code, Event, GiveToCharacter, GuildMember, GuildSummary, GuildView, LedgerLine,
    Rank, Receipt, Refusal, ShipView,
};
use guildhall_rules::names::harmful_in_title;
use guildhall_rules::rights::GuildAct;
use guildhall_store::queries;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use super::campaigns::invited;
use crate::auth::secrets::{self, Secret};
use crate::character::{self, Actor};
use crate::escrow::{self, Gift};
use crate::guild::{self, Guild};
use crate::hall::{self, HallRef};
use crate::names;
use crate::persistence::{
    Author, Change, EntityKind, InviteKind, NameOwner, OwnerKind, STATE_SCHEMA_VERSION, Saved,
    changes, reloaded_to,
};
use crate::refusal;

/// A save of a ship as a client asks for it.
struct ToSave {
    base_version: u32,
    state: Value,
    until: Receipt,
    give: Vec<GiveToCharacter>,
    take: Vec<Uuid>,
    note: String,
}

impl ToSave {
    /// The state and the gifts as they are stored.
    fn checked(&self, hall: &HallRef) -> Result<(Vec<u8>, Vec<Gift>), Refusal> {
        let max = hall.config.limits.ledger_note_chars_max;
        if self.note.chars().count() > max || harmful_in_title(&self.note).is_some() {
            let sentence = format!(
                "A note has at most {max} characters, and none that cannot be seen or turns the writing."
            );
            return Err(Refusal::new(Code::BadField, sentence).rule("ship.note"));
        }
        let state = character::encode_state(hall, &self.state)?;
        let to_character = |gift: &GiveToCharacter| {
            let to = (EntityKind::Character, gift.to_character);
            Gift::new(hall, gift.escrow, to, &gift.what)
        };
        let give: Result<Vec<_>, _> = self.give.iter().map(to_character).collect();
        Ok((state, give?))
    }
}

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
                    let guild = see(&hall, actor.author(), guild).await?;
                    Ok(Answer::GuildGot { guild })
                };
                self.answer_later(id, got, ctx);
            }
            Ask::GuildSetRank {
                guild,
                account,
                rank,
            } => {
                self.answer_later(id, set_rank(hall, actor, guild, account, rank), ctx);
            }
            Ask::GuildKick { guild, account } => {
                self.answer_later(id, kick(hall, actor, guild, account), ctx);
            }
            Ask::GuildLeave { guild } => self.answer_later(id, leave(hall, actor, guild), ctx),
            Ask::GuildDisband { guild } => self.answer_later(id, disband(hall, actor, guild), ctx),
            Ask::ShipSave {
                guild,
                base_version,
                state,
                until,
                give,
                take,
                note,
            } => {
                let save = ToSave {
                    base_version,
                    state,
                    until: until.unwrap_or(Receipt::Safe),
                    give,
                    take,
                    note: note.unwrap_or_default(),
                };
                self.save_ship(id, guild, save, ctx);
            }
            Ask::ShipLedger { guild, before } => {
                self.answer_later(id, ledger(hall, actor, guild, before), ctx);
            }
            _ => {}
        }
    }

    fn save_ship(&mut self, id: Uuid, guild: Uuid, save: ToSave, ctx: &mut Ctx<Self>) {
        let (hall, by) = (Arc::clone(&self.hall), self.actor().author());
        let (state, give) = match save.checked(&hall) {
            Ok(checked) => checked,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let saved = async move {
            let takers = give.iter().map(|gift| gift.to.id).collect::<Vec<_>>();
            let owners = match takers.is_empty() {
                true => Vec::new(),
                false => escrow::owners(Arc::clone(&hall), takers).await?,
            };
            let process = Guild::reach(&hall, guild).await?;
            let saved = process.call(hall::CALL_TIMEOUT, |reply| guild::SaveShip {
                by,
                base_version: save.base_version,
                state,
                until: save.until,
                give: give.into_iter().zip(owners).collect(),
                take: save.take,
                note: save.note,
                reply,
            });
            saved.await.map_err(|e| refusal::call(&e))?
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

async fn see(hall: &HallRef, by: Author, guild: Uuid) -> Result<GuildView, Refusal> {
    let process = Guild::reach(hall, guild).await?;
    process
        .call(hall::CALL_TIMEOUT, |reply| guild::See { by, reply })
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
        invite: Some(guild::invite_row(&hall, guild, &code, actor.account)),
        founded_max: hall.config.limits.guilds_founded_max,
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
            receipt: Receipt::Durable,
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
    let (by, realm) = (actor.author(), actor.realm);
    let guild = process
        .call(hall::CALL_TIMEOUT, |reply| guild::Join {
            by,
            realm,
            login,
            invite: secrets::hash_of(&code).0,
            reply,
        })
        .await
        .map_err(|e| refusal::call(&e))??;
    let receipt = Receipt::Durable;
    Ok(Answer::GuildJoined { guild, receipt })
}

async fn set_rank(
    hall: HallRef,
    actor: Actor,
    guild: Uuid,
    account: Uuid,
    rank: Rank,
) -> Result<Answer, Refusal> {
    let by = actor.author();
    let process = Guild::reach(&hall, guild).await?;
    let set = process.call(hall::CALL_TIMEOUT, |reply| guild::SetRank {
        by,
        account,
        rank,
        reply,
    });
    set.await.map_err(|e| refusal::call(&e))??;
    Ok(Answer::GuildRankSet {
        guild,
        account,
        rank,
        receipt: Receipt::Durable,
    })
}

async fn kick(hall: HallRef, actor: Actor, guild: Uuid, account: Uuid) -> Result<Answer, Refusal> {
    if account == actor.account {
        let sentence = "You cannot put yourself out.";
        let refusal = Refusal::new(Code::BadField, sentence).rule("guild.kick_other");
        return Err(refusal.next("Send guild.leave."));
    }
    remove(hall, actor, guild, account).await?;
    Ok(Answer::GuildKicked {
        guild,
        account,
        receipt: Receipt::Durable,
    })
}

async fn leave(hall: HallRef, actor: Actor, guild: Uuid) -> Result<Answer, Refusal> {
    let account = actor.account;
    remove(hall, actor, guild, account).await?;
    let receipt = Receipt::Durable;
    Ok(Answer::GuildLeft { guild, receipt })
}

async fn remove(hall: HallRef, actor: Actor, guild: Uuid, account: Uuid) -> Result<(), Refusal> {
    let by = actor.author();
    let process = Guild::reach(&hall, guild).await?;
    let removed = process.call(hall::CALL_TIMEOUT, |reply| guild::Remove {
        by,
        account,
        reply,
    });
    removed.await.map_err(|e| refusal::call(&e))?
}

async fn disband(hall: HallRef, actor: Actor, guild: Uuid) -> Result<Answer, Refusal> {
    let by = actor.author();
    let process = Guild::reach(&hall, guild).await?;
    let disbanded = process.call(hall::CALL_TIMEOUT, |reply| guild::Disband { by, reply });
    disbanded.await.map_err(|e| refusal::call(&e))??;
    let receipt = Receipt::Durable;
    Ok(Answer::GuildDisbanded { guild, receipt })
}

async fn ledger(
    hall: HallRef,
    actor: Actor,
    guild: Uuid,
    before: Option<u32>,
) -> Result<Answer, Refusal> {
    Guild::check(&hall, guild, actor.account, GuildAct::See).await?;
    let rows = hall
        .read(move |conn| queries::ledger_of(conn, guild, before, guild::LEDGER_LINES_MAX))
        .await?;
    let line = |row: queries::LedgerRow| LedgerLine {
        version: row.version,
        by: row.account_id,
        login: row.login,
        note: row.note,
        at_us: row.at,
    };
    let lines = rows.into_iter().map(line).collect();
    Ok(Answer::ShipLedgerTold { guild, lines })
}
