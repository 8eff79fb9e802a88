//! The guild's ship: each save with its line in the ledger and whatever moves by escrow, in one write. A ship
//! that should be there and is not is an alarm, and is put back as the history has it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use guildhall_process::{Ctx, Handle, ReplyTo};
use guildhall_protocol::{Code, Event, Receipt, Refusal};
use guildhall_rules::rights::GuildAct;
use guildhall_store::queries::{self, GuildMember, GuildRow, LostShip};
use uuid::Uuid;

use super::Guild;
use crate::character;
use crate::escrow::{self, Gift};
use crate::hall::HallRef;
use crate::persistence::{
    Author, Change, EntityKey, EntityKind, Member, STATE_SCHEMA_VERSION, Save, Saved, changes,
};
use crate::presence;

/// Lines of a ledger that are shown at once.
pub const LEDGER_LINES_MAX: u32 = 100;
/// The reason in `ship.reloaded` of a ship that was put back.
const SHIP_MISSING: &str = "ship_missing";

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
    /// What leaves with it, each with the owner of the character that may take it.
    pub give: Vec<(Gift, Option<Uuid>)>,
    /// What arrives with it.
    pub take: Vec<Uuid>,
    /// For the ledger.
    pub note: String,
    /// How far it came, or the refusal with the present state.
    pub reply: ReplyTo<Result<Saved, Refusal>>,
}

impl Handle<SaveShip> for Guild {
    fn handle(&mut self, save: SaveShip, ctx: &mut Ctx<Self>) {
        self.asked = true;
        if let Err(refusal) = self.may_save(&save) {
            save.reply.send(Err(refusal));
            return;
        }
        let (by, until) = (save.by, save.until);
        let (members, reply) = self.members_of(save);
        let saved = self.hall.save_group(members, by, until);
        ctx.run(saved, move |this, saved, ctx| match saved {
            Err(refusal) if refusal.code == Code::NotFound => this.refused(refusal, reply, ctx),
            saved => {
                if let Ok(saved) = saved {
                    this.tell_saved(saved, by);
                }
                reply.send(saved);
            }
        });
    }
}

impl Guild {
    fn may_save(&self, save: &SaveShip) -> Result<(), Refusal> {
        self.allowed(save.by.account, GuildAct::SaveShip)?;
        let is_member = |owner: &Option<Uuid>| owner.is_some_and(|id| self.rank_of(id).is_some());
        match save.give.iter().all(|(_, owner)| is_member(owner)) {
            true => Ok(()),
            false => {
                let sentence = "A ship gives to characters of the guild's members only.";
                Err(Refusal::new(Code::NotAMember, sentence).rule("ship.exchange"))
            }
        }
    }

    fn members_of(&self, save: SaveShip) -> (Vec<Member>, ReplyTo<Result<Saved, Refusal>>) {
        let SaveShip { by, reply, .. } = save;
        let ship = Save {
            key: EntityKey {
                kind: EntityKind::Ship,
                id: self.id,
            },
            base_version: save.base_version,
            schema_version: STATE_SCHEMA_VERSION,
            state: save.state.into(),
            fence: None,
            by,
        };
        let line = Change::AddLedgerLine(changes::AddLedgerLine {
            guild: self.id,
            version: ship.version(),
            note: save.note,
            by,
        });
        let gifts = save.give.into_iter().map(|(gift, _)| gift).collect();
        let mut members = escrow::members(&self.hall, ship, self.realm, gifts, &save.take);
        members.push(Member::Change(line));
        (members, reply)
    }

    fn tell_saved(&self, saved: Saved, by: Author) {
        let changed = Event::ShipChanged {
            guild: self.id,
            version: saved.version,
            by: by.account,
            receipt: saved.receipt,
        };
        self.tell_members(by.session, changed);
    }

    /// Something that the save needs is not there: what it would take, or the ship itself.
    fn refused(
        &mut self,
        refusal: Refusal,
        reply: ReplyTo<Result<Saved, Refusal>>,
        ctx: &mut Ctx<Self>,
    ) {
        self.put_ship_back(ctx, move |_, put_back, _| {
            let sentence = "The guild's ship was missing and has been put back.";
            let again = Refusal::new(Code::Unavailable, sentence).rule("ship.missing");
            reply.send(Err(match put_back {
                Ok(true) => again.next("Save again."),
                Ok(false) => refusal,
                Err(failed) => failed,
            }));
        });
    }

    /// Puts the ship back if it is missing. One at a time: other messages wait, so that two who find it
    /// missing are one alarm.
    pub(super) fn put_ship_back(
        &mut self,
        ctx: &mut Ctx<Self>,
        then: impl FnOnce(&mut Self, Result<bool, Refusal>, &mut Ctx<Self>) + 'static,
    ) {
        let put_back = put_back(Arc::clone(&self.hall), self.id);
        ctx.wait(put_back, move |this, put_back, ctx| {
            then(this, put_back, ctx);
        });
    }
}

/// The guild as the database has it, its ship put back if it was missing; `None` when there is no guild.
pub(super) async fn load(
    hall: HallRef,
    id: Uuid,
) -> Result<Option<(GuildRow, Vec<GuildMember>)>, Refusal> {
    let read = || hall.read_settled(move |conn| queries::guild(conn, id));
    let lost = || hall.read(move |conn| queries::lost_ship(conn, id));
    match read().await? {
        Some(found) => Ok(Some(found)),
        None if lost().await?.is_some() => {
            put_back(Arc::clone(&hall), id).await?;
            read().await
        }
        None => Ok(None),
    }
}

/// The guild's row with its ship, and the newest save of the ship that is promised to this session.
pub(super) async fn read(
    hall: HallRef,
    id: Uuid,
    session: Option<Uuid>,
) -> Result<(Option<GuildRow>, Option<Save>), Refusal> {
    let kind = EntityKind::Ship;
    let row = async || {
        let found = hall.read(move |conn| queries::guild(conn, id)).await?;
        Ok(found.map(|(row, _)| row))
    };
    let version = |row: &Option<GuildRow>| row.as_ref().map_or(0, |row| row.ship_version);
    hall.read_newest((EntityKey { kind, id }, session), row, version)
        .await
}

/// Puts a ship back that is missing, counts it, and tells the guild. Whether it was missing.
async fn put_back(hall: HallRef, id: Uuid) -> Result<bool, Refusal> {
    let Some(known) = hall.read(move |conn| queries::lost_ship(conn, id)).await? else {
        return Ok(false);
    };
    hall.ships_missing.fetch_add(1, Ordering::Relaxed);
    let restore = restoration(id, known);
    let state = restore.state.clone();
    log::error!(
        guild = id.to_string(), version = restore.version;
        "the guild's ship is missing: it is put back as the history has it"
    );
    let version = hall
        .change(Change::RestoreShip(restore), Author::SERVER)
        .await?;
    let members = hall
        .read(move |conn| queries::guild(conn, id))
        .await?
        .map(|(_, members)| members)
        .unwrap_or_default();
    let accounts = members.iter().map(|member| member.account_id).collect();
    let reloaded = Event::ShipReloaded {
        guild: id,
        reason: SHIP_MISSING.to_owned(),
        version,
        state: character::document(&state),
    };
    presence::tell(&hall, accounts, None, reloaded);
    Ok(true)
}

/// A ship without any history is one that nobody has saved yet.
fn restoration(guild: Uuid, known: Option<LostShip>) -> changes::RestoreShip {
    let known = known.unwrap_or(LostShip {
        version: 1,
        schema_version: None,
        state: None,
    });
    let schema_version = known.schema_version.and_then(|it| u16::try_from(it).ok());
    changes::RestoreShip {
        guild,
        version: known.version,
        schema_version: schema_version.unwrap_or(STATE_SCHEMA_VERSION),
        state: known.state.unwrap_or_else(|| b"{}".to_vec()).into(),
    }
}
