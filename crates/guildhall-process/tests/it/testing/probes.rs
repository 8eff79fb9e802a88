//! Probes: what they record, how they stand for others, and how their expectations fail.

use std::time::Duration;

use guildhall_process::testing::{ProbeEvent, run};
use guildhall_process::{ExitReason, Pid, ReplyTo, exit};

use super::{failure, says};

#[test]
fn a_probe_records_messages_exits_and_downs_in_their_order() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe").trapping();
        let other = kit.probe::<()>("other");
        probe.link(other.pid());
        let monitor = probe.monitor(other.pid());
        kit.tell(&probe.process(), 1);
        kit.settle().await;
        other.exit("boom");
        kit.assert_exit(other.pid(), "boom").await;
        kit.tell(&probe.process(), 2);
        kit.settle().await;
        let events = probe.drain();
        let [first, ProbeEvent::Exit(exit), ProbeEvent::Down(down), last] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(
            (first, last),
            (&ProbeEvent::Message(1), &ProbeEvent::Message(2))
        );
        assert_eq!(
            (exit.from, &exit.reason),
            (other.pid(), &ExitReason::error("boom"))
        );
        assert_eq!((down.monitor, down.pid), (monitor, other.pid()));
    });
}

#[test]
fn a_probe_that_does_not_trap_dies_with_its_link_and_not_without() {
    run(async |kit| {
        let [a, b, c] = ["a", "b", "c"].map(|name| kit.probe::<()>(name));
        a.link(b.pid());
        c.link(b.pid());
        c.unlink(b.pid());
        b.exit("boom");
        kit.assert_exit(a.pid(), "boom").await;
        kit.assert_alive(c.pid()).await;
    });
}

#[test]
fn a_probe_answers_requests_by_itself_or_by_the_test() {
    run(async |kit| {
        let mut probe = kit.probe::<(u32, ReplyTo<u32>)>("bank");
        let by_hand = kit.ask(&probe.process(), |reply| (1, reply));
        let (n, reply) = probe.expect_message().await;
        reply.send(n + 1);
        assert_eq!(by_hand.await, 2);
        probe.answer(|(n, reply)| match n {
            0 => Some((n, reply)),
            _ => {
                reply.send(n * 10);
                None
            }
        });
        assert_eq!(kit.ask(&probe.process(), |reply| (4, reply)).await, 40);
        kit.tell(&probe.process(), (0, ReplyTo::detached()));
        assert_eq!(probe.expect_message().await.0, 0);
    });
}

#[test]
fn a_dropped_probe_ends_normally() {
    run(async |kit| {
        let probe = kit.probe::<()>("probe");
        let pid = probe.pid();
        drop(probe);
        kit.assert_exit(pid, ExitReason::Normal).await;
    });
}

#[test]
fn a_message_that_does_not_come_fails() {
    let text = failure(async |kit| {
        kit.probe::<u32>("bank").expect_message().await;
    });
    says(
        &text,
        &[r#"probe "bank" expected a message within 5s, but nothing came"#],
    );
    says(&text, &["asked at", "probes.rs"]);
}

#[test]
fn another_event_than_expected_fails_and_all_that_came_is_shown() {
    let text = failure(async |kit| {
        let mut probe = kit.probe::<u32>("bank").trapping();
        exit(probe.pid(), ExitReason::Shutdown);
        probe.monitor(Pid::OUTSIDE);
        kit.tell(&probe.process(), 7);
        kit.settle().await;
        probe.expect_message_eq(7).await;
    });
    says(
        &text,
        &["expected the message 7, but what came is an EXIT of <0.1>"],
    );
    says(
        &text,
        &[
            "reason `shutdown`",
            "behind it: a DOWN of <0.1>, reason `noproc`",
        ],
    );
    says(&text, &["behind it: the message 7"]);
}

#[test]
fn a_message_instead_of_a_signal_or_another_message_fails() {
    let text = failure(async |kit| {
        let mut probe = kit.probe::<u32>("bank");
        kit.tell(&probe.process(), 7);
        probe.expect_message_eq(8).await;
    });
    says(
        &text,
        &["expected the message 8, but what came is the message 7"],
    );
    let text = failure(async |kit| {
        let mut probe = kit.probe::<u32>("bank");
        kit.tell(&probe.process(), 7);
        probe.expect_exit().await;
    });
    says(&text, &["expected an EXIT, but what came is the message 7"]);
    let text = failure(async |kit| {
        let mut probe = kit.opaque_probe::<u32>("bank");
        kit.tell(&probe.process(), 7);
        probe.expect_down().await;
    });
    says(
        &text,
        &["expected a DOWN, but what came is the message u32"],
    );
}

#[test]
fn an_exit_or_a_down_of_another_or_for_another_reason_fails() {
    let text = failure(async |kit| {
        let mut probe = kit.probe::<()>("bank").trapping();
        let other = kit.probe::<()>("other");
        exit(probe.pid(), ExitReason::Shutdown);
        probe.expect_exit_of(other.pid(), "shutdown").await;
    });
    says(
        &text,
        &[
            "expected an EXIT of <0.",
            r#"probe "other", reason one that contains "shutdown""#,
        ],
    );
    let text = failure(async |kit| {
        let mut probe = kit.probe::<()>("bank");
        probe.monitor(Pid::OUTSIDE);
        probe.expect_down_of(Pid::OUTSIDE, ExitReason::Normal).await;
    });
    says(
        &text,
        &[
            "a DOWN of <0.1>, reason `normal`",
            "came is a DOWN of <0.1>, reason `noproc`",
        ],
    );
}

#[test]
fn something_where_nothing_is_expected_fails_also_at_the_last_moment() {
    let second = Duration::from_secs(1);
    let text = failure(async |kit| {
        let mut probe = kit.probe::<u32>("bank");
        probe.act(move |ctx| {
            let _ = ctx.send_after(second, 7);
        });
        probe
            .expect_nothing(second - Duration::from_millis(1))
            .await;
        probe.expect_nothing(Duration::from_millis(1)).await;
    });
    says(
        &text,
        &["expected nothing within 1ms, but what came is the message 7"],
    );
}

#[test]
fn a_probe_that_has_died_says_so() {
    let text = failure(async |kit| {
        let mut probe = kit.probe::<u32>("bank");
        exit(probe.pid(), ExitReason::Kill);
        probe.expect_message().await;
    });
    says(
        &text,
        &["expected a message, but it has ended itself with `killed`"],
    );
}
