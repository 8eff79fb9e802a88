//! The supervisor: starts its children in order, restarts them by strategy and intensity, stops
//! them in reverse order, one at a time. Traps exits; its mailbox waits while a plan is carried
//! out. Decisions are in `plan.rs`, specifications in `child.rs`, the intensity in `window.rs`.

mod child;
mod plan;
mod window;

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::{Exit, Handle, Init, Process};
use crate::reply::ReplyTo;

use plan::{Entry, Key, Step};

pub use child::{ChildKind, ChildSpec, Restart, Shutdown, Strategy};
pub(crate) use plan::restarts;
pub(crate) use window::Window;

/// A supervisor. Start it like any process; its `init` is done when all children are ready. It
/// exits `Shutdown` when its children fail more often than its intensity allows.
pub struct Supervisor {
    strategy: Strategy,
    window: Window,
    children: Vec<Child>,
    next_key: u64,
}

struct Child {
    key: Key,
    spec: ChildSpec,
    pid: Option<Pid>,
    restarts: u32,
    last_exit: Option<ExitReason>,
}

/// Stops a child; its specification stays, but for a temporary child. Stopping a stopped child is
/// no error.
pub struct TerminateChild {
    /// The child's id.
    pub id: String,
    /// [`ChildError::NotFound`].
    pub reply: ReplyTo<Result<(), ChildError>>,
}

/// Starts a child that has ended or was stopped.
pub struct RestartChild {
    /// The child's id.
    pub id: String,
    /// The new pid, or any [`ChildError`].
    pub reply: ReplyTo<Result<Pid, ChildError>>,
}

/// Lists the children in start order.
pub struct WhichChildren {
    /// The list.
    pub reply: ReplyTo<Vec<ChildInfo>>,
}

/// One child, as its supervisor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildInfo {
    /// Its id.
    pub id: String,
    /// `None` if it does not run.
    pub pid: Option<Pid>,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// Its restart type.
    pub restart: Restart,
    /// How often it has been restarted.
    pub restarts: u32,
}

/// Why a request about a child failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildError {
    /// There is no child of this id.
    NotFound,
    /// It runs.
    Running,
    /// It could not be started.
    Start(ExitReason),
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such child"),
            Self::Running => f.write_str("the child is running"),
            Self::Start(reason) => write!(f, "the child could not be started: {reason}"),
        }
    }
}

impl std::error::Error for ChildError {}

/// A start that failed is tried again by a message, so that an order to stop can get in between.
struct Retry(Key);

/// What follows when a plan is carried out, or when the start of a child in it fails.
type Then = Box<dyn FnOnce(&mut Supervisor, Result<(), (Key, ExitReason)>, &mut Ctx<Supervisor>)>;

impl Supervisor {
    /// A supervisor without children, with OTP's intensity: 1 restart in 5 s.
    pub fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            window: Window::default(),
            children: Vec::new(),
            next_key: 0,
        }
    }

    /// Gives up at more than `max` restarts within `within`.
    pub fn intensity(mut self, max: u32, within: Duration) -> Self {
        self.window = Window::new(max, within);
        self
    }

    /// Adds a child, to be started after those added before. Of two children with the same id no
    /// request could mean the second, so they fail the supervisor's `init`.
    pub fn child(mut self, spec: ChildSpec) -> Self {
        let key = Key(self.next_key);
        self.next_key += 1;
        self.children.push(Child {
            key,
            spec,
            pid: None,
            restarts: 0,
            last_exit: None,
        });
        self
    }

    fn entries(&self) -> Vec<Entry> {
        let entry = |child: &Child| Entry {
            key: child.key,
            restart: child.spec.restart,
            running: child.pid.is_some(),
        };
        self.children.iter().map(entry).collect()
    }

    fn find(&mut self, key: Key) -> Option<&mut Child> {
        self.children.iter_mut().find(|child| child.key == key)
    }

    fn find_id(&mut self, id: &str) -> Result<&mut Child, ChildError> {
        let child = self.children.iter_mut().find(|child| child.spec.id == id);
        child.ok_or(ChildError::NotFound)
    }

    /// An id that two children have.
    fn duplicate_id(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        let mut ids = self.children.iter().map(|child| child.spec.id.as_str());
        ids.find(|id| !seen.insert(*id))
    }

    /// Carries out one step after the other while the mailbox waits.
    fn carry_out(&mut self, mut steps: VecDeque<Step>, ctx: &mut Ctx<Self>, then: Then) {
        match steps.pop_front() {
            None => then(self, Ok(()), ctx),
            Some(Step::Stop(key)) => self.stop(key, steps, ctx, then),
            Some(Step::Start(key)) => self.start(key, steps, ctx, then),
        }
    }

    fn stop(&mut self, key: Key, steps: VecDeque<Step>, ctx: &mut Ctx<Self>, then: Then) {
        let Some((child, pid)) = self.find(key).and_then(|c| c.pid.map(|pid| (c, pid))) else {
            return self.carry_out(steps, ctx, then);
        };
        let stopping = child::stop(ctx.pid(), pid, child.spec.shutdown);
        ctx.wait(stopping, move |supervisor, reason, ctx| {
            supervisor.ended(key, reason);
            supervisor.carry_out(steps, ctx, then);
        });
    }

    fn start(&mut self, key: Key, steps: VecDeque<Step>, ctx: &mut Ctx<Self>, then: Then) {
        let me = ctx.pid();
        let Some(child) = self.find(key) else {
            return self.carry_out(steps, ctx, then);
        };
        let starting = child
            .spec
            .start(me, child.restarts, child.last_exit.clone());
        ctx.wait(starting, move |supervisor, started, ctx| {
            let result = match (started, supervisor.find(key)) {
                (Err(error), _) => Err(error.reason()),
                (Ok(_), None) => Ok(()),
                (Ok((pid, process)), Some(child)) => {
                    child.pid = Some(pid);
                    child.spec.started(&*process)
                }
            };
            match result {
                Ok(()) => supervisor.carry_out(steps, ctx, then),
                Err(reason) => then(supervisor, Err((key, reason)), ctx),
            }
        });
    }

    /// Notes the end of a child; a temporary one is forgotten.
    fn ended(&mut self, key: Key, reason: ExitReason) {
        if let Some(child) = self.find(key) {
            child.pid = None;
            child.last_exit = Some(reason);
            if child.spec.restart == Restart::Temporary {
                self.children.retain(|child| child.key != key);
            }
        }
    }

    /// Restarts an ended child, or gives up.
    fn restart(&mut self, key: Key, ctx: &mut Ctx<Self>) {
        if !self.window.allows(Instant::now()) {
            log::error!("supervisor {} gives up: too many restarts", ctx.pid());
            return self.shut_down(ExitReason::Shutdown, ctx);
        }
        let steps = plan::restart(self.strategy, &self.entries(), key);
        for step in &steps {
            if let Step::Start(key) = step
                && let Some(child) = self.find(*key)
            {
                child.restarts += 1;
            }
        }
        self.carry_out(
            steps,
            ctx,
            Box::new(|_, result, ctx| {
                if let Err((key, _reason)) = result {
                    ctx.me().tell_exempt(Retry(key));
                }
            }),
        );
    }

    fn shut_down(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        let steps = plan::stop_all(&self.entries());
        self.carry_out(steps, ctx, Box::new(|_, _, ctx| ctx.exit(reason)));
    }

    /// A failed child of the first start: the ones before it are stopped, in reverse.
    fn give_up_init(&mut self, key: Key, reason: &ExitReason, ctx: &mut Ctx<Self>) {
        let id = self.find(key).map(|child| child.spec.id.clone());
        let id = id.unwrap_or_default();
        let why = format!("failed_to_start_child {id}: {reason}");
        let steps = plan::stop_all(&self.entries());
        self.carry_out(
            steps,
            ctx,
            Box::new(move |_, _, ctx| ctx.init_done(Err(ExitReason::shutdown_with(&why)))),
        );
    }
}

impl Process for Supervisor {
    const KIND: &'static str = "supervisor";
    const CLASS: &'static str = "supervisor";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Some(id) = self.duplicate_id() {
            return Init::Fail(ExitReason::error(format!("two children have the id {id}")));
        }
        ctx.trap_exit(true);
        let steps = self.children.iter().map(|child| Step::Start(child.key));
        self.carry_out(
            steps.collect(),
            ctx,
            Box::new(|supervisor, result, ctx| match result {
                Ok(()) => ctx.init_done(Ok(())),
                Err((key, reason)) => supervisor.give_up_init(key, &reason, ctx),
            }),
        );
        Init::Pending
    }

    fn handle_exit(&mut self, exit: Exit, ctx: &mut Ctx<Self>) {
        if exit.from == Pid::OUTSIDE {
            return self.shut_down(exit.reason, ctx);
        }
        // Unknown: a child that was stopped or whose start failed, or a stranger (OTP ignores it).
        let ended = self.children.iter().find(|c| c.pid == Some(exit.from));
        let Some((key, restart)) = ended.map(|child| (child.key, child.spec.restart)) else {
            return;
        };
        let again = restarts(restart, &exit.reason);
        self.ended(key, exit.reason);
        if again {
            self.restart(key, ctx);
        }
    }

    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        self.shut_down(reason, ctx);
    }

    fn state_summary(&self) -> Option<String> {
        let running = self.children.iter().filter(|c| c.pid.is_some()).count();
        Some(format!("{running} of {} children run", self.children.len()))
    }
}

impl Handle<Retry> for Supervisor {
    fn handle(&mut self, Retry(key): Retry, ctx: &mut Ctx<Self>) {
        if self.find(key).is_some_and(|child| child.pid.is_none()) {
            self.restart(key, ctx);
        }
    }
}

impl Handle<TerminateChild> for Supervisor {
    fn handle(&mut self, msg: TerminateChild, ctx: &mut Ctx<Self>) {
        match self.find_id(&msg.id).map(|child| child.key) {
            Err(error) => msg.reply.send(Err(error)),
            Ok(key) => self.carry_out(
                VecDeque::from([Step::Stop(key)]),
                ctx,
                Box::new(|_, _, _| msg.reply.send(Ok(()))),
            ),
        }
    }
}

impl Handle<RestartChild> for Supervisor {
    fn handle(&mut self, msg: RestartChild, ctx: &mut Ctx<Self>) {
        let key = match self.find_id(&msg.id) {
            Ok(child) if child.pid.is_none() => child.key,
            Ok(_) => return msg.reply.send(Err(ChildError::Running)),
            Err(error) => return msg.reply.send(Err(error)),
        };
        self.carry_out(
            VecDeque::from([Step::Start(key)]),
            ctx,
            Box::new(move |supervisor, result, _| {
                let pid = supervisor.find(key).and_then(|child| child.pid);
                msg.reply.send(match (result, pid) {
                    (Err((_, reason)), _) => Err(ChildError::Start(reason)),
                    (Ok(()), None) => Err(ChildError::NotFound),
                    (Ok(()), Some(pid)) => Ok(pid),
                });
            }),
        );
    }
}

impl Handle<WhichChildren> for Supervisor {
    fn handle(&mut self, msg: WhichChildren, _ctx: &mut Ctx<Self>) {
        let info = |child: &Child| ChildInfo {
            id: child.spec.id.clone(),
            pid: child.pid,
            kind: child.spec.kind,
            restart: child.spec.restart,
            restarts: child.restarts,
        };
        msg.reply.send(self.children.iter().map(info).collect());
    }
}
