//! Deaths against deaths and against signals.

use shuttle::thread;

use super::cells::{boom, cell, downs, exits, turn};
use super::{explore, found};
use crate::cell::Cell;
use crate::exit::ExitReason;
use crate::pid::MonitorRef;
use crate::signals::{die, exit, is_alive, link, monitor};
use crate::sync::lock;
use crate::table;

type Die = fn(&Cell, ExitReason) -> bool;

/// A process that ends by itself is killed meanwhile: it dies once, of one of the two reasons, and
/// who is bound to it hears that one.
fn end_against_kill(die: Die) {
    let (watcher, dying) = (cell(true), cell(false));
    link(watcher.clone(), dying.pid);
    monitor(&*watcher, MonitorRef::next(), dying.pid);
    let ending = thread::spawn({
        let dying = dying.clone();
        move || die(&*dying, boom())
    });
    exit(dying.pid, ExitReason::Kill);
    let killed = dying
        .pending_exit()
        .is_some_and(|reason| die(&*dying, reason));
    let ended = ending.join().unwrap();
    assert!(ended != killed, "ended: {ended}, killed: {killed}");
    let reason = if ended { boom() } else { ExitReason::Killed };
    let reason = std::slice::from_ref(&reason);
    assert_eq!(exits(&watcher, dying.pid), reason);
    assert_eq!(downs(&watcher, dying.pid), reason);
    assert!(!is_alive(dying.pid));
    crate::signals::die(&*watcher, ExitReason::Normal);
}

#[test]
fn an_end_against_a_kill_is_one_death() {
    explore(|| end_against_kill(die));
}

/// Looks whether it is dead, and dies then.
fn die_after_a_look(cell: &Cell, reason: ExitReason) -> bool {
    let dead = lock(&cell.state).dead;
    !dead && {
        die(cell, reason);
        true
    }
}

#[test]
fn a_death_that_is_not_atomic_with_the_look_is_found() {
    let found = found(|| end_against_kill(die_after_a_look));
    assert!(found.contains("ended: true, killed: true"), "{found}");
}

/// Two processes that are linked and monitor each other die at once.
fn mutual_deaths() {
    let (a, b) = (cell(false), cell(false));
    link(a.clone(), b.pid);
    monitor(&*a, MonitorRef::next(), b.pid);
    monitor(&*b, MonitorRef::next(), a.pid);
    let dying = thread::spawn({
        let a = a.clone();
        move || die(&*a, boom())
    });
    die(&*b, ExitReason::Shutdown);
    dying.join().unwrap();
    for (cell, peer) in [(&a, &b), (&b, &a)] {
        turn(cell);
        assert!(downs(cell, peer.pid).len() <= 1);
        assert!(
            lock(&cell.state).known_relations().is_none(),
            "the dead have relations"
        );
        assert!(table::get(cell.pid).is_none());
    }
}

#[test]
fn mutual_deaths_neither_deadlock_nor_leave_anything() {
    explore(mutual_deaths);
}
