//! The exit signal table, row by row.

use guildhall_process::{Exit, ExitReason, exit_from, watch};

use crate::kit::{DEADLINE, Event, act, ask, boom, death, probe, run, soon};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Via {
    Link,
    Exit2,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Dropped,
    Died(ExitReason),
    Message(ExitReason),
}

fn term() -> ExitReason {
    ExitReason::shutdown_with("t")
}

fn table() -> Vec<(Via, bool, ExitReason, Outcome)> {
    use ExitReason::{Kill, Killed, NoProc, Normal, Shutdown};
    let died = Outcome::Died;
    let message = Outcome::Message;
    vec![
        (Via::Link, false, Normal, Outcome::Dropped),
        (Via::Link, false, Shutdown, died(Shutdown)),
        (Via::Link, false, term(), died(term())),
        (Via::Link, false, Kill, died(Kill)),
        (Via::Link, false, Killed, died(Killed)),
        (Via::Link, false, boom(), died(boom())),
        (Via::Link, false, NoProc, died(NoProc)),
        (Via::Link, true, Normal, message(Normal)),
        (Via::Link, true, Shutdown, message(Shutdown)),
        (Via::Link, true, term(), message(term())),
        (Via::Link, true, Kill, message(Kill)),
        (Via::Link, true, Killed, message(Killed)),
        (Via::Link, true, boom(), message(boom())),
        (Via::Link, true, NoProc, message(NoProc)),
        (Via::Exit2, false, Normal, Outcome::Dropped),
        (Via::Exit2, false, Shutdown, died(Shutdown)),
        (Via::Exit2, false, term(), died(term())),
        (Via::Exit2, false, Kill, died(Killed)),
        (Via::Exit2, false, Killed, died(Killed)),
        (Via::Exit2, false, boom(), died(boom())),
        (Via::Exit2, false, NoProc, died(NoProc)),
        (Via::Exit2, true, Normal, message(Normal)),
        (Via::Exit2, true, Shutdown, message(Shutdown)),
        (Via::Exit2, true, term(), message(term())),
        (Via::Exit2, true, Kill, died(Killed)),
        (Via::Exit2, true, Killed, message(Killed)),
        (Via::Exit2, true, boom(), message(boom())),
        (Via::Exit2, true, NoProc, message(NoProc)),
    ]
}

async fn observe(via: Via, trap: bool, reason: ExitReason) -> Outcome {
    let (target, mut events) = probe(trap).await;
    let (sender, _sent) = probe(false).await;
    let (to, from) = (target.pid(), sender.pid());
    let down = watch(to);
    match via {
        Via::Link => {
            ask(&target, move |_, ctx| ctx.link(from)).await;
            sender.tell(act(move |_, ctx| ctx.exit(reason))).unwrap();
            death(from).await;
        }
        Via::Exit2 => ask(&sender, move |_, _| exit_from(from, to, reason)).await,
    }
    // The signal has been delivered: what it does shows before the next answer.
    let answer = target.call(DEADLINE, |reply| act(move |_, _| reply.send(())));
    if answer.await.is_err() {
        return Outcome::Died(soon(down).await);
    }
    match events.so_far().as_slice() {
        [] => Outcome::Dropped,
        [Event::Exit(exit)] => {
            assert_eq!(exit.from, from);
            Outcome::Message(exit.reason.clone())
        }
        more => panic!("one signal, but {more:?}"),
    }
}

#[test]
fn every_row_of_the_signal_table_is_as_in_otp() {
    run(async {
        for (via, trap, reason, expected) in table() {
            let seen = observe(via, trap, reason.clone()).await;
            assert_eq!(seen, expected, "{via:?} trap={trap} reason={reason}");
        }
    });
}

#[test]
fn an_exit_of_oneself_with_normal_ends_or_becomes_a_message() {
    run(async {
        let (process, _events) = probe(false).await;
        let me = process.pid();
        process
            .tell(act(move |_, _| exit_from(me, me, ExitReason::Normal)))
            .unwrap();
        assert_eq!(death(me).await, ExitReason::Normal);

        let (process, mut events) = probe(true).await;
        let me = process.pid();
        ask(&process, move |_, _| exit_from(me, me, ExitReason::Normal)).await;
        let reason = ExitReason::Normal;
        assert_eq!(events.next().await, Event::Exit(Exit { from: me, reason }));
    });
}

#[test]
fn an_exit_of_oneself_with_kill_cannot_be_trapped() {
    run(async {
        let (process, _events) = probe(true).await;
        let me = process.pid();
        process
            .tell(act(move |_, _| exit_from(me, me, ExitReason::Kill)))
            .unwrap();
        assert_eq!(death(me).await, ExitReason::Killed);
    });
}
