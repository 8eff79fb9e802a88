//! What flows through a session, and when: messages of the peer that wait until it has read its answers, the
//! outbox with its credit, and one timer for all deadlines.

use std::time::Duration;

use bytestring::ByteString;
use guildhall_process::{Ctx, Handle};
use guildhall_protocol::CloseCode;
use guildhall_rules::clocks::ClockEvent;

use super::{Alive, Deliver, Inbound, Message, Sent, Session, ended};

struct Alarm;
struct HelloDue;
struct Resume;

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
                self.end(CloseCode::IDLE_EXPIRED, None, ctx);
                return;
            }
        }
        if self.expires <= now {
            self.end(CloseCode::TOKEN_EXPIRED, None, ctx);
            return;
        }
        self.set_alarm(ctx);
    }
}

impl Handle<HelloDue> for Session {
    fn handle(&mut self, _: HelloDue, ctx: &mut Ctx<Self>) {
        if !self.greeted {
            ctx.exit(ended("hello_timeout"));
        }
    }
}

impl Session {
    /// Whoever says nothing holds no place for long.
    pub(super) fn wait_for_hello(&self, ctx: &mut Ctx<Self>) {
        let patience = self.hall.config.limits.doors.hello_timeout_ms;
        ctx.send_after(Duration::from_millis(patience), HelloDue);
    }

    /// One timer for all deadlines. Activity only moves them later, so a timer that fires early finds
    /// nothing due and is set again; a deadline that is new and nearer replaces it.
    pub(super) fn set_alarm(&mut self, ctx: &mut Ctx<Self>) {
        let clocks = self.clocks.next_deadline().min(self.expires);
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

    pub(super) fn push(&mut self, text: ByteString, ctx: &mut Ctx<Self>) {
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
}
