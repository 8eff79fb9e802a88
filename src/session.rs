//! The session process: one authenticated connection. Temporary child of `sessions`, on its socket's
//! arbiter, linked to the socket's port: whichever dies, both are gone. Owns who is acting, which boards
//! are bound, the uploads under way, the outbox with its credit, and both clocks. No row and no sweeper
//! decides that a session is gone.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use guildhall_process::{
    Ctx, Down, ExitReason, Handle, Init, MonitorRef, Pid, ProcRef, Process, ReplyTo, TimerRef,
};
use guildhall_protocol::{Code, Refusal};
use guildhall_rules::clocks::Clocks;
use guildhall_rules::outbox::Outbox;
use uuid::Uuid;

use crate::auth::Identity;
use crate::board_sync::BoardSync;
use crate::hall::{HallRef, Seat};
use crate::presence;
use crate::refusal;
use uploads::Uploads;

mod boards;
mod campaigns;
mod characters;
mod dispatch;
mod escrows;
mod flow;
mod guilds;
mod messages;
mod plays;
#[cfg(test)]
mod tests;
mod uploads;

pub use messages::{
    AccountRevoked, Alive, Announce, Deliver, Inbound, Message, Notice, Replaced, Sent,
    TokenRevoked, tell_all, tell_or_end,
};

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
    /// Its account's place, given back when this is gone.
    _seat: Option<Seat>,
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
            _seat: None,
            owned: HashSet::new(),
            seats: HashMap::new(),
            hall,
        }
    }

    /// Holds its account's place.
    #[must_use]
    pub fn seated(mut self, seat: Option<Seat>) -> Self {
        self._seat = seat;
        self
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
                this.wait_for_hello(ctx);
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
