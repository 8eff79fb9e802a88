//! The tasks beside the mailbox, in the order of their start. To actix the list is one future: its own list has no
//! order, and a task in it may stay behind others for ever. Each task has a waker of its own (`ready.rs`), so that a
//! turn costs what is ready and not what there is. The list is out of reach while actix polls it, so starts wait in
//! [`Orders`].

mod ready;

use std::collections::BTreeMap;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use actix::fut::ActorFuture;
use tokio::task::coop::has_budget_remaining;

use crate::ctx::Ctx;
use crate::process::Process;
use crate::shell::Shell;

use ready::{Bell, Ready, TaskId};

type Work<P> = Pin<Box<dyn ActorFuture<Shell<P>, Output = ()>>>;

/// What the list is to do when it is polled next.
pub(crate) struct Orders<P: Process> {
    newest: TaskId,
    started: Vec<(TaskId, Work<P>)>,
    /// actix has a list.
    listed: bool,
}

impl<P: Process> Default for Orders<P> {
    fn default() -> Self {
        Self {
            newest: TaskId::default(),
            started: Vec::new(),
            listed: false,
        }
    }
}

impl<P: Process> Orders<P> {
    /// Starts a task; the list is for actix, which has none.
    pub fn start(&mut self, work: Work<P>) -> Option<TaskList<P>> {
        self.newest = self.newest.next();
        self.started.push((self.newest, work));
        let listed = mem::replace(&mut self.listed, true);
        (!listed).then(TaskList::default)
    }

    /// Whether there may be tasks.
    pub fn any(&self) -> bool {
        self.listed
    }
}

struct Entry<P: Process> {
    work: Work<P>,
    bell: Arc<Bell>,
    waker: Waker,
}

/// What actix polls.
pub(crate) struct TaskList<P: Process> {
    entries: BTreeMap<TaskId, Entry<P>>,
    ready: Ready,
    /// What is to be polled in this turn; empty between turns.
    due: Vec<TaskId>,
    /// tokio's budget was spent before this one had its poll: the next turn begins with it.
    passed_over: Option<TaskId>,
}

impl<P: Process> Default for TaskList<P> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            ready: Ready::default(),
            due: Vec::new(),
            passed_over: None,
        }
    }
}

impl<P: Process> TaskList<P> {
    /// Takes over what was started since; what is new is due. False if nothing is.
    fn obey(&mut self, orders: &mut Orders<P>) -> bool {
        let any = !orders.started.is_empty();
        for (id, work) in orders.started.drain(..) {
            let bell = self.ready.bell(id);
            let waker = Waker::from(Arc::clone(&bell));
            self.entries.insert(id, Entry { work, bell, waker });
            self.due.push(id);
        }
        any
    }

    /// Who was passed over comes first, or a task that spends tokio's budget in every turn would starve those behind.
    fn begin_with_passed_over(&mut self) {
        if let Some(first) = self.passed_over.take() {
            let before = self.due.partition_point(|id| *id < first);
            self.due.rotate_left(before);
        }
    }

    /// Polls what is due, as far as the turn allows. A task that wakes itself has its next poll in the next turn.
    fn poll_due(&mut self, shell: &mut Shell<P>, ctx: &mut Ctx<P>) {
        let mut polled = false;
        let mut due = mem::take(&mut self.due);
        for id in due.drain(..) {
            // Without an entry it was woken after its end.
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            entry.bell.reset();
            let spent = self.passed_over.is_some() || (polled && !has_budget_remaining());
            if spent && ctx.allows_task() {
                self.passed_over.get_or_insert(id);
            }
            if spent || !ctx.allows_task() {
                self.ready.put_back(&entry.bell);
                continue;
            }
            polled = true;
            let mut cx = Context::from_waker(&entry.waker);
            if entry.work.as_mut().poll(shell, ctx, &mut cx).is_ready() {
                self.entries.remove(&id);
            } else if !ctx.allows_task() {
                // The turn may have ended before the task could leave its waker anywhere.
                self.ready.put_back(&entry.bell);
            }
        }
        // Empty, but with its memory.
        self.due = due;
    }
}

impl<P: Process> ActorFuture<Shell<P>> for TaskList<P> {
    type Output = ();

    // What is due and may not be polled now stays so: a spent turn is followed by another one, and the turn in which
    // the mailbox's wait ends comes here again.
    fn poll(
        self: Pin<&mut Self>,
        shell: &mut Shell<P>,
        ctx: &mut Ctx<P>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let this = self.get_mut();
        this.ready.wakes(cx.waker());
        this.ready.take(&mut this.due);
        if ctx.allows_task() {
            ctx.turn.tasks_polled();
        }
        this.begin_with_passed_over();
        this.obey(ctx.tasks());
        this.poll_due(shell, ctx);
        // What its tasks have started now must be polled as well, or nothing would wake it.
        while this.obey(ctx.tasks()) {
            this.poll_due(shell, ctx);
        }
        if this.passed_over.is_some() {
            cx.waker().wake_by_ref();
        }
        let listed = !this.entries.is_empty();
        ctx.tasks().listed = listed;
        if listed {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}
