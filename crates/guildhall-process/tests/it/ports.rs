//! Ports: linked both ways, monitored, ended by close, drop and signals.

use std::sync::mpsc::{Receiver, channel};

use guildhall_process::testing::run;
use guildhall_process::{ExitReason, Port, exit, is_alive, process_info};

use crate::kit::boom;

fn open() -> (Port, Receiver<ExitReason>) {
    let (tx, rx) = channel();
    let port = Port::open("socket", Some("127.0.0.1".into()), move |reason| {
        tx.send(reason).unwrap();
    });
    (port, rx)
}

#[test]
fn the_end_of_a_port_reaches_its_link_and_its_monitors() {
    run(async |kit| {
        let mut probe = kit.probe::<()>("probe").trapping();
        let (port, on_exit) = open();
        let pid = port.pid();
        port.link(probe.pid());
        probe.monitor(pid);
        port.close(boom());
        probe.expect_exit_of(pid, boom()).await;
        probe.expect_down_of(pid, boom()).await;
        assert!(!is_alive(pid));
        assert!(
            on_exit.try_recv().is_err(),
            "an own close is no exit signal"
        );
    });
}

#[test]
fn the_end_of_a_process_ends_the_linked_port() {
    run(async |kit| {
        let probe = kit.probe::<()>("probe");
        let (port, on_exit) = open();
        probe.link(port.pid());
        exit(probe.pid(), boom());
        kit.assert_exit(port.pid(), boom()).await;
        assert_eq!(on_exit.recv().unwrap(), boom());
        port.close(ExitReason::Normal);
    });
}

#[test]
fn a_dropped_port_ends_with_an_error() {
    run(async |kit| {
        let probe = kit.probe::<()>("probe");
        let (port, _on_exit) = open();
        port.link(probe.pid());
        drop(port);
        kit.assert_exit(probe.pid(), ExitReason::error("dropped"))
            .await;
    });
}

#[test]
fn a_port_obeys_the_signal_table_of_who_does_not_trap() {
    run(async |kit| {
        let (port, on_exit) = open();
        exit(port.pid(), ExitReason::Normal);
        kit.assert_alive(port.pid()).await;
        exit(port.pid(), ExitReason::Kill);
        assert_eq!(on_exit.recv().unwrap(), ExitReason::Killed);
        let (late, on_exit) = open();
        late.link(port.pid());
        assert_eq!(on_exit.recv().unwrap(), ExitReason::NoProc);
    });
}

#[test]
fn a_port_that_was_closed_normally_harms_nobody() {
    run(async |kit| {
        let probe = kit.probe::<()>("probe");
        let (port, _on_exit) = open();
        port.link(probe.pid());
        assert_eq!(process_info(port.pid()).unwrap().class, "port");
        port.close(ExitReason::Normal);
        kit.assert_alive(probe.pid()).await;
        assert!(process_info(probe.pid()).unwrap().links.is_empty());
    });
}

#[test]
fn a_long_chain_of_linked_ports_ends_without_a_long_chain_of_calls() {
    run(async |_kit| {
        const PORTS: usize = 20_000;
        let (ports, told): (Vec<_>, Vec<_>) = (0..PORTS).map(|_| open()).unzip();
        for pair in ports.windows(2) {
            pair[0].link(pair[1].pid());
        }
        exit(ports[0].pid(), boom());
        assert!(ports.iter().all(|port| !is_alive(port.pid())));
        assert!(told.iter().all(|told| told.try_recv() == Ok(boom())));
    });
}

#[test]
fn a_port_that_is_signalled_by_the_callback_of_another_is_dead_at_once() {
    run(async |_kit| {
        let (second, _on_exit) = open();
        let (tx, rx) = channel();
        let pid = second.pid();
        let first = Port::open("socket", None, move |reason| {
            exit(pid, reason);
            tx.send(is_alive(pid)).unwrap();
        });
        exit(first.pid(), boom());
        assert_eq!(rx.try_recv(), Ok(false));
    });
}
