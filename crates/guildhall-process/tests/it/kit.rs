//! A process that does what a test tells it, and waiting with a deadline.

use std::future::Future;
use std::time::Duration;

use guildhall_process::testing::{Kit, LeftoverKind, Leftovers, Runner};
use guildhall_process::{
    Ctx, Down, Exit, ExitReason, Handle, Init, Pid, ProcRef, Process, Spawn, exit, start, watch,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// No test waits longer than this for an event that should come.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Runs a test on an actix system of its own, in real time.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    run_under(Runner::new().real_time(), async move |_kit| test.await)
}

/// Runs a test on virtual time: when nothing can run, the clock jumps to the next timer.
pub fn run_virtual<T>(test: impl Future<Output = T>) -> T {
    run_with(async move |_kit| test.await)
}

/// [`run_virtual`] for a test that lets time pass.
pub fn run_with<T>(test: impl AsyncFnOnce(Kit) -> T) -> T {
    run_under(Runner::new(), test)
}

/// Afterwards all processes of the test are killed, and no name, group, link, monitor or timer may
/// outlive its process.
fn run_under<T>(runner: Runner, test: impl AsyncFnOnce(Kit) -> T) -> T {
    let runner = runner.patience(DEADLINE).hang_after(DEADLINE * 5);
    runner.run(async move |kit| {
        let made = Leftovers::watch();
        let outcome = test(kit.clone()).await;
        let mut left = made.found();
        left.retain(|one| one.kind == LeftoverKind::Process);
        left.iter().for_each(|one| exit(one.pid, ExitReason::Kill));
        for one in left {
            kit.assert_exit(one.pid, |_: &ExitReason| true).await;
        }
        outcome
    })
}

/// Waits for an event that must come.
pub async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, event)
        .await
        .expect("an expected event has not come")
}

pub async fn death(pid: Pid) -> ExitReason {
    soon(watch(pid)).await
}

pub fn boom() -> ExitReason {
    ExitReason::error("boom")
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Started(&'static str, Pid),
    Exit(Exit),
    Down(Down),
    Terminated(&'static str, ExitReason),
    Said(u64),
}

/// Does what it is told, and reports what happens to it.
pub struct Probe {
    pub name: &'static str,
    pub trap: bool,
    /// Ignores the order to stop.
    pub stubborn: bool,
    pub init: Init,
    pub events: UnboundedSender<Event>,
}

pub struct Do(Box<Deed>);

type Deed = dyn FnOnce(&mut Probe, &mut Ctx<Probe>) + Send;

/// Makes a message out of a closure.
pub fn act(f: impl FnOnce(&mut Probe, &mut Ctx<Probe>) + Send + 'static) -> Do {
    Do(Box::new(f))
}

impl Probe {
    pub fn new(name: &'static str, events: &UnboundedSender<Event>) -> Self {
        Self {
            name,
            trap: false,
            stubborn: false,
            init: Init::Ready,
            events: events.clone(),
        }
    }

    pub fn trapping(mut self) -> Self {
        self.trap = true;
        self
    }

    pub fn say(&self, event: Event) {
        // A test that has ended does not listen any more.
        let _ = self.events.send(event);
    }
}

impl Process for Probe {
    const KIND: &'static str = "probe";
    const MAILBOX_MAX: usize = 200_000;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(self.trap);
        self.say(Event::Started(self.name, ctx.pid()));
        self.init.clone()
    }

    fn handle_exit(&mut self, exit: Exit, _ctx: &mut Ctx<Self>) {
        self.say(Event::Exit(exit));
    }

    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        if !self.stubborn {
            ctx.exit(reason);
        }
    }

    fn handle_down(&mut self, down: Down, _ctx: &mut Ctx<Self>) {
        self.say(Event::Down(down));
    }

    fn terminate(&mut self, reason: &ExitReason, _ctx: &mut Ctx<Self>) {
        self.say(Event::Terminated(self.name, reason.clone()));
    }
}

impl Handle<Do> for Probe {
    fn handle(&mut self, Do(f): Do, ctx: &mut Ctx<Self>) {
        f(self, ctx);
    }
}

/// The events of some probes.
pub struct Events(UnboundedReceiver<Event>);

pub fn events() -> (UnboundedSender<Event>, Events) {
    let (tx, rx) = unbounded_channel();
    (tx, Events(rx))
}

impl Events {
    pub async fn next(&mut self) -> Event {
        soon(self.0.recv()).await.expect("all probes are gone")
    }

    /// The next start of any probe.
    pub async fn started(&mut self) -> (&'static str, Pid) {
        loop {
            if let Event::Started(name, pid) = self.next().await {
                return (name, pid);
            }
        }
    }

    /// What has happened up to now.
    pub fn so_far(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }

    /// What has happened up to now, as `start a` and `stop a shutdown`.
    pub fn order_so_far(&mut self) -> Vec<String> {
        let words = |event| match event {
            Event::Started(name, _) => Some(format!("start {name}")),
            Event::Terminated(name, reason) => Some(format!("stop {name} {reason}")),
            _ => None,
        };
        self.so_far().into_iter().filter_map(words).collect()
    }
}

/// Starts a probe and forgets its start event.
pub async fn probe(trap: bool) -> (ProcRef<Probe>, Events) {
    let (tx, mut events) = events();
    let mut probe = Probe::new("probe", &tx);
    probe.trap = trap;
    let process = soon(start(Spawn::named("probe"), move || probe))
        .await
        .unwrap();
    events.started().await;
    (process, events)
}

/// Lets the probe run `f` and waits for the result; by then all its earlier messages are handled.
pub async fn ask<T: Send + 'static>(
    process: &ProcRef<Probe>,
    f: impl FnOnce(&mut Probe, &mut Ctx<Probe>) -> T + Send + 'static,
) -> T {
    process
        .call(DEADLINE, |reply| {
            act(move |probe, ctx| reply.send(f(probe, ctx)))
        })
        .await
        .unwrap()
}
