//! Exit signals against the switch of `trap_exit`, and the order of one sender's signals.

use shuttle::thread;

use super::cells::{Owner, boom, cell, exits};
use super::{explore, found};
use crate::exit::ExitReason;
use crate::letter::Note;
use crate::pid::Pid;
use crate::process::Exit;
use crate::signals::{die, exit_from, link};
use crate::sync::lock;
use crate::table;

type Send = fn(Pid, Pid, ExitReason);

/// A signal that comes while its target begins to trap exits ends it or becomes a message, and
/// never both or neither.
fn exit_against_trap(exit_from: Send) {
    let (target, sender) = (cell(false), cell(false));
    let sending = thread::spawn({
        let (target, sender) = (target.pid, sender.pid);
        move || exit_from(sender, target, boom())
    });
    lock(&target.state).trap_exit = true;
    sending.join().unwrap();
    let ends = target.pending_exit() == Some(boom());
    let told = exits(&target, sender.pid) == [boom()];
    assert!(ends != told, "ends: {ends}, told: {told}");
    die(&*target, ExitReason::Normal);
    die(&*sender, ExitReason::Normal);
}

#[test]
fn a_signal_against_the_switch_of_trap_exit_does_one_thing() {
    explore(|| exit_against_trap(exit_from));
}

/// Looks twice whether the target traps exits.
fn exit_that_looks_twice(from: Pid, target: Pid, reason: ExitReason) {
    let Some(target) = table::get(target) else {
        return;
    };
    if lock(&target.state).trap_exit {
        target.body.push(Note::Exit(Exit { from, reason }));
    } else if !lock(&target.state).trap_exit {
        exit_from(from, target.pid, reason);
    }
}

#[test]
fn a_signal_that_looks_twice_is_found() {
    let found = found(|| exit_against_trap(exit_that_looks_twice));
    assert!(found.contains("ends: false, told: false"), "{found}");
}

fn numbered(n: u32) -> ExitReason {
    ExitReason::error(n.to_string())
}

/// Two senders with two signals each, of which one dies linked: each one's come in its order.
fn two_senders(exit_from: Send) {
    let (target, one, other) = (cell(true), cell(false), cell(false));
    link(target.clone(), one.pid);
    let speak = |sender: &Owner, first: u32| {
        let (target, sender) = (target.pid, sender.clone());
        thread::spawn(move || {
            exit_from(sender.pid, target, numbered(first));
            exit_from(sender.pid, target, numbered(first + 1));
            die(&*sender, numbered(first + 2));
        })
    };
    let threads = [speak(&one, 1), speak(&other, 11)];
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(
        exits(&target, one.pid),
        [numbered(1), numbered(2), numbered(3)]
    );
    assert_eq!(exits(&target, other.pid), [numbered(11), numbered(12)]);
    die(&*target, ExitReason::Normal);
}

#[test]
fn the_signals_of_one_sender_come_in_their_order() {
    explore(|| two_senders(exit_from));
}

/// Leaves the delivery to a thread.
fn exit_by_messenger(from: Pid, target: Pid, reason: ExitReason) {
    drop(thread::spawn(move || exit_from(from, target, reason)));
}

#[test]
fn signals_that_overtake_each_other_are_found() {
    let found = found(|| two_senders(exit_by_messenger));
    assert!(found.contains("left == right"), "{found}");
}
