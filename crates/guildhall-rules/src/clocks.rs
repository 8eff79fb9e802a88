//! The two clocks of a session: *liveness* (any inbound frame, pongs too) and *idle* (application
//! messages only), and when to send the next ping.
//!
//! Time is passed in as a `Duration` since an origin of the caller's choice, so every path is tested
//! without waiting. The session process owns the one timer and asks `due` whenever it fires.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// The figures of both clocks. `Limits::clock_limits` makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockLimits {
    /// A peer that was silent this long is pinged.
    pub ping_interval: Duration,
    /// A peer that was silent this long, and left a ping unanswered, is gone. Longer than the interval.
    pub liveness_timeout: Duration,
    /// A session without an application message for this long ends.
    pub idle_timeout: Duration,
}

/// What the session has to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockEvent {
    Nothing,
    /// Send a ping, then call [`Clocks::ping_sent`].
    SendPing,
    /// The peer answers nothing any more: end the session.
    LivenessLost,
    /// Nobody used the session for too long: end it.
    IdleExpired,
}

/// The state of both clocks.
#[derive(Clone, Debug)]
pub struct Clocks {
    limits: ClockLimits,
    last_inbound: Duration,
    last_application: Duration,
    ping_sent: Option<Duration>,
}

impl Clocks {
    /// Both clocks start at `now`: a connection that was just accepted counts as a sign of life.
    pub fn new(limits: ClockLimits, now: Duration) -> Self {
        Self {
            limits,
            last_inbound: now,
            last_application: now,
            ping_sent: None,
        }
    }

    /// Any frame came in: a pong, a ping, data. Never call it for what was sent, or a ghost that is
    /// broadcast to lives for ever.
    pub fn inbound_frame(&mut self, now: Duration) {
        self.last_inbound = self.last_inbound.max(now);
        self.ping_sent = None;
    }

    /// A whole application message came in; the keep-alive is one.
    pub fn application_message(&mut self, now: Duration) {
        self.inbound_frame(now);
        self.last_application = self.last_application.max(now);
    }

    /// The ping that [`ClockEvent::SendPing`] asked for was handed to the socket.
    pub fn ping_sent(&mut self, now: Duration) {
        self.ping_sent.get_or_insert(now);
    }

    /// What is due at `now`. An end outranks a ping, and a lost peer an idle one.
    pub fn due(&self, now: Duration) -> ClockEvent {
        if self.ping_sent.is_some() && now >= self.liveness_deadline() {
            ClockEvent::LivenessLost
        } else if now >= self.idle_deadline() {
            ClockEvent::IdleExpired
        } else if self.ping_sent.is_none() && now >= self.ping_deadline() {
            ClockEvent::SendPing
        } else {
            ClockEvent::Nothing
        }
    }

    /// The earliest time at which [`Clocks::due`] can say something new.
    pub fn next_deadline(&self) -> Duration {
        let heartbeat = match self.ping_sent {
            Some(_) => self.liveness_deadline(),
            None => self.ping_deadline(),
        };
        heartbeat.min(self.idle_deadline())
    }

    /// When the peer was last heard of: for the status page and the record of the session's end.
    pub fn last_inbound(&self) -> Duration {
        self.last_inbound
    }

    fn ping_deadline(&self) -> Duration {
        self.last_inbound.saturating_add(self.limits.ping_interval)
    }

    /// A ping that we ourselves sent late (a busy host, a suspended laptop) still gets the full time
    /// for its answer: our own stall must not end a healthy session.
    fn liveness_deadline(&self) -> Duration {
        let limits = &self.limits;
        let answer_time = limits.liveness_timeout.saturating_sub(limits.ping_interval);
        let silent = self.last_inbound.saturating_add(limits.liveness_timeout);
        let unanswered = self.ping_sent.map(|sent| sent.saturating_add(answer_time));
        unanswered.map_or(silent, |unanswered| unanswered.max(silent))
    }

    fn idle_deadline(&self) -> Duration {
        self.last_application
            .saturating_add(self.limits.idle_timeout)
    }
}
