//! The task that waits for the first timer of a process and rings those that are due.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix::fut::ActorFuture;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Alarm;
use crate::ctx::Ctx;
use crate::process::Process;
use crate::shell::Shell;

pub(super) struct Driver(Pin<Box<Sleep>>);

impl Driver {
    pub fn until(due: Instant) -> Self {
        Self(Box::pin(sleep_until(due)))
    }

    /// Waits for the first timer; ready with `None` when there is no timer left.
    fn wait<P: Process>(&mut self, ctx: &mut Ctx<P>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let Some(agenda) = ctx.agenda.as_mut() else {
            return Poll::Ready(None);
        };
        let Some(first) = agenda.first_due() else {
            agenda.armed = None;
            return Poll::Ready(None);
        };
        if self.0.deadline() != first {
            self.0.as_mut().reset(first);
        }
        // tokio's budget is one for all tasks of a process: one that spends it always must not hold up the timers,
        // which a turn bounds itself.
        let waiting = Pin::new(&mut unconstrained(self.0.as_mut())).poll(cx);
        if waiting.is_pending() {
            agenda.armed = Some((first, Some(cx.waker().clone())));
        }
        waiting.map(Some)
    }
}

impl<P: Process> ActorFuture<Shell<P>> for Driver {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        shell: &mut Shell<P>,
        ctx: &mut Ctx<P>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let this = self.get_mut();
        while let Some(()) = std::task::ready!(this.wait(ctx, cx)) {
            let now = Instant::now();
            while ctx.allows_task() {
                let due = ctx.agenda.as_mut().and_then(|agenda| agenda.take_due(now));
                let (Some((timer, alarm)), Some(process)) = (due, shell.process()) else {
                    break;
                };
                ctx.ring(timer, alarm, process);
            }
            // A spent turn is followed by another one, and the end of a wait comes here again.
            if !ctx.allows_task() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

impl<P: Process> Ctx<P> {
    fn ring(&mut self, timer: super::TimerRef, mut alarm: Alarm<P>, process: &mut P) {
        self.count_timers();
        match &mut alarm {
            Alarm::Once(ring) => {
                if let Some(ring) = ring.take() {
                    ring(process, self);
                }
            }
            Alarm::Every(_, ring) => {
                if let Some(ring) = ring {
                    ring(process, self);
                }
                if let Some(agenda) = self.agenda.as_mut() {
                    agenda.put_back(timer, alarm);
                }
            }
        }
    }
}
