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
use guildhall_protocol::{CloseCode, Code, Refusal};
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
mod endings;
mod escrows;
mod flow;
mod guilds;
mod messages;
mod plays;
#[cfg(test)]
mod tests;
mod uploads;

pub use endings::{End, Whom};
pub use messages::{
    Alive, Announce, Deliver, Inbound, Message, Notice, Replaced, Sent, tell_all, tell_or_end,
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
    /// When it came in.
    since: Duration,
    /// When its token ends, by the server's clock: a wall clock that jumps ends nobody.
    expires: Duration,
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

impl Session {
    fn arrival(&self, me: ProcRef<Self>) -> presence::Arrival {
        presence::Arrival {
            session: me,
            id: self.id,
            who: self.who.clone(),
            since: self.since,
        }
    }
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
            since: now,
            expires: now.saturating_add(hall.time_until(who.expires_us)),
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
        let arrival = self.arrival(me);
        let token = self.who.token;
        // The registry first, the token once more second: whoever revokes it in between finds this session.
        let admitted = async move {
            let plays = presence::arrive(&hall, arrival).await;
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
            Err::<Vec<presence::Play>, Refusal>(refusal) => {
                ctx.init_done(Err(match refusal.code {
                    Code::Unauthenticated => ended(CloseCode::SIGNED_OUT.reason),
                    Code::Banned => ended(CloseCode::BANNED.reason),
                    _ => ExitReason::error(refusal.message),
                }));
            }
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
            arrival: self.arrival(ctx.me()),
            plays: self.plays(),
            reply: ReplyTo::detached(),
        };
        // If the presence process is gone again, its successor asks again.
        let _ = self.hall.presence.tell(arrive);
    }
}
