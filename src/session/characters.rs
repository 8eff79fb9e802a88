//! Requests about the account's characters. Ownership is looked up once per character and connection; it
//! cannot change under a living session.

use std::sync::Arc;

use guildhall_process::Ctx;
use guildhall_protocol::{Answer, Ask, Event, Receipt, Refusal};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use crate::character;
use crate::persistence::{Saved, reloaded_to};

impl Session {
    pub(super) fn character_request(&mut self, id: Uuid, ask: Ask, ctx: &mut Ctx<Self>) {
        let (hall, actor) = (Arc::clone(&self.hall), self.actor());
        match ask {
            Ask::CharacterCreate { name, state } => {
                let created = character::create(hall, actor, name, state);
                self.then(id, created, ctx, |this, created, _| {
                    let character = created?;
                    this.owned.insert(character.character);
                    let receipt = Receipt::Durable;
                    Ok(Answer::CharacterCreated { character, receipt })
                });
            }
            Ask::CharacterList {} => {
                let listed = character::list(hall, actor.account);
                self.then(id, listed, ctx, |_, listed, _| {
                    listed.map(|characters| Answer::CharacterListed { characters })
                });
            }
            Ask::CharacterGet { character } => {
                let got = character::get(hall, actor.account, character);
                self.then(id, got, ctx, |_, got, _| {
                    got.map(|character| Answer::CharacterGot { character })
                });
            }
            Ask::CharacterSave {
                character,
                base_version,
                state,
                until,
            } => {
                let until = until.unwrap_or(Receipt::Safe);
                self.if_owned(id, character, ctx, move |this, ctx| {
                    this.save(id, character, base_version, &state, until, ctx);
                });
            }
            Ask::CharacterRename { character, name } => self.rename(id, character, &name, ctx),
            _ => {}
        }
    }

    /// Runs `act` once it is known that the character is this account's. Requests keep their order: an
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
        let (hall, account) = (Arc::clone(&self.hall), self.who.account);
        let owned = async move { character::owned(&hall, account, character).await };
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

    fn save(
        &mut self,
        id: Uuid,
        character: Uuid,
        base: u32,
        state: &Value,
        until: Receipt,
        ctx: &mut Ctx<Self>,
    ) {
        let stored = match character::encode_state(&self.hall, state) {
            Ok(stored) => stored,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let saved = character::save(&self.hall, &self.actor(), character, base, stored, until);
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

    /// A save that the database refused leaves the character at what the database has: the game is told
    /// which version and state that is, whoever waits for the answer; the answer names the version.
    fn reloaded(&mut self, character: Uuid, refusal: Refusal, ctx: &mut Ctx<Self>) -> Refusal {
        let Some((version, state)) = reloaded_to(&refusal) else {
            return refusal;
        };
        let reason = refusal.rule.clone();
        let event = Event::CharacterReloaded {
            character,
            reason,
            version,
            state,
        };
        self.event(event, ctx);
        refusal.detail(json!({ "version": version }))
    }
}
