//! Section 2 of the record: links and monitors at their edges, calls and sends to the dead.

use guildhall_process::{
    Ctx, ExitReason, Pid, ProcRef, Registry, SendError, Spawn, exit, spawn, watch,
};

use tokio::sync::oneshot;

use super::words::{self, call, died, list, messages};
use super::{Experiment, row};
use crate::kit::{DEADLINE, Do, Events, Probe, act, ask, boom, death, events, probe, soon};

pub fn experiments() -> Vec<Experiment> {
    let chain_of = |signal| format!("link chain of 5: {signal} -> reasons at each");
    vec![
        row("link(Dead) no trap", link_dead(false)),
        row("link(Dead) trap", link_dead(true)),
        row("monitor(Dead)", monitor_dead()),
        row("monitor twice, die boom", monitor_twice()),
        row(
            "link twice + one unlink, peer dies boom, trap",
            link_twice(),
        ),
        row("unlink after peer died, trap", unlink_after()),
        row("demonitor(flush) after DOWN queued", demonitor_flush()),
        row("demonitor after DOWN queued", demonitor_unflushed()),
        row(chain_of("kill head"), chain(ExitReason::Kill)),
        row(chain_of("exit boom"), chain(boom())),
        row("call to dead", call_dead()),
        row("call to no-name", call_no_name()),
        row("call, server dies mid-call", call_dying()),
        row("send to dead", send_dead()),
        row("send to unregistered name", send_no_name()),
    ]
}

async fn dead() -> ProcRef<Probe> {
    let (process, _events) = probe(false).await;
    break_down(&process).await;
    process
}

async fn break_down(process: &ProcRef<Probe>) {
    process.tell(act(|_, ctx| ctx.exit(boom()))).unwrap();
    death(process.pid()).await;
}

/// All messages about `of` that came before the answer to a request that is sent now.
async fn received(process: &ProcRef<Probe>, of: Pid, mut events: Events) -> String {
    ask(process, |_, _| ()).await;
    messages(of, events.so_far())
}

/// Runs `f` in a process whose mailbox waits until `target` is dead by `boom`.
async fn after_death(
    process: &ProcRef<Probe>,
    target: Pid,
    f: impl FnOnce(&mut Ctx<Probe>) + Send + 'static,
) {
    let wait = act(move |_, ctx| {
        ctx.wait(
            async move {
                exit(target, boom());
                death(target).await
            },
            move |_, _, ctx| f(ctx),
        );
    });
    process.tell(wait).unwrap();
}

async fn link_dead(trap: bool) -> String {
    let dead = dead().await.pid();
    let (process, mut events) = probe(trap).await;
    let down = watch(process.pid());
    process.tell(act(move |_, ctx| ctx.link(dead))).unwrap();
    let answer = process.call(DEADLINE, |reply| act(move |_, _| reply.send(())));
    match answer.await {
        Ok(()) => format!("{{true,{}}}", messages(dead, events.so_far())),
        Err(_) => died(&soon(down).await),
    }
}

async fn monitor_dead() -> String {
    let dead = dead().await.pid();
    assert_eq!(soon(watch(dead)).await, ExitReason::NoProc);
    let (process, events) = probe(false).await;
    ask(&process, move |_, ctx| ctx.monitor(dead)).await;
    format!("{{ref,{}}}", received(&process, dead, events).await)
}

async fn monitor_twice() -> String {
    let (target, _events) = probe(false).await;
    let pid = target.pid();
    let (process, events) = probe(false).await;
    ask(&process, move |_, ctx| {
        assert_ne!(ctx.monitor(pid), ctx.monitor(pid));
    })
    .await;
    break_down(&target).await;
    received(&process, pid, events).await
}

async fn link_twice() -> String {
    let (target, _events) = probe(false).await;
    let pid = target.pid();
    let (process, events) = probe(true).await;
    ask(&process, move |_, ctx| {
        ctx.link(pid);
        ctx.link(pid);
        ctx.unlink(pid);
    })
    .await;
    break_down(&target).await;
    format!("{{ok,{}}}", received(&process, pid, events).await)
}

async fn unlink_after() -> String {
    let (target, _events) = probe(false).await;
    let pid = target.pid();
    let (process, events) = probe(true).await;
    ask(&process, move |_, ctx| ctx.link(pid)).await;
    after_death(&process, pid, move |ctx| ctx.unlink(pid)).await;
    format!("{{true,{}}}", received(&process, pid, events).await)
}

async fn demonitor_flush() -> String {
    let (target, _events) = probe(false).await;
    let pid = target.pid();
    let (process, events) = probe(false).await;
    let monitor = ask(&process, move |_, ctx| ctx.monitor(pid)).await;
    let (tx, outcome) = oneshot::channel();
    after_death(&process, pid, move |ctx| {
        tx.send(ctx.demonitor(monitor)).unwrap();
    })
    .await;
    let outcome = soon(outcome).await.unwrap();
    format!("{{{outcome},{}}}", received(&process, pid, events).await)
}

async fn demonitor_unflushed() -> String {
    let (target, _events) = probe(false).await;
    let pid = target.pid();
    let (process, events) = probe(false).await;
    let monitor = ask(&process, move |_, ctx| ctx.monitor(pid)).await;
    after_death(&process, pid, move |ctx| ctx.demonitor_unflushed(monitor)).await;
    format!("{{true,{}}}", received(&process, pid, events).await)
}

async fn chain(signal: ExitReason) -> String {
    let (tx, _events) = events();
    let mut pids: Vec<Pid> = Vec::new();
    for _ in 0..5 {
        let probe = Probe::new("link of a chain", &tx);
        let mut opts = Spawn::new();
        opts.link = pids.last().copied();
        pids.push(spawn(opts, move || probe).pid());
    }
    let downs: Vec<_> = pids.iter().map(|pid| Box::pin(watch(*pid))).collect();
    exit(pids[0], signal);
    let mut reasons = Vec::new();
    for down in downs {
        reasons.push(words::reason(&soon(down).await));
    }
    list(reasons)
}

async fn call_dead() -> String {
    let answer = dead().await.call(DEADLINE, unanswered);
    call(answer.await, "[pid,x]")
}

async fn call_no_name() -> String {
    let names: Registry<&str, Probe> = Registry::new("names");
    call(
        names.via("nosuch").call(DEADLINE, unanswered).await,
        "[nosuch,x]",
    )
}

async fn send_no_name() -> String {
    let names: Registry<&str, Probe> = Registry::new("names");
    sent(names.via("nosuch").tell(act(|_, _| ())))
}

async fn call_dying() -> String {
    let (server, _events) = probe(false).await;
    call(server.call(DEADLINE, unanswered).await, "args")
}

/// A request that ends the process before it answers.
fn unanswered(reply: guildhall_process::ReplyTo<()>) -> Do {
    act(move |_, ctx| {
        let _unanswered = reply;
        ctx.exit(boom());
    })
}

async fn send_dead() -> String {
    sent(dead().await.tell(act(|_, _| ())))
}

fn sent(outcome: Result<(), SendError<Do>>) -> String {
    match outcome {
        Ok(()) => "x".to_owned(),
        Err(SendError::Dead(_)) => "{error,{dead,x}}".to_owned(),
        Err(SendError::Full(_)) => "{error,{full,x}}".to_owned(),
    }
}
