//! Which characters this session plays. Entering play raises an epoch in the database, and every save of the
//! session carries it: whoever was replaced writes nothing more, whether or not the word has reached him.

use std::sync::Arc;

use guildhall_process::{Ctx, Handle};
use guildhall_protocol::{Answer, CharacterView, Event, Refusal};
use uuid::Uuid;

use super::{Replaced, Session};
use crate::character::{self, Entered};
use crate::presence;

/// Why a session is told that it plays no more.
const PLAYED_ELSEWHERE: &str = "played_elsewhere";

/// How a session stands to a character.
pub(super) enum Seat {
    /// Entering play; these wait for it, in their order.
    Entering(Vec<Waiting>),
    /// In play, as far as the session knows: the database knows better.
    In(Playing),
}

/// What a save must know of the play that it is part of.
#[derive(Clone, Copy)]
pub(super) struct Playing {
    /// Fences the save.
    pub epoch: u32,
    /// The account that the character belongs to.
    pub owner: Uuid,
}

/// What a request does once its character is in play, or is not to be.
type Then = Box<dyn FnOnce(&mut Session, &Entered, &mut Ctx<Session>)>;

/// A request that waits for its character to be in play.
pub(super) struct Waiting {
    id: Uuid,
    then: Then,
}

impl Session {
    /// The characters in play.
    pub(super) fn plays(&self) -> Vec<presence::Play> {
        let playing = |(id, seat): (&Uuid, &Seat)| match seat {
            Seat::In(playing) => Some(playing.of_character(*id)),
            Seat::Entering(_) => None,
        };
        self.seats.iter().filter_map(playing).collect()
    }

    /// The last session of the same token has played these to its end, and nobody since: their epochs are this
    /// session's now, so that it may save before the database answers.
    pub(super) fn go_on_playing(&mut self, plays: &[presence::Play]) {
        for play in plays {
            let (epoch, owner) = (play.epoch, play.owner);
            let seat = Seat::In(Playing { epoch, owner });
            self.owned.insert(play.character);
            self.seats.insert(play.character, seat);
        }
    }

    /// `character.play`: enters play also where this session has, since it may have been replaced.
    pub(super) fn play(&mut self, id: Uuid, character: Uuid, ctx: &mut Ctx<Self>) {
        self.enter(id, character, ctx, move |this, entered, ctx| {
            let (character, play_epoch) = (entered.view.clone(), entered.epoch);
            let played = Answer::CharacterPlayed {
                character,
                play_epoch,
            };
            this.answer(id, Ok(played), ctx);
        });
    }

    /// `character.leave`: nobody is told when somebody else plays; this session's next save enters anew.
    pub(super) fn leave(&mut self, id: Uuid, character: Uuid, ctx: &mut Ctx<Self>) {
        if let Some(Seat::In(_)) = self.seats.get(&character) {
            self.seats.remove(&character);
            let session = ctx.pid();
            // A presence process that is gone has forgotten it already.
            let _ = self
                .hall
                .presence
                .tell(presence::Leaves { session, character });
        }
        self.answer(id, Ok(Answer::CharacterLeft { character }), ctx);
    }

    pub(super) fn playing(&self, character: Uuid) -> Option<Playing> {
        match self.seats.get(&character)? {
            Seat::In(playing) => Some(*playing),
            Seat::Entering(_) => None,
        }
    }

    /// Runs `then` with the character in play, which is entered if it was not.
    pub(super) fn in_play(
        &mut self,
        id: Uuid,
        character: Uuid,
        ctx: &mut Ctx<Self>,
        then: impl FnOnce(&mut Self, Playing, &mut Ctx<Self>) + 'static,
    ) {
        if let Some(playing) = self.playing(character) {
            return then(self, playing, ctx);
        }
        self.enter(id, character, ctx, move |this, entered, ctx| {
            then(this, Playing::of(entered), ctx);
        });
    }

    /// The creator plays the character from its birth on, under the epoch that it is born with.
    pub(super) fn born(&mut self, character: &CharacterView, ctx: &mut Ctx<Self>) {
        let entered = Entered {
            view: character.clone(),
            owner: self.who.account,
            epoch: 0,
        };
        self.take_seat(&entered, ctx);
    }

    /// Requests for a character wait in their order while it is entered into play; others go on.
    fn enter(
        &mut self,
        id: Uuid,
        character: Uuid,
        ctx: &mut Ctx<Self>,
        then: impl FnOnce(&mut Self, &Entered, &mut Ctx<Self>) + 'static,
    ) {
        self.in_flight += 1;
        let then = Box::new(then);
        let waiting = Waiting { id, then };
        if let Some(Seat::Entering(others)) = self.seats.get_mut(&character) {
            return others.push(waiting);
        }
        self.seats.insert(character, Seat::Entering(vec![waiting]));
        let (hall, actor) = (Arc::clone(&self.hall), self.actor());
        let entered = async move { character::enter(&hall, &actor, character).await };
        ctx.run(entered, move |this, entered, ctx| {
            this.entered(character, &entered, ctx);
        });
    }

    fn entered(
        &mut self,
        character: Uuid,
        entered: &Result<Entered, Refusal>,
        ctx: &mut Ctx<Self>,
    ) {
        let Some(Seat::Entering(waiting)) = self.seats.remove(&character) else {
            return;
        };
        if let Ok(entered) = entered {
            self.take_seat(entered, ctx);
        }
        for Waiting { id, then } in waiting {
            self.in_flight -= 1;
            match entered {
                Ok(entered) => then(self, entered, ctx),
                Err(refusal) => self.answer(id, Err(refusal.clone()), ctx),
            }
        }
    }

    fn take_seat(&mut self, entered: &Entered, ctx: &mut Ctx<Self>) {
        let (character, playing) = (entered.view.character, Playing::of(entered));
        self.owned.insert(character);
        self.seats.insert(character, Seat::In(playing));
        let plays = presence::Plays {
            session: ctx.pid(),
            play: playing.of_character(character),
        };
        // A presence process that is on its way back asks every session what it plays.
        let _ = self.hall.presence.tell(plays);
    }
}

impl Playing {
    fn of(entered: &Entered) -> Self {
        Self {
            epoch: entered.epoch,
            owner: entered.owner,
        }
    }

    fn of_character(self, character: Uuid) -> presence::Play {
        presence::Play {
            character,
            epoch: self.epoch,
            owner: self.owner,
        }
    }
}

impl Handle<Replaced> for Session {
    /// The seat is kept: what the database refuses under its epoch is kept with its payload, and only
    /// `character.play` takes the character back.
    fn handle(&mut self, Replaced { character, epoch }: Replaced, ctx: &mut Ctx<Self>) {
        if let Some(Seat::In(playing)) = self.seats.get(&character)
            && playing.epoch == epoch
        {
            let reason = PLAYED_ELSEWHERE.to_owned();
            self.event(Event::CharacterReplaced { character, reason }, ctx);
        }
    }
}
