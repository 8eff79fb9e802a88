//! Requests to those who serve them, and answers back: the hello with the limits, the bound on requests under
//! way, one answer for each request.

use guildhall_process::Ctx;
use guildhall_protocol::{Answer, Ask, Code, Event, Refusal, Request, ServerFrame};
use uuid::Uuid;

use super::Session;

impl Session {
    pub(super) fn event(&mut self, event: Event, ctx: &mut Ctx<Self>) {
        self.events += 1;
        let frame = ServerFrame::Event {
            seq: self.events,
            event,
        };
        self.push(frame.to_json().into(), ctx);
    }

    pub(super) fn answer(
        &mut self,
        re: Uuid,
        answer: Result<Answer, Refusal>,
        ctx: &mut Ctx<Self>,
    ) {
        let refused = |error| ServerFrame::Refused {
            re: Some(re),
            error,
        };
        let frame = match answer {
            Ok(answer) => ServerFrame::Answer { re, answer },
            Err(error) => refused(error),
        };
        let mut text = frame.to_json();
        let max = self.hall.config.limits.outbox_bytes_max / 4;
        if text.len() > max {
            let sentence = format!(
                "The answer has {} bytes; at most {max} are sent.",
                text.len()
            );
            text = refused(Refusal::new(Code::MessageTooLarge, sentence)).to_json();
        }
        self.push(text.into(), ctx);
    }

    /// Answers when `answer` is there; other requests go on meanwhile.
    pub(super) fn answer_later<F>(&mut self, re: Uuid, answer: F, ctx: &mut Ctx<Self>)
    where
        F: Future<Output = Result<Answer, Refusal>> + 'static,
    {
        self.then(re, answer, ctx, |_, answer, _| answer);
    }

    /// Like [`Self::answer_later`], with a step in the process before the answer goes out.
    pub(super) fn then<F, T>(
        &mut self,
        re: Uuid,
        outcome: F,
        ctx: &mut Ctx<Self>,
        step: impl FnOnce(&mut Self, Result<T, Refusal>, &mut Ctx<Self>) -> Result<Answer, Refusal>
        + 'static,
    ) where
        F: Future<Output = Result<T, Refusal>> + 'static,
        T: 'static,
    {
        self.in_flight += 1;
        ctx.run(outcome, move |this, outcome, ctx| {
            this.in_flight -= 1;
            let answer = step(this, outcome, ctx);
            this.answer(re, answer, ctx);
        });
    }

    pub(super) fn text(&mut self, text: &str, ctx: &mut Ctx<Self>) {
        let Request { id, body } = match Request::parse(text) {
            Ok(request) => request,
            Err(bad) => return self.push(ServerFrame::from(bad).to_json().into(), ctx),
        };
        if !self.greeted && !matches!(body, Ask::SessionHello { .. }) {
            let sentence = "The first message of a connection is session.hello.";
            return self.answer(id, Err(Refusal::new(Code::HelloFirst, sentence)), ctx);
        }
        if self.in_flight >= self.hall.config.limits.requests_in_flight_max {
            let sentence = "Too many of your requests wait for their answers.";
            return self.answer(id, Err(Refusal::new(Code::Overloaded, sentence)), ctx);
        }
        self.request(id, body, ctx);
    }

    fn request(&mut self, id: Uuid, ask: Ask, ctx: &mut Ctx<Self>) {
        match ask {
            Ask::SessionHello { build, .. } => self.hello(id, &build, ctx),
            Ask::SessionKeepalive {} => {
                let at_us = self.hall.now_us();
                self.answer(id, Ok(Answer::SessionKeptAlive { at_us }), ctx);
            }
            ask @ (Ask::CampaignCreate { .. }
            | Ask::CampaignList {}
            | Ask::CampaignInvite { .. }
            | Ask::CampaignJoin { .. }
            | Ask::CampaignMembers { .. }) => self.campaign_request(id, ask, ctx),
            ask @ (Ask::BoardCreate { .. }
            | Ask::BoardList { .. }
            | Ask::BoardOpen { .. }
            | Ask::BoardClose { .. }
            | Ask::BoardStatus { .. }
            | Ask::BoardLoaded { .. }) => self.board_request(id, ask, ctx),
            ask
            @ (Ask::BoardUpload { .. } | Ask::BoardCommit { .. } | Ask::BoardAbandon { .. }) => {
                self.upload_request(id, ask, ctx)
            }
            ask @ (Ask::CharacterCreate { .. }
            | Ask::CharacterList { .. }
            | Ask::CharacterGet { .. }
            | Ask::CharacterPlay { .. }
            | Ask::CharacterLeave { .. }
            | Ask::SavesTogether { .. }
            | Ask::CharacterSave { .. }
            | Ask::CharacterRename { .. }) => self.character_request(id, ask, ctx),
            ask @ (Ask::GuildCreate { .. }
            | Ask::GuildList {}
            | Ask::GuildInvite { .. }
            | Ask::GuildJoin { .. }
            | Ask::GuildGet { .. }
            | Ask::GuildSetRank { .. }
            | Ask::GuildKick { .. }
            | Ask::GuildLeave { .. }
            | Ask::GuildDisband { .. }
            | Ask::ShipSave { .. }
            | Ask::ShipLedger { .. }) => self.guild_request(id, ask, ctx),
            Ask::EscrowList {
                character,
                guild,
                after,
            } => self.escrows(id, (character, guild), after, ctx),
        }
    }

    fn hello(&mut self, id: Uuid, build: &str, ctx: &mut Ctx<Self>) {
        log::debug!(session = self.id.to_string(), build:? = build; "hello");
        self.greeted = true;
        let limits = &self.hall.config.limits;
        let welcome = Answer::SessionWelcome {
            version: guildhall_protocol::SUB_PROTOCOL.to_string(),
            server_build: env!("CARGO_PKG_VERSION").to_string(),
            session: self.id,
            account: self.who.account,
            login: self.who.login.clone(),
            realm: self.who.realm_name.clone(),
            limits: announced(limits),
            heartbeat: guildhall_protocol::Heartbeat {
                ping_interval_ms: limits.ping_interval_ms,
                liveness_timeout_ms: limits.liveness_timeout_ms,
                keepalive_interval_ms: limits.keepalive_interval_ms,
                idle_timeout_ms: limits.idle_timeout_ms,
            },
            saving: Some(self.hall.saving().state),
        };
        self.answer(id, Ok(welcome), ctx);
    }
}

/// The limits that a client must know.
fn announced(limits: &guildhall_rules::limits::Limits) -> guildhall_protocol::Limits {
    let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    guildhall_protocol::Limits {
        frame_bytes_max: wide(limits.frame_bytes_max),
        message_bytes_max: wide(limits.message_bytes_max),
        chunk_bytes_max: wide(limits.chunk_bytes_max),
        upload_bytes_max: limits.upload_bytes_max,
        state_bytes_max: wide(limits.state_bytes_max),
        outbox_frames_max: u32::try_from(limits.outbox_frames_max).unwrap_or(u32::MAX),
        outbox_bytes_max: wide(limits.outbox_bytes_max),
    }
}
