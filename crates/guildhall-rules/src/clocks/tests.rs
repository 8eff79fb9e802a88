//! Tests of `clocks`, in seconds since an origin.

use proptest::prelude::*;

use super::*;
use crate::limits::Limits;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn clocks(now: u64) -> Clocks {
    Clocks::new(Limits::default().clock_limits(), s(now))
}

#[test]
fn a_silent_peer_is_pinged_after_ten_seconds_and_lost_after_fifteen() {
    let mut clocks = clocks(100);
    assert_eq!(clocks.next_deadline(), s(110));
    assert_eq!(clocks.due(s(109)), ClockEvent::Nothing);
    assert_eq!(clocks.due(s(110)), ClockEvent::SendPing);
    clocks.ping_sent(s(110));
    assert_eq!(clocks.next_deadline(), s(115));
    assert_eq!(clocks.due(s(114)), ClockEvent::Nothing);
    assert_eq!(clocks.due(s(115)), ClockEvent::LivenessLost);
}

#[test]
fn only_one_ping_is_in_flight() {
    let mut clocks = clocks(0);
    clocks.ping_sent(s(10));
    assert_eq!(clocks.due(s(13)), ClockEvent::Nothing);
    // A second report does not push the deadline out.
    clocks.ping_sent(s(13));
    assert_eq!(clocks.due(s(15)), ClockEvent::LivenessLost);
}

#[test]
fn any_inbound_frame_answers_the_ping_and_starts_anew() {
    let mut clocks = clocks(0);
    clocks.ping_sent(s(10));
    clocks.inbound_frame(s(14));
    assert_eq!(clocks.last_inbound(), s(14));
    assert_eq!(clocks.due(s(23)), ClockEvent::Nothing);
    assert_eq!(clocks.due(s(24)), ClockEvent::SendPing);
}

#[test]
fn our_own_late_timer_never_ends_a_session_without_a_ping() {
    let mut clocks = clocks(0);
    assert_eq!(clocks.due(s(600)), ClockEvent::SendPing);
    clocks.ping_sent(s(600));
    assert_eq!(clocks.due(s(604)), ClockEvent::Nothing);
    assert_eq!(clocks.due(s(605)), ClockEvent::LivenessLost);
}

#[test]
fn pongs_keep_alive_but_do_not_keep_from_idling_out() {
    let mut clocks = clocks(0);
    let mut now = 0;
    let end = loop {
        now += 1;
        match clocks.due(s(now)) {
            ClockEvent::SendPing => {
                clocks.ping_sent(s(now));
                clocks.inbound_frame(s(now));
            }
            ClockEvent::Nothing => {}
            end => break end,
        }
    };
    assert_eq!((end, now), (ClockEvent::IdleExpired, 3600));
}

#[test]
fn a_throttled_tab_that_works_once_a_minute_and_pongs_lives_on() {
    let mut clocks = clocks(0);
    for now in 1..20_000 {
        if now % 60 == 0 {
            clocks.application_message(s(now));
        }
        match clocks.due(s(now)) {
            ClockEvent::SendPing => {
                clocks.ping_sent(s(now));
                clocks.inbound_frame(s(now));
            }
            event => assert_eq!(event, ClockEvent::Nothing, "at {now} s"),
        }
    }
}

#[test]
fn the_keep_alive_of_five_minutes_holds_the_idle_clock() {
    let mut clocks = clocks(0);
    clocks.application_message(s(3599));
    clocks.inbound_frame(s(7198));
    assert_eq!(clocks.due(s(7198)), ClockEvent::Nothing);
    assert_eq!(clocks.due(s(7199)), ClockEvent::IdleExpired);
}

#[test]
fn a_frame_reported_late_does_not_turn_the_clock_back() {
    let mut clocks = clocks(0);
    clocks.application_message(s(50));
    clocks.application_message(s(40));
    assert_eq!(clocks.last_inbound(), s(50));
    assert_eq!(clocks.due(s(3649)), ClockEvent::SendPing);
    assert_eq!(clocks.due(s(3650)), ClockEvent::IdleExpired);
}

proptest! {
    /// A timer set to `next_deadline` misses nothing: before it nothing is due, at it something is.
    #[test]
    fn something_is_due_exactly_from_the_next_deadline_on(
        steps in proptest::collection::vec((0..3_u8, 0..8000_u64), 0..30),
    ) {
        let mut clocks = clocks(0);
        let mut now = 0;
        for (what, ms) in steps {
            now += ms;
            let at = Duration::from_millis(now);
            match what {
                0 => clocks.inbound_frame(at),
                1 => clocks.application_message(at),
                _ => clocks.ping_sent(at),
            }
            let deadline = clocks.next_deadline();
            let early = deadline.saturating_sub(Duration::from_millis(1));
            prop_assert_eq!(clocks.due(early), ClockEvent::Nothing);
            prop_assert_ne!(clocks.due(deadline), ClockEvent::Nothing);
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic(at in any::<u64>(), extreme in any::<bool>()) {
        let now = if extreme { Duration::MAX } else { Duration::from_nanos(at) };
        let mut clocks = Clocks::new(Limits::default().clock_limits(), now);
        clocks.ping_sent(now);
        let _ = (clocks.due(Duration::ZERO), clocks.due(Duration::MAX), clocks.next_deadline());
    }
}
