//! A future that belongs to a process, with what the process does with its result.

mod list;

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix::fut::ActorFuture;

use crate::ctx::Ctx;
use crate::panics::drop_quietly;
use crate::process::Process;
use crate::shell::Shell;

pub(crate) use list::Orders;

type Work<T> = Pin<Box<dyn Future<Output = T>>>;

/// See [`Ctx::run`] and [`Ctx::wait`].
pub(crate) struct Task<T, C> {
    work: Option<Work<T>>,
    then: Option<C>,
    name: &'static str,
}

impl<T, C> Task<T, C> {
    /// A task whose result is shown as a message of type `N`.
    pub fn new<N>(work: Work<T>, then: C) -> Self {
        Self {
            work: Some(work),
            then: Some(then),
            name: type_name::<N>(),
        }
    }
}

impl<T, C> Unpin for Task<T, C> {}

impl<P, T, C> ActorFuture<Shell<P>> for Task<T, C>
where
    P: Process,
    C: FnOnce(&mut P, T, &mut Ctx<P>) + 'static,
{
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        shell: &mut Shell<P>,
        ctx: &mut Ctx<P>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        // Not polled now and no waker left behind: a spent turn is followed by another one.
        if !ctx.allows_waited() {
            return Poll::Pending;
        }
        let Some(work) = self.work.as_mut() else {
            return Poll::Ready(());
        };
        let Poll::Ready(value) = work.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        self.work = None;
        if let (Some(then), Some(process)) = (self.then.take(), shell.process()) {
            ctx.begin_result(self.name);
            then(process, value, ctx);
        }
        Poll::Ready(())
    }
}

impl<T, C> Drop for Task<T, C> {
    // All tasks of a process are dropped at once when it ends: two panics there would abort.
    fn drop(&mut self) {
        if self.work.is_some() || self.then.is_some() {
            let left = (self.work.take(), self.then.take());
            drop_quietly(left.0);
            drop_quietly(left.1);
        }
    }
}
