//! The tasks beside the mailbox, in the order of their start. To actix the list is one future:
//! its own list has no order, and a task in it may stay behind others for ever. The list is out
//! of reach while actix polls it, so starts wait in [`Orders`].

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix::fut::ActorFuture;

use crate::ctx::Ctx;
use crate::process::Process;
use crate::shell::Shell;

type Work<P> = Pin<Box<dyn ActorFuture<Shell<P>, Output = ()>>>;

/// Names a task within its process; a later one is greater.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct TaskId(u64);

struct Entry<P: Process> {
    id: TaskId,
    work: Work<P>,
}

/// What the list is to do when it is polled next.
pub(crate) struct Orders<P: Process> {
    newest: TaskId,
    started: Vec<Entry<P>>,
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
        let id = TaskId(self.newest.0 + 1);
        self.newest = id;
        self.started.push(Entry { id, work });
        let listed = mem::replace(&mut self.listed, true);
        (!listed).then(|| TaskList(Vec::new()))
    }

    /// Whether there may be tasks.
    pub fn any(&self) -> bool {
        self.listed
    }
}

/// What actix polls.
pub(crate) struct TaskList<P: Process>(Vec<Entry<P>>);

impl<P: Process> TaskList<P> {
    fn obey(&mut self, orders: &mut Orders<P>) {
        self.0.append(&mut orders.started);
    }
}

impl<P: Process> ActorFuture<Shell<P>> for TaskList<P> {
    type Output = ();

    // Where the tasks may not be polled they stay without a waker: a spent turn is followed by
    // another one, and the turn in which the mailbox's wait ends comes here again.
    fn poll(
        self: Pin<&mut Self>,
        shell: &mut Shell<P>,
        ctx: &mut Ctx<P>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let this = self.get_mut();
        this.obey(ctx.tasks());
        let mut polled = TaskId::default();
        while polled < ctx.tasks().newest && ctx.allows_task() {
            ctx.turn.tasks_polled();
            let newest = ctx.tasks().newest;
            this.0.retain_mut(|entry| {
                entry.id <= polled
                    || !ctx.allows_task()
                    || entry.work.as_mut().poll(shell, ctx, cx).is_pending()
            });
            polled = newest;
            // What its tasks have started now must be polled as well, or nothing would wake it.
            this.obey(ctx.tasks());
        }
        let listed = !this.0.is_empty();
        ctx.tasks().listed = listed;
        if listed {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}
