//! Ports: linked both ways, monitored, ended by close, drop and signals.

use std::sync::mpsc::{Receiver, channel};

use guildhall_process::{ExitReason, Port, exit, is_alive, process_info, watch};

use crate::kit::{Event, ask, boom, death, probe, run, soon};

fn open() -> (Port, Receiver<ExitReason>) {
    let (tx, rx) = channel();
    let port = Port::open("socket", Some("127.0.0.1".into()), move |reason| {
        tx.send(reason).unwrap();
    });
    (port, rx)
}

#[test]
fn the_end_of_a_port_reaches_its_link_and_its_monitors() {
    run(async {
        let (process, mut events) = probe(true).await;
        let (port, on_exit) = open();
        port.link(process.pid());
        let down = watch(port.pid());
        let pid = port.pid();
        port.close(boom());
        assert_eq!(soon(down).await, boom());
        match events.next().await {
            Event::Exit(exit) => assert_eq!((exit.from, exit.reason), (pid, boom())),
            other => panic!("{other:?}"),
        }
        assert!(!is_alive(pid));
        assert!(
            on_exit.try_recv().is_err(),
            "an own close is no exit signal"
        );
    });
}

#[test]
fn the_end_of_a_process_ends_the_linked_port() {
    run(async {
        let (process, _events) = probe(false).await;
        let (port, on_exit) = open();
        let pid = port.pid();
        ask(&process, move |_, ctx| ctx.link(pid)).await;
        exit(process.pid(), boom());
        death(process.pid()).await;
        assert_eq!(on_exit.recv().unwrap(), boom());
        assert!(!is_alive(pid));
        port.close(ExitReason::Normal);
    });
}

#[test]
fn a_dropped_port_ends_with_an_error() {
    run(async {
        let (process, _events) = probe(false).await;
        let (port, _on_exit) = open();
        port.link(process.pid());
        drop(port);
        assert_eq!(death(process.pid()).await, ExitReason::error("dropped"));
    });
}

#[test]
fn a_port_obeys_the_signal_table_of_who_does_not_trap() {
    run(async {
        let (port, on_exit) = open();
        exit(port.pid(), ExitReason::Normal);
        assert!(is_alive(port.pid()));
        exit(port.pid(), ExitReason::Kill);
        assert_eq!(on_exit.recv().unwrap(), ExitReason::Killed);
        let (late, on_exit) = open();
        late.link(port.pid());
        assert_eq!(on_exit.recv().unwrap(), ExitReason::NoProc);
    });
}

#[test]
fn a_port_that_was_closed_normally_harms_nobody() {
    run(async {
        let (process, _events) = probe(false).await;
        let (port, _on_exit) = open();
        port.link(process.pid());
        assert_eq!(process_info(port.pid()).unwrap().class, "port");
        port.close(ExitReason::Normal);
        ask(&process, |_, _| ()).await;
        assert!(process_info(process.pid()).unwrap().links.is_empty());
    });
}
