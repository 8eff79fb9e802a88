//! Fault injection: each fault strikes at its message, once, and at no other.

use guildhall_process::testing::{
    Fault, Kit, Probe, crash_next, crash_nth, crash_on, disarm, inject, run,
};
use guildhall_process::{ExitReason, Pid, is_alive};

use super::failure;

/// How many of ten messages a probe has handled when it ends.
async fn handled(kit: &Kit, probe: &mut Probe<u32>) -> usize {
    for n in 0..10 {
        kit.tell(&probe.process(), n);
    }
    kit.settle().await;
    probe.drain().len()
}

#[test]
fn a_crash_hits_the_chosen_message_and_says_what_it_is() {
    run(async |kit| {
        for nth in 1..=10 {
            let mut probe = kit.probe::<u32>("probe");
            assert!(crash_nth(probe.pid(), nth));
            assert_eq!(handled(&kit, &mut probe).await + 1, nth.try_into().unwrap());
            match kit.assert_exit(probe.pid(), "panic").await {
                ExitReason::Panic(info) => {
                    assert_eq!(info.message, "injected crash");
                    assert_eq!(info.last_message, Some("u32"));
                }
                other => panic!("{other}"),
            }
            assert!(!crash_next(probe.pid()), "it is dead");
        }
    });
}

#[test]
fn a_crash_at_a_type_of_message_passes_all_others_by() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe");
        assert!(crash_on::<String>(probe.pid()));
        assert!(inject(probe.pid(), Fault::crash().on::<u32>().nth(4)));
        probe.ask(|_| ()).await;
        assert_eq!(handled(&kit, &mut probe).await, 3);
        disarm(probe.pid());
    });
}

#[test]
fn a_kill_lets_the_running_handler_end_and_nothing_after_it() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe").trapping();
        assert!(inject(probe.pid(), Fault::kill().nth(3)));
        assert_eq!(handled(&kit, &mut probe).await, 3);
        kit.assert_exit(probe.pid(), ExitReason::Killed).await;
    });
}

#[test]
fn an_exit_signal_is_trapped_by_who_traps() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe").trapping();
        let fault = Fault::exit(ExitReason::Shutdown);
        assert!(inject(probe.pid(), fault));
        assert_eq!(
            handled(&kit, &mut probe).await,
            11,
            "ten messages and an EXIT"
        );
        let mut probe = kit.probe::<u32>("probe");
        let fault = Fault::exit(ExitReason::Shutdown);
        assert!(inject(probe.pid(), fault.nth(2)));
        assert_eq!(handled(&kit, &mut probe).await, 2);
        kit.assert_exit(probe.pid(), ExitReason::Shutdown).await;
    });
}

#[test]
fn a_fault_that_is_taken_back_does_not_strike() {
    run(async |kit| {
        let mut probe = kit.probe::<u32>("probe");
        assert!(crash_nth(probe.pid(), 3));
        disarm(probe.pid());
        assert_eq!(handled(&kit, &mut probe).await, 10);
        assert!(is_alive(probe.pid()) && !crash_next(Pid::OUTSIDE));
    });
}

#[test]
fn a_fault_that_has_not_struck_fails_the_test() {
    let text = failure(async |kit| {
        let probe = kit.probe::<u32>("probe");
        assert!(inject(probe.pid(), Fault::crash().on::<String>().nth(2)));
        probe.ask(|_| ()).await;
    });
    assert!(text.contains("have not struck"), "{text}");
    assert!(text.contains("2 more alloc::string::String"), "{text}");
}
