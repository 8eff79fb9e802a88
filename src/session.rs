//! The session process: one authenticated connection. Temporary child of `sessions`, on its socket's
//! arbiter, linked to the socket's port: whichever dies, both are gone. Owns who is acting, which boards
//! are bound, the uploads under way, the outbox with its credit, and both clocks. No row and no sweeper
//! decides that a session is gone.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use guildhall_process::{
    Ctx, Down, ExitReason, Handle, Init, MonitorRef, Pid, ProcRef, Process, ReplyTo, SendError,
    TimerRef,
};
use guildhall_protocol::{Answer, Ask, Code, Event, Refusal, Request, ServerFrame};
use guildhall_rules::clocks::{ClockEvent, Clocks};
use guildhall_rules::outbox::Outbox;
use uuid::Uuid;

use crate::auth::Identity;
use crate::auth::secrets::SecretHash;
use crate::board_sync::BoardSync;
use crate::hall::{self, Hall, HallRef};
use crate::presence;
use crate::refusal;
use uploads::Uploads;

mod boards;
mod campaigns;
mod characters;
mod escrows;
mod guilds;
mod plays;
#[cfg(test)]
mod tests;
mod uploads;

/// What carries frames to the peer: all that a session knows of its socket.
pub trait Transport: Send {
    /// Sends text frames in this order; [`Sent`] comes back when they were handed to HTTP.
    fn send(&self, frames: Vec<ByteString>);
    /// Sends one ping.
    fn ping(&self);
}

/// See the file's head.
pub struct Session {
    hall: HallRef,
    id: Uuid,
    who: Identity,
    port: Pid,
    transport: Box<dyn Transport>,
    outbox: Outbox<ByteString>,
    clocks: Clocks,
    alarm: Option<(TimerRef, Duration)>,
    greeted: bool,
    in_flight: usize,
    events: u64,
    bound: HashMap<Uuid, Bound>,
    uploads: Uploads,
    /// Messages that wait until the peer has read its answers.
    waiting: VecDeque<Inbound>,
    /// The next of them is on its way.
    resuming: bool,
    /// Characters found to be this account's to act for.
    owned: HashSet<Uuid>,
    /// Characters that this session plays, or is about to.
    seats: HashMap<Uuid, plays::Seat>,
}

/// A board that this session has open.
struct Bound {
    board: ProcRef<BoardSync>,
    monitor: MonitorRef,
}

/// One whole message of the peer, with the place that it holds in the socket's window.
pub struct Inbound {
    /// What arrived.
    pub message: Message,
    /// Given back when the message was handled.
    pub place: Box<dyn Send>,
}

/// The two kinds of message.
#[derive(Debug)]
pub enum Message {
    /// A request.
    Text(ByteString),
    /// A chunk of an upload.
    Binary(Bytes),
}

/// A frame of the peer that is no message: a ping or a pong.
pub struct Alive;

/// Frames that the socket handed to HTTP.
pub struct Sent {
    /// How many.
    pub frames: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// An event that another process has encoded for many.
#[derive(Clone)]
pub struct Deliver {
    /// The frame.
    pub text: ByteString,
}

/// An event for this session alone.
pub struct Notice(pub Event);

/// The presence process asks who is here.
pub struct Announce;

/// Another session plays a character that this one has played.
pub struct Replaced {
    /// The character.
    pub character: Uuid,
    /// The epoch under which this session played it.
    pub epoch: u32,
}

/// Every token of an account was revoked.
pub struct AccountRevoked(pub Uuid);

/// A token was revoked; whoever was let in with it ends.
pub struct TokenRevoked(pub SecretHash);

/// Sends to a session what it must not miss: one that has made no room in its mailbox is ended as a slow
/// reader, so that nothing is lost in silence.
pub fn tell_or_end<M: Send + 'static>(session: &ProcRef<Session>, message: M)
where
    Session: Handle<M>,
{
    if let Err(SendError::Full(_)) = session.tell(message) {
        guildhall_process::exit(session.pid(), ended("slow_reader"));
    }
}

/// Tells every session, each of which knows itself whether it is meant: no list could lag behind.
pub fn tell_all<M: Send + 'static>(hall: &Hall, message: impl Fn() -> M)
where
    Session: Handle<M>,
{
    let sessions = hall.sessions.registry();
    for id in sessions.keys() {
        if let Some(session) = sessions.whereis(&id) {
            tell_or_end(&session, message());
        }
    }
}

struct Alarm;
struct Resume;

/// The reason with which a session ends by its own decision.
fn ended(word: &str) -> ExitReason {
    ExitReason::shutdown_with(word)
}

impl Session {
    /// A session of `who` behind the socket's `port`.
    #[must_use]
    pub fn new(hall: HallRef, who: Identity, port: Pid, transport: Box<dyn Transport>) -> Self {
        let limits = &hall.config.limits;
        let now = hall.now();
        Self {
            id: Uuid::now_v7(),
            outbox: Outbox::new(limits.outbox_limits()),
            clocks: Clocks::new(limits.clock_limits(), now),
            uploads: Uploads::default(),
            who,
            port,
            transport,
            alarm: None,
            greeted: false,
            in_flight: 0,
            events: 0,
            bound: HashMap::new(),
            waiting: VecDeque::new(),
            resuming: false,
            owned: HashSet::new(),
            seats: HashMap::new(),
            hall,
        }
    }
}

impl Process for Session {
    const KIND: &'static str = "session";
    const MAILBOX_MAX: usize = 4096;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.link(self.port);
        let me = ctx.me();
        if let Err(taken) = self.hall.sessions.registry().register(self.id, &me) {
            return Init::Fail(ExitReason::error(taken.to_string()));
        }
        let hall = Arc::clone(&self.hall);
        let (id, account, token) = (self.id, self.who.account, self.who.token);
        // The registry first, the token once more second: whoever revokes it in between finds this session.
        let admitted = async move {
            let plays = presence::arrive(&hall, me, id, (account, token)).await;
            let plays = plays.map_err(|e| refusal::call(&e))?;
            crate::auth::still_valid(&hall, token).await?;
            Ok(plays)
        };
        ctx.wait(admitted, |this, admitted, ctx| match admitted {
            Ok(plays) => {
                this.go_on_playing(&plays);
                log::info!(
                    session = this.id.to_string(), account = this.who.account.to_string(), pid = ctx.pid().to_string();
                    "session started"
                );
                this.set_alarm(ctx);
                ctx.init_done(Ok(()));
            }
            Err::<Vec<presence::Play>, Refusal>(refusal)
                if refusal.code == Code::Unauthenticated =>
            {
                ctx.init_done(Err(ended("signed_out")));
            }
            Err(refusal) => ctx.init_done(Err(ExitReason::error(refusal.message))),
        });
        Init::Pending
    }

    fn handle_down(&mut self, down: Down, ctx: &mut Ctx<Self>) {
        self.board_down(&down, ctx);
    }

    fn state_summary(&self) -> Option<String> {
        Some(format!(
            "session {}, account {}, {} boards, {} uploads, {} frames waiting",
            self.id,
            self.who.account,
            self.bound.len(),
            self.uploads.len(),
            self.outbox.frames()
        ))
    }
}

impl Handle<Inbound> for Session {
    /// A peer that leaves its answers unread is slowed: its messages wait, in their order and with their
    /// places, so that nothing more is read from it either.
    fn handle(&mut self, inbound: Inbound, ctx: &mut Ctx<Self>) {
        self.clocks.application_message(self.hall.now());
        if self.waiting.is_empty() && !self.outbox.is_half_full() {
            self.take(inbound, ctx);
        } else {
            self.waiting.push_back(inbound);
        }
    }
}

impl Handle<Resume> for Session {
    /// One message at a time: it may make the mailbox wait, and no later one may overtake it.
    fn handle(&mut self, _: Resume, ctx: &mut Ctx<Self>) {
        self.resuming = false;
        if self.outbox.is_half_full() {
            return;
        }
        if let Some(inbound) = self.waiting.pop_front() {
            self.take(inbound, ctx);
        }
        self.resume(ctx);
    }
}

impl Handle<Alive> for Session {
    fn handle(&mut self, _: Alive, _: &mut Ctx<Self>) {
        self.clocks.inbound_frame(self.hall.now());
    }
}

impl Handle<Sent> for Session {
    fn handle(&mut self, Sent { frames, bytes }: Sent, ctx: &mut Ctx<Self>) {
        self.outbox.acked(frames, bytes, self.hall.now());
        self.pump(ctx);
        self.resume(ctx);
    }
}

impl Handle<Deliver> for Session {
    fn handle(&mut self, Deliver { text }: Deliver, ctx: &mut Ctx<Self>) {
        self.push(text, ctx);
    }
}

impl Handle<Notice> for Session {
    /// One that has not said hello yet is told how things are by the answer to that.
    fn handle(&mut self, Notice(event): Notice, ctx: &mut Ctx<Self>) {
        if self.greeted {
            self.event(event, ctx);
        }
    }
}

impl Handle<Announce> for Session {
    fn handle(&mut self, _: Announce, ctx: &mut Ctx<Self>) {
        let arrive = presence::Arrive {
            session: ctx.me(),
            id: self.id,
            account: self.who.account,
            token: self.who.token,
            plays: self.plays(),
            reply: ReplyTo::detached(),
        };
        // If the presence process is gone again, its successor asks again.
        let _ = self.hall.presence.tell(arrive);
    }
}

impl Handle<TokenRevoked> for Session {
    fn handle(&mut self, TokenRevoked(token): TokenRevoked, ctx: &mut Ctx<Self>) {
        if self.who.token == token {
            ctx.exit(ended("signed_out"));
        }
    }
}

impl Handle<AccountRevoked> for Session {
    fn handle(&mut self, AccountRevoked(account): AccountRevoked, ctx: &mut Ctx<Self>) {
        if self.who.account == account {
            ctx.exit(ended("signed_out"));
        }
    }
}

impl Handle<Alarm> for Session {
    fn handle(&mut self, _: Alarm, ctx: &mut Ctx<Self>) {
        self.alarm = None;
        let now = self.hall.now();
        if self.outbox.overdue(now) {
            ctx.exit(ended("slow_reader"));
            return;
        }
        match self.clocks.due(now) {
            ClockEvent::Nothing => {}
            ClockEvent::SendPing => {
                self.transport.ping();
                self.clocks.ping_sent(now);
            }
            // Its frames wait because we do not take them: that is not its silence.
            ClockEvent::LivenessLost
                if !self.waiting.is_empty() || self.uploads.wait_for_disk() =>
            {
                self.clocks.inbound_frame(now);
            }
            ClockEvent::LivenessLost => {
                ctx.exit(ended("liveness_lost"));
                return;
            }
            ClockEvent::IdleExpired => {
                ctx.exit(ended("idle_expired"));
                return;
            }
        }
        self.set_alarm(ctx);
    }
}

impl Session {
    /// One timer for all deadlines. Activity only moves them later, so a timer that fires early finds
    /// nothing due and is set again; a deadline that is new and nearer replaces it.
    fn set_alarm(&mut self, ctx: &mut Ctx<Self>) {
        let clocks = self.clocks.next_deadline();
        let due = self
            .outbox
            .write_deadline()
            .map_or(clocks, |write| write.min(clocks));
        match self.alarm.take() {
            Some((timer, set_for)) if set_for <= due => self.alarm = Some((timer, set_for)),
            earlier => {
                if let Some((timer, _)) = earlier {
                    ctx.cancel_timer(timer);
                }
                let timer = ctx.send_after(due.saturating_sub(self.hall.now()), Alarm);
                self.alarm = Some((timer, due));
            }
        }
    }

    fn take(&mut self, Inbound { message, place }: Inbound, ctx: &mut Ctx<Self>) {
        match message {
            Message::Text(text) => self.text(&text, ctx),
            Message::Binary(frame) => self.chunk(&frame, place, ctx),
        }
    }

    /// Goes on with the messages that wait, if there is room for answers again.
    fn resume(&mut self, ctx: &mut Ctx<Self>) {
        if !self.resuming && !self.waiting.is_empty() && !self.outbox.is_half_full() {
            self.resuming = true;
            ctx.send_after(Duration::ZERO, Resume);
        }
    }

    fn push(&mut self, text: ByteString, ctx: &mut Ctx<Self>) {
        let bytes = text.len();
        if let Err(overflow) = self.outbox.push(text, bytes) {
            log::warn!(session = self.id.to_string(); "{overflow}");
            ctx.exit(ended("slow_reader"));
            return;
        }
        self.pump(ctx);
    }

    /// Hands to the socket what the credit allows.
    fn pump(&mut self, ctx: &mut Ctx<Self>) {
        let now = self.hall.now();
        let mut frames = Vec::new();
        while let Some(frame) = self.outbox.take_sendable(now) {
            frames.push(frame);
        }
        if !frames.is_empty() {
            self.transport.send(frames);
            self.set_alarm(ctx);
        }
    }

    fn event(&mut self, event: Event, ctx: &mut Ctx<Self>) {
        self.events += 1;
        let frame = ServerFrame::Event {
            seq: self.events,
            event,
        };
        self.push(frame.to_json().into(), ctx);
    }

    fn answer(&mut self, re: Uuid, answer: Result<Answer, Refusal>, ctx: &mut Ctx<Self>) {
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
    fn answer_later<F>(&mut self, re: Uuid, answer: F, ctx: &mut Ctx<Self>)
    where
        F: Future<Output = Result<Answer, Refusal>> + 'static,
    {
        self.then(re, answer, ctx, |_, answer, _| answer);
    }

    /// Like [`Self::answer_later`], with a step in the process before the answer goes out.
    fn then<F, T>(
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

    fn text(&mut self, text: &str, ctx: &mut Ctx<Self>) {
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
                let at_us = hall::now_us();
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
