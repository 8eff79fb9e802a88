//! Section 3 of the record: supervisors. Intensity, restart types, strategies, order, failing
//! starts and shutdown.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guildhall_process::{
    ChildSpec, ExitReason, Init, Pid, Restart, Shutdown, Spawn, StartError, Strategy, Supervisor,
    SupervisorRef, exit, exit_from, start, watch,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::words::{list, reason, reasons};
use super::{Experiment, row};
use crate::kit::{Event, Events, Probe, boom, death, events, soon};

const PERIOD: Duration = Duration::from_secs(5);

pub fn experiments() -> Vec<Experiment> {
    let mut all = vec![
        row("intensity defaults", intensity(None)),
        row("intensity=3 period=5", intensity(Some((3, 5)))),
        row("intensity=0", intensity(Some((0, 1)))),
        row("shutdown order", order()),
        row("child failing to start at init", failing_init()),
        row(
            "child failing on restart (burst until give up)",
            failing_restart(),
        ),
        row(
            "shutdown timeout 50ms on child ignoring shutdown",
            stubborn(),
        ),
    ];
    for (word, restart) in [
        ("permanent", Restart::Permanent),
        ("transient", Restart::Transient),
        ("temporary", Restart::Temporary),
    ] {
        let ends = reasons().into_iter().filter(is_in_table);
        all.extend(ends.map(|why| {
            let label = format!("restart table {word} exit {}", reason(&why));
            row(label, restart_table(restart, why))
        }));
    }
    for (word, strategy) in [
        ("one_for_one", Strategy::OneForOne),
        ("one_for_all", Strategy::OneForAll),
        ("rest_for_one", Strategy::RestForOne),
    ] {
        let label = format!("strategy {word}: kill b of [a,b,c(temp),d]");
        all.push(row(label, kill_b(strategy)));
    }
    all
}

fn is_in_table(why: &ExitReason) -> bool {
    !matches!(why, ExitReason::Kill | ExitReason::NoProc)
}

/// A child that ends by any signal; a trapping one says so.
fn child(name: &'static str, trap: bool, tx: &UnboundedSender<Event>) -> ChildSpec {
    let tx = tx.clone();
    ChildSpec::worker(name, move || {
        let mut probe = Probe::new(name, &tx);
        probe.trap = trap;
        probe
    })
}

async fn begin(supervisor: Supervisor) -> Result<SupervisorRef, StartError> {
    let started = soon(start(Spawn::named("supervisor"), move || supervisor)).await;
    started.map(SupervisorRef::from)
}

async fn which(supervisor: &SupervisorRef) -> Vec<(String, Option<Pid>)> {
    let list = soon(supervisor.which_children()).await.unwrap();
    list.into_iter()
        .map(|child| (child.id, child.status.pid()))
        .collect()
}

async fn finish(supervisor: &SupervisorRef) {
    exit(supervisor.pid(), ExitReason::Shutdown);
    death(supervisor.pid()).await;
}

/// Starts and stops of trapping children, as OTP's test children report them.
fn starts_and_stops(events: &mut Events) -> String {
    let words = |event| match event {
        Event::Started(name, _) => Some(format!("{{start,{name}}}")),
        Event::Terminated(name, why) => Some(format!("{{stop,{name},{}}}", reason(&why))),
        _ => None,
    };
    list(events.so_far().into_iter().filter_map(words))
}

/// How often the only child must break until the supervisor gives up.
async fn intensity(limits: Option<(u32, u64)>) -> String {
    let (tx, mut events) = events();
    let mut supervisor = Supervisor::new(Strategy::OneForOne);
    if let Some((max, within_s)) = limits {
        supervisor = supervisor.intensity(max, Duration::from_secs(within_s));
    }
    let supervisor = begin(supervisor.child(child("a", false, &tx))).await;
    let mut down = Box::pin(watch(supervisor.unwrap().pid()));
    let mut deaths = 0;
    loop {
        tokio::select! {
            biased;
            why = &mut down => return format!("{{deaths,{deaths},sup_exit,{}}}", reason(&why)),
            (_, pid) = events.started() => {
                deaths += 1;
                exit(pid, boom());
            }
        }
    }
}

async fn restart_table(restart: Restart, why: ExitReason) -> String {
    let (tx, mut events) = events();
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(5, PERIOD);
    let supervisor = begin(supervisor.child(child("a", false, &tx).restart(restart))).await;
    let supervisor = supervisor.unwrap();
    let (_, first) = events.started().await;
    exit_from(first, first, why);
    death(first).await;
    // By its answer the supervisor has handled the EXIT.
    let children = which(&supervisor).await;
    let again = match events.so_far().as_slice() {
        [] => "not_restarted",
        _ => "restarted",
    };
    finish(&supervisor).await;
    let known = list(children.into_iter().map(|(id, pid)| match pid {
        Some(_) => format!("{{{id},pid}}"),
        None => format!("{{{id},undefined}}"),
    }));
    format!("{{{again},{known}}}")
}

async fn kill_b(strategy: Strategy) -> String {
    let (tx, mut events) = events();
    let mut supervisor = Supervisor::new(strategy).intensity(5, PERIOD);
    for name in ["a", "b", "c", "d"] {
        let restart = match name {
            "c" => Restart::Temporary,
            _ => Restart::Permanent,
        };
        supervisor = supervisor.child(child(name, true, &tx).restart(restart));
    }
    let supervisor = begin(supervisor).await.unwrap();
    events.so_far();
    let b = which(&supervisor).await[1].1.unwrap();
    exit(b, ExitReason::Kill);
    death(b).await;
    // A plan is carried out before the next request is handled.
    which(&supervisor).await;
    let seen = starts_and_stops(&mut events);
    finish(&supervisor).await;
    seen
}

async fn order() -> String {
    let (tx, mut events) = events();
    let supervisor = Supervisor::new(Strategy::OneForOne);
    let children = ["a", "b", "c"].map(|name| child(name, true, &tx));
    let supervisor = children.into_iter().fold(supervisor, Supervisor::child);
    let supervisor = begin(supervisor).await.unwrap();
    let started = starts_and_stops(&mut events);
    finish(&supervisor).await;
    format!("{{{started},{}}}", starts_and_stops(&mut events))
}

async fn failing_init() -> String {
    let (tx, mut events) = events();
    let failing = ChildSpec::worker("b", || FailingInit);
    let supervisor = Supervisor::new(Strategy::OneForOne).child(child("a", true, &tx));
    let failed = begin(supervisor.child(failing)).await;
    let error = match failed {
        Err(StartError::Init(ExitReason::ShutdownWith(why))) => {
            // The words of the reason: failed_to_start_child, the id, why.
            let mut words = why.split([' ', ':']);
            let (what, id) = (words.next().unwrap(), words.next().unwrap());
            format!("{{error,{{shutdown,{{{what},{id},'...'}}}}}}")
        }
        other => format!("{other:?}"),
    };
    format!("{{{error},{}}}", starts_and_stops(&mut events))
}

struct FailingInit;

impl guildhall_process::Process for FailingInit {
    const KIND: &'static str = "failing";

    fn init(&mut self, _ctx: &mut guildhall_process::Ctx<Self>) -> Init {
        Init::Fail(boom())
    }
}

async fn failing_restart() -> String {
    let (tx, mut events) = events();
    let starts = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&starts);
    let failing = ChildSpec::worker("a", move || {
        let mut probe = Probe::new("a", &tx);
        if count.fetch_add(1, Ordering::Relaxed) > 0 {
            probe.init = Init::Fail(boom());
        }
        probe
    });
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(3, PERIOD);
    let supervisor = begin(supervisor.child(failing)).await.unwrap();
    let (_, first) = events.started().await;
    let down = watch(supervisor.pid());
    exit(first, boom());
    let why = soon(down).await;
    let attempts = (1..starts.load(Ordering::Relaxed)).map(|n| n.to_string());
    format!(
        "{{failed_attempts,{},sup_exit,{}}}",
        list(attempts),
        reason(&why)
    )
}

async fn stubborn() -> String {
    let (tx, mut events) = events();
    let spec = ChildSpec::worker("a", move || {
        let mut probe = Probe::new("a", &tx).trapping();
        probe.stubborn = true;
        probe
    });
    let spec = spec.shutdown(Shutdown::Timeout(Duration::from_millis(50)));
    let supervisor = begin(Supervisor::new(Strategy::OneForOne).child(spec)).await;
    let supervisor = supervisor.unwrap();
    let (_, pid) = events.started().await;
    let down = watch(pid);
    let began = Instant::now();
    soon(supervisor.terminate_child("a")).await.unwrap();
    let waited = began.elapsed() >= Duration::from_millis(50);
    let why = reason(&soon(down).await);
    finish(&supervisor).await;
    format!("{{child_reason,{why},ms_at_least_50,{waited}}}")
}
