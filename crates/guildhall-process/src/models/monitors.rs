//! Monitors against deaths, from processes and from outside.

use std::task::{Context, Poll, Waker};

use shuttle::thread;

use super::cells::{boom, cell, downs};
use super::{explore, found};
use crate::cell::{Cell, Watcher};
use crate::exit::ExitReason;
use crate::pid::{MonitorRef, Pid};
use crate::signals::{demonitor, die, is_alive, monitor, watch};
use crate::sync::lock;
use crate::table;

type Set = fn(&Cell, MonitorRef, Pid);

fn monitor_against_death(monitor: Set) {
    let (me, target) = (cell(false), cell(false));
    let monitoring = thread::spawn({
        let (me, target) = (me.clone(), target.pid);
        move || {
            monitor(&*me, MonitorRef::next(), target);
            monitor(&*me, MonitorRef::next(), target);
        }
    });
    die(&*target, boom());
    monitoring.join().unwrap();
    let heard = downs(&me, target.pid);
    let known = [boom(), ExitReason::NoProc];
    assert!(
        heard.len() == 2 && heard.iter().all(|reason| known.contains(reason)),
        "heard {heard:?}"
    );
    die(&*me, ExitReason::Normal);
}

#[test]
fn a_monitor_against_a_death_is_told_exactly_once() {
    explore(|| monitor_against_death(monitor));
}

/// Looks whether the target lives, and then watches it.
fn monitor_after_a_look(me: &Cell, reference: MonitorRef, target: Pid) {
    if !is_alive(target) {
        return monitor(me, reference, target);
    }
    lock(&me.state)
        .relations()
        .monitors
        .insert(reference, target);
    if let Some(target) = table::get(target) {
        target.watch(reference, Watcher::Process(me.pid));
    }
}

#[test]
fn a_monitor_that_is_not_atomic_with_the_look_is_found() {
    let found = found(|| monitor_against_death(monitor_after_a_look));
    assert!(found.contains("heard [NoProc]"), "{found}");
}

/// A monitor that is taken back while its target dies: nothing of it is left on either side.
fn demonitor_against_death() {
    let (me, target) = (cell(false), cell(false));
    let reference = MonitorRef::next();
    monitor(&*me, reference, target.pid);
    let dying = thread::spawn({
        let target = target.clone();
        move || die(&*target, boom())
    });
    demonitor(&*me, reference);
    dying.join().unwrap();
    let mut state = lock(&me.state);
    let left = state
        .known_relations()
        .map_or(0, |relations| relations.monitors.iter().count());
    drop(state);
    // A DOWN that is in the mailbox already is not handled: its monitor is gone.
    assert_eq!(left, 0);
    assert!(downs(&me, target.pid).len() <= 1);
    die(&*me, ExitReason::Normal);
}

#[test]
fn a_demonitor_against_a_death_leaves_no_monitor() {
    explore(demonitor_against_death);
}

/// A watch from outside against a death: it always answers.
fn watch_against_death() {
    let target = cell(false);
    let watching = thread::spawn({
        let target = target.pid;
        move || Box::pin(watch(target))
    });
    die(&*target, boom());
    let mut down = watching.join().unwrap();
    let answer = down.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(answer == Poll::Ready(boom()) || answer == Poll::Ready(ExitReason::NoProc));
}

#[test]
fn a_watch_against_a_death_always_answers() {
    explore(watch_against_death);
}
