//! Links against deaths, unlinks and other links.

use std::sync::Arc;

use shuttle::thread;

use super::cells::{Owner, boom, cell, exits, linked, turn};
use super::{explore, found};
use crate::cell::Cell;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::signals::{die, is_alive, link, unlink};
use crate::sync::lock;
use crate::table;

/// Someone links to a process that dies meanwhile: it hears of the death exactly once.
fn link_against_death(link: fn(Arc<Cell>, Pid)) {
    let (me, peer) = (cell(true), cell(false));
    let linking = thread::spawn({
        let (me, peer) = (me.clone(), peer.pid);
        move || link(me.clone(), peer)
    });
    die(&*peer, boom());
    linking.join().unwrap();
    let heard = exits(&me, peer.pid);
    assert!(
        heard == [boom()] || heard == [ExitReason::NoProc],
        "heard {heard:?}"
    );
    assert!(!linked(&me, peer.pid));
    die(&*me, ExitReason::Normal);
}

#[test]
fn a_link_against_a_death_is_told_exactly_once() {
    explore(|| link_against_death(link));
}

/// Looks whether the peer lives, and then links.
fn link_after_a_look(me: Arc<Cell>, peer: Pid) {
    if !is_alive(peer) {
        return link(me, peer);
    }
    if let Some(cell) = table::get(peer) {
        lock(&me.state).relations().links.insert(peer, cell.clone());
        lock(&cell.state).relations().links.insert(me.pid, me);
    }
}

#[test]
fn a_link_that_is_not_atomic_with_the_look_is_found() {
    let found = found(|| link_against_death(link_after_a_look));
    assert!(found.contains("heard []"), "{found}");
}

/// Two processes link each other while one of them dies by a signal: no deadlock, and either both
/// know of the link or the survivor has heard of its end.
fn crossing_links(link: fn(Arc<Cell>, Pid)) {
    let (a, b) = (cell(true), cell(true));
    let threads = [(&a, &b), (&b, &a)].map(|(me, peer)| {
        let (me, peer) = (me.clone(), peer.pid);
        thread::spawn(move || {
            link(me.clone(), peer);
            turn(&me);
        })
    });
    crate::signals::exit(b.pid, ExitReason::Kill);
    for thread in threads {
        thread.join().unwrap();
    }
    turn(&b);
    let heard = exits(&a, b.pid);
    let known = [ExitReason::Killed, ExitReason::NoProc];
    assert!(heard.len() <= 2 && heard.iter().all(|reason| known.contains(reason)));
    assert!(
        heard.contains(&ExitReason::Killed) || heard == [ExitReason::NoProc],
        "heard {heard:?}"
    );
    assert!(!linked(&a, b.pid));
    die(&*a, ExitReason::Normal);
}

#[test]
fn links_in_opposite_order_neither_deadlock_nor_lose_a_death() {
    explore(|| crossing_links(link));
}

/// Locks its own state first.
fn link_that_locks_itself_first(me: Arc<Cell>, peer: Pid) {
    let Some(peer) = table::get(peer) else {
        return link(me, peer);
    };
    let mut mine = lock(&me.state);
    let mut theirs = lock(&peer.state);
    if !mine.dead && !theirs.dead {
        mine.relations().links.insert(peer.pid, peer.clone());
        theirs.relations().links.insert(me.pid, me.clone());
    }
}

#[test]
fn locks_in_opposite_order_are_found() {
    let found = found(|| crossing_links(link_that_locks_itself_first));
    assert!(found.contains("deadlock"), "{found}");
}

fn both_know(a: &Owner, b: &Owner) -> bool {
    let (one, other) = (linked(a, b.pid), linked(b, a.pid));
    assert_eq!(one, other, "a link that one side knows");
    one
}

/// A link against an unlink of the other side, and then a death: it is told if and only if the
/// link was there.
fn link_against_unlink() {
    let (a, b) = (cell(true), cell(true));
    let linking = thread::spawn({
        let (a, b) = (a.clone(), b.pid);
        move || link(a.clone(), b)
    });
    unlink(&*b, a.pid);
    linking.join().unwrap();
    let expected = match both_know(&a, &b) {
        true => vec![boom()],
        false => vec![],
    };
    die(&*b, boom());
    assert_eq!(exits(&a, b.pid), expected);
    die(&*a, ExitReason::Normal);
}

#[test]
fn a_link_is_known_to_both_sides_or_to_none() {
    explore(link_against_unlink);
}
