//! Section 1 of the record: the exit signal table.

use guildhall_process::{ExitReason, Pid, ProcRef, exit_from, watch};

use super::words::{died, reason, reasons};
use super::{Experiment, row};
use crate::kit::{DEADLINE, Event, Events, Probe, act, ask, death, probe, soon};

#[derive(Clone, Copy)]
enum Via {
    Link,
    Exit2,
}

pub fn experiments() -> Vec<Experiment> {
    let mut all = Vec::new();
    for (word, via) in [("link", Via::Link), ("exit/2", Via::Exit2)] {
        for trap in [false, true] {
            for why in reasons() {
                let label = format!("{word} trap={trap} reason={}", reason(&why));
                all.push(row(label, signal(via, trap, why)));
            }
        }
    }
    for (trap, why) in [
        (false, ExitReason::Normal),
        (true, ExitReason::Normal),
        (true, ExitReason::Kill),
    ] {
        let label = format!("exit(self(),{}) trap={trap}", reason(&why));
        all.push(row(label, to_self(trap, why)));
    }
    all
}

/// One signal from one process to another.
async fn signal(via: Via, trap: bool, why: ExitReason) -> String {
    let (target, events) = probe(trap).await;
    let (sender, _sent) = probe(false).await;
    let (to, from) = (target.pid(), sender.pid());
    let down = watch(to);
    match via {
        Via::Link => {
            ask(&target, move |_, ctx| ctx.link(from)).await;
            sender.tell(act(move |_, ctx| ctx.exit(why))).unwrap();
            death(from).await;
        }
        Via::Exit2 => ask(&sender, move |_, _| exit_from(from, to, why)).await,
    }
    outcome(&target, events, down, (from, "sender")).await
}

async fn to_self(trap: bool, why: ExitReason) -> String {
    let (target, events) = probe(trap).await;
    let me = target.pid();
    let down = watch(me);
    let signal = act(move |_, _| exit_from(me, me, why));
    target.tell(signal).unwrap();
    outcome(&target, events, down, (me, "self")).await
}

/// What the signal, which has been sent, does to its target: it shows before the next answer.
async fn outcome(
    target: &ProcRef<Probe>,
    mut events: Events,
    down: impl Future<Output = ExitReason>,
    (from, name): (Pid, &str),
) -> String {
    let answer = target.call(DEADLINE, |reply| act(move |_, _| reply.send(())));
    if answer.await.is_err() {
        return died(&soon(down).await);
    }
    match events.so_far().as_slice() {
        [] => "dropped_alive".to_owned(),
        [Event::Exit(exit)] if exit.from == from => {
            let why = reason(&exit.reason);
            format!("{{message,{{'EXIT',{name},{why}}}}}")
        }
        more => format!("{more:?}"),
    }
}
