//! The dynamic supervisor: children of any type, started on request and without order. It never
//! waits for a child's `init`, so a slow one holds up nobody. Traps exits; stops all children in
//! parallel under one timer.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::cell::ChildRecord;
use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::{Exit, Handle, Init, Process};
use crate::process_ref::ProcRef;
use crate::reply::{CallError, ReplyTo};
use crate::spawn::{Placement, Spawn, StartError, Starter, spawn_with};
use crate::supervisor::{Restart, SHUTDOWN_TIMEOUT, Shutdown, Window, restarts, stop_all};
use crate::sync::NumberHash;

/// A supervisor of children that come and go. Start it like any process and make a [`DynamicRef`]
/// of its reference.
pub struct DynamicSupervisor {
    children: HashMap<Pid, Child, NumberHash>,
    children_max: usize,
    window: Window,
    shutdown: Shutdown,
}

/// Spawns the child again.
type Launch = Arc<dyn Fn(Spawn, Starter) -> Pid + Send + Sync>;

/// Answers the one who asked for the child.
type Answer = Box<dyn FnOnce(Result<(), ExitReason>) + Send>;

struct Child {
    name: Option<String>,
    restart: Restart,
    placement: Placement,
    /// `None` for a temporary child, which is made only once.
    launch: Option<Launch>,
    /// Its `init` has succeeded.
    ready: bool,
    /// Present until the first `init` is done.
    answer: Option<Answer>,
    restarts: u32,
    last_exit: Option<ExitReason>,
}

/// Starts a child: a closure, because only it knows the child's type.
struct Start(Box<StartFn>);

type StartFn = dyn FnOnce(&mut DynamicSupervisor, &mut Ctx<DynamicSupervisor>) + Send;

/// The `init` of a child has succeeded. (A failed one shows as its EXIT.)
struct Ready(Pid);

/// A restart that failed is tried again by a message, so that an order to stop can get in between.
struct Retry(Box<Child>);

impl Default for DynamicSupervisor {
    fn default() -> Self {
        Self {
            children: HashMap::default(),
            children_max: usize::MAX,
            window: Window::default(),
            shutdown: Shutdown::Timeout(SHUTDOWN_TIMEOUT),
        }
    }
}

impl DynamicSupervisor {
    /// No bound on children, OTP's intensity (1 restart in 5 s), 5 s for all children to stop.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses to start more children than this.
    pub fn max_children(mut self, max: usize) -> Self {
        self.children_max = max;
        self
    }

    /// Gives up at more than `max` restarts within `within`.
    pub fn intensity(mut self, max: u32, within: Duration) -> Self {
        self.window = Window::new(max, within);
        self
    }

    /// How the children are stopped when the supervisor stops; one timer for all of them.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Starts a child for the first time.
    fn begin<P: Process>(
        &mut self,
        mut child: Child,
        first: impl FnOnce(Spawn, Starter) -> ProcRef<P>,
        reply: ReplyTo<Result<ProcRef<P>, StartError>>,
        ctx: &mut Ctx<Self>,
    ) {
        if self.children.len() >= self.children_max {
            return reply.send(Err(StartError::MaxChildren));
        }
        let process = first(child.options(ctx.pid()), report_ready(ctx.me()));
        let pid = process.pid();
        child.answer = Some(Box::new(move |result| {
            reply.send(result.map(|()| process).map_err(StartError::Init));
        }));
        self.children.insert(pid, child);
    }

    /// Starts an ended child again, or gives up.
    fn restart(&mut self, mut child: Child, ctx: &mut Ctx<Self>) {
        if !self.window.allows(Instant::now()) {
            log::error!("supervisor {} gives up: too many restarts", ctx.pid());
            return self.shut_down(ExitReason::Shutdown, ctx);
        }
        if let Some(launch) = child.launch.clone() {
            child.restarts += 1;
            child.ready = false;
            let pid = launch(child.options(ctx.pid()), report_ready(ctx.me()));
            self.children.insert(pid, child);
        }
    }

    fn shut_down(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        let children = self.children.drain().map(|(pid, _)| pid).collect();
        let stopping = stop_all(ctx.pid(), children, self.shutdown);
        ctx.wait(stopping, |_, _, ctx| ctx.exit(reason));
    }
}

fn report_ready(supervisor: ProcRef<DynamicSupervisor>) -> Starter {
    Box::new(move |pid, result| {
        if result.is_ok() {
            supervisor.tell_exempt(Ready(pid));
        }
    })
}

impl Child {
    fn new(name: Option<String>, restart: Restart, placement: Placement) -> Self {
        Self {
            name,
            restart,
            placement,
            launch: None,
            ready: false,
            answer: None,
            restarts: 0,
            last_exit: None,
        }
    }

    fn options(&self, parent: Pid) -> Spawn {
        let mut opts = Spawn::new()
            .on(self.placement.clone())
            .child_of(parent)
            .record(ChildRecord {
                restart: self.restart,
                restarts: self.restarts,
                last_exit: self.last_exit.clone(),
            });
        opts.name.clone_from(&self.name);
        opts
    }
}

impl Process for DynamicSupervisor {
    const KIND: &'static str = "dynamic_supervisor";
    const CLASS: &'static str = "supervisor";
    /// Requests to start; a burst of new connections must not be refused here.
    const MAILBOX_MAX: usize = 65_536;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        Init::Ready
    }

    fn handle_exit(&mut self, exit: Exit, ctx: &mut Ctx<Self>) {
        if exit.from == Pid::OUTSIDE {
            return self.shut_down(exit.reason, ctx);
        }
        let Some(mut child) = self.children.remove(&exit.from) else {
            return;
        };
        child.last_exit = Some(exit.reason.clone());
        if let Some(answer) = child.answer.take() {
            // The first start failed: an error for who asked, and nothing to restart.
            answer(Err(exit.reason));
        } else if !child.ready {
            // A restart failed. Tried again until the intensity is exceeded.
            ctx.me().tell_exempt(Retry(Box::new(child)));
        } else if restarts(child.restart, &exit.reason) {
            self.restart(child, ctx);
        }
    }

    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        self.shut_down(reason, ctx);
    }

    fn state_summary(&self) -> Option<String> {
        Some(format!("{} children", self.children.len()))
    }
}

impl Handle<Start> for DynamicSupervisor {
    fn handle(&mut self, Start(start): Start, ctx: &mut Ctx<Self>) {
        start(self, ctx);
    }
}

impl Handle<Ready> for DynamicSupervisor {
    fn handle(&mut self, Ready(pid): Ready, _ctx: &mut Ctx<Self>) {
        if let Some(child) = self.children.get_mut(&pid) {
            child.ready = true;
            if let Some(answer) = child.answer.take() {
                answer(Ok(()));
            }
        }
    }
}

impl Handle<Retry> for DynamicSupervisor {
    fn handle(&mut self, Retry(child): Retry, ctx: &mut Ctx<Self>) {
        self.restart(*child, ctx);
    }
}

/// A handle by which children are started, from any thread.
#[derive(Clone, Debug)]
pub struct DynamicRef(ProcRef<DynamicSupervisor>);

impl From<ProcRef<DynamicSupervisor>> for DynamicRef {
    fn from(process: ProcRef<DynamicSupervisor>) -> Self {
        Self(process)
    }
}

impl DynamicRef {
    /// The supervisor's pid.
    pub fn pid(&self) -> Pid {
        self.0.pid()
    }

    /// Starts a child and waits for its `init`, however long that takes. The request is sent before
    /// this returns: dropping the future does not take it back, and the child then runs unseen.
    /// The future only waits, on any thread. `make` runs on the child's arbiter, again for every
    /// restart. `Here` means the supervisor's arbiter.
    ///
    /// # Errors
    /// See [`StartError`]. A child whose first `init` fails is not restarted.
    pub fn start_child<P: Process>(
        &self,
        name: Option<String>,
        restart: Restart,
        placement: Placement,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static {
        let make = Arc::new(make);
        let launch = move |opts: Spawn, starter: Starter| {
            let make = Arc::clone(&make);
            spawn_with(opts, move || make(), Some(starter))
        };
        let again = launch.clone();
        let child = Child {
            launch: Some(Arc::new(move |opts, starter| again(opts, starter).pid())),
            ..Child::new(name, restart, placement)
        };
        self.request(child, launch)
    }

    /// Like [`DynamicRef::start_child`] (also in what a dropped future means) for a temporary child,
    /// which needs to be made only once.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start_temporary<P: Process>(
        &self,
        name: Option<String>,
        placement: Placement,
        make: impl FnOnce() -> P + Send + 'static,
    ) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static {
        let child = Child::new(name, Restart::Temporary, placement);
        self.request(child, |opts, starter| spawn_with(opts, make, Some(starter)))
    }

    fn request<P: Process>(
        &self,
        child: Child,
        first: impl FnOnce(Spawn, Starter) -> ProcRef<P> + Send + 'static,
    ) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static {
        let request = self.0.request(|reply| {
            Start(Box::new(move |supervisor, ctx| {
                supervisor.begin(child, first, reply, ctx);
            }))
        });
        async move {
            match request {
                Ok(waiting) => waiting.await.unwrap_or(Err(StartError::NoProc)),
                Err(CallError::Full) => Err(StartError::Full),
                Err(_) => Err(StartError::NoProc),
            }
        }
    }
}
