//! Requests about the account's characters. Ownership is looked up once per character and connection; it
//! cannot change under a living session.

use std::sync::Arc;

use guildhall_process::Ctx;
use guildhall_protocol::{
    Answer, Ask, CharacterState, CharacterVersion, Code, Event, GiveToGuild, Receipt, Refusal,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use super::plays::Playing;
use crate::character;
use crate::escrow::{self, Gift};
use crate::persistence::{
    EntityKind, GROUP_MEMBERS_MAX, Member, Saved, is_conflict, reloaded_to, rows_of,
};

/// A save as a client asks for it.
struct ToSave {
    base_version: u32,
    state: Value,
    until: Receipt,
    give: Vec<GiveToGuild>,
    take: Vec<Uuid>,
}

impl Session {
    pub(super) fn character_request(&mut self, id: Uuid, ask: Ask, ctx: &mut Ctx<Self>) {
        let (hall, actor) = (Arc::clone(&self.hall), self.actor());
        match ask {
            Ask::CharacterCreate { name, state } => {
                let created = character::create(hall, actor, name, state);
                self.then(id, created, ctx, |this, created, ctx| {
                    let character = created?;
                    this.born(&character, ctx);
                    let receipt = Receipt::Durable;
                    Ok(Answer::CharacterCreated { character, receipt })
                });
            }
            Ask::CharacterList { after } => {
                let listed = character::list(hall, actor, after);
                self.then(id, listed, ctx, |_, listed, _| {
                    listed.map(|characters| Answer::CharacterListed { characters })
                });
            }
            Ask::CharacterGet { character } => {
                let got = async move {
                    let (character, receipt) = character::get(&hall, &actor, character).await?;
                    Ok(Answer::CharacterGot { character, receipt })
                };
                self.answer_later(id, got, ctx);
            }
            Ask::CharacterPlay { character } => self.play(id, character, ctx),
            Ask::CharacterLeave { character } => self.leave(id, character, ctx),
            Ask::CharacterSave {
                character,
                base_version,
                state,
                until,
                give,
                take,
            } => {
                let save = ToSave {
                    base_version,
                    state,
                    until: until.unwrap_or(Receipt::Safe),
                    give,
                    take,
                };
                self.in_play(id, character, ctx, move |this, playing, ctx| {
                    this.give(id, character, playing, save, ctx);
                });
            }
            Ask::SavesTogether { saves, until } => {
                self.together(id, saves, until.unwrap_or(Receipt::Safe), ctx);
            }
            Ask::CharacterRename { character, name } => self.rename(id, character, &name, ctx),
            _ => {}
        }
    }

    /// Runs `act` once it is known that this session acts for the character. Requests keep their order: an
    /// unknown character makes the mailbox wait for its look-up, and what `act` asks for it asks at once.
    fn if_owned(
        &mut self,
        id: Uuid,
        character: Uuid,
        ctx: &mut Ctx<Self>,
        act: impl FnOnce(&mut Self, &mut Ctx<Self>) + 'static,
    ) {
        if self.owned.contains(&character) {
            return act(self, ctx);
        }
        let (hall, actor) = (Arc::clone(&self.hall), self.actor());
        let owned = async move { character::owned(&hall, &actor, character).await };
        ctx.wait(owned, move |this, owned, ctx| match owned {
            Ok(_) => {
                this.owned.insert(character);
                act(this, ctx);
            }
            Err(refusal) => this.answer(id, Err(refusal), ctx),
        });
    }

    fn rename(&mut self, id: Uuid, character: Uuid, name: &str, ctx: &mut Ctx<Self>) {
        let name = match character::checked_name(name) {
            Ok(name) => name,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        self.if_owned(id, character, ctx, move |this, ctx| {
            let renamed = character::rename(&this.hall, &this.actor(), character, name);
            this.then(id, renamed, ctx, move |_, renamed, _| {
                let (name, receipt) = (renamed?, Receipt::Durable);
                Ok(Answer::CharacterRenamed {
                    character,
                    name,
                    receipt,
                })
            });
        });
    }

    /// Whether the owner may give is asked before the save is submitted; what follows waits, so that the
    /// saves of a character keep their order.
    fn give(
        &mut self,
        id: Uuid,
        character: Uuid,
        playing: Playing,
        save: ToSave,
        ctx: &mut Ctx<Self>,
    ) {
        if save.give.is_empty() {
            return self.save(id, character, playing, save, ctx);
        }
        let hall = Arc::clone(&self.hall);
        let version = save.base_version.saturating_add(1);
        let gifts = save.give.iter().map(|gift| (gift.escrow, gift.to_guild));
        let gifts = gifts.collect();
        let allowed = async move {
            escrow::may_give(&hall, playing.owner, (character, version), gifts).await
        };
        ctx.wait(allowed, move |this, allowed, ctx| match allowed {
            Ok(()) => this.save(id, character, playing, save, ctx),
            Err(refusal) => this.answer(id, Err(refusal), ctx),
        });
    }

    fn save(
        &mut self,
        id: Uuid,
        character: Uuid,
        playing: Playing,
        save: ToSave,
        ctx: &mut Ctx<Self>,
    ) {
        let members = match self.members(character, playing, &save) {
            Ok(members) => members,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let saved = self
            .hall
            .save_group(members, self.actor().author(), save.until);
        self.then(id, saved, ctx, move |this, saved, ctx| {
            let saved = saved.map_err(|refusal| this.reloaded(character, refusal, ctx));
            let Saved { version, receipt } = saved?;
            Ok(Answer::CharacterSaved {
                character,
                version,
                receipt,
            })
        });
    }

    fn members(
        &self,
        character: Uuid,
        playing: Playing,
        save: &ToSave,
    ) -> Result<Vec<Member>, Refusal> {
        let (hall, actor) = (&self.hall, self.actor());
        let to_ship = |gift: &GiveToGuild| {
            let to = (EntityKind::Ship, gift.to_guild);
            Gift::new(hall, gift.escrow, to, &gift.what)
        };
        let gifts = save
            .give
            .iter()
            .map(to_ship)
            .collect::<Result<Vec<_>, _>>()?;
        let one = character::save(
            hall,
            &actor,
            character,
            (save.base_version, playing.epoch),
            &save.state,
        )?;
        Ok(escrow::members(hall, one, actor.realm, gifts, &save.take))
    }

    /// Enters play with each of them first, one after the other.
    fn together(
        &mut self,
        id: Uuid,
        saves: Vec<CharacterState>,
        until: Receipt,
        ctx: &mut Ctx<Self>,
    ) {
        if !(1..=GROUP_MEMBERS_MAX).contains(&saves.len()) {
            let sentence = format!("1 to {GROUP_MEMBERS_MAX} characters are saved together.");
            return self.answer(id, Err(Refusal::new(Code::BadField, sentence)), ctx);
        }
        let out_of_play = saves
            .iter()
            .find(|save| self.playing(save.character).is_none());
        if let Some(character) = out_of_play.map(|save| save.character) {
            return self.in_play(id, character, ctx, move |this, _, ctx| {
                this.together(id, saves, until, ctx);
            });
        }
        let member = |save: &CharacterState| {
            let epoch = self.playing(save.character).map_or(0, |it| it.epoch);
            let fenced = (save.base_version, epoch);
            character::save(
                &self.hall,
                &self.actor(),
                save.character,
                fenced,
                &save.state,
            )
            .map(Member::Save)
        };
        let members = match saves.iter().map(member).collect::<Result<Vec<_>, _>>() {
            Ok(members) => members,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let saved = self.hall.save_group(members, self.actor().author(), until);
        self.then(id, saved, ctx, move |this, saved, ctx| {
            let saved = saved.map_err(|refusal| this.reloaded_together(&saves, refusal, ctx));
            let receipt = saved?.receipt;
            let version = |save: CharacterState| CharacterVersion {
                character: save.character,
                version: save.base_version.saturating_add(1),
            };
            let saved = saves.into_iter().map(version).collect();
            Ok(Answer::SavesDone { saved, receipt })
        });
    }

    /// As [`Self::reloaded`], of each: the events carry the states, the answer the versions; the answer to a
    /// conflict also the states of those that are not as the trade believed.
    fn reloaded_together(
        &mut self,
        saves: &[CharacterState],
        refusal: Refusal,
        ctx: &mut Ctx<Self>,
    ) -> Refusal {
        let rows = rows_of(&refusal);
        if rows.len() != saves.len() {
            return refusal;
        }
        let mut shown = Vec::new();
        for (save, row) in saves.iter().zip(rows) {
            let (character, (version, state)) = (save.character, row.unwrap_or_default());
            if !is_conflict(&refusal) {
                shown.push(json!({ "character": character, "version": version }));
                self.tell_reloaded(character, &refusal, (version, state), ctx);
            } else if version == save.base_version {
                shown.push(json!({ "character": character, "version": version }));
            } else {
                let row = json!({ "character": character, "version": version, "state": state });
                shown.push(row);
            }
        }
        refusal.detail(json!({ "characters": shown }))
    }

    /// A save that the database refused leaves the character at what the database has: the game is told
    /// which version and state that is, whoever waits for the answer; the answer names the version.
    fn reloaded(&mut self, character: Uuid, refusal: Refusal, ctx: &mut Ctx<Self>) -> Refusal {
        let Some((version, state)) = reloaded_to(&refusal) else {
            return refusal;
        };
        self.tell_reloaded(character, &refusal, (version, state), ctx);
        refusal.detail(json!({ "version": version }))
    }

    fn tell_reloaded(
        &mut self,
        character: Uuid,
        why: &Refusal,
        (version, state): (u32, Value),
        ctx: &mut Ctx<Self>,
    ) {
        let event = Event::CharacterReloaded {
            character,
            reason: why.rule.clone(),
            version,
            state,
        };
        self.event(event, ctx);
    }
}
